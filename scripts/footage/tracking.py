"""Who is where in every frame: faces found, followed both ways, lost and held.

A whole frame is searched now and then; in between each face is followed.  A new one is followed
back through the frames that are still in memory, to where it entered, and stays covered from the
earliest of them on even where nothing of it can be seen.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from elseface.scripts.footage.cuts import Start
from elseface.scripts.footage.first_sight import average, sighting
from elseface.scripts.footage.following import drift, redetect, rolled
from elseface.scripts.footage.matching import matched, mistaken
from elseface.scripts.footage.permission import Permission, without_own
from elseface.scripts.footage.person import Person
from elseface.scripts.footage.smoothing import Sighting
from elseface.scripts.footage.tracks import (
    SAME,
    Cover,
    Track,
    apart,
    has_left,
    without_doubles,
)
from elseface.stage1_disentangle.box import Box
from elseface.stage1_disentangle.choices import DetectorName
from elseface.stage1_disentangle.detection import Detector, detect
from elseface.stage1_disentangle.detectors import union
from elseface.stage1_disentangle.tilt import CLEAR

#: Every so many frames frontal faces from 80 pixels are searched for; and from 40, with tilted and
#: turned ones that take up a fifth of the width.
COARSE, FINE = 3, 12
#: What searches for the former, and for the latter.
OURS: tuple[Detector, Detector] = functools.partial(detect, double=False), union
#: The middle of a face lies so near to that of its box, over its radius; another's does not.
OWN = 0.5


@dataclass(frozen=True)
class View:
    """The photo (height, width, 3), uint8 RGB, of all in memory that shows a person best, and
    where: landmarks (68, 2)."""

    person: Person
    photo: np.ndarray
    landmarks: np.ndarray


class Tracker:
    """Takes frames one by one and says what to cover in those it still has.

    Parameters
    ----------
    hold : frames that a lost face stays covered
    permission : says who may be seen; None: nobody
    detectors : search whole frames, the first now and then, the second more thoroughly, less often
    found_by : their name
    people : filled in the order they are found; those of an earlier pass over the same frames are
        found again, as everything here hangs on the frames alone.  None: nobody is remembered, as
        where frames never end
    numbers : of new people, no two the same; None: from 0 on
    """

    def __init__(
        self,
        hold: int,
        people: list[Person] | None = None,
        numbers: Iterator[int] | None = None,
        permission: Permission | None = None,
        detectors: tuple[Detector, Detector] = OURS,
        found_by: str = DetectorName.UNION.value,
    ) -> None:
        self.hold = hold
        self.permission = permission
        self.detectors, self.found_by = detectors, found_by
        self.frames: dict[int, np.ndarray] = {}
        self.tracks: list[Track] = []
        self.people = people
        self.numbers = itertools.count() if numbers is None else numbers
        self._found = self._count = self._scene = self._searched_coarsely = (
            self._searched_finely
        ) = 0

    def add(self, photo: np.ndarray, start: Start) -> None:
        """Look at the next frame, uint8 RGB."""
        now, self._count = self._count, self._count + 1
        self.frames[now] = photo
        if start.cut:
            self._scene = now
            for track in self._live():
                track.end = now
        for track in self._live():
            self._follow(track, now)
        for track in mistaken(self._live(), now):
            track.withdraw(now)
        self._meet(now, self.search(now, start.abrupt))
        for track in self._live() if self.permission else ():
            self.permission.ask(track, self.frames, start.abrupt)

    def search(self, now: int, abrupt: bool) -> list[Box]:
        """Faces of the whole frame, if it is time for that."""
        just_lost = any(track.last_sure == now - 1 for track in self._live())
        fine = abrupt or now - self._searched_finely >= FINE
        if not (fine or just_lost or now - self._searched_coarsely >= COARSE):
            return []
        self._searched_coarsely = now
        self._searched_finely = now if fine else self._searched_finely
        return self.detectors[fine](self.frames[now])

    def new_person(self, now: int, box: Box) -> Person:
        """Whoever is found in a box where nobody was expected."""
        return Person(next(self.numbers), self.found_by)

    def sighting(self, photo: np.ndarray, box: Box) -> Sighting:
        """The face in a detector's box."""
        return sighting(photo, box)

    def take(self, count: int) -> tuple[list[list[Cover]], list[list[Cover]], list[View]]:
        """What to cover in each of the oldest `count` frames, the places of those who may be seen
        in them, and the people's best views; the frames are let go of."""
        first = min(self.frames)
        after = first + count
        for track in self.tracks if self.permission else ():
            self.permission.ask_at_end(track, self.frames, after)
        by_track = [(track, track.covers(first, after - 1)) for track in self.tracks]
        covers, shown = [], []
        for frame in range(first, after):
            here = [(track, c) for track, by_frame in by_track for c in by_frame.get(frame, ())]
            seen = [c for track, c in here if c.sure and self._shows(track, frame)]
            needed = without_own((c for _, c in here if c not in seen), seen)
            covers.append(without_doubles(needed))
            shown.append(seen)
        people = {cover.person: None for here in covers for cover in here}
        new = (self._best_view(person) for person in people if person.change is None)
        views = [view for view in new if view]
        self.frames = {i: photo for i, photo in self.frames.items() if i >= after}
        self.tracks = [t for t in self.tracks if t.end is None or t.end > after]
        for track in self.tracks:
            track.forget(after, self.permission.far if self.permission else 0)
        return covers, shown, views

    def _shows(self, track: Track, frame: int) -> bool:
        return bool(self.permission and self.permission.shows(track, frame))

    def _best_view(self, person: Person) -> View | None:
        """Of those in which they are hidden; None where no frame in memory has one."""
        views = [
            (sighting.sure, sighting.score, frame, sighting.landmarks)
            for track in self.tracks
            if track.person is person
            for frame, sighting in track.seen.items()
            if frame in self.frames and not self._shows(track, frame)
        ]
        if not views:
            return None
        _, _, frame, landmarks = max(views, key=lambda view: view[:3])
        person.best = frame
        return View(person, self.frames[frame], landmarks)

    def _live(self) -> list[Track]:
        return [track for track in self.tracks if track.end is None]

    def _follow(self, track: Track, now: int) -> None:
        photo, expected = self.frames[now], track.expected(now)
        found = redetect(photo, expected)
        if not found and now - 1 in track.seen:
            found = drift(self.frames[now - 1], photo, track.seen[now - 1])
        if found:
            track.add(now, found)
        lost = now - track.last_sure
        if lost > self.hold or (lost and has_left(expected, photo)):
            track.end = now

    def _meet(self, now: int, boxes: list[Box]) -> None:
        """Boxes of faces found in the whole frame: known ones, lost ones, new ones."""
        clear = {box: self._clear(now, box) for box in boxes}
        boxes = [box for box, track in clear.items() if track is None]
        found = [self.sighting(self.frames[now], box) for box in boxes]
        others = [track for track in self._live() if track not in clear.values()]
        known = matched(found, others, now)
        for i, seen in enumerate(found):
            track = known.get(i)
            if track is None:
                person = self._next_person(now, boxes[i])
                self._begin(person, now, seen, self._scene)
            elif track.last_sure < now:
                track.end = now + 1
                self._begin(track.person, now, seen, max(self._scene, track.last_sure + 1))
            elif rolled(seen.landmarks, track.seen[now].landmarks):
                track.add(now, seen)  # a search sees better how a face lies than expecting it does

    def _clear(self, now: int, box: Box) -> Track | None:
        """Whose box it is, of those who were seen so well where they were expected that another
        look would say nothing new."""
        here = average(box).landmarks
        seen = [track for track in self._live() if track.last_sure == now]
        clear = [track for track in seen if track.seen[now].score >= CLEAR]
        own = (track for track in clear if apart(here, track.seen[now].landmarks) < OWN)
        return next(own, None)

    def _next_person(self, now: int, box: Box) -> Person:
        if self.people is None:
            return self.new_person(now, box)
        place, self._found = self._found, self._found + 1
        if place == len(self.people):
            self.people.append(self.new_person(now, box))
        return self.people[place]

    def _begin(self, person: Person, now: int, sighting: Sighting, earliest: int) -> None:
        """A track of a face found now, followed back to where it entered or was lost."""
        earliest = max(earliest, min(self.frames))
        track = Track(person, earliest, {now: sighting})
        for frame in range(now - 1, earliest - 1, -1):
            photo, expected = self.frames[frame], track.expected(frame)
            found = redetect(photo, expected)
            if has_left(expected, photo) or (found and self._taken(found, frame)):
                track.start = frame + 1
                break
            if not found and frame + 1 in track.seen:
                found = drift(self.frames[frame + 1], photo, track.seen[frame + 1])
            if found:
                track.add(frame, found)
        self.tracks.append(track)

    def _taken(self, found: Sighting, frame: int) -> bool:
        return any(
            frame in t.seen
            and t.seen[frame].sure
            and apart(t.seen[frame].landmarks, found.landmarks) < SAME
            for t in self.tracks
        )
