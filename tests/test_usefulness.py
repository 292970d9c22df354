"""What is said of a method's use, of pictures whose answers are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from elseface.common.attributes import NAMES, PROTECTED, indices
from elseface.scripts.evaluation import examine as examining
from elseface.scripts.evaluation import score, utility
from elseface.scripts.evaluation.examine import MEASURES, Examined, Judges, examine
from elseface.scripts.evaluation.memory import Memory
from elseface.scripts.evaluation.people import People
from elseface.scripts.evaluation.pictures import Result
from elseface.stage1_disentangle.faces import aligned_face

SMILING, MOUTH = score.EXPRESSION
#: Degrees; row and column of a pixel on the nose.
TURN, INSIDE = 12, (125, 89)


@pytest.fixture
def clean(random) -> Examined:
    """Nobody smiles, nobody shows anything; the last picture was missed."""
    vectors = random.standard_normal((4, 3))
    measures = np.tile([1.0, 0.0, 0.0, 1.0, 1.0, 1.0], (4, 1))
    return Examined(
        {"one": (vectors, vectors)}, measures, np.zeros((4, 40)), np.full((4, 40), np.nan),
        np.array([False, False, False, True]), np.full(4, 0.5), np.array([1, 2, 2, 0]),
        np.zeros(4, bool),
    )  # fmt: skip


@pytest.fixture
def result(clean) -> Examined:
    """One in three smiles; three were asked to open their mouths and one did, one was asked to
    smile and did not; who was missed says nothing."""
    shown, asked = np.zeros((4, 40)), clean.asked.copy()
    shown[0, SMILING] = shown[1, MOUTH] = 0.9
    asked[:3, MOUTH] = asked[2, SMILING] = 1
    shown[3], asked[3] = 1, 1 - shown[3]
    measures = np.array(
        [
            [1, 0.1, 6, 0.9, 0.6, 1],
            [0, 0.2, 12, 0.8, 0.3, 0],
            [1, 0.3, 0, 0.7, 0.6, 1],
            [np.nan] * 6,
        ]
    )
    return replace(
        clean, attributes=shown, asked=asked, measures=measures, seconds=np.array([1, 3, 1, 1.0])
    )


def test_use_is_counted_over_faces_that_were_found(result, clean):
    figures = score.usefulness(result, clean)
    expected = [2 / 3, 0.2, 6.0, 0.8, 0.5, 2 / 3]
    assert [figures[name] for name in MEASURES] == pytest.approx(expected)
    assert figures["expression kept"] == pytest.approx(4 / 6)  # of two attributes of three
    assert figures["edits asked"] == pytest.approx(4 / 3)
    assert figures["edits shown"] == pytest.approx(1 / 4)  # not a half: that is its own inverse
    assert figures["missed by the pipeline"] == 0.25
    assert figures["seconds an image"] == 1.5 and figures["seconds a face"] == pytest.approx(6 / 5)


def test_protected_attributes_are_kept_or_not(result, clean):
    assert score.usefulness(result, clean)["protected kept"] == 1
    changed = result.attributes.copy()
    changed[0, indices(PROTECTED)] = 1
    kept = score.usefulness(replace(result, attributes=changed), clean)["protected kept"]
    assert kept == pytest.approx(2 / 3)


def test_a_shift_of_all_is_its_square_by_frechet(clean):
    shifted = clean.embeddings["one"][0] + np.array([1.0, 2.0, 0.0])
    seen = replace(clean, embeddings={"one": (shifted, shifted)})
    assert score.realism(clean, clean)["Frechet distance, one"] == pytest.approx(0, abs=1e-6)
    assert score.realism(seen, clean)["Frechet distance, one"] == pytest.approx(5, abs=1e-4)


def test_frechet_leaves_out_who_was_missed(clean):
    vectors = clean.embeddings["one"][0] + 1000 * clean.missed[:, None]
    seen = replace(clean, embeddings={"one": (vectors, vectors)})
    assert score.realism(seen, clean)["Frechet distance, one"] == pytest.approx(0, abs=1e-6)


def test_edits_are_seen_as_they_were_asked(clean):
    asked, shown = np.full((4, 40), np.nan), np.zeros((4, 40))
    asked[:3, SMILING] = [1, 1, 0]
    asked[1, MOUTH] = shown[0, SMILING] = 1
    shares = score.edit_shares(replace(clean, asked=asked, attributes=shown))
    assert shares == pytest.approx({"Smiling": 2 / 3, "Mouth_Slightly_Open": 0})


def test_doubt_is_over_people(result, clean):
    """Two people: in half the draws both are drawn, else one of them twice."""
    whose = People(tuple(map(Path, "abcd")), np.array([0, 1, 1, 1]), ("a", "b"), None, False)
    doubts = score.doubt(result, clean, whose)
    assert list(doubts) == [*MEASURES, "expression kept", "protected kept", "edits shown"]
    assert doubts["face found by MTCNN"] == pytest.approx([0.5, 1])
    assert doubts["pose error (degrees)"] == pytest.approx([6, 6])
    assert doubts["expression kept"] == pytest.approx([1 / 2, 3 / 4])
    assert doubts["protected kept"] == pytest.approx([1, 1])
    assert doubts["edits shown"] == pytest.approx(
        [0, 1 / 3]
    )  # asked once of one, thrice of the other


@pytest.fixture
def look(portrait, monkeypatch, tmp_path):
    """What :func:`examine` says of a portrait in which some pixels were changed, by judges who are
    no networks: landmarks turn by TURN about the middle of a changed picture, a detector sees a
    face where the corner is as it was."""
    photo = portrait[18:236, 133:311]
    face = aligned_face(photo)
    middle = np.array([photo.shape[1], photo.shape[0]]) / 2
    sine, cosine = np.sin(np.radians(TURN)), np.cos(np.radians(TURN))
    turned = (face.landmarks - middle) @ np.array([[cosine, sine], [-sine, cosine]]) + middle

    def as_seen(pixels, face):
        return face if (pixels == photo).all() else replace(face, landmarks=turned)

    monkeypatch.setattr(examining, "as_seen", as_seen)
    detector = SimpleNamespace(found=lambda pixels, _: (pixels[0, 0] == photo[0, 0]).all())
    judge = SimpleNamespace(probabilities=lambda portraits: np.full((1, 40), 0.25))
    recognizer = SimpleNamespace(
        name="one", digest="one", embed=lambda _, face: face.landmarks[0].copy()
    )
    judges = Judges([recognizer], detector, judge, "judge", Memory(tmp_path / "memory"))
    note = {"seconds": 2.5, "before": dict.fromkeys(NAMES, 0.1), "after": dict.fromkeys(NAMES, 0.2)}
    note["before"]["Smiling"] = note["after"]["Young"] = 0.9

    def of(*rows_and_columns):
        pixels = photo.copy()
        for y, x in rows_and_columns:
            pixels[y, x] = 255 - pixels[y, x]
        seen = examine([Result(photo, pixels, [face, face], note)], judges)
        return seen, dict(zip(MEASURES, seen.measures[0])), SimpleNamespace(face=face, now=turned)

    return of


def test_one_pixel_outside_the_ellipse_is_a_touched_background(look):
    _, corner, _ = look((0, 0))
    assert corner["background untouched"] == 0 and corner["SSIM in mask"] == pytest.approx(1)
    assert corner["SSIM whole"] < 0.99999 and corner["face found by MTCNN"] == 0


def test_one_pixel_inside_the_ellipse_leaves_the_background_and_counts_as_unlike(look):
    (_, plain, _), (_, inside, _) = look(), look(INSIDE)
    assert plain == pytest.approx(dict(zip(MEASURES, [1, 0, 0, 1, 1, 1])))
    assert inside["background untouched"] == 1 and inside["face found by MTCNN"] == 1
    assert inside["SSIM in mask"] < inside["SSIM whole"] < 0.99999


def test_what_moved_is_measured_between_the_eyes_and_in_degrees(look):
    seen, measured, known = look(INSIDE)
    points = known.face.landmarks
    eyes = np.linalg.norm(points[36:42].mean(0) - points[42:48].mean(0))
    moved = np.linalg.norm(known.now - points, axis=1).mean()
    assert measured["landmark error"] == pytest.approx(moved / eyes, rel=1e-4)
    assert measured["pose error (degrees)"] == pytest.approx(TURN / 3, abs=0.1)  # of three angles
    before, now = seen.embeddings["one"]
    assert before[0] == pytest.approx(points[0]) and now[0] == pytest.approx(known.now[0])


def test_a_note_says_how_long_it_took_and_what_was_asked(look):
    seen, _, _ = look(INSIDE)
    assert seen.seconds[0] == 2.5 and seen.faces[0] == 2 and seen.attributes[0, 0] == 0.25
    asked = {NAMES[i]: seen.asked[0, i] for i in np.flatnonzero(np.isfinite(seen.asked[0]))}
    assert asked == {"Smiling": 0, "Young": 1}


@pytest.mark.parametrize(("box", "found"), [((0, 0, 178, 218), True), ((0, 0, 9, 9), False)])
def test_a_detector_must_see_the_face_where_it_was(portrait, monkeypatch, box, found):
    network = SimpleNamespace(detect_faces=lambda _: [{"box": box}])
    monkeypatch.setattr(utility, "mtcnn_network", lambda: network)
    photo = portrait[18:236, 133:311]
    assert utility.Mtcnn().found(photo, aligned_face(photo)) == found
