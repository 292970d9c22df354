"""Who agreed to be seen is shown where that is certain, and replaced wherever it is not.

The recognizer is asked about a face several times a second, where something else is suddenly seen,
and at last where it is seen no more.  Between two frames in which it knew somebody who agreed the
face is theirs if the detector saw it in all of them, and the recognizer was not sure of somebody
else in between.  Who takes another's place is hidden from the last frame on in which that one was
known; who does so and leaves it again within less time than lies between two questions is not seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from elseface.scripts.footage.tracks import SAME, Cover, Track, apart
from elseface.scripts.release.consent import CERTAIN, Consent
from elseface.scripts.release.recognition import THRESHOLD, unprotected_distance
from elseface.stage1_disentangle.descriptor import embed
from elseface.stage1_disentangle.fit import fits

#: Seconds from one question to the next, and at most between two to which the answer was yes.
ASK, FAR = 0.2, 1.0


@dataclass(frozen=True)
class Permission:
    """Says which faces of a video may be seen.

    Attributes
    ----------
    consent : knows who agreed
    rate : frames a second
    """

    consent: Consent
    rate: float

    @property
    def far(self) -> int:
        """Frames at most between two in which somebody was known."""
        return max(1, round(FAR * self.rate))

    def ask(self, track: Track, photos: Mapping[int, np.ndarray], abrupt: bool) -> None:
        """Ask the recognizer about a track in the photos, by frame, uint8 RGB, where it is time;
        `abrupt`: the latest one shows something else than the one before."""
        every = max(1, round(ASK * self.rate))
        sure = {frame for frame, seen in track.seen.items() if seen.sure}
        due = {frame for frame in sure if frame % every == 0 or frame - 1 not in sure}
        self._ask(track, photos, due | ({max(photos)} & sure if abrupt else set()))

    def ask_at_end(self, track: Track, photos: Mapping[int, np.ndarray], after: int) -> None:
        """Ask about the last frame in which the face was seen, where no later frame than those
        before `after` was asked about."""
        last = max((frame for frame, seen in track.seen.items() if seen.sure), default=None)
        if last is not None and max(track.distances, default=0) < min(last, after - 1):
            self._ask(track, photos, {last})

    def _ask(self, track: Track, photos: Mapping[int, np.ndarray], frames: set[int]) -> None:
        for frame in frames & photos.keys() - track.distances.keys():
            cover = Cover(track.person, track.seen[frame].landmarks, True)
            track.distances[frame] = self.distance(photos[frame], cover)

    def distance(self, photo: np.ndarray, cover: Cover) -> float:
        """From a face to the nearest picture of somebody who agreed; infinite where no landmarks
        lie on it, or the recognizer does not know it by its mirror image."""
        face = cover.face()
        if not fits(photo, face):
            return float("inf")
        seen = embed(photo, face)
        if unprotected_distance(photo, face, seen) >= THRESHOLD:
            return float("inf")
        return self.consent.nearest(seen)[1]

    def shows(self, track: Track, frame: int) -> bool:
        """Whether the face of a track, which is seen in the frame, is of somebody who agreed."""
        known = sorted(asked for asked, d in track.distances.items() if d < CERTAIN)
        return any(
            first <= frame <= last and last - first <= self.far and _unbroken(track, first, last)
            for first, last in pairwise(known)
        )


def _unbroken(track: Track, first: int, last: int) -> bool:
    between = range(first, last + 1)
    return track.person.denied.isdisjoint(between) and all(
        f in track.seen and track.seen[f].sure and track.distances.get(f, 0) < THRESHOLD
        for f in between
    )


def without_own(covers: Iterable[Cover], shown: Iterable[Cover]) -> list[Cover]:
    """The covers of a frame but for those where an earlier track expects somebody who is shown
    there."""
    shown = list(shown)
    return [
        cover
        for cover in covers
        if cover.sure
        or not any(
            cover.person is seen.person and apart(cover.landmarks, seen.landmarks) < SAME
            for seen in shown
        )
    ]
