"""The camera: who is found keeps a new face, who is not found is never shown."""

import gc
import io
import weakref

import numpy as np
import pytest
from elseface.scripts.release.label import Label
from elseface.scripts.serving import camera, sessions
from elseface.scripts.serving.app import create_app
from fastapi.testclient import TestClient
from PIL import Image
from scenes import HEIGHT, WIDTH, backdrop, shot
from test_serve import HOME, NOBODY_ELSE, Recorded, file, pixels, png_of
from test_video_protection import ONE, SCENES, SHOWN

#: The videos' scenes, somebody tilted beside somebody upright, and where nobody is.
PLACES = {
    **SCENES,
    "is tilted beside another": [
        shot(ONE, [(70 + i, 120), (225 + i, 120)], [(56,), (84, 55)]) for i in range(24)
    ],
    "is not there": [shot(backdrop(i), []) for i in range(3)] * 8,
}


@pytest.fixture
def black():
    return Recorded()


@pytest.fixture
def live(black):
    return camera.Live(black, 0)


def played(shots, live):
    """What a camera that sees the shots shows: each with its shot, pixels decoded."""
    shown = [live.add(file(shot.pixels)) for shot in shots]
    assert shown[: camera.AHEAD] == [None] * camera.AHEAD
    return [
        (shot, seen, np.asarray(Image.open(io.BytesIO(seen.data))))
        for shot, seen in zip(shots, shown[camera.AHEAD :])
    ]


#: A page sends some eight frames a second, a third of the scenes'.
PACES = [*((name, 3) for name in PLACES), ("turns", 1), ("rolls", 2)]


@pytest.mark.parametrize(("name", "pace"), PACES)
def test_no_frame_shows_a_face(name, pace, live):
    shots = PLACES[name][::pace]
    for shot_, shown, picture in played(shots, live):
        assert shown.covered or shot_.exposed(picture) <= SHOWN


def test_searching_and_covering_are_what_protects(live, monkeypatch):
    """Without either the same scenes show faces, so that the test above can fail."""
    monkeypatch.setattr(camera.Searching, "search", lambda self, now, abrupt: [])
    scene = SCENES["rolls"]
    assert all(shown.covered for _, shown, _ in played(scene, live))
    monkeypatch.setattr(camera, "squared", lambda pixels: pixels)
    assert all(
        s.exposed(picture) > SHOWN for s, _, picture in played(scene, camera.Live(Recorded(), 0))
    )


def test_people_wear_one_face_from_frame_to_frame(live, black):
    shots = [shot(ONE, [(80 + 3 * i, 120), (240 - 2 * i, 120)]) for i in range(9)]
    for _, shown, _ in played(shots, live):
        assert shown.faces == 2 and not shown.covered
    became = [worn for count, _, worn in black.asked if not worn]
    drawn = [worn for count, _, worn in black.asked if worn]
    assert len(became) == 2 and len(drawn) == 7
    streams = {tuple(sorted(d.stream for d in worn.values())) for worn in drawn}
    assert len(streams) == 1


def test_a_lost_face_is_covered_where_it_is_expected_then_everything_is(live, black):
    there = shot(ONE, [(90, 120), (230, 120)])
    away = shot(ONE, [(230, 120)])  # gone at once, as behind a door
    lost = camera.GONE + 6
    result = played([there] * 6 + [away] * (lost + camera.AHEAD), live)
    covered = [shown.covered for _, shown, _ in result]
    first = covered.index(True)
    assert first == 6  # from where on it is not seen again
    assert all(covered[first : 6 + camera.GONE]) and not covered[-1]
    assert result[first - 1][1].faces == 2 and result[-1][1].faces == 1
    same = np.s_[60:180, 50:130]
    assert np.abs(result[-1][2][same].astype(int) - away.pixels[same]).mean() < 8


def test_a_frame_without_a_face_is_never_shown_as_it_is(live):
    nobody = shot(ONE, [])
    for _, shown, picture in played([nobody] * 20, live):
        assert shown.covered and shown.faces == 0
        assert np.abs(picture.astype(int) - nobody.pixels).mean() > 1
        across = np.abs(np.diff(picture[:, : WIDTH // camera.SQUARES - 1].astype(int), axis=1))
        assert picture.shape == (HEIGHT, WIDTH, 3) and across.max() < 30


def test_after_a_fault_no_frame_gets_the_covers_of_another(live, monkeypatch):
    there = shot(ONE, [(160, 120)])
    played([there] * 4, live)
    with monkeypatch.context() as broken, pytest.raises(ZeroDivisionError):
        broken.setattr(camera, "union", lambda pixels: 1 // 0)
        live.add(file(there.pixels))
    moving = [shot(ONE, [(60 + 12 * i, 120)]) for i in range(10)]
    for shot_, shown, picture in played(moving, live):
        assert shown.covered or shot_.exposed(picture) <= SHOWN


def test_a_camera_that_is_turned_begins_anew(live):
    upright = shot(ONE, [(160, 120)])
    for _ in range(4):
        live.add(file(upright.pixels))
    turned = np.ascontiguousarray(np.rot90(upright.pixels))
    assert [live.add(file(turned)) for _ in range(camera.AHEAD)] == [None] * camera.AHEAD
    assert live.add(file(turned)) is not None


def test_frames_bear_the_label(black):
    shots = [shot(ONE, [(160, 120)])] * 4
    (_, _, plain), (_, _, labelled) = (
        played(shots, camera.Live(black, 0, label))[-1] for label in (None, Label("nobody"))
    )
    y, x = np.nonzero(np.abs(labelled.astype(int) - plain).max(-1) > 100)
    assert len(y) and y.min() > HEIGHT / 2 and x.min() > WIDTH / 2  # below, on the right


def test_camera_frames_come_back_anonymized(black, portrait):
    client = TestClient(create_app(black, NOBODY_ELSE, "127.0.0.1"), HOME)
    client.post("/api/session", json={})
    photo = file(portrait[20:230, 120:330])
    nobody = file(np.full((60, 80, 3), 90, np.uint8))

    def sent(data):
        return client.post("/api/camera", content=data)

    def first_shown(data):
        assert [sent(data).status_code for _ in range(camera.AHEAD)] == [204] * camera.AHEAD
        return sent(data)

    reply = first_shown(photo)
    assert reply.headers["x-faces"] == "1" and reply.headers["x-covered"] == "0"
    assert pixels(reply)[90:110, 90:110].max() < 60
    asked = len(black.asked)
    sent(photo)
    assert [list(worn) for *_, worn in black.asked[asked:]] == [[0]]
    client.put("/api/settings", json={"edit": "+Smiling"})  # is asked of everybody anew
    asked = len(black.asked)
    first_shown(photo)
    seed, worn = black.asked[asked][1:]
    assert worn == {} and seed != black.asked[0][1]
    client.delete("/api/camera")
    asked = len(black.asked)
    first_shown(photo)
    assert black.asked[asked][2] == {} and black.asked[asked][1] != seed
    assert first_shown(nobody).headers["x-covered"] == "1"
    assert sent(png_of(2000, 2000)).status_code == 422
    assert sent(bytes(3 * 2**20)).status_code == 413
    assert client.post("/api/session", json={}).json()["pictures"] == []


@pytest.mark.parametrize("stopped", ["by the page", "by nobody"])
def test_no_frame_waits_where_the_camera_is_off(black, portrait, stopped):
    now = [0.0]
    held = sessions.Sessions(lambda: now[0])
    client = TestClient(create_app(black, NOBODY_ELSE, "127.0.0.1", sessions=held), HOME)
    client.post("/api/session", json={})
    (session,) = held._sessions.values()
    client.post("/api/camera", content=file(portrait[20:230, 120:330]))
    live = weakref.ref(session.live)
    if stopped == "by the page":
        client.delete("/api/camera")
    else:
        now[0] += sessions.CAMERA_IDLE + 1
        held.sweep()
    gc.collect()
    assert live() is None
