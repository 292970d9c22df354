"""dlib's 68-point predictor (Kazemi and Sullivan, CVPR 2014), trained on iBUG 300-W."""

from __future__ import annotations

import functools

import dlib
import numpy as np
from elseface.stage1_disentangle.box import Box
from elseface.stage1_disentangle.dlib_file import model_path

BROWS = slice(17, 27)
RIGHT_EYE, LEFT_EYE, MOUTH = slice(36, 42), slice(42, 48), slice(48, 68)
INNER = slice(17, 68)  # brows, eyes, nose and mouth: all but the jaw line


def predict(photo: np.ndarray, box: Box) -> np.ndarray:
    """The 68 landmarks of the face in `box`: ndarray of shape (68, 2), float32, (x, y) pixels."""
    shape = _predictor()(np.ascontiguousarray(photo), dlib.rectangle(*box))
    return np.array([(p.x, p.y) for p in shape.parts()], np.float32)


@functools.cache
def _predictor() -> dlib.shape_predictor:
    return dlib.shape_predictor(model_path("shape_predictor_68_face_landmarks.dat"))
