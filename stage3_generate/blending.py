"""Laying a drawn face into the photo.

No original pixel under the ellipse is used, so the usual feather, which mixes old and new, is
out of the question.  Instead the drawn crop, which shows the surroundings too, is compared with
the photo's context just outside the ellipse; the difference, spread inwards and fading, is added
to the face, so that the two meet at the rim.
"""

from __future__ import annotations

import cv2
import numpy as np
from elseface.common.face import Face
from elseface.stage1_disentangle.factors import Factors
from elseface.stage1_disentangle.mask import photo_ellipse

#: Of the crop's side: how wide a ring of context is compared, how far its colour spreads, and
#: how deep into the face the correction fades.
RING, SPREAD, FADE = 0.06, 0.05, 0.10


def match_colours(drawn: np.ndarray, factors: Factors) -> np.ndarray:
    """The drawn crop (size, size, 3), float32 in [0, 255], brought to the context's colours."""
    size = drawn.shape[0]
    mask = factors.mask
    reach = 2 * round(RING * size) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    ring = (cv2.dilate(mask, disc) - mask).astype(np.float32)[:, :, None]
    gap = ring * (factors.context.astype(np.float32) - drawn)
    sigma = SPREAD * size
    weight = cv2.GaussianBlur(ring, (0, 0), sigma)[:, :, None]
    shift = cv2.GaussianBlur(gap, (0, 0), sigma) / np.maximum(weight, 1e-4)
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 5)[:, :, None] / size
    return np.clip(drawn + shift * np.exp(-depth / FADE), 0, 255)


def paste(photo: np.ndarray, face: Face, drawn: np.ndarray) -> None:
    """Write the crop `drawn` into `photo` (height, width, 3) uint8, in place.

    Only pixels inside the face's ellipse change.
    """
    window = face.alignment.window(photo.shape)
    here = photo[window]
    inside = photo_ellipse(face, window).draw(*here.shape[:2]).astype(bool)
    laid = face.alignment.within(window).uncrop(drawn, inside.shape)
    here[inside] = np.clip(laid[inside], 0, 255).round().astype(np.uint8)
