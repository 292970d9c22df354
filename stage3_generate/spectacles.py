"""Drawn spectacles, put on training photos.

Six photos in a hundred show glasses, each pair another one, and nothing in the landmarks says
which: from those alone the decoder learnt dark rings.  One plain pair, drawn on photos of people
who wear none, teaches it where glasses sit and that they have rims.
"""

from __future__ import annotations

import cv2
import numpy as np

#: dlib's points of the eyes (each outer corner to inner), of the nose's bridge, and the first and
#: last of the jaw, beside the ears.
EYES, BRIDGE, EARS = (slice(36, 42), slice(42, 48)), 27, (0, 16)
#: Lengths over the distance of the eyes: half a lens across and down, and a rim's thickness.
ACROSS, DOWN, RIM = 0.40, 0.28, 0.05
#: Exponent of the superellipse that a lens is: 2 is an ellipse, more is squarer.
SQUARENESS = 3.2
COLOUR = (38.0, 30.0, 28.0)
#: Drawn so many times as large, then shrunk.
FINE = 4


def put_on(crop: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """An aligned crop (size, size, 3), uint8, RGB, with spectacles where landmarks (68, 2) in frame
    coordinates say; a new array."""
    size = len(crop)
    points = landmarks * size
    eyes = np.stack([points[eye].mean(0) for eye in EYES])
    apart = float(np.linalg.norm(eyes[1] - eyes[0]))
    right = (eyes[1] - eyes[0]) / apart
    down = np.array([-right[1], right[0]])
    rims = np.zeros((size * FINE, size * FINE), np.uint8)

    def stroke(curve: np.ndarray, thickness: float) -> None:
        fixed = ((curve * FINE - 0.5) * 16).round().astype(np.int32)
        width = max(1, round(thickness * apart * FINE))
        cv2.polylines(rims, [fixed], False, 255, width, cv2.LINE_AA, shift=4)

    # Of a turned head the far lens is the narrower one.
    reach = np.abs((eyes - points[BRIDGE]) @ right)
    turn = np.clip(reach / reach.mean(), 0.7, 1.3)
    middles = eyes + 0.06 * apart * down
    angle = np.linspace(0, 2 * np.pi, 64)
    x, y = (np.sign(f) * np.abs(f) ** (2 / SQUARENESS) for f in (np.cos(angle), np.sin(angle)))
    halves = ACROSS * apart * turn
    for middle, half in zip(middles, halves):
        stroke(middle + np.outer(half * x, right) + np.outer(DOWN * apart * y, down), RIM)
    up = -0.08 * apart * down
    inner = [middles[0] + halves[0] * right + up, middles[1] - halves[1] * right + up]
    stroke(np.stack([inner[0], (inner[0] + inner[1]) / 2 + up / 2, inner[1]]), RIM)
    outer = [middles[0] - halves[0] * right + up, middles[1] + halves[1] * right + up]
    for hinge, ear in zip(outer, EARS):
        stroke(np.stack([hinge, points[ear]]), 0.8 * RIM)
    cover = cv2.resize(rims, (size, size), interpolation=cv2.INTER_AREA)[:, :, None] / 255
    return (crop * (1 - cover) + np.array(COLOUR) * cover).round().astype(np.uint8)
