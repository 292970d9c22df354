"""What is found out about one picture of a method."""

from __future__ import annotations

import numpy as np
import pytest
from elseface.scripts.evaluation import examine as examining
from elseface.scripts.evaluation.examine import MEASURES, Judges, examine
from elseface.scripts.evaluation.memory import Memory
from elseface.scripts.evaluation.pictures import Result
from elseface.stage1_disentangle.faces import find_faces
from elseface.stage1_disentangle.mask import photo_ellipse


@pytest.fixture(scope="module")
def pair(portrait):
    """A picture of two, and where their faces are."""
    head = portrait[0:300, 90:360]
    photo = np.concatenate([head, head[:, ::-1]], axis=1)
    faces = find_faces(photo)
    assert len(faces) == 2
    return photo, faces


@pytest.fixture
def look(tmp_path, monkeypatch):
    """What :func:`examine` says of results, without networks."""
    monkeypatch.setattr(examining, "_attributes", lambda *_: np.zeros(40))

    class Detector:
        def found(self, *_):
            return True

    judges = Judges([], Detector(), None, "none", Memory(tmp_path / "memory"))

    def of(photo, pixels, faces):
        note = {"seconds": 2.0}
        return examine([Result(photo, pixels, list(faces), note)], judges)

    return of


def painted(photo, faces):
    """Black ellipses on some faces."""
    whole = tuple(slice(0, n) for n in photo.shape[:2])
    result = photo.copy()
    for face in faces:
        result[photo_ellipse(face, whole).draw(*photo.shape[:2]) == 1] = 0
    return result


def test_one_face_left_as_it_was_is_noticed(pair, look):
    photo, faces = pair
    assert not look(photo, painted(photo, faces), faces).identical[0]
    for left in faces:
        others = [face for face in faces if face is not left]
        assert look(photo, painted(photo, others), faces).identical[0]
    assert look(photo, photo, faces).identical[0]


def test_a_picture_without_a_face_counts_as_missed(pair, look):
    photo, _ = pair
    seen = look(photo, photo, [])
    assert seen.missed[0] and seen.identical[0] and np.isnan(seen.measures).all()


def test_what_lies_outside_and_under_the_ellipse_is_told_apart(pair, look):
    """One pixel in a corner, and one in the middle of the larger face."""
    photo, faces = pair
    outside, inside = photo.copy(), photo.copy()
    outside[0, 0] = 255 - outside[0, 0]
    x, y = faces[0].landmarks.mean(0).astype(int)
    inside[y - 2 : y + 3, x - 2 : x + 3] = 255 - inside[y - 2 : y + 3, x - 2 : x + 3]

    def measured(pixels):
        return dict(zip(MEASURES, look(photo, pixels, faces).measures[0]))

    plain, beyond, within = map(measured, (photo, outside, inside))
    assert plain["background untouched"] == within["background untouched"] == 1
    assert beyond["background untouched"] < 1
    assert plain["SSIM in mask"] == pytest.approx(1) == beyond["SSIM in mask"]
    assert within["SSIM in mask"] < 0.999
    assert plain["landmark error"] == 0


def test_what_is_remembered_is_of_all_faces_there(pair, look):
    """The other face's place decides what is background, wherever the first one's is."""
    photo, faces = pair
    pixels = painted(photo, faces)
    both = look(photo, pixels, faces).measures[0]
    one = look(photo, pixels, faces[:1]).measures[0]
    untouched = MEASURES.index("background untouched")
    assert both[untouched] == 1 and one[untouched] == 0
