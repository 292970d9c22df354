"""The square crop of a face: a similarity transform from the photo and its inverse.

Coordinates: photo points are (x, y) pixels with the centre of the first pixel at (0, 0); frame
points are (x, y) in the aligned crop, [0, 1] from edge to edge whatever the crop's size.
The orientation follows Karras et al., CVPR 2019 (appendix on FFHQ): the x axis lies between the
line of the eyes and the normal of the line from eyes to mouth, so that yaw does not tilt it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from elseface.stage1_disentangle.landmarks import LEFT_EYE, RIGHT_EYE

#: Side of the crop over the larger of eye distance and eye-to-mouth distance.  On CelebA's
#: aligned pictures it spans about 142 pixels: forehead, chin and cheeks with a ring around them.
SIDE = 3.5
#: How far down the line from eyes to mouth the crop's centre lies.
CENTRE = 0.36


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
        """Side of the crop in pixels of the photo."""
        return float(1 / np.hypot(*self.matrix[:, 0]))

    def to_frame(self, points: np.ndarray) -> np.ndarray:
        """Photo points (n, 2) to frame points (n, 2)."""
        return points @ self.matrix[:, :2].T + self.matrix[:, 2]

    def to_photo(self, points: np.ndarray) -> np.ndarray:
        """Frame points (n, 2) to photo points (n, 2)."""
        return (points - self.matrix[:, 2]) @ np.linalg.inv(self.matrix[:, :2]).T

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
        shrink = max(1, int(self.pixels * field / size))
        matrix = self.matrix
        if shrink > 1:  # warpAffine does not average, so a large face is shrunk first
            height, width = (max(1, n // shrink) for n in photo.shape[:2])
            photo, matrix = self._shrunk(photo, width, height)
        scale = size / field
        offset = size / 2 - scale / 2 - 0.5  # of the frame's origin, at pixel centres
        to_crop = matrix * scale
        to_crop[:, 2] += offset
        return cv2.warpAffine(
            photo, to_crop, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )

    def _shrunk(self, photo: np.ndarray, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
        scale = np.array([photo.shape[1] / width, photo.shape[0] / height])
        to_photo = np.array([[scale[0], 0, scale[0] / 2 - 0.5], [0, scale[1], scale[1] / 2 - 0.5]])
        small = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)
        return small, self.matrix[:, :2] @ to_photo + np.c_[np.zeros((2, 2)), self.matrix[:, 2]]

    def uncrop(self, crop: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        """Lay a crop (size, size[, channels]) back over a photo of `shape` (height, width).

        Pixels beyond the crop repeat its border; the caller decides with a mask what to keep.
        """
        size = crop.shape[0]
        matrix = self.matrix * size
        matrix[:, 2] -= 0.5
        return cv2.warpAffine(
            crop,
            matrix,
            (shape[1], shape[0]),
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )


def align(landmarks: np.ndarray) -> Alignment:
    """The alignment of a face from its 68 landmarks (68, 2) in photo pixels."""
    right, left = landmarks[RIGHT_EYE].mean(0), landmarks[LEFT_EYE].mean(0)
    mouth = (landmarks[48] + landmarks[54]) / 2
    eyes, down = (right + left) / 2, mouth - (right + left) / 2
    across = (left - right) + np.array([down[1], -down[0]])
    across = across / max(np.hypot(*across), 1e-6)
    side = SIDE * max(np.hypot(*(left - right)), np.hypot(*down), 1.0)
    rotation = np.array([across, [-across[1], across[0]]]) / side
    centre = eyes + CENTRE * down
    return Alignment(np.c_[rotation, 0.5 - rotation @ centre].astype(np.float64))
