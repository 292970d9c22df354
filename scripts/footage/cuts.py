"""Where one scene ends and another begins.

A cut that is missed costs beauty only, since faces stay covered where they were; one that is
wrongly seen lets go of a covered face.  So a cut must change the colours and the layout of the
picture, and for longer than a photographer's flash.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import cv2
import numpy as np

#: Side of the picture that is looked at, and bins a colour channel.
SIDE, BINS = 32, 8
#: A cut has less of the colours in common than this, and the layouts correlate less.
COLOURS, LAYOUT = 0.6, 0.5
#: So many frames after a cut all differ from the one before it.
FRAMES = 3


class Start(NamedTuple):
    """How a frame begins.

    Attributes
    ----------
    abrupt : it shows something else than the one before; worth a search for faces
    cut : and so do those after it, so that another scene has begun; where fewer than
        :data:`FRAMES` are left, a flash cannot be told from a cut, and none is seen
    """

    abrupt: bool
    cut: bool


def starts(frames: Iterable[np.ndarray]) -> Iterator[Start]:
    """How each frame, (height, width, 3) uint8 RGB, begins; the first begins a scene.

    Takes :data:`FRAMES` - 1 frames more than it has given answers.
    """
    last: np.ndarray | None = None
    ahead: deque[np.ndarray] = deque()

    def answer() -> Start:
        nonlocal last
        other = [last is None or _other_scene(last, later) for later in ahead]
        cut = last is None or (len(ahead) == FRAMES and all(other))
        start, frame = Start(other[0], cut), ahead.popleft()
        if start.cut or not start.abrupt:  # what comes after a flash is no other scene either
            last = frame
        return start

    for frame in frames:
        ahead.append(cv2.resize(frame, (SIDE, SIDE), interpolation=cv2.INTER_AREA))
        if len(ahead) == FRAMES:
            yield answer()
    while ahead:
        yield answer()


def _other_scene(one: np.ndarray, other: np.ndarray) -> bool:
    common = np.minimum(_histogram(one), _histogram(other)).sum()
    return bool(common < COLOURS and _correlation(one, other) < LAYOUT)


def _histogram(picture: np.ndarray) -> np.ndarray:
    counts = cv2.calcHist([picture], [0, 1, 2], None, [BINS] * 3, [0, 256] * 3)
    return counts / counts.sum()


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    a, b = (picture.mean(2).ravel() - picture.mean() for picture in (one, other))
    return float(a @ b / max(1e-6, np.sqrt((a @ a) * (b @ b))))
