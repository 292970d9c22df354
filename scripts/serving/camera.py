"""Camera frames: everybody gets a new face and wears it from frame to frame.

Faces are followed as in a video, and every frame is searched by every detector; one is given out
when two later ones have been looked at, so that a face that is lost between is covered where it
must have been.  Where it stays lost, not just behind another one, or nobody was found at all,
somebody may be there whom no detector sees: the whole frame is covered with squares until the face
is back or was away for some time.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np
from elseface.common.anonymizer import Anonymizer
from elseface.common.photo import Photo, decode_photo, encode_photo
from elseface.scripts.footage.cuts import Start
from elseface.scripts.footage.frame import Frame
from elseface.scripts.footage.person import Person
from elseface.scripts.footage.protection import draw
from elseface.scripts.footage.steadying import Steadying
from elseface.scripts.footage.tracking import Tracker
from elseface.scripts.release.label import Label
from elseface.scripts.release.note import note
from elseface.stage1_disentangle.box import Box
from elseface.stage1_disentangle.detectors import union

#: Limits of a frame; the page sends 640x480.
FRAME_BYTES, FRAME_PIXELS = 2 * 2**20, 1_500_000

#: A frame waits for so many more, and so many after it was seen last a face has left.
AHEAD, GONE = 2, 24

#: Squares in a covered frame's width: a face that fills half of it becomes seven by seven.
SQUARES = 14


@dataclass(frozen=True)
class Shown:
    """A frame that may be shown: JPEG, how many faces were replaced, and whether all of it is
    covered."""

    data: bytes
    faces: int
    covered: bool


class Searching(Tracker):
    """Searches every frame, as thoroughly as can be: between two that the page sends a face goes
    far."""

    def search(self, now: int, abrupt: bool) -> list[Box]:
        """See the base class."""
        return union(self.frames[now])

    def met_later(self) -> set[Person]:
        """Who is seen in frames after the oldest."""
        oldest = min(self.frames)
        return {
            track.person
            for track in self.tracks
            if any(seen.sure for frame, seen in track.seen.items() if frame > oldest)
        }


class Live:
    """What one camera shows, as whoever `anonymizer` makes of who is there, with the label."""

    def __init__(self, anonymizer: Anonymizer, seed: int, label: Label | None = None) -> None:
        self._anonymizer, self._seed, self._label = anonymizer, seed, label
        self._forget()

    def _forget(self) -> None:
        self._tracker = Searching(GONE)
        self._waiting = deque[Frame]()
        self._steady = Steadying()

    def add(self, data: bytes) -> Shown | None:
        """Take the next frame, and give out the one that has waited long enough, if there is one.

        Raises
        ------
        ElsefaceError
            When it is no picture or too large.
        """
        pixels = decode_photo(data, "camera", FRAME_PIXELS).pixels
        if self._waiting and self._waiting[-1].pixels.shape != pixels.shape:
            self._forget()  # turned, or another camera
        first = not self._waiting
        self._waiting.append(Frame(pixels, 0))
        try:
            self._tracker.add(pixels, Start(abrupt=False, cut=first))
            return self._oldest() if len(self._waiting) > AHEAD else None
        except Exception:
            self._forget()  # no frame is to get the covers of another
            raise

    def _oldest(self) -> Shown:
        frame = self._waiting.popleft()
        later = self._tracker.met_later()
        covers, shown, views = self._tracker.take(1)
        here = {cover.person for cover in covers[0]}
        known = later | {cover.person for cover in covers[0] if cover.sure}
        if not here <= known or not here:
            squares = Photo(squared(frame.pixels))
            return Shown(encode_photo(squares, "camera.jpg"), len(here), True)
        arguments = [covers], [shown], [views], self._anonymizer, self._seed, self._steady
        (done,) = draw([(frame, False)], *arguments)
        pixels = done.pixels
        if self._label:  # always in one corner
            pixels = self._label.words(pixels.shape, ()).over(pixels)
        kept = encode_photo(Photo(pixels), "camera.jpg", note(self._anonymizer.name))
        return Shown(kept, len(here), False)


def squared(pixels: np.ndarray) -> np.ndarray:
    """A whole frame (height, width, 3) uint8 as :data:`SQUARES` squares a row."""
    height, width = pixels.shape[:2]
    few = SQUARES, max(1, round(SQUARES * height / width))
    means = cv2.resize(pixels, few, interpolation=cv2.INTER_AREA)
    return cv2.resize(means, (width, height), interpolation=cv2.INTER_NEAREST)
