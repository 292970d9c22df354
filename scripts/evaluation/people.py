"""Whose pictures an evaluation is made with, and which of them play which part."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from elseface.common import celeba
from elseface.common.errors import ElsefaceError
from elseface.common.face import Face
from elseface.common.files import list_photos
from elseface.common.weights import file_hash
from elseface.stage1_disentangle.box import largest_first, nearest
from elseface.stage1_disentangle.detectors import mtcnn, union
from elseface.stage1_disentangle.faces import aligned_face, find_faces


class Role(StrEnum):
    """What an identity is there for; nobody has two roles."""

    BACKGROUND = "background"  # the attacker's own pictures, which he trains on
    TUNING = "tuning"  # whatever he chooses, he chooses on these
    JUDGED = "judged"  # gallery and probes


#: Shares of the identities of a folder that come to background and tuning; the rest is judged.
SHARES = 0.4, 0.1


@dataclass(frozen=True)
class People:
    """Pictures of known people.

    Attributes
    ----------
    paths : tuple of Path, length n
    identity : ndarray of shape (n,), whose picture it is, numbered from 0
    names : the identities' names
    attributes : ndarray of shape (n, 40), uint8, or None where nobody labelled them
    aligned : whether the pictures are aligned as CelebA's are; else their faces must be found
    """

    paths: tuple[Path, ...]
    identity: np.ndarray
    names: tuple[str, ...]
    attributes: np.ndarray | None
    aligned: bool

    def __len__(self) -> int:
        return len(self.paths)

    def faces(self, photo: np.ndarray) -> list[Face]:
        """The faces of one of the pictures (height, width, 3) uint8 RGB, largest first; none where
        whom it shows largest, by a detector that is not the pipeline's, is not among them: of a
        picture that hides a bystander alone the person was missed."""
        if self.aligned:
            return [aligned_face(photo)]
        found = find_faces(photo, union)
        seen = largest_first(mtcnn(photo))
        missed = seen and nearest(seen[0], [face.box for face in found]) is None
        return [] if missed else found

    def digest(self) -> str:
        """The sha256 of the pictures' files, what they are called, whose they are and what is said
        of them."""
        whose = (self.names[i] for i in self.identity)
        listed = [*zip((path.name for path in self.paths), map(file_hash, self.paths), whose)]
        labels = b"" if self.attributes is None else self.attributes.tobytes()
        return hashlib.sha256(repr(listed).encode() + labels).hexdigest()

    def subset(self, rows: Sequence[int]) -> People:
        """The pictures of `rows`, the identities' numbers as they were."""
        rows = np.asarray(rows, int)
        attributes = None if self.attributes is None else self.attributes[rows]
        paths = tuple(self.paths[i] for i in rows)
        return People(paths, self.identity[rows], self.names, attributes, self.aligned)


def read(root: Path) -> dict[Role, People]:
    """The people of a folder laid out as CelebA is, or of one with a folder a person.

    CelebA's own splits are the roles.  Folders are dealt out by a seeded shuffle of their names.

    Raises
    ------
    ElsefaceError
        When it is neither, somebody is in two splits, or fewer than two people have two pictures
        to be judged by.
    """
    if (root / "img_align_celeba").is_dir():
        everybody, split = _celeba(root)
    elif root.is_dir():
        everybody, split = _folders(root)
    else:
        raise ElsefaceError(f"{root}: no such folder")
    roles = {role: everybody.subset(np.flatnonzero(split == role)) for role in Role}
    for one, other in itertools.combinations(Role, 2):
        if both := np.intersect1d(roles[one].identity, roles[other].identity).size:
            raise ElsefaceError(
                f"{root}: {both} people are both {one} and {other}; an attacker must not train on"
                " those who are judged, so share out people, not pictures"
            )
    _, counts = np.unique(roles[Role.JUDGED].identity, return_counts=True)
    if (counts > 1).sum() < 2:
        raise ElsefaceError(f"{root}: needs two people or more with two pictures or more to judge")
    if empty := [role.value for role, of in roles.items() if not len(of)]:
        raise ElsefaceError(f"{root}: has nobody for the role {empty[0]}; give more people")
    return roles


def limited(people: People, count: int | None) -> People:
    """The first identities with `count` pictures together, each with all of its own."""
    if count is None or count >= len(people):
        return people
    names, sizes = np.unique(people.identity, return_counts=True)
    kept = names[: max(2, int(np.searchsorted(np.cumsum(sizes), count, side="right")))]
    return people.subset(np.flatnonzero(np.isin(people.identity, kept)))


def spread(people: People, count: int | None) -> People:
    """About `count` pictures, as many of each identity; of the first of those who have two or more
    where there are not two of each."""
    if count is None or count >= len(people):
        return people
    names, who, sizes = np.unique(people.identity, return_inverse=True, return_counts=True)
    order = np.argsort(who, kind="stable")
    turn = np.empty(len(who), int)  # how many of the person come before
    turn[order] = np.arange(len(who)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    each = 2
    while np.minimum(sizes, each + 1).sum() <= count:
        each += 1
    if np.minimum(sizes, each).sum() > count:
        names = names[sizes > 1][: max(2, count // 2)]
    return people.subset(np.flatnonzero((turn < each) & np.isin(people.identity, names)))


def parted(people: People, count: int) -> tuple[People, People]:
    """Some with about `count` pictures together, and of the others some for a gallery; where others
    are too few, it takes the last of all."""
    names, sizes = np.unique(people.identity, return_counts=True)
    gallery = min(500, max(20, len(people) // 10))
    chosen = limited(people, count)
    others = people.subset(np.flatnonzero(~np.isin(people.identity, chosen.identity)))
    if len(others) >= gallery:
        return chosen, limited(others, gallery)
    enough = np.searchsorted(np.cumsum(sizes[::-1]), gallery) + 1
    last = np.isin(people.identity, names[len(names) - min(enough, len(names) // 2) :])
    rest = people.subset(np.flatnonzero(~last))
    return limited(rest, count), people.subset(np.flatnonzero(last))


def _celeba(root: Path) -> tuple[People, np.ndarray]:
    data = celeba.read(root)
    known = np.flatnonzero(data.identity >= 0)
    names, identity = np.unique(data.identity[known], return_inverse=True)
    role = {celeba.TRAIN: Role.BACKGROUND, celeba.VALIDATION: Role.TUNING, celeba.TEST: Role.JUDGED}
    split = np.array([role[int(p)] for p in data.partition[known]])
    paths = tuple(data.paths[i] for i in known)
    labels = data.attributes[known]
    return People(paths, identity, tuple(map(str, names)), labels, aligned=True), split


def _folders(root: Path) -> tuple[People, np.ndarray]:
    named = [(path, name.parts[0]) for path, name in list_photos([root]) if len(name.parts) > 1]
    if not named:
        raise ElsefaceError(f"{root}: neither CelebA's layout nor one folder a person")
    paths, folders = zip(*named)
    names, identity = np.unique(folders, return_inverse=True)
    order = np.random.default_rng(0).permutation(len(names))
    background, tuning = (max(1, round(share * len(names))) for share in SHARES)
    roles = np.full(len(names), Role.JUDGED, dtype=object)
    roles[order[:background]] = Role.BACKGROUND
    roles[order[background : background + tuning]] = Role.TUNING
    people = People(paths, identity, tuple(map(str, names)), None, aligned=False)
    return people, roles[identity]
