"""dlib's 68-point predictor (Kazemi and Sullivan, CVPR 2014), trained on iBUG 300-W."""

from __future__ import annotations

import functools

import dlib
import numpy as np
from elseface.common.face import Alignment
from elseface.stage1_disentangle.box import Box
from elseface.stage1_disentangle.dlib_file import model_path

BROWS = slice(17, 27)
RIGHT_EYE, LEFT_EYE = slice(36, 42), slice(42, 48)
INNER = slice(17, 68)  # brows, eyes, nose and mouth: all but the jaw line

#: Side of a tilted face's surroundings, over that of its box, and in pixels at most.
FIELD, MOST = 2.2, 400


def predict(photo: np.ndarray, box: Box, tilt: float = 0) -> np.ndarray:
    """The 68 landmarks of the face in `box`: ndarray of shape (68, 2), float32, (x, y) pixels.

    `tilt` says by how many degrees, clockwise, it is turned; the predictor bears about twenty.
    """
    if not tilt:
        return _predicted(photo, box)
    around = surroundings(box, tilt)
    size = max(1, min(MOST, round(around.pixels)))
    edges = size / 2 * (1 - 1 / FIELD), size / 2 * (1 + 1 / FIELD)
    low, high = (round(edge) for edge in edges)
    points = _predicted(around.crop(photo, size), (low, low, high, high))
    return around.to_photo((points + 0.5) / size).astype(np.float32)


def surroundings(box: Box, tilt: float) -> Alignment:
    """The frame about a box in which a face that is so tilted stands upright."""
    left, top, right, bottom = box
    centre, side = (
        np.array([left + right, top + bottom]) / 2,
        FIELD * max(right - left, bottom - top, 1),
    )
    cos, sin = np.cos(np.radians(tilt)), np.sin(np.radians(tilt))
    rotation = np.array([[cos, sin], [-sin, cos]]) / side
    return Alignment(np.c_[rotation, 0.5 - rotation @ centre])


def _predicted(photo: np.ndarray, box: Box) -> np.ndarray:
    shape = _predictor()(np.ascontiguousarray(photo), dlib.rectangle(*box))
    return np.array([(p.x, p.y) for p in shape.parts()], np.float32)


@functools.cache
def _predictor() -> dlib.shape_predictor:
    return dlib.shape_predictor(model_path("shape_predictor_68_face_landmarks.dat"))
