"""One face over a stretch of frames, and who it belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from elseface.common.face import Face
from elseface.scripts.footage.person import OPAQUE, Person
from elseface.scripts.footage.smoothing import Sighting, radius, smooth
from elseface.stage1_disentangle.alignment import align, usual_box
from elseface.stage1_disentangle.box import Box
from elseface.stage1_disentangle.faces import face_at
from elseface.stage1_disentangle.mask import photo_ellipse

#: Frames beside the one in question that say how a face moves, and that its smoothing starts from.
RECENT, PAST = 5, 10
#: A cover over a face that is not seen is this much larger than the face was, for it may have
#: turned, and grows with the deviation of its place, over the landmarks' radius, up to the latter.
GROWTH, MAX_GROWTH = 0.12, 0.4
#: Degrees from which the predictor needs a face turned upright.
TILTED = 20
#: Centres closer than this, over the radius, are one face's: no two that are seen lie so close.
SAME = 0.9


@dataclass(frozen=True, eq=False)
class Cover:
    """What is to be replaced in a frame.

    Attributes
    ----------
    person : whose face it is
    landmarks : ndarray of shape (68, 2), photo pixels, smoothed
    sure : whether the detector saw the face in this frame
    """

    person: Person
    landmarks: np.ndarray
    sure: bool

    def face(self) -> Face:
        """The face to give an anonymizer."""
        box = usual_box(align(self.landmarks))
        if not self.person.fits:  # then the box is all that is covered
            box = _around(box, bounds(self.landmarks))
        face = face_at(self.landmarks, box)
        roll = face.alignment.roll
        return replace(face, tilt=roll) if abs(roll) > TILTED else face


@dataclass(eq=False)
class Track:
    """A face from frame `start` up to but not including `end`, None while it lasts.

    Attributes
    ----------
    seen : what was seen of it, by frame; frames between have no entry
    distances : to who agreed to be seen, by frame; empty where nobody asks
    """

    person: Person
    start: int
    seen: dict[int, Sighting]
    end: int | None = None
    distances: dict[int, float] = field(default_factory=dict)
    last_sure: int = field(init=False)

    def __post_init__(self) -> None:
        self.last_sure = max(self.seen)

    def add(self, frame: int, sighting: Sighting) -> None:
        """Note what was seen."""
        self.seen[frame] = sighting
        if sighting.sure:
            self.last_sure = max(self.last_sure, frame)

    def withdraw(self, frame: int) -> None:
        """It was not this face that was seen in the latest frame."""
        del self.seen[frame]
        self.last_sure = max((f for f, s in self.seen.items() if s.sure), default=frame - 1)

    def expected(self, frame: int) -> np.ndarray:
        """Landmarks (68, 2) in a frame after, or before, all that were seen."""
        nearest = min(self.seen, key=lambda seen: abs(seen - frame))
        if frame > nearest:
            return _smoothed(self.seen, nearest - RECENT, frame)[0][-1]
        return _smoothed(self.seen, frame, nearest + RECENT)[0][0]

    def covers(self, first: int, last: int) -> dict[int, list[Cover]]:
        """What to cover in the frames from `first` to `last`, both included.

        Where the face is not seen there are two covers: where the picture's motion took it, which
        may be that of something in front, and where it would be had it gone on as it went.
        """
        wanted = range(max(first, self.start), min(last + 1, self.end or last + 1))
        if not wanted:
            return {}
        sure = {frame: seen for frame, seen in self.seen.items() if seen.sure}
        result: dict[int, list[Cover]] = {frame: [] for frame in wanted}
        for sightings in (self.seen, sure) if sure.keys() != self.seen.keys() else (sure,):
            begin = min(wanted[0], max((s for s in sightings if s <= wanted[0]), default=wanted[0]))
            begin -= PAST
            landmarks, error = _smoothed(sightings, begin, max(wanted[-1], *sightings))
            for frame in wanted:
                here = landmarks[frame - begin].copy()  # a view would keep all the others
                if frame not in sure:
                    growth = min(GROWTH + float(error[frame - begin]), MAX_GROWTH)
                    result[frame].append(Cover(self.person, grown(here, 1 + growth), False))
                elif not result[frame]:
                    result[frame].append(Cover(self.person, here, True))
        return result

    def forget(self, before: int, far: int) -> None:
        """Drop what no later frame needs, for its smoothing or, `far` frames back, to know whether
        it may be shown."""
        sure = (frame for frame, seen in self.seen.items() if seen.sure and frame <= before)
        needed = min(max(sure, default=before) - PAST, before - far)
        self.seen = {frame: seen for frame, seen in self.seen.items() if frame >= needed}
        self.distances = {frame: d for frame, d in self.distances.items() if frame >= needed}


def _smoothed(seen: Mapping[int, Sighting], first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
    return smooth([seen.get(frame) for frame in range(first, last + 1)])


def bounds(landmarks: np.ndarray) -> Box:
    """The box that landmarks (68, 2) fill."""
    (left, top), (right, bottom) = landmarks.min(0), landmarks.max(0)
    return int(left), int(top), int(right), int(bottom)


def _around(one: Box, other: Box) -> Box:
    """The least box that holds both."""
    left, top, right, bottom = zip(one, other)
    return min(left), min(top), max(right), max(bottom)


def grown(landmarks: np.ndarray, factor: float) -> np.ndarray:
    """Landmarks (68, 2) `factor` times as large about their centre."""
    centre = landmarks.mean(0)
    return centre + factor * (landmarks - centre)


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """Distance of two faces' centres, landmarks (68, 2), over the mean of their radii."""
    distance = np.hypot(*(one.mean(0) - other.mean(0)))
    return float(2 * distance / (radius(one) + radius(other)))


def has_left(landmarks: np.ndarray, photo: np.ndarray) -> bool:
    """Whether the ellipse of a face with these landmarks lies wholly beyond the photo's border."""
    face = face_at(landmarks, (0, 0, 0, 0))
    whole = slice(0, photo.shape[0]), slice(0, photo.shape[1])
    (left, top), (right, bottom) = photo_ellipse(face, whole).bounds()
    height, width = photo.shape[:2]
    return bool(right < 0 or bottom < 0 or left >= width or top >= height)


def without_doubles(covers: list[Cover]) -> list[Cover]:
    """The covers of one frame that have a place of their own.

    One that is only expected gives way to a face that is seen in the same place, which then becomes
    as large as the other if it was smaller: what is found first of a face that comes back is often
    too small.  Of two that are expected near each other one remains, large enough for both.  Those
    that are seen come last, to be laid over the others: they are in front.
    """
    kept = [cover for cover in covers if cover.sure]
    for cover in (cover for cover in covers if not cover.sure):
        twin = next((k for k in kept if apart(k.landmarks, cover.landmarks) < SAME), None)
        if twin is None:
            kept.append(cover)
            continue
        size = max(1.0, radius(cover.landmarks) / radius(twin.landmarks))
        if twin.sure:
            landmarks = grown(twin.landmarks, size)
        else:
            factor = size + apart(twin.landmarks, cover.landmarks) / 2
            landmarks = grown((twin.landmarks + cover.landmarks) / 2, factor)
        kept[kept.index(twin)] = replace(twin, landmarks=landmarks)
    return sorted(kept, key=lambda cover: cover.sure)


def without_known(by_tracker: Sequence[list[Cover]]) -> list[Cover]:
    """The covers of one frame by several trackers: a face is drawn once where two see it, for the
    first of them; what is laid over it stays."""
    kept: list[Cover] = []
    for covers in by_tracker:
        sure = [cover.landmarks for cover in kept if cover.sure]
        new = [
            cover
            for cover in covers
            if cover.person.step in OPAQUE
            or all(apart(cover.landmarks, place) >= SAME for place in sure)
        ]
        kept = [*new, *kept]
    return sorted(kept, key=lambda cover: cover.sure)
