"""Faces that lie on their side, or half so: dlib's predictor starts from an upright one.

Where upright landmarks do not fit, the picture about the box is turned to where the frontal
detector, which bears twenty degrees or so either way, sees a face and landmarks fit best.
"""

from __future__ import annotations

import numpy as np
from elseface.stage1_disentangle.alignment import align
from elseface.stage1_disentangle.box import Box
from elseface.stage1_disentangle.detection import SURE, candidates
from elseface.stage1_disentangle.fit import UNSTEADY, unsteadiness
from elseface.stage1_disentangle.landmarks import FIELD, predict, surroundings

#: Degrees, clockwise, that are tried.
TILTS = (-30, 30, -60, 60, -90, 90)
#: An upright face that scores so much needs no other look.
CLEAR = 1.2
#: Side in pixels of what the detector is shown; a box fills less than half of it.
SIDE = 200
#: So much of a box's side may lie between its middle and that of what is seen in it, and so many
#: times larger or smaller that may be.
REACH, RATIO = 0.4, 1.5


def tilt(photo: np.ndarray, box: Box) -> float:
    """By how many degrees, clockwise, the face in a box of a photo, uint8 RGB, is turned; 0 where
    upright landmarks fit, or no others do."""
    if _score(photo, box, 0) >= CLEAR or unsteadiness(photo, box) <= UNSTEADY:
        return 0.0
    seen = [degrees for degrees in TILTS if _score(photo, box, degrees) >= SURE]
    rolls = [align(predict(photo, box, degrees)).roll for degrees in seen]
    errors = {roll: unsteadiness(photo, box, roll) for roll in rolls}
    best = min(errors, key=errors.__getitem__, default=0.0)
    return best if errors and errors[best] <= UNSTEADY else 0.0


def _score(photo: np.ndarray, box: Box, degrees: float) -> float:
    """The detector's score of a face of the box's size in its middle."""
    crop = surroundings(box, degrees).crop(photo, SIDE)
    side = SIDE / FIELD
    best = -np.inf
    for (left, top, right, bottom), score in candidates(crop):
        apart = np.hypot((left + right - SIDE) / 2, (top + bottom - SIDE) / 2)
        if apart < REACH * side and 1 / RATIO < (right - left) / side < RATIO:
            best = max(best, score)
    return float(best)
