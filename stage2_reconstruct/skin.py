"""How dark the skin of a face is in its picture.

CelebA shows few people with dark skin, and a decoder that sees it seldom draws it dull.
"""

from __future__ import annotations

import cv2
import numpy as np

#: Landmarks in whose middle each cheek lies: jaw and wing of the nose.
CHEEKS = (2, 31), (14, 35)
#: Half the side of the square that is looked at, over the crop's.
REACH = 0.04
#: Angles below it are of dark skin, or of skin in little light: 8 % of CelebA's training faces.
DARK = 0.0


def typology_angle(crop: np.ndarray, landmarks: np.ndarray) -> float:
    """The individual typology angle in degrees (Chardon et al., 1991): light skin 41 and more,
    brown and dark 10 and less.

    Parameters
    ----------
    crop : ndarray of shape (size, size, 3), uint8, RGB
    landmarks : ndarray of shape (68, 2), frame coordinates

    Of the two cheeks the lighter counts: the other may lie in the shade.
    """
    size = len(crop)
    angles = []
    for jaw, nose in CHEEKS:
        x, y = np.clip((landmarks[jaw] + landmarks[nose]) / 2, REACH, 1 - REACH)
        rows, columns = (
            slice(int((n - REACH) * size), int((n + REACH) * size) + 1) for n in (y, x)
        )
        lab = cv2.cvtColor(crop[rows, columns].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        light, _, yellow = np.median(lab.reshape(-1, 3), axis=0)
        angles.append(np.degrees(np.arctan2(light - 50, yellow)))
    return float(max(angles))
