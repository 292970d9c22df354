"""A decoded picture of a video as it is meant to be seen: turned, on black, with square pixels."""

from __future__ import annotations

from fractions import Fraction

import av
import cv2
import numpy as np
from av.video.reformatter import Colorspace

#: H.264's code for colours of which nothing is said, and the height from which they are BT.709's.
UNSAID, HD = 2, 720


def upright(
    picture: av.VideoFrame, ratio: Fraction | None, shape: tuple[int, int] | None
) -> np.ndarray:
    """The pixels (height, width, 3), uint8, RGB, given a pixel's width over its height.

    What transparency hides is black.  A picture of another size than (height, width) `shape`, of
    the first, is fitted into it, black beside: stretched, no detector would know its faces.
    """
    # What does not say how its colours are meant is taken as players take it: by its size.
    meant = None if picture.colorspace != UNSAID or picture.height < HD else Colorspace.ITU709
    clear = picture.format.has_palette or any(c.is_alpha for c in picture.format.components)
    pixels = picture.to_ndarray(
        width=round(picture.width * (ratio or 1)), height=picture.height,
        format="rgba" if clear else "rgb24", src_colorspace=meant,
    )  # fmt: skip
    if clear:
        share = pixels[:, :, 3:].astype(np.uint16)
        pixels = ((pixels[:, :, :3] * share + 127) // 255).astype(np.uint8)
    pixels = np.ascontiguousarray(_turned(pixels, picture))
    return pixels if shape in (None, pixels.shape[:2]) else _fitted(pixels, *shape)


def _turned(pixels: np.ndarray, picture: av.VideoFrame) -> np.ndarray:
    """By the display matrix of ISO 14496-12, whose first rows say where x and y of a point go; it
    may mirror, too."""
    matrix = picture.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return pixels
    (right_x, right_y, _), (down_x, down_y, _), _ = (
        np.frombuffer(matrix, np.uint8).view(np.int32).reshape(3, 3).tolist()
    )
    if abs(right_y) > abs(right_x):  # what went right goes down or up
        pixels, right_x, down_y = pixels.swapaxes(0, 1), down_x, right_y
    if right_x < 0:
        pixels = pixels[:, ::-1]
    return pixels[::-1] if down_y < 0 else pixels


def _fitted(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    scale = min(height / pixels.shape[0], width / pixels.shape[1])
    size = [max(1, round(scale * side)) for side in pixels.shape[1::-1]]
    small = cv2.resize(
        pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    )
    fitted = np.zeros((height, width, 3), np.uint8)
    top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    fitted[top : top + small.shape[0], left : left + small.shape[1]] = small
    return fitted
