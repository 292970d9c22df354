"""One new face a person for whoever holds the key, and for nobody else."""

import json

import numpy as np
import pytest
from elseface.common.anonymizer import Disguise
from elseface.common.attributes import COUNT
from elseface.common.errors import ElsefaceError
from elseface.scripts import linkage
from elseface.scripts.footage.export import Export
from elseface.scripts.release.painter import seed_after
from elseface.scripts.release.recognition import THRESHOLD
from elseface.stage1_disentangle.descriptor import embed
from elseface.stage1_disentangle.faces import find_faces
from elseface.stage3_generate.keyed import SAME, Keyed, load_key
from elseface.stage3_generate.load import load_attribute_edit, load_shape_model
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scenes import backdrop, shot, write
from test_cli import call, complaints

ONE, OTHER = b"1" * 32, b"2" * 32
PEOPLE, PICTURES = 30, 4


@pytest.fixture(scope="module")
def album() -> np.ndarray:
    """Descriptors (PEOPLE, PICTURES, 128) as far apart as dlib's are."""
    random = np.random.default_rng(0)
    people = random.normal(0, 0.06, (PEOPLE, 1, 128))
    return people + random.normal(0, 0.025, (PEOPLE, PICTURES, 128))


def test_what_is_said_of_keys_is_counted_by_hand(album, cells):
    """Of who is who: all pairs of one person have one face, no face is of two; of people whose
    pictures come from one place each both halves lie in one cell."""
    casting, who = Keyed(ONE, cells), np.repeat(np.arange(PEOPLE), PICTURES)
    descriptors = album.reshape(-1, 128)
    casting.introduce(descriptors)
    assert set(linkage.told_apart(casting, descriptors, who).values()) == {1.0}
    halves = [[casting.cell(of[half::2].mean(0)) for half in (0, 1)] for of in album]
    share = np.mean([one == other for one, other in halves])
    assert linkage.known_again(casting, descriptors, who) == share < 1


@pytest.fixture(scope="module")
def cells() -> np.ndarray:
    return np.random.default_rng(1).normal(0, 0.03, (8, 128))


def whoever(casting: Keyed, faces: np.ndarray, seed: int = 0) -> list[int]:
    return [part.who for part in casting.parts(list(faces), seed)]


@settings(max_examples=10)
@given(order=st.permutations(range(PEOPLE * PICTURES)))
def test_a_person_is_somebody_and_the_order_does_not_matter(album, cells, order):
    casting, flat = Keyed(ONE, cells), album.reshape(-1, 128)
    casting.introduce(flat[order])
    who = np.array([whoever(casting, flat[i : i + 1])[0] for i in order])[np.argsort(order)]
    who = who.reshape(PEOPLE, PICTURES)
    assert (who == who[:, :1]).all() and len(np.unique(who)) == PEOPLE
    again = Keyed(ONE, cells)
    again.introduce(flat)
    assert [whoever(again, flat[i : i + 1])[0] for i in range(len(flat))] == who.ravel().tolist()


def test_faces_that_come_one_by_one_are_known_again(album, cells):
    casting = Keyed(ONE, cells)
    who = np.array([whoever(casting, album[:, i]) for i in range(PICTURES)])
    assert (who == who[0]).all() and len(np.unique(who)) == PEOPLE


def test_two_faces_of_a_photo_are_two_people(album, cells):
    twins = album[0, :1] + np.zeros((2, 1))
    assert len(set(whoever(Keyed(ONE, cells), twins))) == 2
    casting = Keyed(ONE, cells)
    casting.introduce(album[0])
    assert len(set(whoever(casting, twins))) == 2


def test_keys_are_unlinkable(album, cells):
    """Shapes drawn by one key find their person among those by the same key always, and among
    those by another one as often as chance has it."""
    model, drawn = load_shape_model(), []
    for key in (ONE, OTHER):
        casting = Keyed(key, cells)
        casting.introduce(album.reshape(-1, 128))
        drawn.append([
            [model.draw(np.zeros(COUNT), np.random.default_rng(part.stream(0)), 13)
             for part in casting.parts(list(album[:, i]), 0)]
            for i in range(2)
        ])  # fmt: skip
    (first, second), (foreign, _) = np.array(drawn)

    def rank1(probes, gallery):
        gaps = np.linalg.norm(probes[:, None] - gallery, axis=2)
        return (gaps.argmin(1) == np.arange(PEOPLE)).mean()

    assert rank1(first, second) == 1
    assert rank1(first, foreign) <= 3 / PEOPLE  # of 30 chances of 1 in 30: 4 or more in 2 %


def test_a_face_that_did_not_pass_stays_changed(album, cells):
    """Verification asks for another face by a higher seed; later photos of the person get it."""
    casting = Keyed(ONE, cells)
    first, other = (casting.parts([album[0, 0]], seed)[0] for seed in (7, 1 << 32))
    (later,) = casting.parts([album[0, 1]], 7)
    (somebody,) = casting.parts([album[1, 0]], 7)
    assert first.stream(0) != other.stream(0) == later.stream(0)
    assert somebody.seed == 7


def test_a_face_that_is_refused_again_changes_again(album, cells):
    """In another photo, too, where they come with the face that was refused there."""
    casting, seen, seed = Keyed(ONE, cells), [], 0
    for picture in (album[0, 0], album[0, 0], album[0, 1]):
        (part,) = casting.parts([picture], seed)
        seen.append(part.seed)
        refused = Disguise(np.zeros(COUNT), np.zeros(COUNT), part.stream(0))
        seed = seed_after(0, refused)
    (other,) = casting.parts([album[0, 1]], 0)  # a later photo begins with the first seed
    assert seen == [0, 1 << 32, 2 << 32] and other.seed == 2 << 32
    last = Disguise(np.zeros(COUNT), np.zeros(COUNT), other.stream(0))
    assert casting.parts([album[0, 1]], seed_after(0, last))[0].seed == 3 << 32


def test_a_stranger_is_not_taken_for_somebody(cells):
    far = np.zeros((2, 128))
    far[1, 0] = SAME + 0.01
    casting = Keyed(ONE, cells)
    assert whoever(casting, far[:1]) != whoever(casting, far[1:])


def test_the_key_shows_nowhere(cells):
    assert repr(ONE) not in repr(Keyed(ONE, cells)) and "111" not in repr(Keyed(ONE, cells))


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 31, b" " * 40 + b"y\n"])
def test_a_short_key_is_refused(tmp_path, content):
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(ElsefaceError, match=r"key: \d+ bytes, a key has 32 or more"):
        load_key(tmp_path / "key")


def test_every_byte_of_a_binary_key_counts(tmp_path):
    for name, content, key in (
        ("binary", b"\n" + bytes(range(128, 159)), b"\n" + bytes(range(128, 159))),
        ("text", b"0123456789abcdef" * 2 + b"\r\n", b"0123456789abcdef" * 2),
    ):
        (tmp_path / name).write_bytes(content)
        assert load_key(tmp_path / name) == key


def test_one_new_face_in_two_photos(tmp_path, portrait):
    """The real thing: a portrait and the same one darker and smaller, under two keys."""
    for name, key in (("one", ONE), ("other", OTHER)):
        (tmp_path / name).write_bytes(key)
    darker = (portrait * 0.8).astype(np.uint8)
    new, streams = {}, {}
    for name in ("one", "other"):
        anonymizer = load_attribute_edit(key=tmp_path / name)
        for label, picture in (("bright", portrait), ("dark", darker)):
            (face,) = faces = find_faces(picture)
            result = anonymizer.anonymize(picture, faces, seed=0)
            new[name, label] = embed(result.pixels, face)
            streams[name, label] = result.changes[0].disguise.stream
    assert streams["one", "bright"] == streams["one", "dark"] != streams["other", "bright"]
    within = np.linalg.norm(new["one", "bright"] - new["one", "dark"])
    across = np.linalg.norm(new["one", "bright"] - new["other", "bright"])
    assert within < THRESHOLD and within < across


def test_shipped_cells_are_nobodys():
    from elseface.common.weights import load

    arrays, facts = load("cells")
    assert arrays["centres"].shape == (32, 128) and facts["smallest"] >= 10


def test_commands_want_a_key_they_can_use(tmp_path):
    key = tmp_path / "key"
    key.write_text("too short")
    picture = tmp_path / "a.png"
    picture.write_bytes(b"")
    done = call("anonymize", picture, "-o", tmp_path / "out", "--key", key)
    assert done.returncode == 2 and "9 bytes, a key has 32" in complaints(done)[0]
    done = call("anonymize", picture, "-o", tmp_path / "out", "--key", key, "--method", "blur")
    assert done.returncode == 2 and "blur takes no --key" in complaints(done)[0]
    for option in ("--resume", "--no-verify"):
        report = ("--report", tmp_path / "report.json")
        done = call("anonymize", picture, "-o", tmp_path / "out", "--key", key, option, *report)
        assert done.returncode == 2 and f"--key goes without {option}" in complaints(done)[0]


def test_who_is_who_is_written_nowhere(tmp_path, portrait):
    """Neither whom a person becomes nor their cell nor their descriptor is in any file of a run,
    in which two photos of one person get one new face."""
    bright = portrait[:300, 80:380]
    Image.fromarray(bright).save(tmp_path / "a.png")
    Image.fromarray((bright * 0.8).astype(np.uint8)).save(tmp_path / "b.png")
    (tmp_path / "key").write_bytes(ONE)
    beside = [x for n in ("report", "certificate") for x in (f"--{n}", tmp_path / f"out/{n}.json")]
    photos = tmp_path / "a.png", tmp_path / "b.png"
    done = call("anonymize", *photos, "-o", tmp_path / "out", "--key", tmp_path / "key", *beside)
    assert done.returncode == 0, done.stderr
    (face,) = find_faces(bright)
    old, new, other = (
        embed(np.asarray(Image.open(path)), face)
        for path in (tmp_path / "a.png", tmp_path / "out/a.png", tmp_path / "out/b.png")
    )
    assert np.linalg.norm(new - other) < THRESHOLD < np.linalg.norm(new - old)
    casting = load_attribute_edit(key=tmp_path / "key").casting
    picture = np.asarray(Image.open(tmp_path / "a.png"))
    casting.introduce(np.stack([embed(picture, face) for face in find_faces(picture)]))
    (person,) = casting.people
    written = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert set(written) == {"a.png", "b.png", "report.json", "certificate.json"}
    for name, data in written.items():
        assert str(person.who).encode() not in data and f"{person.who:x}".encode() not in data, name
        assert f"{person.descriptor[0]:.3f}".encode() not in data, name
        assert ONE not in data and person.who.to_bytes(32, "little") not in data, name
    for name in ("report.json", "certificate.json"):
        assert not {"who", "cell", "stream", "descriptor", "person"} & set(keys(written[name]))


def keys(text: bytes) -> list[str]:
    """All names in a JSON text."""
    found: list[str] = []
    json.loads(text, object_pairs_hook=lambda pairs: found.extend(name for name, _ in pairs))
    return found


def test_one_new_face_in_a_photo_and_in_a_video(tmp_path):
    """Whom somebody becomes in two runs under one key."""
    shots = [shot(backdrop(0), [(150 + i, 120)], [(70,)]).pixels for i in range(4)]
    write(tmp_path / "in.mp4", shots)
    (tmp_path / "one").write_bytes(ONE)
    photo, video = (load_attribute_edit(key=tmp_path / "one") for _ in range(2))
    (change,) = photo.anonymize(shots[0], find_faces(shots[0]), seed=0).changes
    export = Export(tmp_path / "in.mp4", tmp_path / "out.mp4", video, 0, 5.0, True, None)
    (person,) = export(copy=False)[0].people
    assert person.change.disguise.stream == change.disguise.stream
