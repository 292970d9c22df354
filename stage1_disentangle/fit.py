"""Whether 68 landmarks lie on a face: the predictor gives some for anything, a wall included.

It starts from the mean face in the box and moves the points to where they fit.  On a face that it
understands it comes to the same points from a box that is a little off; elsewhere it does not.
"""

from __future__ import annotations

import numpy as np
from elseface.common.face import Face
from elseface.stage1_disentangle.box import Box
from elseface.stage1_disentangle.landmarks import predict

#: Landmarks that move more than this do not fit.  Of 211 faces (CelebA, in the wild, portraits) 1 %
#: move more, of 109 boxes beside faces 91 %.  How usual the shape is does not tell the two apart:
#: the predictor puts an ordinary face on anything.
UNSTEADY = 0.06
#: How the box is moved and scaled, in shares of its side.
SHIFTS = [(0.0, 0.0, 1.0), (0.1, 0.0, 1.0), (-0.1, 0.0, 1.0), (0.0, 0.1, 1.0), (0.0, -0.1, 1.0),
          (0.0, 0.0, 1.15), (0.0, 0.0, 0.87)]  # fmt: skip


def fits(photo: np.ndarray, face: Face) -> bool:
    """Whether the landmarks predicted in a face's box of a photo, uint8 RGB, fit."""
    return unsteadiness(photo, face.box, face.tilt) <= UNSTEADY


def unsteadiness(photo: np.ndarray, box: Box, tilt: float = 0.0) -> float:
    """How far the landmarks of one box lie from those of boxes beside it, over the box's side."""
    left, top, right, bottom = box
    x, y, side = (left + right) / 2, (top + bottom) / 2, max(right - left, bottom - top, 1)
    looks = []
    for across, down, scale in SHIFTS:
        centre_x, centre_y, half = x + across * side, y + down * side, side * scale / 2
        moved = centre_x - half, centre_y - half, centre_x + half, centre_y + half
        looks.append(predict(photo, tuple(round(edge) for edge in moved), tilt))
    points = np.stack(looks)
    apart = np.linalg.norm(points - np.median(points, axis=0), axis=2)
    return float(apart.mean() / side)
