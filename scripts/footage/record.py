"""What one pass over a video showed: who was in which frames, and which are to be looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from elseface.scripts.footage.flicker import Flicker
from elseface.scripts.footage.person import Person
from elseface.scripts.footage.protection import Protected
from elseface.scripts.footage.tracks import Cover


@dataclass
class Appearance:
    """The frames in which a person was covered, those of them in which a detector saw them, and
    the times of the first and the last, in seconds."""

    first: float
    last: float
    frames: int = 0
    seen: int = 0


@dataclass
class Record:
    """Takes the frames of a pass in order.

    Attributes
    ----------
    unit : of the frames' stamps, in seconds
    every : seconds from one frame that is looked at to the next; so are the first one of a scene
        and that of a person's best view
    flicker : None where nobody wants to know
    looks : what was covered in the frames to look at, by their number
    """

    unit: Fraction
    every: float
    flicker: Flicker | None
    frames: int = 0
    cuts: int = 0
    people: dict[Person, Appearance] = field(default_factory=dict)
    looks: dict[int, tuple[Cover, ...]] = field(default_factory=dict)
    _last: float = float("-inf")

    def add(self, protected: Protected) -> None:
        """Note the next frame."""
        now, covers = self.frames, protected.covers
        self.frames += 1
        time = round(float(protected.frame.stamp * self.unit), 3)
        if protected.cut and now:
            self.cuts, self._last = self.cuts + 1, float("-inf")
        due = time >= self._last + self.every
        if due:
            self._last = time
        if due or any(cover.person.best == now for cover in covers):
            self.looks[now] = covers
        if self.flicker:
            self.flicker.add(protected)
        for person in {cover.person: None for cover in covers}:
            shown = self.people.setdefault(person, Appearance(time, time))
            shown.last = time
            shown.frames += 1
            shown.seen += any(c.sure for c in covers if c.person is person)
