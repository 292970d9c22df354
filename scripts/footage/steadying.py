"""Steady faces: what a new face changes little from frame to frame, it changes less.

The decoder sees each frame alone, and what it draws trembles with what lies around the face: on a
film of a man talking in a car the new face changed 1.8 times as much as his own
(:mod:`~elseface.scripts.footage.flicker`; docs/video.md).  So the face of the frame before, as it
was written, is moved to where the face is now and mixed in; where the two are far apart, as about a
mouth that opens, the new one counts alone, and nothing drags.  Only what was painted is mixed:
pixels that lie under the face's ellipse in both frames.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from elseface.common.face import Alignment, Face
from elseface.scripts.footage.person import Person
from elseface.scripts.footage.tracks import Cover
from elseface.scripts.release.scene import Step
from elseface.stage1_disentangle.mask import photo_ellipse

#: The share of the frame that is new at least, and the mean difference of colours, 0 to 255, from
#: which it grows and at which it is whole.
NEW = 0.3
ALIKE, APART = 16.0, 50.0
#: Of the side of the face's frame: over how much of it a difference is averaged, and how far from
#: the ellipse's rim mixing begins to be as strong as within.
AVERAGED, RIM = 0.025, 0.03
#: So many pixels from the rim moving a picture may bring in what lies beyond.
BLEED = 2


class Steadying:
    """Takes a video's painted frames in order, and keeps the last."""

    def __init__(self) -> None:
        self._last: dict[int, tuple[np.ndarray, Face]] = {}

    def __call__(self, painted: np.ndarray, covers: Iterable[Cover]) -> np.ndarray:
        """The next frame, (height, width, 3) uint8 RGB, and what was painted in it."""
        faces = {c.person.number: c.face() for c in covers if c.sure and _drawn(c.person)}
        result = painted.copy() if faces.keys() & self._last.keys() else painted
        for number, face in faces.items():
            if number in self._last:
                _mix(result, face, *self._last[number])
        self._last = {number: (result, face) for number, face in faces.items()}
        return result


def _drawn(person: Person) -> bool:
    """Whether somebody's face was made up, not painted over."""
    made_up = person.change is not None and person.change.disguise is not None
    return made_up and person.fits and person.step in (Step.ASKED, Step.OTHER)


def _mix(photo: np.ndarray, face: Face, before: np.ndarray, face_before: Face) -> None:
    """Mix the face of the frame before into `photo`, in place."""
    window, window_before = (
        f.alignment.window(p.shape) for f, p in ((face, photo), (face_before, before))
    )
    here = photo[window]
    way = _way(face.alignment.within(window), face_before.alignment.within(window_before))

    def moved(picture: np.ndarray) -> np.ndarray:
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(picture, way, here.shape[1::-1], flags=flags)

    old = moved(before[window_before].astype(np.float32))
    both = photo_ellipse(face, window).draw(*here.shape[:2])
    size_before = before[window_before].shape[:2]
    both &= moved(photo_ellipse(face_before, window_before).draw(*size_before))
    side = face.alignment.pixels
    apart = cv2.GaussianBlur(np.abs(here - old).mean(-1), (0, 0), max(1.0, AVERAGED * side))
    new = NEW + (1 - NEW) * np.clip((apart - ALIKE) / (APART - ALIKE), 0, 1)
    depth = cv2.distanceTransform(both, cv2.DIST_L2, 5) - BLEED
    inner = np.clip(depth / max(1.0, RIM * side), 0, 1)
    share = (inner * (1 - new))[:, :, None]
    here[:] = np.round(here + share * (old - here)).astype(np.uint8)


def _way(now: Alignment, before: Alignment) -> np.ndarray:
    """The transform (2, 3) from where a point of the face is to where it was."""
    back = np.linalg.inv(before.matrix[:, :2])
    turn, shift = now.matrix[:, :2], now.matrix[:, 2] - before.matrix[:, 2]
    return np.c_[back @ turn, back @ shift]
