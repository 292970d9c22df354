"""Faces that the user says are there: each box is of a time, and so of the frame nearest to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from elseface.common.errors import ElsefaceError
from elseface.scripts.footage.frame import Frame
from elseface.scripts.release.boxes import check_inside
from elseface.stage1_disentangle.box import Box

#: Who is found so, in reports.
FOUND_BY = "boxes"


class Brought:
    """The user's boxes, by the number of the frame as frames pass.

    Parameters
    ----------
    source : the video, for messages
    boxes : by seconds since its first frame

    Attributes
    ----------
    places : boxes by the number of the frame, of those that have passed
    """

    def __init__(self, source: Path, boxes: Mapping[float, Sequence[Box]]) -> None:
        self.source, self.boxes = source, boxes
        self.places: dict[int, list[Box]] = {}

    def noted(self, frames: Iterable[Frame], unit: Fraction, rate: Fraction) -> Iterator[Frame]:
        """The frames, stamped in units of `unit` seconds, about `rate` a second; the boxes of each
        are in their places before it is given.

        Raises
        ------
        ElsefaceError
            When a box lies outside the picture or is of a time after the video's end: a face that
            the user meant would go out unprotected.
        """
        self.places.clear()
        left = sorted(self.boxes)
        start, seconds = None, 0.0
        for number, frame in enumerate(frames):
            start = frame.stamp if start is None else start
            seconds = float((frame.stamp - start) * unit)
            while left and left[0] < seconds + 0.5 / rate:
                time = left.pop(0)
                what = f"the picture of {self.source} at {time:g} s"
                check_inside(self.boxes[time], frame.pixels.shape, what)
                self.places.setdefault(number, []).extend(self.boxes[time])
            yield frame
        if left:
            raise ElsefaceError(
                f"{self.source}: a box is of {left[0]:g} s, but it ends after {seconds:.2f}"
            )
