"""Training faces as other cameras and other light would have shown them.

CelebA's pictures are alike: small, soft, well lit, of one colour balance.  Photos that people bring
are not, and a decoder that saw no others gives them blotches and false colours.
"""

from __future__ import annotations

import cv2
import numpy as np

#: Share of the faces that are changed.
SHARE = 0.7
#: Ranges, all about what leaves a picture as it is: the exponent of the brightness, exposure, each
#: channel's share of it, saturation, and detail (unsharp masking, or blur where negative).
GAMMA, EXPOSURE, BALANCE, SATURATION = (0.8, 1.3), (0.7, 1.25), (0.92, 1.08), (0.6, 1.3)
DETAIL, RADIUS = (-0.7, 1.2), 1.0
#: Weights of red, green and blue in brightness (ITU-R BT.601).
LUMA = np.float32([0.299, 0.587, 0.114])


def retaken(rows: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Records of the cache with ``crop`` and ``portrait``, uint8 RGB, of most of them changed, both
    in the same way."""
    rows = rows.copy()
    for i in np.flatnonzero(random.random(len(rows)) < SHARE):
        exponent, exposure, saturation, detail = (
            random.uniform(*limits) for limits in (GAMMA, EXPOSURE, SATURATION, DETAIL)
        )
        gains = (exposure * random.uniform(*BALANCE, 3)).astype(np.float32)
        for name in ("crop", "portrait"):
            picture = rows[name][i]
            light = (picture / np.float32(255)) ** np.float32(exponent) * gains
            grey = light @ LUMA
            light = grey[..., None] + np.float32(saturation) * (light - grey[..., None])
            light += np.float32(detail) * (light - cv2.GaussianBlur(light, (0, 0), RADIUS))
            picture[:] = np.clip(255 * light, 0, 255).round()
    return rows
