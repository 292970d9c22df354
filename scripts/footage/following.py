"""The same face in the next frame, or in the one before.

The face's surroundings are cut out upright and at the size the detector likes best, which is fast
and finds faces that a search of the whole frame would miss: tilted ones, small ones.  Where the
detector sees none, because the face turns away or is half covered, the picture's motion (Lucas and
Kanade's, checked forward and back: Kalal et al., ICPR 2010) says where it went.
"""

from __future__ import annotations

import cv2
import numpy as np
from elseface.scripts.footage.smoothing import Sighting
from elseface.stage1_disentangle.alignment import BOX, align
from elseface.stage1_disentangle.detection import candidates
from elseface.stage1_disentangle.landmarks import predict
from elseface.stage1_disentangle.mask import face_ellipse

#: Side in pixels of the cut-out, and over the face's frame; a face's box fills about half of it.
SIDE, FIELD = 160, 1.5
#: How much a detector's box may be larger or smaller than usual.
RATIO = 1.45
#: So much of that box's side may lie between where a face is expected and where it is found.
REACH = 0.45
#: Degrees by which a face may lie otherwise than was expected until it is cut out again as it
#: lies: the predictor knows faces that are about upright.
ROLLED = 6
#: Of the points that are followed: how many a side, which may be this many pixels off on the way
#: forward and back, and the least share of them that must not be.
GRID, RETURN, ENOUGH = 9, 1.0, 0.35


def redetect(photo: np.ndarray, expected: np.ndarray) -> Sighting | None:
    """The face near landmarks `expected` (68, 2) in a photo, uint8 RGB, if the detector sees it."""
    found = _redetect(photo, expected)
    if found and rolled(found.landmarks, expected):
        found = _redetect(photo, found.landmarks) or found
    return found


def rolled(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether a face with landmarks (68, 2) is turned in the picture's plane against another."""
    degrees = align(one).roll - align(other).roll
    return abs((degrees + 180) % 360 - 180) > ROLLED


def _redetect(photo: np.ndarray, expected: np.ndarray) -> Sighting | None:
    alignment = align(expected)
    crop = alignment.crop(photo, SIDE, FIELD)
    middle, box_side = SIDE / 2, BOX * SIDE / FIELD
    best = None
    for box, score in candidates(crop):
        centre, side = np.array([box[0] + box[2], box[1] + box[3]]) / 2, box[2] - box[0]
        apart = float(np.hypot(*(centre - middle)))
        near = apart < REACH * box_side and 1 / RATIO < side / box_side < RATIO
        if near and (best is None or apart < best[0]):
            best = apart, box, score
    if best is None:
        return None
    in_frame = ((predict(crop, best[1]) + 0.5) / SIDE - 0.5) * FIELD + 0.5
    landmarks = alignment.to_photo(in_frame)
    return Sighting(landmarks, score=best[2]) if plausible(landmarks) else None


def drift(before: np.ndarray, after: np.ndarray, face: Sighting) -> Sighting | None:
    """`face` of the photo `before` moved as the picture moved to `after`, if that can be told."""
    alignment = align(face.landmarks)
    old, new = (
        cv2.cvtColor(alignment.crop(photo, SIDE, FIELD), cv2.COLOR_RGB2GRAY)
        for photo in (before, after)
    )
    to_crop = SIDE / FIELD
    shift = SIDE / 2 - to_crop / 2 - 0.5
    landmarks = alignment.to_frame(face.landmarks) * to_crop + shift
    (left, top), (right, bottom) = landmarks.min(0), landmarks.max(0)
    grid = np.meshgrid(np.linspace(left, right, GRID), np.linspace(top, bottom, GRID))
    start = np.stack(grid, -1).reshape(-1, 1, 2).astype(np.float32)
    end, found, _ = cv2.calcOpticalFlowPyrLK(old, new, start, None)
    back, returned, _ = cv2.calcOpticalFlowPyrLK(new, old, end, None)
    good = (found & returned).astype(bool)[:, 0]
    good &= np.linalg.norm(back - start, axis=-1)[:, 0] < RETURN
    if good.mean() < ENOUGH:
        return None
    matrix, _ = cv2.estimateAffinePartial2D(start[good], end[good], ransacReprojThreshold=2.0)
    if matrix is None or not 0.85 < (scale := np.hypot(*matrix[:, 0])) < 1.18:
        return None
    moved = landmarks @ matrix[:, :2].T + matrix[:, 2]
    if scale < 1:  # a head that turns looks narrower, but no smaller
        moved = moved.mean(0) + (moved - moved.mean(0)) / scale
    in_photo = alignment.to_photo((moved - shift) / to_crop)
    return Sighting(in_photo, doubt=face.doubt + 1)


def plausible(landmarks: np.ndarray) -> bool:
    """Whether landmarks (68, 2) could be a face's: neither flat nor thin, eyes above the mouth."""
    ellipse = face_ellipse(align(landmarks).to_frame(landmarks))
    across, down = ellipse.axes
    inside = np.abs(np.array(ellipse.centre) - 0.5).max() < 0.3
    return bool(inside and 0.2 < across < 0.75 and 0.25 < down < 0.9 and 0.6 < down / across < 2.2)
