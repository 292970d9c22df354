"""Faces drawn again until they are nobody's match."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from elseface.stage1_disentangle.descriptor import embed_crop
from elseface.stage1_disentangle.faces import find_faces
from elseface.stage3_generate.rejection import STRANGER, unlike


@dataclass(frozen=True)
class Drawn:
    """Stands in for a NewFace; its descriptor lies so far from the origin."""

    far: float
    distance: float | None = None

    def descriptor(self) -> np.ndarray:
        return np.array([self.far, 0.0])


@pytest.mark.parametrize(
    ("draws", "chosen"),
    [
        ([[0.9]], [0.9]),
        ([[0.3], [0.9]], [0.9]),
        ([[0.3, 0.8], [0.75]], [0.75, 0.8]),  # only the first is drawn again
        ([[0.3, 0.1], [0.5, 0.9], [0.2]], [0.5, 0.9]),  # never unlike enough: the farthest
    ],
)
def test_only_what_is_too_like_is_drawn_again(draws, chosen):
    script = iter(draws)
    asked = []

    def draw(which, attempt):
        asked.append((list(which), attempt))
        return [Drawn(far) for far in next(script)]

    faces = unlike({i: np.zeros(2) for i in range(len(chosen))}, draw, attempts=len(draws))
    assert [faces[i].distance for i in range(len(chosen))] == chosen
    assert [attempt for _, attempt in asked] == list(range(len(draws)))
    assert [len(which) for which, _ in asked] == [len(far) for far in draws]


def test_the_same_face_lies_closer_than_a_new_one(anonymizer, portrait):
    (face,) = find_faces(portrait)
    crops = [face.alignment.crop(p, 128) for p in (portrait, portrait // 2 + 40)]
    points = face.alignment.to_frame(face.landmarks)
    same = np.linalg.norm(np.subtract(*(embed_crop(crop, points) for crop in crops)))
    (change,) = anonymizer.anonymize(portrait, [face], seed=0).changes
    assert same < 0.4 < STRANGER < change.distance


def test_the_farthest_of_all_draws_comes_out_where_none_passes(anonymizer, portrait, monkeypatch):
    monkeypatch.setattr("elseface.stage3_generate.rejection.STRANGER", np.inf)
    (face,) = find_faces(portrait)
    first, two, four = (
        replace(anonymizer, attempts=n).anonymize(portrait, [face], seed=0).changes[0].distance
        for n in (1, 2, 4)
    )
    assert first is None  # nobody looked
    assert two <= four
