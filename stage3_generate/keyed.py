"""The same person, the same new face, for whoever holds the key.

People are told apart by dlib's recognizer, in memory and for one run.  Whom somebody becomes is
HMAC-SHA256 (RFC 2104) of the key and of their *cell*: which of a few average faces theirs is
nearest to.  A cell holds many people, so that another run, which sees other pictures, mostly finds
somebody in the same one; within a run people of one cell are numbered apart.  Without the key a
cell says nothing about the new face, nor the new face about the cell.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from elseface.common.errors import ElsefaceError
from elseface.common.face import Face
from elseface.stage1_disentangle.descriptor import embed
from elseface.stage1_disentangle.factors import Factors
from elseface.stage3_generate.casting import Part
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.optimize import linear_sum_assignment

#: Bytes that a key has at least: as many as the hash gives.
SHORTEST = 32
#: Mean distance of descriptors up to which pictures are one person's: of the pairs that come
#: together so on 700 validation pictures of 318 people 97 % are, and 79 % of those that should do.
SAME = 0.55
#: Faces that are compared with each other, in half the square of so many distances; those met
#: later are compared with the people that these gave.
MANY = 10_000


def load_key(path: Path) -> bytes:
    """The bytes of a key file.

    Raises
    ------
    ElsefaceError
        When it cannot be read, or has too few bytes to be secret.
    """
    try:
        key = path.read_bytes()
    except OSError as error:
        raise ElsefaceError(f"{path}: cannot be read ({error.strerror})") from None
    if key.isascii() and key.decode().strip().isprintable():
        key = key.strip()  # a text's end of line is no part of it
    if len(key) < SHORTEST:
        make = f'python -c "import secrets; print(secrets.token_hex(32))" > {path.name}'
        raise ElsefaceError(f"{path}: {len(key)} bytes, a key has {SHORTEST} or more; try {make}")
    return key


@dataclass
class Person:
    """Somebody of this run.

    Attributes
    ----------
    descriptor : ndarray of shape (128,), the mean of their pictures
    cell : the nearest average face
    who : whom they become
    seed : the last that was asked for: where a new face did not pass, later ones are as the next
    """

    descriptor: np.ndarray
    cell: int
    who: int
    seed: int = 0


@dataclass
class Keyed:
    """One part a person, as a :class:`~elseface.stage3_generate.casting.Casting`.

    Attributes
    ----------
    key : the secret
    cells : ndarray of shape (n, 128), descriptors of average faces
    people : who was met in this run
    """

    key: bytes = field(repr=False)
    cells: np.ndarray = field(repr=False)
    people: list[Person] = field(default_factory=list, repr=False)

    def introduce(self, descriptors: np.ndarray) -> None:
        """Sort out who is who among all faces of an album, descriptors (n, 128), beforehand: then
        it does not matter in which order they come."""
        together = np.zeros(len(descriptors), int)
        if len(descriptors) > 1:
            together = fcluster(linkage(descriptors, "average"), SAME, "distance")
        means = [descriptors[together == one].mean(0) for one in np.unique(together)]
        # Those are numbered first who are the likeliest to be found in the same cell again.
        for mean in sorted(means, key=lambda mean: self._gaps(mean).min()):
            self._enter(mean)

    def cell(self, descriptor: np.ndarray) -> int:
        """The average face that a descriptor (128,) is nearest to."""
        return int(self._gaps(descriptor).argmin())

    def __call__(
        self, photo: np.ndarray, faces: Sequence[Face], found: Sequence[Factors], seed: int
    ) -> list[Part]:
        """See :meth:`parts`."""
        return self.parts([embed(photo, face) for face in faces], seed)

    def parts(self, descriptors: Sequence[np.ndarray], seed: int) -> list[Part]:
        """Of the faces of one photo, by their descriptors (128,); no two are the same person."""
        if not descriptors:
            return []
        who = self._recognised(np.stack(descriptors))
        people = [person or self._enter(descriptor) for person, descriptor in zip(who, descriptors)]
        for person in people:
            person.seed = max(person.seed, seed)
        return [Part(person.seed, person.who) for person in people]

    def _recognised(self, descriptors: np.ndarray) -> list[Person | None]:
        if not self.people:
            return [None] * len(descriptors)
        known = np.stack([person.descriptor for person in self.people])
        gaps = np.linalg.norm(descriptors[:, None] - known, axis=2)
        pairs = zip(*linear_sum_assignment(np.minimum(gaps, SAME)))
        met = {i: self.people[j] for i, j in pairs if gaps[i, j] < SAME}
        return [met.get(i) for i in range(len(descriptors))]

    def _enter(self, descriptor: np.ndarray) -> Person:
        cell = self.cell(descriptor)
        number = sum(person.cell == cell for person in self.people)
        digest = hmac.digest(self.key, f"face {cell} {number}".encode(), "sha256")
        person = Person(descriptor, cell, int.from_bytes(digest, "little"))
        self.people.append(person)
        return person

    def _gaps(self, descriptor: np.ndarray) -> np.ndarray:
        return np.linalg.norm(self.cells - descriptor, axis=1)
