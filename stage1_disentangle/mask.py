"""The ellipse over the face: what lies under it is never seen by the later stages."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from elseface.common.face import Alignment, Face
from elseface.stage1_disentangle.landmarks import BROWS, INNER

#: The forehead has no landmarks; it rises about this far above the brows, over brow-to-chin.
FOREHEAD = 0.22
#: The ellipse is this much larger than the jaw line's extent, so that the line itself is covered.
MARGIN = 1.04

_SHIFT = 4  # cv2.ellipse takes fixed-point numbers with this many fractional bits


@dataclass(frozen=True)
class Ellipse:
    """A rotated ellipse.

    Attributes
    ----------
    centre : (x, y)
    axes : half the width across the face and half its height, same unit as `centre`
    angle : radians from the x axis to the axis across the face, clockwise on screen
    """

    centre: tuple[float, float]
    axes: tuple[float, float]
    angle: float

    def radius(self, points: np.ndarray) -> np.ndarray:
        """Relative radius (n,) of points (n, 2): below 1 inside, 1 on the line."""
        offset = points - np.array(self.centre)
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        across = (offset @ np.array([cos, sin])) / self.axes[0]
        down = (offset @ np.array([-sin, cos])) / self.axes[1]
        return np.hypot(across, down)

    def bounds(self) -> np.ndarray:
        """The upright box around it: ndarray ((left, top), (right, bottom))."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        across, down = self.axes
        reach = np.array([np.hypot(across * cos, down * sin), np.hypot(across * sin, down * cos)])
        return np.array([self.centre - reach, self.centre + reach])

    def in_photo(self, alignment: Alignment) -> Ellipse:
        """The same ellipse in pixels of the photo, for one given in frame coordinates."""
        centre = alignment.to_photo(np.array([self.centre]))[0]
        turn = np.arctan2(alignment.matrix[1, 0], alignment.matrix[0, 0])
        axes = (self.axes[0] * alignment.pixels, self.axes[1] * alignment.pixels)
        return Ellipse((float(centre[0]), float(centre[1])), axes, self.angle - float(turn))

    def in_crop(self, size: int) -> Ellipse:
        """The same ellipse in pixels of a crop, for one given in frame coordinates."""
        x, y = (c * size - 0.5 for c in self.centre)
        return Ellipse((x, y), (self.axes[0] * size, self.axes[1] * size), self.angle)

    def draw(self, height: int, width: int) -> np.ndarray:
        """The filled ellipse, given in pixels: ndarray (height, width), uint8, 1 inside."""
        image = np.zeros((height, width), np.uint8)
        fixed = 1 << _SHIFT
        centre = tuple(round(c * fixed) for c in self.centre)
        axes = tuple(max(fixed, round(a * fixed)) for a in self.axes)
        degrees = float(np.degrees(self.angle))
        return cv2.ellipse(image, centre, axes, degrees, 0, 360, 1, cv2.FILLED, cv2.LINE_8, _SHIFT)


def face_ellipse(landmarks: np.ndarray) -> Ellipse:
    """The ellipse from forehead to chin and cheek to cheek.

    Parameters
    ----------
    landmarks : ndarray of shape (68, 2) in the aligned frame, where the face is upright

    Returns
    -------
    Ellipse in the same unit.  No landmark of brows, eyes, nose or mouth lies outside it.
    """
    (left, _), (right, chin) = landmarks.min(0), landmarks.max(0)
    brows = landmarks[BROWS, 1].min()
    top = brows - FOREHEAD * (chin - brows)
    centre = ((left + right) / 2, (top + chin) / 2)
    axes = np.array([(right - left) / 2, (chin - top) / 2]) * MARGIN
    ellipse = Ellipse(centre, tuple(axes), 0.0)
    reach = max(1.0, MARGIN * ellipse.radius(landmarks[INNER]).max())
    return Ellipse((float(centre[0]), float(centre[1])), tuple(float(a * reach) for a in axes), 0.0)


def photo_ellipse(face: Face, window: tuple[slice, slice]) -> Ellipse:
    """The ellipse of a face in pixels of the cut-out ``photo[window]``."""
    ellipse = face_ellipse(face.alignment.to_frame(face.landmarks))
    return ellipse.in_photo(face.alignment.within(window))
