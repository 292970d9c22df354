"""A face that a search of the whole frame found: where exactly it is."""

from __future__ import annotations

import functools

import numpy as np
from elseface.common.weights import load
from elseface.scripts.footage.following import plausible, redetect
from elseface.scripts.footage.smoothing import Sighting
from elseface.stage1_disentangle.alignment import BOX
from elseface.stage1_disentangle.box import Box
from elseface.stage1_disentangle.faces import face_in_box


def sighting(photo: np.ndarray, box: Box) -> Sighting:
    """The face in a detector's box; where its landmarks make no face, an average one's."""
    landmarks = face_in_box(photo, box).landmarks
    if found := redetect(photo, landmarks):
        return found
    return Sighting(landmarks) if plausible(landmarks) else average(box)


def average(box: Box) -> Sighting:
    """An average face in a detector's box, or in one that somebody drew round a whole head."""
    left, top, right, bottom = box
    centre = np.array([left + right, top + bottom]) / 2
    side = max(right - left, bottom - top)
    return Sighting(centre + (_mean_shape() - 0.5) * side / BOX)


@functools.cache
def _mean_shape() -> np.ndarray:
    return load("shape")[0]["mean"].reshape(68, 2).astype(np.float64)
