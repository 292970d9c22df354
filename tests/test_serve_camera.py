"""The camera: who is found keeps a new face, who is not found is never shown."""

import io

import numpy as np
import pytest
from elseface.scripts.serving import camera
from elseface.scripts.serving.app import create_app
from elseface.stage1_disentangle.faces import face_in_box
from fastapi.testclient import TestClient
from PIL import Image
from test_serve import HOME, NOBODY_ELSE, Recorded, file, pixels, png_of


@pytest.fixture
def black():
    return Recorded()


@pytest.fixture
def before_camera(monkeypatch, black, random):
    """Show faces in these boxes to the camera: who they become, and what was made of the frame."""
    frame = random.integers(0, 256, (240, 320, 3), dtype=np.uint8)
    data = file(frame)
    wearers = ()

    def show(*boxes):
        nonlocal wearers
        faces = [face_in_box(frame, box) for box in boxes]
        monkeypatch.setattr(camera, "find_faces", lambda pixels: [*faces])
        done = camera.anonymize_frame(data, black, 0, wearers)
        wearers = done.wearers
        shown = np.asarray(Image.open(io.BytesIO(done.data))).astype(int)
        return done, shown, frame

    return show


ONE, OTHER = (20, 100, 70, 150), (240, 100, 290, 150)
IN_ONE, IN_OTHER = np.s_[112:138, 32:58], np.s_[112:138, 252:278]


def moved(box, by):
    return tuple(edge + by for edge in box)


def test_a_face_before_the_camera_is_worn_from_frame_to_frame(before_camera, black):
    first, shown, _ = before_camera(ONE, OTHER)
    assert not first.covered and shown[IN_ONE].max() < 60 > shown[IN_OTHER].max()
    one, other = (wearer.disguise for wearer in first.wearers)
    assert one is not other and black.asked[0][2] == {}
    second, *_ = before_camera(moved(OTHER, 9), moved(ONE, -9))  # listed the other way round
    assert [wearer.disguise for wearer in second.wearers] == [other, one]
    far, *_ = before_camera(moved(OTHER, 9), (150, 20, 200, 70))  # somebody else
    assert one in [w.disguise for w in far.wearers if w.missed]
    assert black.asked[-1][2][0] is other and 1 not in black.asked[-1][2]


def test_a_lost_face_is_covered_where_it_was_then_everything_is(before_camera, black):
    before_camera(ONE, OTHER)
    for _ in range(camera.BRIDGED):
        bridged, shown, _ = before_camera(OTHER)
        assert not bridged.covered and shown[IN_ONE].max() < 60
    asked = len(black.asked)
    for _ in range(camera.GONE - camera.BRIDGED):
        covered, shown, frame = before_camera(OTHER)
        assert covered.covered and np.abs(np.diff(shown[:, :20], axis=1)).max() < 30
        assert np.abs(shown - frame).mean() > 40
    assert len(black.asked) == asked
    alone, shown, frame = before_camera(OTHER)  # who was lost has left
    assert not alone.covered and len(alone.wearers) == 1
    assert np.abs(shown[:, :90] - frame[:, :90]).mean() < 25  # the picture again


def test_who_comes_in_beside_a_lost_face_is_not_taken_for_it(before_camera):
    first, *_ = before_camera(ONE)
    for _ in range(camera.BRIDGED):
        before_camera()
    beside = (ONE[0] + 80, ONE[1], ONE[2] + 80, ONE[3])  # within reach, but not where it was
    done, *_ = before_camera(beside)
    assert done.covered
    back, *_ = before_camera(moved(ONE, 9), beside)
    assert not back.covered and back.wearers[0].disguise is first.wearers[0].disguise
    assert back.wearers[1].disguise is not first.wearers[0].disguise


def test_a_frame_without_a_face_is_never_shown_as_it_is(before_camera):
    for _ in range(2 * camera.GONE):
        done, shown, frame = before_camera()
        assert done.covered and np.abs(shown - frame).mean() > 40
    done, *_ = before_camera(ONE)
    assert not done.covered


def test_camera_frames_come_back_anonymized(black, portrait):
    client = TestClient(create_app(black, NOBODY_ELSE, "127.0.0.1"), HOME)
    client.post("/api/session", json={})
    photo = file(portrait[20:230, 120:330])
    nobody = file(np.full((60, 80, 3), 90, np.uint8))
    reply = client.post("/api/camera", content=photo)
    assert reply.headers["x-faces"] == "1" and reply.headers["x-covered"] == "0"
    assert pixels(reply)[90:110, 90:110].max() < 60
    client.post("/api/camera", content=photo)
    assert list(black.asked[1][2]) == [0]
    client.put("/api/settings", json={"edit": "+Smiling"})  # is asked of everybody anew
    client.post("/api/camera", content=photo)
    assert black.asked[2][2] == {}
    before = black.asked[2][1]
    client.delete("/api/camera")
    client.post("/api/camera", content=photo)
    assert black.asked[3][2] == {} and black.asked[3][1] != before
    client.delete("/api/camera")
    assert client.post("/api/camera", content=nobody).headers["x-covered"] == "1"
    assert client.post("/api/camera", content=png_of(2000, 2000)).status_code == 422
    assert client.post("/api/camera", content=bytes(3 * 2**20)).status_code == 413
    assert client.post("/api/session", json={}).json()["pictures"] == []
