"""Faces that the detectors missed: followed both ways from the frames in which somebody else, the
user or verification, saw them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from elseface.scripts.footage.first_sight import average
from elseface.scripts.footage.person import Person, unfit_ladder
from elseface.scripts.footage.smoothing import Sighting
from elseface.scripts.footage.tracking import Tracker
from elseface.scripts.release.scene import Step
from elseface.stage1_disentangle.box import Box
from elseface.stage1_disentangle.faces import face_in_box
from elseface.stage1_disentangle.fit import fits


class Rescue(Tracker):
    """A tracker that searches no frame, but is told where faces are.

    Parameters
    ----------
    hold, people, numbers : as of :class:`Tracker`
    places : boxes of faces by the number of the frame
    found_by : who saw them
    traceless : whether the method that was asked for leaves nothing of a face
    late : whether there is no time left for anything but black
    """

    def __init__(
        self,
        hold: int,
        people: list[Person],
        numbers: Iterator[int],
        places: Mapping[int, Sequence[Box]],
        found_by: str,
        traceless: bool,
        late: bool = False,
    ) -> None:
        super().__init__(hold, people, numbers, found_by=found_by)
        self.places = places
        self.traceless, self.late = traceless, late

    def search(self, now: int, abrupt: bool) -> list[Box]:
        """The boxes of this frame."""
        return list(self.places.get(now, ()))

    def new_person(self, now: int, box: Box) -> Person:
        """Somebody who is pixelated or black if no landmarks lie on the face."""
        person = Person(next(self.numbers), self.found_by, _fits(self.frames[now], box))
        if not person.fits:
            person.ladder = unfit_ladder(self.traceless)
        if self.late:
            person.ladder = [Step.BLACKOUT]
        return person

    def sighting(self, photo: np.ndarray, box: Box) -> Sighting:
        """Of a face on which no landmarks lie, an average one in its place."""
        return super().sighting(photo, box) if _fits(photo, box) else average(box)


def _fits(photo: np.ndarray, box: Box) -> bool:
    return fits(photo, face_in_box(photo, box))
