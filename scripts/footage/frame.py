"""A frame of a moving picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Frame:
    """One frame.

    Attributes
    ----------
    pixels : ndarray of shape (height, width, 3), uint8, RGB, upright, square pixels
    stamp : when it is shown, in units of its source, rising from frame to frame
    """

    pixels: np.ndarray
    stamp: int
