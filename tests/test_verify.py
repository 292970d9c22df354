"""What is written is looked at until no face can be told: protection is broken on purpose here."""

import errno
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from elseface.common.anonymizer import NOBODY, Anonymized, Change, Disguise
from elseface.common.errors import ElsefaceError
from elseface.common.files import Job
from elseface.common.output import write_whole
from elseface.common.photo import Photo, read_photo
from elseface.scripts.release import painter as painters
from elseface.scripts.release import scene as scenes
from elseface.scripts.release import verify as verification
from elseface.scripts.release.consent import Consent, load_consent
from elseface.scripts.release.finder import Finder
from elseface.scripts.release.painter import Painter, covered, pixelate
from elseface.scripts.release.photos import Release
from elseface.scripts.release.recognition import THRESHOLD
from elseface.scripts.release.report import less_than_asked
from elseface.scripts.release.scene import Attempt, Scene, Spared, Step
from elseface.scripts.release.verify import PAINTINGS, Verifier
from elseface.stage1_disentangle.box import SAME, overlap
from elseface.stage1_disentangle.choices import DetectorName
from elseface.stage1_disentangle.descriptor import embed
from elseface.stage1_disentangle.detection import detect
from elseface.stage1_disentangle.detectors import load_detector
from elseface.stage1_disentangle.faces import face_in_box
from elseface.stage3_generate.choices import MethodName
from elseface.stage3_generate.classic import load_obfuscation
from PIL import Image

FACE = (175, 76, 265, 166)
SUIT = (20, 350, 110, 440)  # landmarks do not fit there


@dataclass
class Idle:
    """An anonymizer that does nothing, though it may say that it made somebody up."""

    makes_up: bool = False
    name: str = "idle"
    seeds: tuple = ()

    def anonymize(self, photo, faces, seed, worn=NOBODY):
        self.seeds += (seed,)
        new = Disguise(np.zeros(40), np.zeros(40), (seed,)) if self.makes_up else None
        changes = (Change(face, worn.get(i, new)) for i, face in enumerate(faces))
        return Anonymized(photo.copy(), tuple(changes))


BLACK = load_obfuscation(MethodName.BLACKOUT)


def nobody(photo):
    return []


def there(*boxes):
    return lambda photo: list(boxes)


@pytest.fixture
def stencil(portrait) -> np.ndarray:
    """The portrait, and beside it one that transparency alone draws, on white: (512, 1024, 4)."""
    opaque = np.dstack([portrait, np.full(portrait.shape[:2], 255, np.uint8)])
    drawn = np.zeros_like(opaque)
    drawn[..., 3] = 255 - cv2.cvtColor(portrait, cv2.COLOR_RGB2GRAY)
    return np.hstack([opaque, drawn])


@pytest.fixture
def release(portrait, tmp_path):
    """Does the portrait, as PNG or what `name` says, with the given parts; returns who was in it
    and what was written."""

    def run(
        anonymizer, found=there(FACE), seen=nobody, name="photo.png", copy=False, photo=portrait,
        **finder,
    ):  # fmt: skip
        Image.fromarray(photo).save(tmp_path / name, quality=95)
        consent = finder.pop("consent", None)
        verifier = Verifier(seen, "second") if seen else None
        finds = Finder("first", found, DetectorName.MTCNN, **finder)
        doing = Release(finds, consent, Painter(anonymizer, 3), verifier)
        target = tmp_path / "out" / name
        try:
            scene = doing(Job(tmp_path / name, target), copy).scene
        finally:
            assert not list(tmp_path.glob("out/.*"))  # no draft is left
        return scene, read_photo(target).pixels

    return run


def test_who_does_nothing_is_found_out(release, portrait):
    scene, written = release(Idle())
    (face,) = scene.subjects
    assert [a.step for a in face.tried] == [Step.ASKED]  # no other seed: it would do the same
    assert face.tried[0].distance < 0.1 and not face.tried[0].passed
    assert face.step is Step.MASK and face.attempt.passed and face.attempt.distance >= 0.6
    assert (written != portrait).any()


def test_black_beyond_the_picture_is_black(portrait):
    """As the cover of somebody in a video who has left it."""
    scene = Scene(portrait)
    subject = scene.add_box(FACE, "frontal")
    away = replace(subject.face, landmarks=subject.face.landmarks + 2000)
    subject.face = replace(away, box=tuple(edge + 2000 for edge in FACE))
    subject.ladder = [Step.BLACKOUT]
    assert verification.passes(portrait, subject, scene)


def test_what_lies_beyond_the_picture_is_no_mistake(portrait):
    """A face that is expected there, after it left."""
    height, width = portrait.shape[:2]
    for box in ((width + 9, 40, width + 60, 90), (40, height + 9, 90, height + 60)):
        result = portrait.copy()
        pixelate(result, box, load_obfuscation(MethodName.BLACKOUT))
        assert (result != portrait).any(-1).mean() < 0.01


def test_nothing_helps_but_black(release, portrait, monkeypatch):
    """Neither the method nor the mask does anything: the face ends black, box and ellipse."""
    monkeypatch.setattr(painters, "load_obfuscation", lambda name: Idle())
    for name in ("photo.png", "photo.jpg", "photo.webp"):
        idle = Idle(makes_up=True)
        scene, written = release(idle, name=name)
        (face,) = scene.subjects
        assert [a.step for a in face.tried] == [Step.ASKED, Step.OTHER, Step.OTHER, Step.MASK]
        assert len(set(idle.seeds[:3])) == 3 and idle.seeds[0] == 3
        assert face.step is Step.BLACKOUT and face.attempt.passed
        gone = covered(written.shape, scene.subjects)
        left, top, right, bottom = FACE
        assert gone[top:bottom, left:right].all()
        assert written[cv2.erode(gone.astype(np.uint8), np.ones((9, 9))) == 1].max() < 20


def test_without_verification_nobody_looks(release, portrait):
    scene, written = release(Idle(), seen=None)
    np.testing.assert_array_equal(written, portrait)
    assert scene.subjects[0].attempt is None


def test_a_face_that_was_missed_is_rescued_by_the_second_detector(release, portrait):
    """The first detector sees one face of two, then none."""
    both = np.hstack([portrait[:300, 70:370], portrait[:300, 370:70:-1]])
    second = load_detector(DetectorName.MTCNN)
    left = tuple(np.subtract(FACE, (70, 0, 70, 0)).tolist())
    for found, by in ((there(left), ["first", "second"]), (nobody, ["second", "second"])):
        scene, written = release(BLACK, found=found, seen=second, photo=both)
        assert [face.found_by for face in scene.subjects] == by
        assert all(face.fits and face.attempt.passed for face in scene.subjects)
        assert not written[110:130, 140:160].any() and not written[110:130, 440:460].any()


def test_a_face_that_is_replaced_in_part_is_missed(release):
    """The first detector's box lies beside: less than half of what the second sees is gone."""
    beside = tuple(np.add(FACE, (70, 60, 70, 60)))
    scene, _ = release(BLACK, found=there(beside), seen=there(FACE))
    assert [face.found_by for face in scene.subjects] == ["first", "second"]


def test_what_is_seen_again_where_it_was_rescued_is_blacked_out(release, monkeypatch):
    once = iter([FACE, FACE])
    share = iter([0.0, 1.0])
    monkeypatch.setattr(verification, "_share", lambda gone, box: next(share))
    scene, _ = release(Idle(), found=nobody, seen=lambda photo: [next(once, FACE)])
    (face,) = scene.subjects
    assert face.step is Step.BLACKOUT and face.attempt.passed


def test_what_cannot_be_verified_is_not_written(release, tmp_path, random):
    """A detector that sees a face somewhere else every time; an earlier result stays."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out/photo.png").write_bytes(b"earlier")
    corners = iter(
        random.permutation([(x, y) for x in range(0, 500, 60) for y in range(200, 500, 60)])
    )

    def seen(photo):
        x, y = next(corners)
        return [(int(x), int(y), int(x) + 25, int(y) + 25)]

    with pytest.raises(ElsefaceError, match=r"photo\.png.*not be verified.*from an earlier run"):
        release(BLACK, seen=seen)
    assert (tmp_path / "out/photo.png").read_bytes() == b"earlier"
    assert PAINTINGS < 20


def test_a_black_out_that_does_not_come_through_is_not_written(release, tmp_path, monkeypatch):
    """The encoder is what is verified: here it writes the original whatever it is given."""
    encode = painters.encode_photo
    original = {}

    def cheat(photo, name, xmp):
        return encode(original.setdefault("photo", Photo(photo.pixels)), name, xmp)

    monkeypatch.setattr(painters, "encode_photo", cheat)
    monkeypatch.setattr(painters, "load_obfuscation", lambda name: Idle())
    with pytest.raises(ElsefaceError, match="not be verified"):
        release(Idle())
    assert not (tmp_path / "out/photo.png").exists()


def test_landmarks_that_fail_are_pixelated_and_flagged(release, portrait):
    scene, written = release(Idle(), found=there(SUIT), seen=None)
    (face,) = scene.subjects
    assert not face.fits and face.step is Step.PIXELATE
    left, top, right, bottom = SUIT
    assert (written != portrait)[top:bottom, left:right].any(-1).mean() > 0.9
    assert len(np.unique(written[top:bottom, left:right].reshape(-1, 3), axis=0)) <= 81


def test_transparency_hides_no_face(portrait):
    """What the alpha channel shows of the old face goes too."""
    alpha = portrait.mean(-1).astype(np.uint8)
    scene = Scene(portrait)
    scene.add_box(FACE, "first")
    painted = Painter(BLACK, 0).painted(Photo(portrait, alpha), scene)
    gone = covered(portrait.shape, scene.subjects)
    assert gone.any() and (painted.alpha[gone] == 255).all()
    np.testing.assert_array_equal(painted.alpha[~gone], alpha[~gone])


@pytest.mark.parametrize("by", ["the finder", "the verifier"])
def test_a_face_that_transparency_draws_is_found(release, stencil, tmp_path, by):
    found, seen = (detect, nobody) if by == "the finder" else (there(FACE), detect)
    scene, _ = release(BLACK, found, seen, photo=stencil)
    assert len(scene.subjects) == 2
    whole = read_photo(tmp_path / "out/photo.png")
    left, top, right, bottom = (512 + FACE[0], FACE[1], 512 + FACE[2], FACE[3])
    assert (whole.alpha[top:bottom, left:right] == 255).all()
    assert whole.pixels[top:bottom, left:right].max() == 0
    assert [box for view in whole.views for box in detect(view)] == []


def test_boxes_brought_count_where_the_detector_found_less():
    """A face of which the detector's box shows too little is replaced as a whole."""
    large = (150, 50, 300, 200)
    brought = {Path("photo.png"): [large]}
    finder = Finder("first", there(FACE), DetectorName.MTCNN, brought)
    found = finder.find(Path("photo.png"), np.zeros((512, 512, 3), np.uint8))
    assert [(face.box, by) for face, by in found] == [(FACE, "first"), (large, "boxes")]


def test_one_box_spares_one_face(portrait):
    two = there((100, 100, 200, 200), (210, 100, 310, 200))
    finder = Finder("first", two, DetectorName.MTCNN, skipped=[(95, 90, 315, 210)])
    with pytest.raises(ElsefaceError, match="meets 2 faces"):
        finder.find(Path("photo.png"), portrait)


def test_who_is_seen_beside_a_replaced_face_was_missed(portrait):
    scene = Scene(portrait)
    scene.add_box(FACE, "first")
    left, top, right, bottom = FACE
    beside = (left + 60, top + 10, right + 40, bottom)  # half of it under the other's ellipse
    verifier = Verifier(there(FACE, beside), "second")
    assert verifier.missed(portrait, scene) == [beside]


def test_a_replaced_face_excuses_the_nearest_box_alone(portrait):
    """Of two faces that overlap the first detector gives one; in any order of the second's."""
    scene = Scene(portrait)
    scene.add_box(FACE, "first")
    farther = (FACE[0] + 30, FACE[1], FACE[2] + 30, FACE[3])
    assert overlap(FACE, farther) > SAME
    assert 0.5 < verification._share(covered(portrait.shape, scene.subjects), farther) < 0.9
    for found in ([FACE, farther], [farther, FACE]):
        assert Verifier(there(*found), "second").missed(portrait, scene) == [farther]


def test_a_replaced_face_that_is_no_face_any_more_excuses_nobody(portrait):
    """Black is found by no detector: the nearest box is somebody else's."""
    scene = Scene(portrait)
    scene.add_box(FACE, "first")
    farther = (FACE[0] + 36, FACE[1], FACE[2] + 36, FACE[3])
    assert SAME < overlap(FACE, farther) < verification.OWN
    share = verification._share(covered(portrait.shape, scene.subjects), farther)
    assert share > verification.REPLACED
    assert Verifier(there(farther), "second").missed(portrait, scene) == [farther]


def test_who_is_seen_beside_whom_was_rescued_is_rescued_too(release):
    """Together with them, and after them: nobody is given up for somebody else."""
    farther = (FACE[0] + 40, FACE[1], FACE[2] + 40, FACE[3])
    scene, _ = release(BLACK, found=nobody, seen=there(FACE, farther))
    assert [face.face.box for face in scene.subjects] == [FACE, farther]
    looks = iter([[FACE]])
    scene, _ = release(BLACK, found=nobody, seen=lambda photo: next(looks, [FACE, farther]))
    assert [face.face.box for face in scene.subjects] == [FACE, farther]


def test_landmarks_that_fail_get_no_less_than_was_asked_for(release):
    scene, written = release(BLACK, found=there(SUIT))
    left, top, right, bottom = SUIT
    assert not scene.subjects[0].fits and scene.subjects[0].attempt.passed
    assert not written[top:bottom, left:right].any()


def test_nobody_is_taken_for_another_of_the_photo(portrait, monkeypatch):
    """The first face became the second person: that is no better than staying oneself."""
    scene = Scene(portrait)
    first, second = (scene.add_box(FACE, "first") for _ in range(2))
    second.original = first.original + 1.0
    monkeypatch.setattr(verification, "look_again", lambda photo, box: second.original)
    assert not verification.passes(portrait, first, scene)
    assert first.attempt.distance > 10 and first.attempt.nearest_other == 0
    monkeypatch.setattr(verification, "look_again", lambda photo, box: second.original + 1.0)
    assert verification.passes(portrait - 1, first, scene)


def test_the_recognizer_looks_again_where_something_is_new(portrait, monkeypatch):
    scene = Scene(portrait)
    face = scene.add_box(FACE, "first")
    looks = []

    def count(photo, box):
        looks.append(box)
        return face.original + len(looks)

    monkeypatch.setattr(verification, "look_again", count)
    elsewhere, inside = portrait.copy(), portrait.copy()
    elsewhere[400:, 400:], inside[110:120, 210:220] = 0, 0
    for written, expected in ((portrait, 1), (elsewhere, 1), (inside, 2), (portrait, 3)):
        assert verification.passes(written, face, scene) and len(looks) == expected


def test_who_cannot_be_recognised_at_all_is_blacked_out(portrait, release, monkeypatch):
    """Where the recognizer is blind, that it tells nobody proves nothing."""
    monkeypatch.setattr("elseface.scripts.release.scene.unprotected_distance", lambda *_: 0.9)
    scene, _ = release(BLACK)
    (face,) = scene.subjects
    assert [a.step for a in face.tried] == [Step.ASKED] and face.step is Step.BLACKOUT


def test_a_face_to_skip_stays_bit_for_bit(release, portrait):
    roughly = (170, 80, 270, 170)
    scene, written = release(BLACK, found=there(FACE), seen=there(FACE), skipped=[roughly])
    np.testing.assert_array_equal(written, portrait)
    assert not scene.subjects and scene.spared[0].why == "--skip-face"


@pytest.mark.parametrize("seen", [nobody, None])
def test_who_skips_a_face_that_nobody_sees_is_told(release, seen):
    with pytest.raises(ElsefaceError, match="--skip-face 1,2,30,40 meets no face"):
        release(BLACK, seen=seen, skipped=[(1, 2, 30, 40)])


def test_a_face_that_the_second_detector_sees_alone_may_be_skipped(release, portrait):
    _, written = release(BLACK, found=there(SUIT), seen=there(FACE), skipped=[FACE])
    left, top, right, bottom = FACE
    np.testing.assert_array_equal(written[top:bottom, left:right], portrait[top:bottom, left:right])


@pytest.mark.parametrize(
    ("outcomes", "method", "says"),
    [
        (["as asked", "other attributes and shape"], "blur", ""),
        (["as asked", "pixelate", "blackout"], "blur", "a.jpg: 2 of 3 faces got pixels and black"),
        (["mask"], "attribute-edit", "a.jpg: 1 of 1 faces got a mask: nothing else"),
        (["blackout"], "blackout", ""),
        (["pixelate"], "pixelate", ""),
        (["pixelate", "blackout"], "pixelate", "a.jpg: 1 of 2 faces got black"),
    ],
)
def test_whose_face_got_less_than_was_asked_for_is_told(outcomes, method, says):
    faces = [{"outcome": outcome} for outcome in outcomes]
    said = less_than_asked({"photo": "a.jpg", "method": method, "faces": faces})
    assert said.startswith(says) and bool(said) == bool(says)


def test_a_shown_face_excuses_nobody_beside_it(release, portrait):
    """Somebody whose box overlaps it, whom only the second detector sees: replaced."""
    beside = (FACE[0] + 40, FACE[1], FACE[2] + 40, FACE[3])
    assert SAME < overlap(FACE, beside) < 0.5
    for found in ([FACE], [], [SUIT], [beside]):  # the last: whom the first takes for the other
        scene, written = release(
            BLACK, found=there(*found), seen=there(beside, FACE), skipped=[FACE]
        )
        assert FACE not in [subject.face.box for subject in scene.subjects]
        assert (scene.subjects[-1].face.box, scene.subjects[-1].found_by) == (beside, "second")
        assert (written != portrait).any()


def test_faces_that_are_shown_excuse_one_each(portrait):
    """In any order; what one face has excused another does not, nor somebody in its place."""
    first, second, third = ((x, 100, x + 100, 200) for x in (100, 150, 200))
    assert SAME < overlap(first, second) == overlap(second, third)
    for shown in ([first, second], [second, first]):
        scene = Scene(portrait, spared=[Spared(box, "page") for box in shown])
        assert scene.not_spared([first, second, third]) == [third]
        assert scene.not_spared([second, third]) == [third]  # the first is not found again
    replaced = Scene(portrait, spared=[Spared(first, "page")])
    assert replaced.not_spared([first, second]) == [second]


def test_who_agreed_stays_and_nobody_else(release, portrait, tmp_path):
    people = tmp_path / "people"
    people.mkdir()
    mirrored = cv2.convertScaleAbs(portrait[:260, 100:350][:, ::-1], alpha=0.8, beta=30)
    Image.fromarray(mirrored).save(people / "eileen.jpg")
    find = load_detector(DetectorName.FRONTAL)
    consent = load_consent(people, find)
    scene, written = release(BLACK, found=find, seen=there(FACE), consent=consent)
    np.testing.assert_array_equal(written, portrait)
    (spared,) = scene.spared
    assert (spared.why, spared.picture) == ("--keep-person", "eileen.jpg") and spared.distance < 0.5
    mask = load_obfuscation(MethodName.MASK)
    other = mask.anonymize(portrait, [face_in_box(portrait, FACE)], seed=0).pixels
    stranger = Scene(other, consent=consent)
    assert stranger.add_box(FACE, "first") is not None and not stranger.spared


def test_whom_the_recognizer_cannot_tell_is_shown_to_nobody(portrait, monkeypatch):
    """Whom it would not know by their mirror image it may take for somebody who agreed."""
    consent = Consent(("eileen.jpg",), embed(portrait, face_in_box(portrait, FACE))[None])
    for before, shown in ((THRESHOLD - 0.1, True), (THRESHOLD + 0.1, False)):
        monkeypatch.setattr(scenes, "unprotected_distance", lambda *_, before=before: before)
        scene = Scene(portrait, consent=consent)
        assert (scene.add_box(FACE, "first") is None) == shown == bool(scene.spared)


def test_pictures_that_do_not_say_who_agreed(portrait, tmp_path):
    assert load_consent(None, nobody) is None
    with pytest.raises(ElsefaceError, match="no such folder"):
        load_consent(tmp_path / "absent", nobody)
    Image.fromarray(portrait).save(tmp_path / "a.png")
    with pytest.raises(ElsefaceError, match=r"a\.png: shows no face"):
        load_consent(tmp_path, nobody)
    with pytest.raises(ElsefaceError, match=r"a\.png: shows 2 faces"):
        load_consent(tmp_path, there(FACE, FACE))


def test_a_photo_without_a_face_is_copied_only_on_request(release, portrait):
    with pytest.raises(ElsefaceError, match="no face found"):
        release(BLACK, found=nobody)
    scene, written = release(BLACK, found=nobody, copy=True)
    assert not scene.subjects
    np.testing.assert_array_equal(written, portrait)


def test_a_full_disk_costs_nothing(release, tmp_path, monkeypatch):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/photo.png").write_bytes(b"earlier")
    write = Path.write_bytes

    def fail(path, data):
        if path.suffix != ".part":
            return write(path, data)
        write(path, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(ElsefaceError, match=r"photo\.png: cannot be written \(.*No space left"):
        release(BLACK)
    assert (tmp_path / "out/photo.png").read_bytes() == b"earlier"


def test_a_text_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "report.json"
    write_whole(path, b"earlier")

    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(ElsefaceError, match=r"report\.json: cannot be written \(No space"):
        write_whole(path, b"new")
    assert path.read_text() == "earlier" and list(tmp_path.iterdir()) == [path]


def test_the_disguise_of_who_passed_stays_when_another_is_done_again(portrait):
    """Two faces, one of which escalates: only that one is drawn anew."""
    scene = Scene(portrait)
    first = scene.add_box(FACE, "first")
    second = replace(first)
    second.ladder = list(first.ladder)
    scene.subjects.append(second)
    painter = Painter(Idle(makes_up=True), 0)
    painter.paint(scene)
    second.attempt = Attempt(Step.ASKED, False, 0.1)
    second.escalate()
    painter.paint(scene)
    assert first.disguise.stream == (0,) and second.disguise.stream == (1 << 32,)
    assert first.step is Step.ASKED and second.step is Step.OTHER


def test_who_is_found_late_becomes_whom_they_would_have(portrait):
    """Under a key somebody whom verification alone finds is who they are in other photos, and who
    is drawn anew at the same time has no say in it."""
    scene, painter = Scene(portrait), Painter(Idle(makes_up=True), 0)
    first = scene.add_box(FACE, "first")
    painter.paint(scene)
    first.attempt = Attempt(Step.ASKED, False, 0.1)
    first.escalate()
    late = replace(first, disguise=None, refused=None, ladder=[Step.ASKED])
    scene.subjects.append(late)
    painter.paint(scene)
    assert first.disguise.stream == (1 << 32,) and late.disguise.stream == (0,)
