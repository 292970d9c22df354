"""The words that every frame of a video bears, in one corner."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
from elseface.common.errors import ElsefaceError
from elseface.common.photo import Photo
from elseface.scripts.footage.reading import Clip
from elseface.scripts.footage.record import Record
from elseface.scripts.footage.tracks import bounds
from elseface.scripts.release.label import Label

#: From a frame (height, width, 3), uint8, RGB, to what is written of it.
Mark = Callable[[np.ndarray], np.ndarray]


def unmarked(pixels: np.ndarray) -> np.ndarray:
    """The frame itself; a :data:`Mark`."""
    return pixels


def check_label(label: Label, source: Path) -> None:
    """:class:`ElsefaceError` if the frames of a video are too small for the label."""
    with Clip(source) as clip:
        for frame in itertools.islice(clip.frames(lambda packet: None), 1):
            try:
                label.on(Photo(frame.pixels), ())
            except ElsefaceError as error:
                raise ElsefaceError(f"{source}: {error}") from None


def labelled(label: Label, record: Record) -> Mark:
    """The label in that corner where it hides the least of all who were there, throughout."""
    there = itertools.chain(*record.looks.values(), *record.shown.values())
    faces = [bounds(cover.landmarks) for cover in there]
    return lambda pixels: label.on(Photo(pixels), faces).pixels
