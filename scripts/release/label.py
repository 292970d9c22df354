"""The visible mark: a few words in a corner of the photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from elseface.common.errors import ElsefaceError
from elseface.common.photo import Photo
from elseface.stage1_disentangle.box import Box, overlap
from PIL import Image, ImageDraw, ImageFont

#: Height of the letters over the photo's shorter side; in pixels at least, for them to be read.
HEIGHT, LEAST = 1 / 32, 9
#: Room around the words, over their height.
ROOM = 0.4
#: How much darker the ground is: white on it can be read (contrast 4.5) even where all is white.
SHADE = 0.65


@dataclass(frozen=True)
class Words:
    """White letters on a darkened ground, in their place.

    Attributes
    ----------
    letters : ndarray of shape (height, width, 1), 1 where they are, 0 on the ground
    rows, columns : of the picture they are for
    """

    letters: np.ndarray
    rows: slice
    columns: slice

    def over(self, pixels: np.ndarray) -> np.ndarray:
        """A picture (height, width, 3), uint8, RGB, with them on it."""
        pixels = pixels.copy()
        here = pixels[self.rows, self.columns]
        ground = (1 - SHADE) * here
        here[:] = (ground + self.letters * (255 - ground)).round()
        return pixels


@dataclass(frozen=True)
class Label:
    """Words that are drawn on photos, white on a dark ground.

    Raises
    ------
    ElsefaceError
        When there are none, or one has a letter that the font has not.
    """

    text: str

    def __post_init__(self) -> None:
        font = ImageFont.load_default(20)
        absent = _drawn(font, "\U0010ffff")
        if not self.text.strip():
            raise ElsefaceError("--label takes the words to write; leave it out for none")
        for letter in self.text:
            if not letter.isprintable() or _drawn(font, letter) == absent:
                raise ElsefaceError(f"label {self.text!r}: cannot write {letter!r}; use ASCII")

    def words(self, shape: tuple[int, ...], faces: Sequence[Box]) -> Words:
        """The words in that corner of a picture of `shape` which hides the least of `faces`.

        Raises
        ------
        ElsefaceError
            When it is too small for them.
        """
        height, width = shape[:2]
        size = max(LEAST, round(HEIGHT * min(height, width)))
        while (drawn := self._drawn(size)).width > width or drawn.height > height:
            size -= 1
            if size < LEAST:
                raise ElsefaceError(f"too small for the label {self.text!r}")
        left, top = _place((width, height), drawn.size, faces)
        rows, columns = slice(top, top + drawn.height), slice(left, left + drawn.width)
        return Words(np.asarray(drawn)[..., None] / 255, rows, columns)

    def on(self, photo: Photo, faces: Sequence[Box]) -> Photo:
        """The photo with the words on it, see :meth:`words`; opaque there."""
        words = self.words(photo.pixels.shape, faces)
        pixels = words.over(photo.pixels)
        if photo.alpha is None:
            return photo.with_pixels(pixels)
        alpha = photo.alpha.copy()
        alpha[words.rows, words.columns] = 255
        return replace(photo, pixels=pixels, alpha=alpha)

    def _drawn(self, size: int) -> Image.Image:
        """White on black, with room around."""
        font = ImageFont.load_default(size)
        left, top, right, bottom = font.getbbox(self.text)
        room = round(ROOM * size)
        image = Image.new("L", (round(right - left) + 2 * room, round(bottom - top) + 2 * room))
        ImageDraw.Draw(image).text((room - left, room - top), self.text, fill=255, font=font)
        return image


def _drawn(font: ImageFont.FreeTypeFont, letter: str) -> bytes:
    return bytes(font.getmask(letter))


def _place(photo: tuple[int, int], words: tuple[int, int], faces: Sequence[Box]) -> tuple[int, int]:
    """Left and top of the words; all sizes are width and height."""
    right, bottom = photo[0] - words[0], photo[1] - words[1]

    def hidden(corner: tuple[int, int]) -> float:
        here = (*corner, corner[0] + words[0], corner[1] + words[1])
        return sum(overlap(here, face) for face in faces)

    return min([(right, bottom), (0, bottom), (right, 0), (0, 0)], key=hidden)
