"""From a photo to its faces."""

from __future__ import annotations

import numpy as np
from elseface.common.errors import ElsefaceError
from elseface.common.face import Face
from elseface.stage1_disentangle.alignment import align
from elseface.stage1_disentangle.box import Box
from elseface.stage1_disentangle.detection import Detector, detect
from elseface.stage1_disentangle.landmarks import predict
from elseface.stage1_disentangle.mask import face_ellipse
from elseface.stage1_disentangle.tilt import tilt

#: CelebA's aligned pictures: width and height, and the detector's mean box on them.
ALIGNED_SIZE = (178, 218)
ALIGNED_BOX = (43, 87, 133, 177)

#: At least this much of the frame's side lies around the ellipse.
RIM = 0.01


def find_faces(photo: np.ndarray, detector: Detector = detect) -> list[Face]:
    """Every face of a photo (height, width, 3) uint8 RGB that the detector sees, largest first."""
    return [face_in_box(photo, box) for box in detector(photo)]


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
    return face_at(predict(photo, ALIGNED_BOX), ALIGNED_BOX)


def face_in_box(photo: np.ndarray, box: Box) -> Face:
    """The face in a detector's box, its landmarks predicted; it may be tilted."""
    turned = tilt(photo, box)
    return face_at(predict(photo, box, turned), box, turned)


def face_at(landmarks: np.ndarray, box: Box, tilt: float = 0.0) -> Face:
    """The face with these landmarks (68, 2) in photo pixels, in a frame that holds its ellipse;
    `tilt` as of :class:`Face`.

    The ellipse of a long or turned face would leave the frame that the eyes and mouth ask for,
    and what lies beyond the frame could not be replaced.
    """
    alignment = align(landmarks)
    reach = np.abs(face_ellipse(alignment.to_frame(landmarks)).bounds() - 0.5).max()
    return Face(box, landmarks, alignment.widened(max(1.0, reach / (0.5 - RIM))), tilt)
