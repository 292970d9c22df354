"""Drawn spectacles.

Six photos in a hundred show glasses, each pair another one, and nothing in the landmarks says
which: from those alone the decoder learnt dark rings.  Spectacles are drawn instead: a plain pair
on training photos of people who wear none, which teaches the decoder where glasses sit, and over a
new face that is to wear some, each person's own pair.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from elseface.common.attributes import index

GLASSES = index("Eyeglasses")
#: dlib's points of the eyes (each outer corner to inner), of the nose's bridge, and the first and
#: last of the jaw, beside the ears.
EYES, BRIDGE, EARS = (slice(36, 42), slice(42, 48)), 27, (0, 16)
#: Rims to choose from, RGB: black, dark brown, tortoiseshell, gunmetal.
COLOURS = ((38.0, 30.0, 28.0), (58.0, 38.0, 28.0), (92.0, 58.0, 34.0), (60.0, 60.0, 63.0))
#: Drawn so many times as large, then shrunk.
FINE = 4
#: Mean of a crop in full light; in less of it rims are darker, too.
BRIGHT = 110
#: How far below the rim its shadow falls, how soft it is, and how dark.
FALL, SOFT, DARK = 0.05, 0.05, 0.25


@dataclass(frozen=True)
class Spectacles:
    """A pair of spectacles; lengths over the distance of the eyes.

    Attributes
    ----------
    across, down : half a lens
    rim : its thickness
    squareness : exponent of the superellipse that a lens is: 2 is an ellipse, more is squarer
    colour : of the rim, RGB in [0, 255]
    shade : share of the light that the lenses keep back
    shadow : whether the rim throws one
    """

    across: float = 0.40
    down: float = 0.28
    rim: float = 0.05
    squareness: float = 3.2
    colour: tuple[float, float, float] = COLOURS[0]
    shade: float = 0.0
    shadow: bool = False

    def put_on(self, crop: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        """An aligned crop (size, size, 3), RGB in [0, 255], with them where landmarks (68, 2) in
        frame coordinates say; a new array, float32."""
        size = len(crop)
        rims, lenses, apart = self._drawn(size, landmarks)
        worn = crop.astype(np.float32) * (1 - self.shade * lenses)
        if self.shadow:
            below = np.float32([[1, 0, 0], [0, 1, FALL * apart]])
            fallen = cv2.warpAffine(rims, below, (size, size))
            worn *= 1 - DARK * cv2.GaussianBlur(fallen, (0, 0), SOFT * apart)[:, :, None]
        cover = rims[:, :, None]
        light = min(1.0, float(crop.mean()) / BRIGHT)
        return worn * (1 - cover) + light * np.float32(self.colour) * cover

    def _drawn(self, size: int, landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
        """What the rims cover (size, size), the lenses (size, size, 1), and the eyes' distance."""
        points = landmarks * size
        eyes = np.stack([points[eye].mean(0) for eye in EYES])
        apart = float(np.linalg.norm(eyes[1] - eyes[0]))
        right = (eyes[1] - eyes[0]) / apart
        down = np.array([-right[1], right[0]])
        rims, lenses = np.zeros((2, size * FINE, size * FINE), np.uint8)

        def stroke(curve: np.ndarray, thickness: float) -> None:
            width = max(1, round(thickness * apart * FINE))
            cv2.polylines(rims, [_fixed(curve)], False, 255, width, cv2.LINE_AA, shift=4)

        # Of a turned head the far lens is the narrower one.
        reach = np.abs((eyes - points[BRIDGE]) @ right)
        turn = np.clip(reach / reach.mean(), 0.7, 1.3)
        middles = eyes + 0.06 * apart * down
        angle = np.linspace(0, 2 * np.pi, 64)
        circle = np.stack([np.cos(angle), np.sin(angle)])
        x, y = np.sign(circle) * np.abs(circle) ** (2 / self.squareness)
        halves = self.across * apart * turn
        for middle, half in zip(middles, halves):
            lens = middle + np.outer(half * x, right) + np.outer(self.down * apart * y, down)
            cv2.fillPoly(lenses, [_fixed(lens)], 255, cv2.LINE_AA, shift=4)
            stroke(lens, self.rim)
        up = -0.08 * apart * down
        inner = [middles[0] + halves[0] * right + up, middles[1] - halves[1] * right + up]
        stroke(np.stack([inner[0], (inner[0] + inner[1]) / 2 + up / 2, inner[1]]), self.rim)
        outer = [middles[0] - halves[0] * right + up, middles[1] + halves[1] * right + up]
        for hinge, ear in zip(outer, EARS):
            stroke(np.stack([hinge, points[ear]]), 0.8 * self.rim)
        small = (
            cv2.resize(drawn, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
            for drawn in (rims, lenses)
        )
        return next(small), next(small)[:, :, None], apart


#: On training photos.
PLAIN = Spectacles()


def chosen(random: np.random.Generator) -> Spectacles:
    """Somebody's own pair."""
    return Spectacles(
        across=random.uniform(0.38, 0.43),
        down=random.uniform(0.25, 0.32),
        rim=random.uniform(0.045, 0.065),
        squareness=random.uniform(2.2, 3.6),
        colour=COLOURS[random.integers(len(COLOURS))],
        shade=0.06,
        shadow=True,
    )


def _fixed(curve: np.ndarray) -> np.ndarray:
    """Points as OpenCV takes them, with four bits after the point."""
    return ((curve * FINE - 0.5) * 16).round().astype(np.int32)
