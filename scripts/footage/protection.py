"""From frames to frames without a known face, in order and in bounded memory.

What is promised, of every face that the detector sees in one of the frames searched (every third
for faces from 80 pixels, every twelfth and the first of a scene from 40, see
:mod:`~elseface.scripts.footage.tracking`):

- it is replaced in every frame in which the detector sees it where it is expected;
- where it is not seen for a while, in a turn of the head or behind something, the place it is
  expected at is replaced, the more of it the longer it is lost, until it is seen again
  near there, has left the picture, `hold` frames are over or the scene ends;
- so are the frames before it was first seen, `ahead` of them, back to where it entered.

What is not: a face that the detector sees in none of those frames stays as it is, such as one that
is half hidden, strongly tilted or in profile all the while it is shown, or there for two frames
only; one that turns up after more than `hold` frames, or was in sight, unseen by the detector, for
more than `ahead` frames before, is shown in between; and a face that moves unforeseeably while it
is not seen, least of all when much of it is hidden, may leave its cover.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import tee

import numpy as np
from elseface.common.anonymizer import Anonymizer, Disguise
from elseface.scripts.footage.batching import anonymize_frames
from elseface.scripts.footage.cuts import starts
from elseface.scripts.footage.frame import Frame
from elseface.scripts.footage.tracking import Tracker, View
from elseface.scripts.footage.tracks import Cover

#: Frames that are drawn together.
BATCH = 4


@dataclass(frozen=True)
class Protected:
    """A frame and what became of it.

    Attributes
    ----------
    frame : as it was given
    pixels : ndarray of shape (height, width, 3), uint8, RGB, faces replaced
    covers : what was replaced
    cut : whether a scene begins with it
    """

    frame: Frame
    pixels: np.ndarray
    covers: tuple[Cover, ...]
    cut: bool


def protect(
    frames: Iterable[Frame], anonymizer: Anonymizer, seed: int, ahead: int, hold: int
) -> Iterator[Protected]:
    """Every frame, protected as this module says.

    Parameters
    ----------
    frames : all of one shape
    anonymizer : replaces the faces; a person is given to it once to become somebody, and that
        disguise is worn in every frame
    seed : of who they become
    ahead : frames looked at before one is given out, at least :data:`FINE` for the promise
    hold : frames for which a lost face stays covered
    """
    tracker, waiting = Tracker(hold), deque[tuple[Frame, bool]]()
    frames, copies = tee(frames)
    with ThreadPoolExecutor(1) as artist:  # draws while the next frames are looked at
        drawing: Future[list[Protected]] | None = None

        def release(count: int) -> Future[list[Protected]]:
            batch = [waiting.popleft() for _ in range(count)]
            covers, views = tracker.take(count)
            return artist.submit(_draw, batch, covers, views, anonymizer, seed)

        for frame, start in zip(frames, starts(frame.pixels for frame in copies)):
            tracker.add(frame.pixels, start)
            waiting.append((frame, start.cut))
            if len(waiting) == ahead + BATCH:
                yield from drawing.result() if drawing else ()
                drawing = release(BATCH)
        while waiting:
            yield from drawing.result() if drawing else ()
            drawing = release(min(BATCH, len(waiting)))
        yield from drawing.result() if drawing else ()


def _draw(
    batch: list[tuple[Frame, bool]],
    covers: list[list[Cover]],
    views: list[View],
    anonymizer: Anonymizer,
    seed: int,
) -> list[Protected]:
    for view in views:
        if view.person.change is None:
            face = Cover(view.person, view.landmarks, True).face()
            (view.person.change,) = anonymizer.anonymize(view.photo, [face], seed).changes
    faces = [[cover.face() for cover in here] for here in covers]
    worn = [_worn(here) for here in covers]
    drawn = anonymize_frames(anonymizer, [f.pixels for f, _ in batch], faces, worn, seed)
    return [
        Protected(frame, pixels, tuple(here), cut)
        for (frame, cut), pixels, here in zip(batch, drawn, covers)
    ]


def _worn(covers: list[Cover]) -> dict[int, Disguise]:
    changes = [cover.person.change for cover in covers]
    return {i: c.disguise for i, c in enumerate(changes) if c and c.disguise}
