"""Whether the result is still of use: a face is found, where it was, with what it showed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from elseface.common.attributes import PROTECTED, index, indices
from elseface.common.face import Face
from elseface.stage1_disentangle.attributes import AttributeClassifier, portrait
from elseface.stage1_disentangle.detectors import mtcnn_network
from elseface.stage1_disentangle.landmarks import LEFT_EYE, RIGHT_EYE, predict


class Mtcnn:
    """A detector that is not the pipeline's (Zhang et al., 2016; weights of PyPI's ``mtcnn``)."""

    def __init__(self) -> None:
        self._network = mtcnn_network()

    def found(self, photo: np.ndarray, face: Face) -> bool:
        """Whether a face of `photo` (height, width, 3) uint8 RGB lies about where `face` was."""
        middle = face.landmarks.mean(0)
        for found in self._network.detect_faces(photo):
            x, y, width, height = found["box"]
            if x <= middle[0] <= x + width and y <= middle[1] <= y + height:
                return True
        return False


def as_seen(result: np.ndarray, face: Face) -> Face:
    """The face with the landmarks that the result shows, by which an attacker would cut it out."""
    return replace(face, landmarks=predict(result, face.box, face.tilt))


def landmark_error(seen: Face, face: Face) -> float:
    """Mean distance of the landmarks seen in a result to the face's, over the inter-ocular
    distance."""
    eyes = face.landmarks[RIGHT_EYE].mean(0) - face.landmarks[LEFT_EYE].mean(0)
    gap = np.hypot(*(seen.landmarks - face.landmarks).T)
    return float(gap.mean() / np.hypot(*eyes))


def seen_attributes(
    judge: AttributeClassifier, pictures: Sequence[np.ndarray], faces: Sequence[Face]
) -> np.ndarray:
    """Attribute bits (n, 40) that a network kept for measuring sees in aligned pictures."""
    portraits = [portrait(*pair) for pair in zip(pictures, faces)]
    parts = [portraits[i : i + 64] for i in range(0, len(portraits), 64)]
    return np.concatenate([judge.probabilities(part) for part in parts]) >= 0.5


def protected_kept(
    before: np.ndarray, after: np.ndarray, edited: Collection[int] = ()
) -> dict[str, float]:
    """Share of faces in which each protected attribute that was not `edited` is seen as before.

    `before` and `after` are bits (n, 40); the first figure is the mean.
    """
    names = [name for name in PROTECTED if index(name) not in edited]
    same = (before == after)[:, indices(names)].mean(0)
    kept = dict(zip(names, same.tolist()))
    return {"mean": float(np.mean(list(kept.values()))), **kept}
