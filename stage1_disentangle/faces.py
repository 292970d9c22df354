"""From a photo to its faces."""

from __future__ import annotations

import numpy as np
from elseface.common.errors import ElsefaceError
from elseface.common.face import Face
from elseface.stage1_disentangle.alignment import align
from elseface.stage1_disentangle.detection import Box, detect
from elseface.stage1_disentangle.landmarks import predict

#: CelebA's aligned pictures: width and height, and the detector's mean box on them.
ALIGNED_SIZE = (178, 218)
ALIGNED_BOX = (43, 87, 133, 177)


def find_faces(photo: np.ndarray) -> list[Face]:
    """Every frontal face of a photo (height, width, 3) uint8 RGB, largest first."""
    return [_face(photo, box) for box in detect(photo)]


def aligned_face(photo: np.ndarray) -> Face:
    """The face of a picture aligned as CelebA's are (218, 178, 3), without detection.

    Raises
    ------
    ElsefaceError
        When the picture has another size.
    """
    height, width = photo.shape[:2]
    if (width, height) != ALIGNED_SIZE:
        raise ElsefaceError(f"is {width}x{height}; --aligned takes 178x218 as CelebA's are")
    return _face(photo, ALIGNED_BOX)


def _face(photo: np.ndarray, box: Box) -> Face:
    landmarks = predict(photo, box)
    return Face(box, landmarks, align(landmarks))
