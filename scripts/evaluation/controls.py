"""What figures are read against: nothing done, everything hidden, somebody else."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from elseface.common.attributes import indices
from elseface.common.errors import ElsefaceError
from elseface.common.face import Face
from elseface.common.photo import read_photo
from elseface.scripts.evaluation.examine import Judges, embeddings
from elseface.scripts.evaluation.people import People
from elseface.scripts.evaluation.pictures import Pictures, Result
from elseface.stage3_generate.choices import MethodName
from elseface.stage3_generate.classic import load_obfuscation
from elseface.stage3_generate.k_same import SIZE, MeanFace

#: A stranger of the same kind shares these.
KIND = indices(
    ("Male", "Young", "Pale_Skin", "Bald", "Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair")
)


def black_ellipse(photo: np.ndarray, face: Face) -> np.ndarray:
    """The photo (height, width, 3) with nothing left of the face but its surroundings."""
    return load_obfuscation(MethodName.BLACKOUT).anonymize(photo, [face], seed=0).pixels


def swap_face(photo: np.ndarray, face: Face, other: np.ndarray, other_face: Face) -> np.ndarray:
    """The photo (height, width, 3) with a face of another photo in place of the one there: of the
    person the surroundings are left, and where the face was."""
    crop = other_face.alignment.crop(other, SIZE)
    return MeanFace(crop[None], k=1).anonymize(photo, [face], seed=0).pixels


def strangers(bits: np.ndarray, others: np.ndarray, seed: int = 0) -> np.ndarray:
    """For each face, somebody of the same kind who is not in the gallery: indices into `others`.

    Parameters
    ----------
    bits, others : attribute bits (n, 40) of the probes, (m, 40) of people outside the gallery
    """
    random = np.random.default_rng(seed)
    differences = (bits[:, None, KIND] != others[None][:, :, KIND]).sum(-1)
    nearest = differences == differences.min(1, keepdims=True)
    return np.array([random.choice(np.flatnonzero(row)) for row in nearest])


@dataclass(frozen=True)
class Strangers:
    """For each picture of those who are judged somebody who is not.

    Attributes
    ----------
    people : who is judged
    others : pictures of people of whom none is judged
    judges : whoever looks
    """

    people: People
    others: Pictures
    judges: Judges

    def embedded(self) -> dict[str, tuple[np.ndarray]]:
        """By recognizer, the embeddings (n, d) of the strangers of the n pictures."""
        return {name: (vectors[self._rows],) for name, vectors in self._met.items()}

    def swapped(self, originals: Iterable[Result]) -> Iterator[Result]:
        """The n pictures, each with the stranger's face in place of the one in it."""
        for result, row in zip(originals, self._rows):
            if result.face:
                other = read_photo(self.others.people.paths[row]).pixels
                (face, *_) = self.others.people.faces(other)
                pixels = swap_face(result.photo, result.face, other, face)
                result = replace(result, pixels=pixels)
            yield result

    @functools.cached_property
    def _met(self) -> dict[str, np.ndarray]:
        return embeddings(self.others.originals(), self.judges)

    @functools.cached_property
    def _rows(self) -> np.ndarray:
        """Of the same kind, where there are labels; somebody whose face was found."""
        seen = np.flatnonzero(np.isfinite(next(iter(self._met.values()))).all(1))
        if not len(seen):
            raise ElsefaceError("in the pictures for tuning no face is found: no stranger to show")
        bits = self.others.people.attributes
        if bits is None or self.people.attributes is None:
            return np.random.default_rng(0).choice(seen, len(self.people))
        return seen[strangers(self.people.attributes, bits[seen])]
