"""What one pass over a video showed: who was in which frames, and which are to be looked at."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from fractions import Fraction

from elseface.scripts.footage.flicker import Flicker
from elseface.scripts.footage.person import Person
from elseface.scripts.footage.protection import Protected
from elseface.scripts.footage.tracks import Cover


@dataclass
class Appearance:
    """The frames in which a person was covered, those of them in which a detector saw them, those
    in which they were shown, and the times of the first and the last, in seconds."""

    first: float
    last: float
    frames: int = 0
    seen: int = 0
    shown: int = 0


@dataclass
class Record:
    """Takes the frames of a pass in order.

    Attributes
    ----------
    unit : of the frames' stamps, in seconds
    every : seconds from one frame that is looked at to the next; so are the first one of a scene,
        that of a person's best view, and the first in which a person is shown
    flicker : None where nobody wants to know
    looks : what was covered in the frames to look at, by their number, and who was `shown` there
    """

    unit: Fraction
    every: float
    flicker: Flicker | None
    frames: int = 0
    cuts: int = 0
    people: dict[Person, Appearance] = field(default_factory=dict)
    looks: dict[int, tuple[Cover, ...]] = field(default_factory=dict)
    shown: dict[int, tuple[Cover, ...]] = field(default_factory=dict)
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
        best = any(cover.person.best == now for cover in covers)
        new = any(not self._appearance(c.person, time).shown for c in protected.shown)
        if due or best or new:
            self.looks[now], self.shown[now] = covers, protected.shown
        if self.flicker:
            self.flicker.add(protected)
        for person in {cover.person: None for cover in covers}:
            there = self._appearance(person, time)
            there.frames += 1
            there.seen += any(c.sure for c in covers if c.person is person)
        for person in {cover.person: None for cover in protected.shown}:
            self._appearance(person, time).shown += 1

    def about(self, look: int) -> range:
        """The frames between the looks before and after one of them."""
        before = max((frame for frame in self.looks if frame < look), default=-1)
        after = min((frame for frame in self.looks if frame > look), default=self.frames)
        return range(before + 1, after)

    @property
    def gap(self) -> int:
        """The most frames from one look to the next, or to the end."""
        return max(b - a for a, b in itertools.pairwise([*sorted(self.looks), self.frames]))

    def _appearance(self, person: Person, time: float) -> Appearance:
        there = self.people.setdefault(person, Appearance(time, time))
        there.last = time
        return there
