"""What every method of anonymization is to the command line, the evaluation and the video path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from elseface.common.face import Face


@dataclass(frozen=True)
class Change:
    """What was done to one face.

    Attributes
    ----------
    face : where it was
    before, after : attribute name to probability in [0, 1], as estimated on the original and as
        asked of the new face; empty for a method that knows no attributes
    distance : of dlib's descriptors, old face to new; None for a method that does not compare
    """

    face: Face
    before: Mapping[str, float] = field(default_factory=dict)
    after: Mapping[str, float] = field(default_factory=dict)
    distance: float | None = None


@dataclass(frozen=True)
class Anonymized:
    """A photo with its faces replaced.

    Attributes
    ----------
    pixels : ndarray of shape (height, width, 3), uint8, RGB; equal to the original outside faces
    changes : one a face, in the order the faces were given
    """

    pixels: np.ndarray
    changes: tuple[Change, ...]


class Anonymizer(Protocol):
    """Replaces given faces in a photo."""

    name: str

    def anonymize(self, photo: np.ndarray, faces: Sequence[Face], seed: int) -> Anonymized:
        """Replace `faces` in `photo`, (height, width, 3) uint8 RGB, which is not modified.

        The same photo, faces and seed give the same pixels.
        """
        ...
