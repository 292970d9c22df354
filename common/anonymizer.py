"""What every method of anonymization is to the command line, the evaluation and the video path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import numpy as np
from elseface.common.face import Face


@dataclass(frozen=True)
class Disguise:
    """Who a face became; worn again, it gives the next picture of a person the same new face.

    Attributes
    ----------
    before, after : ndarrays of shape (40,), float32: attribute probabilities as estimated on the
        original and as asked of the new face
    stream : seeds of everything that was drawn for it
    """

    before: np.ndarray
    after: np.ndarray
    stream: tuple[int, ...]


@dataclass(frozen=True)
class Change:
    """What was done to one face.

    Attributes
    ----------
    face : where it was
    disguise : who it became; None for a method that makes nobody up
    distance : of dlib's descriptors, old face to new; None for a method that does not compare
    """

    face: Face
    disguise: Disguise | None = None
    distance: float | None = None


#: Who wears which disguise: index of a face to what it becomes; and that nobody has one yet.
Worn = Mapping[int, Disguise]
NOBODY: Worn = MappingProxyType({})


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

    def anonymize(
        self, photo: np.ndarray, faces: Sequence[Face], seed: int, worn: Worn = NOBODY
    ) -> Anonymized:
        """Replace `faces` in `photo`, (height, width, 3) uint8 RGB, which is not modified.

        The same photo, faces and seed give the same pixels.  A face whose index is in `worn`
        becomes who that says, whatever the seed; methods that make nobody up do not ask.
        """
        ...
