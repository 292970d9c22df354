"""The server behind the page: who is let in, what is refused, and whose pictures are whose."""

import asyncio
import gc
import io
import struct
import time
import types
import weakref
import zipfile
import zlib
from dataclasses import replace
from urllib.parse import unquote

import numpy as np
import pytest
from elseface.common.anonymizer import NOBODY, Anonymized, Change, Disguise
from elseface.common.attributes import NAMES
from elseface.common.errors import ElsefaceError
from elseface.scripts import serve
from elseface.scripts.release.verify import Verifier
from elseface.scripts.serving import app as server
from elseface.scripts.serving import guard, hosts, rendering, sessions
from elseface.scripts.serving.app import create_app
from elseface.scripts.serving.settings import COMMON, METHODS, STRENGTHS, Settings, anonymizer_for
from elseface.stage3_generate.attribute_edit import AttributeEdit
from elseface.stage3_generate.choices import MethodName
from elseface.stage3_generate.classic import load_obfuscation
from elseface.stage3_generate.edits import Edit
from fastapi.testclient import TestClient
from PIL import Image

#: Sees no face that was missed.
NOBODY_ELSE = Verifier(lambda photo: [], "none")

HOME = "http://127.0.0.1:8765"


class Recorded:
    """Black instead of the networks, everybody a new disguise, and what was asked for."""

    name = "recorded"

    def __init__(self):
        self.asked = []
        self.settings = None

    def __call__(self, settings):
        self.settings = settings
        return self

    def anonymize(self, photo, faces, seed, worn=NOBODY):
        self.asked.append((len(faces), seed, dict(worn)))
        done = load_obfuscation(MethodName.BLACKOUT).anonymize(photo, faces, seed)
        new = [worn.get(i) or Disguise(*np.zeros((2, 40)), (seed, i)) for i in range(len(faces))]
        return Anonymized(done.pixels, tuple(map(Change, faces, new)))


@pytest.fixture
def black():
    return Recorded()


@pytest.fixture
def app(black):
    return create_app(black, NOBODY_ELSE, "127.0.0.1")


@pytest.fixture
def client(app):
    with TestClient(app, HOME) as client:
        client.post("/api/session", json={})
        yield client


def file(picture, kind="PNG", **options) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, kind, **options)
    return out.getvalue()


@pytest.fixture(scope="module")
def head(portrait) -> np.ndarray:
    """A small picture with a face, for the detector's sake."""
    return np.ascontiguousarray(portrait[20:230, 120:330])


@pytest.fixture(scope="module")
def photo(head) -> bytes:
    return file(head)


@pytest.fixture(scope="module")
def nobody() -> bytes:
    return file(np.full((60, 80, 3), 90, np.uint8))


def upload(client, data, name="photo.png"):
    return client.post("/api/pictures", params={"name": name}, content=data)


def pixels(reply) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(reply.content)).convert("RGB")).astype(int)


def test_every_face_is_replaced_until_it_is_kept(client, photo, head, black):
    picture = upload(client, photo).json()
    assert picture["size"] == [210, 210] and picture["released"]
    (face,) = picture["faces"]
    assert not face["kept"] and not face["by_hand"]
    path = f"/api/pictures/{picture['id']}"
    left, top, right, bottom = face["box"]
    inside = np.s_[top + 20 : bottom - 20, left + 20 : right - 20]
    result = pixels(client.get(f"{path}/result"))
    assert not result[inside].any() and (result[190:] == head[190:]).all()
    assert pixels(client.get(f"{path}/after"))[inside].max() < 20
    assert np.abs(pixels(client.get(f"{path}/before")) - head).mean() < 4
    assert len(black.asked) == 1  # the result was not made twice
    assert client.patch(path, json={"kept": [0]}).json()["faces"][0]["kept"]
    assert (pixels(client.get(f"{path}/result")) == head).all()
    assert black.asked[1][0] == 0
    client.patch(path, json={"kept": [], "seed": 5})
    assert not pixels(client.get(f"{path}/result"))[inside].any()
    assert black.asked[2][:2] == (1, 5)
    assert client.patch(path, json={"kept": [1]}).status_code == 422


def test_a_picture_without_a_face_is_not_given_out_unless_asked_for(client, nobody, photo):
    picture = upload(client, nobody, "nobody.png").json()
    path = f"/api/pictures/{picture['id']}"
    assert picture["faces"] == [] and not picture["released"]
    for way in ("result", "after"):
        assert client.get(f"{path}/{way}").status_code == 422
    assert client.get("/api/archive").status_code == 409
    upload(client, photo)
    assert names(client) == ["photo.png", "not included.txt"]
    assert "nobody.png: no face found" in archived(client).read("not included.txt").decode()
    assert client.patch(path, json={"unchanged": True}).json()["released"]
    assert names(client) == ["nobody.png", "photo.png"]


def archived(client) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(client.get("/api/archive").content))


def names(client) -> list[str]:
    return archived(client).namelist()


def test_a_missed_face_is_drawn_by_hand(client, random):
    noise = random.integers(0, 256, (300, 400, 3), dtype=np.uint8)
    picture = upload(client, file(noise)).json()
    path = f"/api/pictures/{picture['id']}"
    drawn = client.post(f"{path}/faces", json={"box": [100, 100, 180, 200]}).json()
    (face,) = drawn["faces"]
    assert face["by_hand"] and drawn["released"]
    left, top, right, bottom = face["box"]
    assert (left, top, right, bottom) == (90, 100, 190, 200)  # square, as the detector's
    changed = (pixels(client.get(f"{path}/result")) != noise).any(-1)
    assert changed[120:180, 110:170].mean() > 0.9 and not changed[:74].any()
    for box in ([5, 5, 8, 90], [390, 290, 900, 900], [-50, -50, -10, -10], [9, 9, 9, 9]):
        assert client.post(f"{path}/faces", json={"box": box}).status_code == 422
    removed = client.patch(path, json={"kept": [0]}).json()
    assert removed["faces"] == [] and not removed["released"]


class Lazy(Recorded):
    """Gives everybody their own face."""

    def anonymize(self, photo, faces, seed, worn=NOBODY):
        done = super().anonymize(photo, faces, seed, worn)
        return replace(done, pixels=photo.copy())


def test_a_face_that_can_still_be_told_is_covered(photo, head):
    with TestClient(create_app(Lazy(), NOBODY_ELSE, "127.0.0.1"), HOME) as client:
        client.post("/api/session", json={})
        path = f"/api/pictures/{upload(client, photo).json()['id']}"
        shown = client.get(f"{path}/after")
        assert shown.headers["X-Covered"] == "0" and not shown.headers["X-Alike"]
        assert (head != pixels(client.get(f"{path}/result"))).any(-1).mean() > 0.05
        client.patch(path, json={"kept": [0]})
        assert not client.get(f"{path}/after").headers["X-Covered"]
        assert (pixels(client.get(f"{path}/result")) == head).all()


def test_a_face_that_only_the_verifier_sees_is_there_to_be_kept(black, random):
    noise = random.integers(0, 256, (200, 200, 3), dtype=np.uint8)
    second = Verifier(lambda photo: [(60, 60, 140, 140)], "second")
    with TestClient(create_app(black, second, "127.0.0.1"), HOME) as client:
        client.post("/api/session", json={})
        picture = upload(client, file(noise)).json()
        assert [face["box"] for face in picture["faces"]] == [[60, 60, 140, 140]]
        path = f"/api/pictures/{picture['id']}"
        before = pixels(client.get(f"{path}/before"))
        hidden = pixels(client.get(f"{path}/after"))
        assert np.abs(hidden.astype(int) - before)[70:130, 70:130].mean() > 4
        client.patch(path, json={"kept": [0]})
        assert (pixels(client.get(f"{path}/after")) == before).all()


def test_results_keep_their_kind_and_lose_metadata_but_the_note(client, head):
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "SecretCamera", 6
    turned = file(np.rot90(head), "JPEG", exif=exif)
    for name, kind in (("a.jpg", "JPEG"), ("b.webp", "WEBP"), ("c.heic", "PNG"), ("d", "PNG")):
        picture = upload(client, turned, name).json()
        assert len(picture["faces"]) == 1  # upright
        reply = client.get(f"/api/pictures/{picture['id']}/result")
        assert b"SecretCamera" in turned and b"SecretCamera" not in reply.content
        image = Image.open(io.BytesIO(reply.content))
        assert image.format == kind and not {"exif", "icc_profile"} & set(image.info)
        assert b"digitalsourcetype" in image.info["xmp"]
        suffix = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}[kind]
        assert reply.headers["content-disposition"].endswith(f"{name[0]}{suffix}")


def test_names_in_the_archive_lead_nowhere_else(client, nobody):
    given = ["../../etc/x.png", "/root/x.png", "C:\\Users\\x.png", "holiday/x.png", "x.png",
             "X.PNG", "..", "a\n<b>.png", "é/ü.png"]  # fmt: skip
    for name in given:
        id = upload(client, nobody, name).json()["id"]
        client.patch(f"/api/pictures/{id}", json={"unchanged": True})
    found = names(client)
    assert found == ["etc/x.png", "root/x.png", "C_/Users/x.png", "holiday/x.png", "x.png",
                     "X-2.PNG", "picture.png", "a__b_.png", "é/ü.png"]  # fmt: skip


def png_of(width, height) -> bytes:
    """A file of a few bytes that says it is very large."""

    def chunk(kind, data):
        length, checksum = (struct.pack(">I", n) for n in (len(data), zlib.crc32(kind + data)))
        return length + kind + data + checksum

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(1 << 20), 9))
    return b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(8000, 8000), (30000, 30000), (2**31 - 1, 2**31 - 1)])
def test_decompression_bombs_are_refused(client, size):
    reply = upload(client, png_of(*size), "bomb.png")
    assert reply.status_code == 422
    assert "bomb.png: too large" in reply.json()["detail"]


POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n"


@pytest.mark.parametrize("data", [b"", b"no picture", POSTSCRIPT])
def test_what_is_no_photo_is_refused(client, data):
    reply = upload(client, data, "odd.png")
    assert reply.status_code == 422 and reply.json()["detail"].startswith("odd.png: not a picture")


def test_bodies_are_limited_with_and_without_a_length(client, monkeypatch):
    monkeypatch.setitem(guard.BODIES, "/api/pictures", 1000)
    sent = []

    def endless():
        for _ in range(100):
            sent.append(1)
            yield bytes(500)

    assert upload(client, bytes(1001)).status_code == 413
    assert upload(client, endless()).status_code == 413
    assert client.post("/api/session", content=bytes(70_000)).status_code == 413
    huge = iter([b"[" * 70_000])
    assert client.put("/api/settings", content=huge).status_code == 413
    assert upload(client, bytes(1000)).status_code == 422  # not too large, but no picture


def test_pictures_of_a_session_are_limited(client, nobody, monkeypatch):
    monkeypatch.setattr(sessions, "PICTURES", 2)
    assert [upload(client, nobody).status_code for _ in range(3)] == [201, 201, 422]
    monkeypatch.setattr(sessions, "PICTURES", 9)
    monkeypatch.setattr(sessions, "SESSION_BYTES", 100)
    assert "no room" in upload(client, nobody).json()["detail"]
    monkeypatch.setattr(sessions, "SESSION_BYTES", 2**30)
    monkeypatch.setattr(sessions, "ALL_BYTES", 100)
    assert "memory is full" in upload(client, nobody).json()["detail"]
    assert len(client.post("/api/session", json={}).json()["pictures"]) == 2


def test_nobody_reaches_anothers_pictures(app, client, photo):
    id = upload(client, photo).json()["id"]
    client.post("/api/camera", content=photo)
    other = TestClient(app, HOME)
    paths = [("GET", f"/api/pictures/{id}/{way}") for way in ("before", "after", "result")]
    paths += [("PATCH", f"/api/pictures/{id}"), ("DELETE", f"/api/pictures/{id}"),
              ("POST", f"/api/pictures/{id}/faces")]  # fmt: skip
    bodies = {"PATCH": {"kept": [0]}, "POST": {"box": [0, 0, 99, 99]}}

    def statuses():
        return {other.request(m, path, json=bodies.get(m)).status_code for m, path in paths}

    assert statuses() == {401} and other.get("/api/archive").status_code == 401
    assert other.post("/api/session", json={}).json()["pictures"] == []
    assert statuses() == {404} and other.get("/api/archive").status_code == 409
    other.cookies.set("elseface-8765", "guessed")
    assert statuses() == {401, 404} or statuses() == {401}
    (mine,) = client.post("/api/session", json={}).json()["pictures"]
    assert mine["id"] == id and not mine["faces"][0]["kept"]


def test_a_session_is_forgotten_when_idle_or_asked_to(black, nobody):
    now = [0.0]
    held = sessions.Sessions(lambda: now[0])
    client = TestClient(create_app(black, NOBODY_ELSE, "127.0.0.1", sessions=held), HOME)
    client.post("/api/session", json={})
    assert upload(client, nobody).status_code == 201
    now[0] += sessions.IDLE - 1
    assert len(client.post("/api/session", json={}).json()["pictures"]) == 1
    now[0] += sessions.IDLE + 1
    assert client.get("/api/archive").status_code == 401
    assert client.post("/api/session", json={}).json()["pictures"] == []
    upload(client, nobody)
    assert client.delete("/api/session").status_code == 204
    assert client.post("/api/session", json={}).json()["pictures"] == []


def test_an_idle_session_is_forgotten_though_nobody_asks(black, nobody, monkeypatch):
    monkeypatch.setattr(server, "SWEEP", 0.01)
    now = [0.0]
    held = sessions.Sessions(lambda: now[0])
    with TestClient(create_app(black, NOBODY_ELSE, "127.0.0.1", sessions=held), HOME) as client:
        client.post("/api/session", json={})
        time.sleep(0.1)
        assert len(held) == 1
        now[0] += sessions.IDLE + 1
        time.sleep(0.1)
        assert len(held) == 0


def test_nothing_of_a_forgotten_picture_is_left_in_memory(black, photo):
    held = sessions.Sessions()
    client = TestClient(create_app(black, NOBODY_ELSE, "127.0.0.1", sessions=held), HOME)
    client.post("/api/session", json={})
    id = upload(client, photo).json()["id"]
    client.get(f"/api/pictures/{id}/result")
    picture = weakref.ref(held.get(client.cookies["elseface-8765"]).pictures[id])
    assert picture() is not None
    client.delete("/api/session")
    gc.collect()
    assert picture() is None


def test_sessions_are_limited(black, monkeypatch):
    monkeypatch.setattr(sessions, "SESSIONS", 2)
    app = create_app(black, NOBODY_ELSE, "127.0.0.1")
    found = [TestClient(app, HOME).post("/api/session", json={}).status_code for _ in range(3)]
    assert found == [200, 200, 422]


def test_a_changed_picture_takes_its_result_with_it(client, photo, black, monkeypatch):
    path = f"/api/pictures/{upload(client, photo).json()['id']}/after"
    for _ in range(3):
        client.get(path)
    assert len(black.asked) == 1
    client.put("/api/settings", json={"method": "blur", "strength": 0.4})
    client.get(path)
    assert len(black.asked) == 2 and black.settings.strength == 0.4
    monkeypatch.setattr(rendering, "KEPT_BYTES", 10)
    for _ in range(3):  # nothing fits: made again each time
        client.patch(path.removesuffix("/after"), json={"seed": 1})
        client.get(path)
    assert len(black.asked) == 5


def test_results_bear_the_label(client, photo):
    address = f"/api/pictures/{upload(client, photo).json()['id']}"
    for part in ("result", "after"):
        client.put("/api/settings", json={})
        plain = pixels(client.get(f"{address}/{part}")).astype(int)
        client.put("/api/settings", json={"label": " synthetic face "})
        changed = np.abs(pixels(client.get(f"{address}/{part}")) - plain).max(-1) > 60
        y, x = np.nonzero(changed)
        middle = plain.shape[0] / 2, plain.shape[1] / 2
        assert len(y) and y.min() > middle[0] and x.min() > middle[1]  # below, on the right
    assert client.post("/api/session", json={}).json()["settings"]["label"] == "synthetic face"


def test_cookie_is_for_this_page_alone(app):
    cookie = TestClient(app, HOME).post("/api/session", json={}).headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "path=/api" in cookie
    assert cookie.startswith("elseface-8765=") and "max-age" not in cookie


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:8765", "Origin": "http://localhost:8765"}, 200),
        ({"Host": "[::1]:8765"}, 200),
        ({"Host": "elsewhere.example:8765"}, 421),
        ({"Host": "192.168.1.5:8765"}, 421),
        ({"Host": "127.0.0.1.elsewhere.example"}, 421),
        ({"Host": "[bad"}, 421),
        ({"Origin": "http://elsewhere.example"}, 403),
        ({"Origin": "http://127.0.0.1:3000"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": HOME}, 200),
    ],
)
def test_other_websites_are_kept_out(app, headers, status):
    reply = TestClient(app, HOME).post("/api/session", json={}, headers=headers)
    assert reply.status_code == status
    assert ("set-cookie" in reply.headers) == (status == 200)
    assert reply.headers["content-security-policy"].startswith("default-src 'none'")


def test_token_is_asked_for(black, nobody):
    app = create_app(black, NOBODY_ELSE, "0.0.0.0", "a long password")
    client = TestClient(app, "http://192.168.1.5:8765")
    assert client.get("/").status_code == 200  # the empty page, which asks for it
    for entry in ({}, {"token": ""}, {"token": "a long passwore"}, {"token": "é"}):
        reply = client.post("/api/session", json=entry)
        assert reply.status_code == 401 and "set-cookie" not in reply.headers
    assert upload(client, nobody).status_code == 401
    assert client.post("/api/session", json={"token": "a long password"}).status_code == 200
    assert upload(client, nobody).status_code == 201
    assert client.post("/api/session", json={}).status_code == 200  # the cookie is enough
    assert client.get("/", headers={"Host": "rebound.example"}).status_code == 421


def test_the_address_holds_any_token(monkeypatch, capsys):
    monkeypatch.setattr("elseface.stage3_generate.load.load_attribute_edit", lambda folder: None)
    monkeypatch.setattr("elseface.scripts.release.verify.load_verifier", lambda name: None)
    monkeypatch.setattr("uvicorn.Server.run", lambda self, sockets: sockets[0].close())
    monkeypatch.setattr("uvicorn.Config.configure_logging", lambda self: None)
    token = "50% off #1/2, long é"
    serve.command(port=0, token=token, no_open=True)
    page, _, part = capsys.readouterr().out.split()[0].partition("#")
    assert page.endswith("/") and "#" not in part and unquote(part) == token


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "myhost", "127.0.0.1.example"])
def test_other_hosts_need_a_token(host):
    with pytest.raises(ElsefaceError, match="--token"):
        hosts.check_token(host, "")
    with pytest.raises(ElsefaceError, match="at least"):
        hosts.check_token(host, "short")
    hosts.check_token(host, "long enough, and random")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2"])
def test_this_computer_needs_none(host):
    hosts.check_token(host, "")


@pytest.mark.parametrize(
    "settings",
    [
        {"method": "mean-face"},
        {"method": "blur", "strength": 0.01},
        {"method": "blackout", "strength": 1},
        {"edit": "+Smilling"},
        {"edit": "+Black_Hair,+Blond_Hair"},
        {"edit": "+Smiling" * 200},
        {"shape": "own"},
        {"label": "\U0001f600"},
        {"label": "words " * 20},
    ],
)
def test_settings_that_are_not_offered(client, settings):
    assert client.put("/api/settings", json=settings).status_code == 422
    assert client.post("/api/session", json={}).json()["settings"]["edit"] == ""


def test_offers_are_the_programs(client):
    offered = client.post("/api/session", json={}).json()
    assert sorted(offered["common"] + offered["more"]) == sorted(NAMES)
    assert {*METHODS} == {*MethodName} - {MethodName.MEAN_FACE, MethodName.INPAINT_NS}
    for name in METHODS:
        Settings(method=name).checked()
        if name is not MethodName.ATTRIBUTE_EDIT:
            default = STRENGTHS[name][1] if name in STRENGTHS else None
            assert load_obfuscation(name).paint == load_obfuscation(name, default).paint
    assert {*COMMON} < {*NAMES}


def test_settings_become_the_programs_anonymizer():
    """Nothing but the edit differs from what was loaded, so that no protection is lost."""
    loaded = AttributeEdit(
        "classifier", "decoder", "policy", "shape", "textures", Edit(), frozenset({7}), 8
    )
    edited = anonymizer_for(loaded, Settings(edit="+Smiling"))
    assert edited == replace(loaded, edit=Edit.parse("+Smiling"))
    blur = anonymizer_for(loaded, Settings(method="blur", strength=0.5))
    assert blur.name == "blur" and blur.paint.strength == 0.5


def test_what_fails_costs_no_other_picture_of_the_archive(client, photo, monkeypatch):
    for name in ("good.png", "bad.png", "last.png"):
        upload(client, photo, name)
    render = rendering.render

    def failing(picture, *others):
        if picture.name == "bad.png":
            raise ElsefaceError("bad.png: the faces could not be verified")
        return render(picture, *others)

    monkeypatch.setattr(rendering, "render", failing)
    with zipfile.ZipFile(io.BytesIO(client.get("/api/archive").content)) as archive:
        assert archive.namelist() == ["good.png", "last.png", "not included.txt"]
        assert archive.read("not included.txt").startswith(b"bad.png: the faces could not")


def test_a_fault_of_ours_costs_no_other_photo_of_an_archive():
    class Faulty:
        async def render(self, picture, settings):
            if picture.name == "b.png":
                raise ZeroDivisionError("one over none")
            return types.SimpleNamespace(data=picture.name.encode())

    async def collected():
        pictures = [types.SimpleNamespace(name=f"{letter}.png") for letter in "abc"]
        return b"".join([part async for part in rendering.archive(Faulty(), pictures, None)])

    with zipfile.ZipFile(io.BytesIO(asyncio.run(collected()))) as archive:
        assert archive.namelist() == ["a.png", "c.png", "not included.txt"]
        assert archive.read("a.png") == b"a.png"
        assert b"b.png: unexpected ZeroDivisionError: one over" in archive.read("not included.txt")
