"""Classic obfuscation of the same ellipse, to compare with: none of it makes a new face.

`strength` is a share of the face's size where it is a length, so that a large face is hidden as
well as a small one.  Apart from the black-out and the inpainting each leaves something of the
face: blur, for one, can be undone in good part by a network trained to.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from elseface.common.anonymizer import NOBODY, Anonymized, Change, Worn
from elseface.common.errors import ElsefaceError
from elseface.common.face import Face
from elseface.stage1_disentangle.factors import outside_faces
from elseface.stage1_disentangle.mask import Ellipse, photo_ellipse
from elseface.stage3_generate.choices import MethodName
from skimage.transform import swirl

#: Takes the pixels around a face, uint8 RGB, its ellipse in them, and what lies under no face's
#: ellipse (height, width) uint8; gives the new pixels.
Paint = Callable[[np.ndarray, Ellipse, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Obfuscation:
    """Paints over every ellipse; an :class:`~elseface.common.anonymizer.Anonymizer`."""

    name: str
    paint: Paint

    def anonymize(
        self, photo: np.ndarray, faces: Sequence[Face], seed: int, worn: Worn = NOBODY
    ) -> Anonymized:
        """See :class:`~elseface.common.anonymizer.Anonymizer`; the seed changes nothing."""
        result = photo.copy()
        keep = outside_faces(photo, faces)
        for face in faces:
            window = face.alignment.window(photo.shape)
            ellipse = photo_ellipse(face, window)
            here = result[window]
            inside = ellipse.draw(*here.shape[:2]) == 1
            here[inside] = self.paint(photo[window], ellipse, keep[window])[inside]
        return Anonymized(result, tuple(Change(face) for face in faces))


def load_obfuscation(name: MethodName, strength: float | None = None) -> Obfuscation:
    """A classic method by name; `strength` as in the classes below, default: theirs.

    Raises
    ------
    ElsefaceError
        When the method has no strength, or it is not above 0.
    """
    graded = {MethodName.BLUR: Blur, MethodName.PIXELATE: Pixelate, MethodName.SWIRL: Swirl}
    if name in graded:
        if strength is not None and not 0 < strength < math.inf:
            raise ElsefaceError(f"--strength {strength:g}: give a number above 0")
        paint = graded[name]() if strength is None else graded[name](strength)
        return Obfuscation(name.value, paint)
    if strength is not None:
        raise ElsefaceError(f"--strength does not go with {name}, which is all or nothing")
    plain: dict[MethodName, Paint] = {
        MethodName.BLACKOUT: blackout,
        MethodName.INPAINT_TELEA: Inpaint(cv2.INPAINT_TELEA),
        MethodName.INPAINT_NS: Inpaint(cv2.INPAINT_NS),
        MethodName.MASK: mask,
    }
    return Obfuscation(name.value, plain[name])


@dataclass(frozen=True)
class Blur:
    """Gaussian blur of deviation `strength` times the ellipse's half width."""

    strength: float = 0.2

    def __call__(self, pixels: np.ndarray, ellipse: Ellipse, keep: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(pixels, (0, 0), max(0.5, self.strength * ellipse.axes[0]))


@dataclass(frozen=True)
class Pixelate:
    """Squares of `strength` times the ellipse's half width."""

    strength: float = 0.25

    def __call__(self, pixels: np.ndarray, ellipse: Ellipse, keep: np.ndarray) -> np.ndarray:
        height, width = pixels.shape[:2]
        side = max(1.0, self.strength * ellipse.axes[0])
        few = max(1, round(width / side)), max(1, round(height / side))
        small = cv2.resize(pixels, few, interpolation=cv2.INTER_AREA)
        return cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)


def blackout(pixels: np.ndarray, ellipse: Ellipse, keep: np.ndarray) -> np.ndarray:
    """Black: what is left is the context alone."""
    return np.zeros_like(pixels)


@dataclass(frozen=True)
class Swirl:
    """Turned about the middle, by `strength` radians there and less outwards."""

    strength: float = 6.0

    def __call__(self, pixels: np.ndarray, ellipse: Ellipse, keep: np.ndarray) -> np.ndarray:
        turned = swirl(
            pixels, ellipse.centre, strength=self.strength, radius=2 * max(ellipse.axes),
            preserve_range=True, mode="edge",
        )  # fmt: skip
        return np.clip(turned, 0, 255).round().astype(np.uint8)


@dataclass(frozen=True)
class Inpaint:
    """Filled in from the rim: `algorithm` is cv2.INPAINT_TELEA or cv2.INPAINT_NS."""

    algorithm: int = cv2.INPAINT_TELEA

    def __call__(self, pixels: np.ndarray, ellipse: Ellipse, keep: np.ndarray) -> np.ndarray:
        # No face may be filled in with what is left of its neighbour.
        return cv2.inpaint(np.ascontiguousarray(pixels), 1 - keep, 3, self.algorithm)


def mask(pixels: np.ndarray, ellipse: Ellipse, keep: np.ndarray) -> np.ndarray:
    """A drawn face of the skin's mean colour: eyes, nose and mouth, the same for everybody."""
    inside = ellipse.draw(*pixels.shape[:2]) == 1
    skin = pixels[inside].mean(0) if inside.any() else np.full(3, 180.0)
    drawn = np.empty_like(pixels)
    drawn[:] = skin.round()
    dark = tuple(float(c) for c in skin * 0.35)
    degrees = float(np.degrees(ellipse.angle))
    across, down = ellipse.axes
    cos, sin = np.cos(ellipse.angle), np.sin(ellipse.angle)

    def place(x: float, y: float) -> tuple[int, int]:
        dx, dy = x * across, y * down
        at = ellipse.centre[0] + cos * dx - sin * dy, ellipse.centre[1] + sin * dx + cos * dy
        return round(at[0]), round(at[1])

    line = max(1, round(0.05 * across))
    for x in (-0.4, 0.4):
        half = max(1, round(0.14 * across)), max(1, round(0.07 * down))
        cv2.ellipse(drawn, place(x, -0.1), half, degrees, 0, 360, dark, cv2.FILLED, cv2.LINE_AA)
    cv2.line(drawn, place(0, 0.05), place(0, 0.3), dark, line, cv2.LINE_AA)
    mouth = max(1, round(0.3 * across)), max(1, round(0.1 * down))
    cv2.ellipse(drawn, place(0, 0.52), mouth, degrees, 0, 180, dark, line, cv2.LINE_AA)
    return drawn
