"""A picture of a face with the landmarks of another: thin-plate splines (Bookstein, IEEE TPAMI
1989)."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.interpolate import RBFInterpolator

#: Of the splines, for landmarks that coincide.
SMOOTHING = 1e-5
#: Points along the side at which they are asked where to look; between them it is interpolated.
COARSE = 24


def spline(knots: np.ndarray, values: np.ndarray) -> RBFInterpolator:
    """What takes knots (n, 2) to values (n, d), and bends no more than it must in between.

    Raises
    ------
    LinAlgError
        When the knots are no face's but one line.
    """
    return RBFInterpolator(knots, values, kernel="thin_plate_spline", smoothing=SMOOTHING)


def warped(
    picture: np.ndarray,
    landmarks: np.ndarray,
    wanted: np.ndarray,
    size: int,
    border: int = cv2.BORDER_REPLICATE,
) -> np.ndarray:
    """A picture (side, side, 3), float32, of a face with `landmarks` (68, 2), frame coordinates,
    as it is with those that are `wanted`: ndarray (size, size, 3), float32.

    `border` is OpenCV's word for what lies around it; :class:`LinAlgError` as :func:`spline`.
    """
    side = len(picture)
    where = spline(wanted, landmarks)(samples(COARSE)).reshape(COARSE, COARSE, 2) * side - 0.5
    x, y = cv2.split(cv2.resize(where.astype(np.float32), (size, size)))
    return cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=border)


def samples(side: int) -> np.ndarray:
    """The middles of side x side pixels over the frame: (side * side, 2)."""
    middles = (np.arange(side) + 0.5) / side
    return np.stack(np.meshgrid(middles, middles), -1).reshape(-1, 2)
