"""A face in a photo and the square frame it is worked on in.

Photo points are (x, y) pixels with the centre of the first pixel at (0, 0); frame points are
(x, y) in the aligned crop, [0, 1] from edge to edge whatever the crop's size.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

#: So much more than is cut out is looked at, over its side: what lies at its rim is averaged with
#: what lies beyond.
MARGIN = 1.1


@dataclass(frozen=True)
class Alignment:
    """A similarity transform from photo to frame.

    Attributes
    ----------
    matrix : ndarray of shape (2, 3), float64: frame = matrix @ (x, y, 1)
    """

    matrix: np.ndarray

    @property
    def pixels(self) -> float:
        """Side of the frame in pixels of the photo."""
        return float(1 / np.hypot(*self.matrix[:, 0]))

    @property
    def roll(self) -> float:
        """Degrees, clockwise, by which the frame is turned in the photo."""
        return float(np.degrees(np.arctan2(self.matrix[0, 1], self.matrix[0, 0])))

    def to_frame(self, points: np.ndarray) -> np.ndarray:
        """Photo points (n, 2) to frame points (n, 2)."""
        return points @ self.matrix[:, :2].T + self.matrix[:, 2]

    def to_photo(self, points: np.ndarray) -> np.ndarray:
        """Frame points (n, 2) to photo points (n, 2)."""
        return (points - self.matrix[:, 2]) @ np.linalg.inv(self.matrix[:, :2]).T

    def window(self, shape: tuple[int, ...]) -> tuple[slice, slice]:
        """Rows and columns of a photo of `shape` that the frame touches, never empty."""
        corners = self.to_photo(np.array([[0, 0], [1, 0], [0, 1], [1, 1]]))
        size = np.array([shape[1], shape[0]])
        first = np.clip(np.floor(corners.min(0)) - 2, 0, size - 1).astype(int)
        last = np.clip(np.ceil(corners.max(0)) + 3, first + 1, size).astype(int)
        return slice(first[1], last[1]), slice(first[0], last[0])

    def within(self, window: tuple[slice, slice]) -> Alignment:
        """The alignment of the same face in the cut-out ``photo[window]``."""
        origin = np.array([window[1].start, window[0].start])
        return Alignment(np.c_[self.matrix[:, :2], self.to_frame(origin)])

    def widened(self, factor: float) -> Alignment:
        """The frame `factor` times as large about the same centre."""
        return Alignment((self.matrix - [[0, 0, 0.5]] * 2) / factor + [[0, 0, 0.5]] * 2)

    def crop(self, photo: np.ndarray, size: int, field: float = 1.0) -> np.ndarray:
        """Cut the face out.

        Parameters
        ----------
        photo : ndarray of shape (height, width[, channels]), uint8 or float32
        size : side of the result in pixels
        field : side of the result over the frame's; above 1 shows more around the face

        Returns
        -------
        ndarray of shape (size, size[, channels]) of the photo's type; the border repeats.
        """
        window = self.widened(field * MARGIN).window(photo.shape)  # the rest is not looked at
        photo, matrix = photo[window], self.within(window).matrix
        shrink = max(1, int(self.pixels * field / size))
        if shrink > 1:  # warpAffine does not average, so a large face is shrunk first
            photo, matrix = _shrunk(photo, matrix, shrink)
        scale = size / field
        to_crop = matrix * scale
        to_crop[:, 2] += size / 2 - scale / 2 - 0.5
        return cv2.warpAffine(
            photo, to_crop, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )

    def uncrop(self, crop: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """Lay a crop (size, size[, channels]) back over a photo of `shape` (height, width, …).

        Pixels beyond the crop repeat its border; the caller decides with a mask what to keep.
        """
        matrix = self.matrix * crop.shape[0]
        matrix[:, 2] -= 0.5
        return cv2.warpAffine(
            crop,
            matrix,
            (shape[1], shape[0]),
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )


def _shrunk(photo: np.ndarray, matrix: np.ndarray, shrink: int) -> tuple[np.ndarray, np.ndarray]:
    """The photo, each side over `shrink`, and the frame's matrix in it."""
    height, width = (max(1, n // shrink) for n in photo.shape[:2])
    x, y = photo.shape[1] / width, photo.shape[0] / height
    to_photo = np.array([[x, 0, x / 2 - 0.5], [0, y, y / 2 - 0.5], [0, 0, 1]])
    small = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)
    return small, matrix @ to_photo


@dataclass(frozen=True)
class Face:
    """One face of a photo.

    Attributes
    ----------
    box : (left, top, right, bottom) in pixels, may reach over the border
    landmarks : ndarray of shape (68, 2), float32, dlib's points in photo pixels
    alignment : where the face's frame lies
    tilt : degrees, clockwise, by which it was turned upright to predict the landmarks; mostly 0
    """

    box: tuple[int, int, int, int]
    landmarks: np.ndarray
    alignment: Alignment
    tilt: float = 0.0
