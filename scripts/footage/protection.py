"""From frames to frames without a known face, in order and in bounded memory.

What is promised, of every face that the detectors see in one of the frames searched (every third
for frontal faces from 80 pixels; every twelfth and the first of a scene for those from 40, and for
tilted or turned ones that take up a fifth of its width; see
:mod:`~elseface.scripts.footage.tracking`):

- it is replaced in every frame in which the detector sees it where it is expected;
- where it is not seen for a while, in a turn of the head or behind something, the place it is
  expected at is replaced, the more of it the longer it is lost, until it is seen again
  near there, has left the picture, `hold` frames are over or the scene ends;
- so are the frames before it was first seen, `ahead` of them, back to where it entered.

What is not: a face that the detectors see in none of those frames stays as it is, such as one that
is half hidden, small and tilted, or in profile all the while it is shown, or there for two frames
only; one that turns up after more than `hold` frames, or was in sight, unseen by the detector, for
more than `ahead` frames before, is shown in between; and a face that moves unforeseeably while it
is not seen, least of all when much of it is hidden, may leave its cover.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from elseface.common.anonymizer import Anonymizer
from elseface.scripts.footage.cuts import starts
from elseface.scripts.footage.drawing import introduce, paint
from elseface.scripts.footage.frame import Frame
from elseface.scripts.footage.steadying import Steadying
from elseface.scripts.footage.tracking import Tracker, View
from elseface.scripts.footage.tracks import Cover, without_known

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
    shown : faces left as they are, of people who agreed to be seen
    cut : whether a scene begins with it
    """

    frame: Frame
    pixels: np.ndarray
    covers: tuple[Cover, ...]
    shown: tuple[Cover, ...]
    cut: bool


def protect(
    frames: Iterable[Frame],
    anonymizer: Anonymizer,
    seed: int,
    ahead: int,
    trackers: Sequence[Tracker],
) -> Iterator[Protected]:
    """Every frame, protected as this module says.

    Parameters
    ----------
    frames : all of one shape
    anonymizer : replaces the faces; a person is given to it once to become somebody, and that
        disguise is worn in every frame
    seed : of who they become
    ahead : frames looked at before one is given out, at least :data:`FINE` for the promise
    trackers : say what to cover; those after the first only where none before sees a face
    """
    waiting = deque[tuple[Frame, bool]]()
    steady = Steadying()
    looked_at = deque[Frame]()  # itertools.tee would keep 57 of them, however large

    def pictures() -> Iterator[np.ndarray]:
        for frame in frames:
            looked_at.append(frame)
            yield frame.pixels

    with ThreadPoolExecutor(1) as artist:  # draws while the next frames are looked at
        drawing: Future[list[Protected]] | None = None

        def release(count: int) -> Future[list[Protected]]:
            batch = [waiting.popleft() for _ in range(count)]
            covers, shown, views = zip(*(tracker.take(count) for tracker in trackers))
            return artist.submit(draw, batch, covers, shown, views, anonymizer, seed, steady)

        for start in starts(pictures()):
            frame = looked_at.popleft()
            for tracker in trackers:
                tracker.add(frame.pixels, start)
            waiting.append((frame, start.cut))
            if len(waiting) == ahead + BATCH:
                yield from drawing.result() if drawing else ()
                drawing = release(BATCH)
        while waiting:
            yield from drawing.result() if drawing else ()
            drawing = release(min(BATCH, len(waiting)))
        yield from drawing.result() if drawing else ()


def draw(
    batch: list[tuple[Frame, bool]],
    covers: Sequence[list[list[Cover]]],
    shown: Sequence[list[list[Cover]]],
    views: Sequence[list[View]],
    anonymizer: Anonymizer,
    seed: int,
    steady: Steadying,
) -> list[Protected]:
    """Covers, who is shown, and views are by tracker; `steady` has seen the frames before."""
    introduce(itertools.chain(*views), anonymizer, seed)
    here = [without_known(by_tracker) for by_tracker in zip(*covers)]
    painted = paint([frame.pixels for frame, _ in batch], here, anonymizer, seed)
    drawn = [steady(pixels, covered) for pixels, covered in zip(painted, here)]
    return [
        Protected(frame, pixels, tuple(covered), tuple(itertools.chain(*seen)), cut)
        for (frame, cut), pixels, covered, seen in zip(batch, drawn, here, zip(*shown))
    ]
