"""Who agreed to be seen is shown where that is certain, and replaced wherever it is not.

The recognizer is asked about a face every few frames.  Between two frames in which it knew somebody
who agreed the face is theirs if the detector saw it in all of them, and the recognizer took it for
nobody else's.  Who takes another's place is hidden from the last frame on in which that one was
known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from elseface.scripts.footage.tracks import FAR, Cover, Track
from elseface.scripts.release.consent import CERTAIN, Consent
from elseface.scripts.release.recognition import THRESHOLD
from elseface.stage1_disentangle.descriptor import look
from elseface.stage1_disentangle.fit import fits

#: The recognizer is asked every so many frames.
ASK = 6


@dataclass(frozen=True)
class Permission:
    """Says which faces of a video may be seen.

    Attributes
    ----------
    consent : knows who agreed
    """

    consent: Consent

    def ask(self, track: Track, photos: Mapping[int, np.ndarray]) -> None:
        """Ask the recognizer about a track in the photos, by frame, uint8 RGB, where it is time."""
        sure = {frame for frame, seen in track.seen.items() if seen.sure and frame in photos}
        due = {frame for frame in sure if frame % ASK == 0 or frame - 1 not in sure}
        for frame in due - track.distances.keys():
            cover = Cover(track.person, track.seen[frame].landmarks, True)
            track.distances[frame] = self.distance(photos[frame], cover)

    def distance(self, photo: np.ndarray, cover: Cover) -> float:
        """From a face to the nearest picture of somebody who agreed; infinite where no landmarks
        lie on it."""
        face = cover.face()
        if not fits(photo, face):
            return float("inf")
        return self.consent.nearest(look(photo, face))[1]


def divided(frame: int, covers: Iterable[tuple[Track, Cover]]) -> tuple[list[Cover], list[Cover]]:
    """The covers of a frame: those that are needed, and those over who may be seen."""
    needed: list[Cover] = []
    shown: list[Cover] = []
    for track, cover in covers:
        (shown if cover.sure and _known(track, frame) else needed).append(cover)
    return needed, shown


def _known(track: Track, frame: int) -> bool:
    """Whether the face of a track, which is seen in the frame, is of somebody who agreed."""
    known = [asked for asked, distance in track.distances.items() if distance < CERTAIN]
    first = max((asked for asked in known if asked <= frame), default=None)
    last = min((asked for asked in known if asked >= frame), default=None)
    if first is None or last is None or last - first > FAR:
        return False
    between = range(first, last + 1)
    return track.person.denied.isdisjoint(between) and all(
        f in track.seen and track.seen[f].sure and track.distances.get(f, 0) < THRESHOLD
        for f in between
    )
