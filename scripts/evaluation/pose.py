"""Where a head looks."""

from __future__ import annotations

import cv2
import numpy as np

#: Nose tip, chin, outer eye corners, mouth corners: dlib's points, and where they are on a head, in
#: millimetres from the nose tip (x to its left, y down, z away from the camera); an average adult.
POINTS = [30, 8, 36, 45, 48, 54]
HEAD = np.array(
    [[0, 0, 0], [0, 66, 13], [-43, -34, 27], [43, -34, 27], [-29, 30, 25], [29, 30, 25]], np.float64
)


def head_pose(landmarks: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Pitch, yaw and roll in degrees: ndarray (3,), by cv2.solvePnP on six points.

    Parameters
    ----------
    landmarks : ndarray of shape (68, 2), photo pixels
    shape : of the photo (height, width, …), whose focal length is taken to be its longer side
    """
    focal = float(max(shape[:2]))
    camera = np.array([[focal, 0, shape[1] / 2], [0, focal, shape[0] / 2], [0, 0, 1]])
    points = landmarks[POINTS].astype(np.float64)
    _, rotation, _ = cv2.solvePnP(HEAD, points, camera, None, flags=cv2.SOLVEPNP_SQPNP)
    angles, *_ = cv2.RQDecomp3x3(cv2.Rodrigues(rotation)[0])
    return np.array(angles)
