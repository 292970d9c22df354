"""Reading a folder laid out as CelebA is.

``img_align_celeba/``, ``list_attr_celeba``, ``list_eval_partition`` and, where there is one,
``identity_CelebA``; the tables as ``.txt``, ``.csv`` or either gzipped, with any line ends.
Any subset of the images works: rows without a file are left out.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from elseface.common.attributes import COUNT, NAMES
from elseface.common.errors import ElsefaceError

TRAIN, VALIDATION, TEST = 0, 1, 2


@dataclass(frozen=True)
class CelebA:
    """The rows whose image is there, ordered by file name.

    Attributes
    ----------
    paths : tuple of Path, length n
    attributes : ndarray of shape (n, 40), uint8, 0 or 1
    partition : ndarray of shape (n,), uint8; 0 train, 1 validation, 2 test
    identity : ndarray of shape (n,), int64; -1 where it is not known
    """

    paths: tuple[Path, ...]
    attributes: np.ndarray
    partition: np.ndarray
    identity: np.ndarray


def read(root: Path) -> CelebA:
    """Read the layout under `root`; :class:`ElsefaceError` names what is missing."""
    images = root / "img_align_celeba"
    if not images.is_dir():
        raise ElsefaceError(f"{images}: no such folder; --celeba takes the folder that holds it")
    attributes = read_attributes(_table(root, "list_attr_celeba"))
    partition = _column(_table(root, "list_eval_partition"))
    identities = next(root.glob("identity_CelebA*"), None)
    identity = _column(identities) if identities else {}
    paths = tuple(
        path
        for path in sorted(images.iterdir())
        if path.name in attributes and path.name in partition
    )
    if not paths:
        raise ElsefaceError(f"{images}: no image of it is named in the tables of {root}")
    names = [path.name for path in paths]
    return CelebA(
        paths,
        np.stack([attributes[name] for name in names]),
        np.array([partition[name] for name in names], np.uint8),
        np.array([identity.get(name, -1) for name in names], np.int64),
    )


def read_attributes(table: Path) -> dict[str, np.ndarray]:
    """Attribute bits (40,) uint8 by image name, columns brought into the order of NAMES."""
    rows = _rows(table)
    header = next((row for row in rows if NAMES[0] in row), [])
    try:
        columns = [header.index(name) - len(header) for name in NAMES]
    except ValueError as error:
        raise ElsefaceError(f"{table}: the header lacks an attribute ({error})") from None
    start = rows.index(header) + 1
    return {
        row[0]: np.array([row[c] == "1" for c in columns], np.uint8)
        for row in rows[start:]
        if len(row) > COUNT
    }


def training_bits(root: Path) -> np.ndarray:
    """Attribute bits (n, 40) uint8 of the training split, whether or not the images are there.

    The full tables (``list_attr_celeba_full``, ``list_eval_partition_full``) are taken where they
    lie beside a subset; of the subset's own images, those that it gives to another split are left
    out.
    """
    try:
        tables = _table(root, "list_attr_celeba_full"), _table(root, "list_eval_partition_full")
    except ElsefaceError:
        tables = _table(root, "list_attr_celeba"), _table(root, "list_eval_partition")
    attributes, partition = read_attributes(tables[0]), _column(tables[1])
    partition |= _column(_table(root, "list_eval_partition"))
    rows = [bits for name, bits in attributes.items() if partition.get(name) == TRAIN]
    if not rows:
        raise ElsefaceError(f"{tables[1]}: names no training image of {tables[0]}")
    return np.stack(rows)


def _table(root: Path, stem: str) -> Path:
    for suffix in (".txt", ".csv", ".txt.gz", ".csv.gz"):
        if (root / (stem + suffix)).is_file():
            return root / (stem + suffix)
    raise ElsefaceError(f"{root}: {stem}.txt (or .csv) is missing")


def _column(table: Path) -> dict[str, int]:
    return {row[0]: int(row[1]) for row in _rows(table) if len(row) == 2 and row[1].isdigit()}


def _rows(table: Path) -> list[list[str]]:
    opener = gzip.open if table.suffix == ".gz" else open
    try:
        with opener(table, "rt", encoding="utf-8-sig") as lines:
            rows = [line.replace(",", " ").split() for line in lines]
    except (OSError, UnicodeDecodeError) as error:
        raise ElsefaceError(f"{table}: cannot be read as a table ({error})") from None
    return [row for row in rows if row]
