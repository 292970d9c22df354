"""Several detectors behind one protocol, so that what one passes over another finds.

- ``frontal``: dlib's HOG of :mod:`~elseface.stage1_disentangle.detection`, faces from 40 pixels
- ``cnn``: dlib's convolutional detector (King, 2016) on a shrunk picture: profiles and tilted faces
  that take up a fifth of it or more
- ``union``: both; the default
- ``mtcnn``: Zhang et al., 2016, weights of PyPI's ``mtcnn``: faces from 20 pixels.  Trained on
  other pictures and built otherwise than the others, it is the one that verification asks

All give boxes as dlib's landmark predictor wants them: square, from brows to chin.  A detector of
one's own is any function like them, named as ``PACKAGE.MODULE:FUNCTION``.
"""

from __future__ import annotations

import functools
import pkgutil
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from elseface.common.errors import ElsefaceError
from elseface.stage1_disentangle import mmod
from elseface.stage1_disentangle.box import Box, largest_first, merged
from elseface.stage1_disentangle.choices import DetectorName
from elseface.stage1_disentangle.detection import Detector, detect

#: A picture is shrunk to so many pixels first: the convolutional detector found no more in four
#: times as many of 100 photos in the wild.
CNN_PIXELS, MTCNN_PIXELS = 60_000, 4_000_000
#: A narrower picture is widened by black: the networks fail where their windows do not fit.
LEAST = 80
#: MTCNN's box on the same face reaches to the hairline: its width and height over dlib's side, and
#: how far its middle lies above dlib's, over that side (medians of 92 faces).
MTCNN_WIDTH, MTCNN_HEIGHT, MTCNN_RISE = 0.908, 1.212, 0.07


def convolutional(photo: np.ndarray) -> list[Box]:
    """dlib's convolutional detector; a :data:`Detector`."""
    small, factor = _sized(photo, CNN_PIXELS)
    return _enlarged(mmod.find(small), factor)


def mtcnn(photo: np.ndarray) -> list[Box]:
    """MTCNN, its boxes made square; a :data:`Detector`."""
    small, factor = _sized(photo, MTCNN_PIXELS)
    return _enlarged(
        [_square(*seen["box"]) for seen in mtcnn_network().detect_faces(small)], factor
    )


def union(photo: np.ndarray) -> list[Box]:
    """The frontal detector's faces, and those that the convolutional one finds besides."""
    return merged([*detect(photo), *convolutional(photo)])


@dataclass(frozen=True)
class Brought:
    """Somebody's own :data:`Detector`, whose mistakes are told as such."""

    name: str

    def __call__(self, photo: np.ndarray) -> list[Box]:
        """See :data:`Detector`; :class:`ElsefaceError` where it fails or gives no boxes."""
        try:
            boxes = np.array(list(_function(self.name)(photo.copy())), float).reshape(-1, 4)
            if not np.isfinite(boxes).all() or (boxes[:, 2:] <= boxes[:, :2]).any():
                raise ValueError("a box is (left, top, right, bottom), in pixels")
        except Exception as error:
            raise ElsefaceError(f"{self.name}: {type(error).__name__}: {error}") from error
        return largest_first(tuple(map(round, box)) for box in boxes.tolist())


def load_detector(name: str) -> Detector:
    """A detector by name, its networks loaded.

    Raises
    ------
    ElsefaceError
        When nothing is so named, or cannot be imported.
    """
    if ":" in name:
        _function(name)
        return Brought(name)
    if name not in {*DetectorName}:
        known = ", ".join(DetectorName)
        raise ElsefaceError(f"no detector {name!r}; take {known} or PACKAGE.MODULE:FUNCTION")
    detectors: dict[DetectorName, Detector] = {
        DetectorName.UNION: union,
        DetectorName.FRONTAL: detect,
        DetectorName.CNN: convolutional,
        DetectorName.MTCNN: mtcnn,
    }
    if name == DetectorName.MTCNN:
        mtcnn_network()
    else:  # the frontal one, too, asks it where it is not sure
        mmod.network()
    return detectors[DetectorName(name)]


def second(name: str) -> DetectorName:
    """The detector that verifies what was found by `name`: another one."""
    return DetectorName.UNION if name == DetectorName.MTCNN else DetectorName.MTCNN


def _function(name: str) -> Detector:
    """What a name of ``PACKAGE.MODULE:FUNCTION`` means."""
    try:
        found = pkgutil.resolve_name(name)
    except Exception as error:  # whatever importing it may raise
        raise ElsefaceError(f"{name}: cannot be imported: {error}") from error
    if not callable(found):
        raise ElsefaceError(f"{name}: is no function from a photo to boxes")
    return found


def _square(left: float, top: float, width: float, height: float) -> Box:
    side = (width / MTCNN_WIDTH + height / MTCNN_HEIGHT) / 2
    x, y = left + width / 2, top + height / 2 + MTCNN_RISE * side
    return tuple(round(edge) for edge in (x - side / 2, y - side / 2, x + side / 2, y + side / 2))


def _sized(photo: np.ndarray, pixels: int) -> tuple[np.ndarray, float]:
    """The photo in about so many pixels at most, and what its coordinates are multiplied by to go
    back."""
    factor = max(1.0, float(np.sqrt(photo.shape[0] * photo.shape[1] / pixels)))
    if factor > 1:
        size = [max(1, round(n / factor)) for n in photo.shape[1::-1]]
        photo = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    below, right = (max(0, LEAST - n) for n in photo.shape[:2])
    return cv2.copyMakeBorder(photo, 0, below, 0, right, cv2.BORDER_CONSTANT), factor


def _enlarged(boxes: list[Box], factor: float) -> list[Box]:
    return largest_first(tuple(round(edge * factor) for edge in box) for box in boxes)


@functools.cache
def mtcnn_network() -> Any:
    """PyPI's MTCNN, loaded once: it has ``detect_faces(photo)``."""
    # Their imports load TensorFlow, for which the other detectors need not wait.
    import tensorflow as tf
    from mtcnn import MTCNN

    found = MTCNN()
    for stage in found.stages:
        # One graph for pictures of any size: the same boxes in half the time of layer after layer.
        any_size = tf.TensorSpec((None, None, None, 3))
        call = stage.model.call
        stage.model.call = tf.function(call, input_signature=[any_size], autograph=False)
    return found
