"""Faces of a film: of a person's faces in a row every second is moved, not drawn."""

from dataclasses import replace

import numpy as np
import pytest
from elseface.common.anonymizer import Disguise
from elseface.stage1_disentangle.faces import find_faces
from elseface.stage1_disentangle.factors import Factors
from elseface.stage3_generate.film import FAR, drawn_by_turns

SIZE = 64


class Spots:
    """A decoder that draws a spot on the tip of the nose, and says how many it drew."""

    size = SIZE

    def __init__(self):
        self.asked = []

    def draw(self, factors, textures):
        self.asked.append(len(factors))
        assert len(textures) == len(factors)
        return np.stack([spot(f.landmarks[30]) * (1 + t.max()) for f, t in zip(factors, textures)])


def spot(at) -> np.ndarray:
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5
    grey = np.exp(-((x - SIZE * at[0]) ** 2 + (y - SIZE * at[1]) ** 2) / 18)
    return np.repeat(grey[..., None], 3, -1).astype(np.float32)


def plain(i) -> np.ndarray:
    return np.zeros((SIZE, SIZE, 3))


def factors(landmarks) -> Factors:
    picture = np.zeros((SIZE, SIZE, 3), np.uint8)
    return Factors(picture, picture[..., 0], landmarks, np.zeros(40))


@pytest.fixture
def nose(mean_shape):
    """The mean shape with the tip of its nose moved to the right, by a share of :data:`FAR`."""

    def moved(share: float) -> Factors:
        landmarks = mean_shape.copy()
        landmarks[30, 0] += share * FAR
        return factors(landmarks)

    return moved


def test_every_second_face_of_a_person_is_the_one_before_moved(nose):
    decoder = Spots()
    faces = [nose(share) for share in (0, 0, 0.9, 0.5, 0.6, 0.5, 0.2)]
    textures = np.zeros((7, SIZE, SIZE, 3), np.float32)
    textures[1], textures[3], textures[5] = 1, 1, 1
    pictures = drawn_by_turns(decoder, faces, textures.__getitem__, list("abababa"))
    assert decoder.asked == [4] and pictures.shape == (7, SIZE, SIZE, 3)
    for picture, face, texture in zip(pictures, faces, textures):
        assert picture.max() == pytest.approx(1 + texture.max(), rel=0.1)
        y, x = np.unravel_index(picture[..., 0].argmax(), (SIZE, SIZE))
        assert np.hypot(*((x + 0.5, y + 0.5) - SIZE * face.landmarks[30])) < 1.1
    assert (pictures[0] == spot(faces[0].landmarks[30])).all()


def test_a_face_that_moves_far_is_drawn(nose):
    decoder = Spots()
    faces = [nose(share) for share in (0, 1.1, 1.5, 1.5)]
    pictures = drawn_by_turns(decoder, faces, plain, [7] * 4)
    assert decoder.asked == [3]  # the third is moved from the second, the fourth in turn drawn
    assert (pictures[1] == spot(faces[1].landmarks[30])).all()
    assert (pictures[3] == spot(faces[3].landmarks[30])).all()


def test_landmarks_of_no_face_stay_where_they_are():
    line = factors(np.full((68, 2), 0.5))
    pictures = drawn_by_turns(Spots(), [line, line], plain, [0, 0])
    assert (pictures[0] == pictures[1]).all() and pictures.max() > 0.9


def test_only_one_disguise_in_a_film_is_one_person(anonymizer, portrait, monkeypatch):
    """Not two that are equal, and never in photos."""
    drawn = []
    decoder = type(anonymizer.decoder)
    draw = decoder.draw
    monkeypatch.setattr(decoder, "draw", lambda *of: drawn.append(len(of[1])) or draw(*of))
    two = np.vstack([portrait, portrait])
    faces = sorted(find_faces(two), key=lambda face: face.box[1])
    assert len(faces) == 2
    disguise = Disguise(np.zeros(40), np.zeros(40), (1, 2, 3))
    film = replace(anonymizer, film=True)
    by_method = {}
    for name, method, worn in (
        ("photo", anonymizer, {0: disguise, 1: disguise}),
        ("two people", film, {0: disguise, 1: replace(disguise)}),
        ("film", film, {0: disguise, 1: disguise}),
    ):
        by_method[name] = method.anonymize(two, faces, 0, worn).pixels
    assert drawn == [2, 2, 1]
    assert (by_method["photo"] == by_method["two people"]).all()
    changed = np.abs(by_method["film"].astype(int) - by_method["photo"])
    assert not changed[: len(portrait)].any()
    assert 0 < changed[changed.any(-1)].mean() < 12  # nearly as if it had been drawn
    assert (by_method["film"] != two).any(-1).sum() == (by_method["photo"] != two).any(-1).sum()
