"""The words that every frame of a video bears, in one corner."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
from elseface.common.errors import ElsefaceError
from elseface.scripts.footage.reading import Clip
from elseface.scripts.footage.record import Record
from elseface.scripts.footage.tracks import bounds, grown
from elseface.scripts.release.label import Label

#: From a frame (height, width, 3), uint8, RGB, to what is written of it.
Mark = Callable[[np.ndarray], np.ndarray]
#: A head over its landmarks.
HEAD = 1.5


def unmarked(pixels: np.ndarray) -> np.ndarray:
    """The frame itself; a :data:`Mark`."""
    return pixels


def check_label(label: Label, source: Path) -> tuple[int, ...]:
    """The shape of a video's frames; :class:`ElsefaceError` if they are too small for the label."""
    with Clip(source) as clip:
        first = next(iter(clip.frames(lambda packet: None)))
    try:
        label.words(first.pixels.shape, ())
    except ElsefaceError as error:
        raise ElsefaceError(f"{source}: {error}") from None
    return first.pixels.shape


def labelled(label: Label, shape: tuple[int, ...], record: Record) -> Mark:
    """The label in that corner of all frames where it hides the least of who was there in those
    that are looked at."""
    there = itertools.chain(*record.looks.values(), *record.shown.values())
    return label.words(shape, [bounds(grown(c.landmarks, HEAD)) for c in there]).over
