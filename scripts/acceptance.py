"""How often dlib's recognizer takes two faces for one person's, by how small they are.

    python -m elseface.scripts.acceptance CELEBA

What reports and certificates say of their threshold is from here (see
:mod:`~elseface.scripts.release.recognition`).  Pictures of the validation split of people who are
known there, aligned as they are and shrunk, are compared two by two.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from elseface.common import celeba
from elseface.common.errors import ElsefaceError
from elseface.common.photo import read_photo
from elseface.scripts.console import explained
from elseface.scripts.recall import shrunk
from elseface.scripts.release.recognition import THRESHOLD
from elseface.stage1_disentangle.descriptor import embed
from elseface.stage1_disentangle.faces import ALIGNED_BOX, face_at
from elseface.stage1_disentangle.landmarks import predict
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.spatial.distance import pdist

#: Widths of a face in pixels, the detector's box, to which pictures are shrunk.
WIDTHS = (60, 30, 15)


@explained
def main(
    root: Annotated[Path, typer.Argument(help="Folder laid out as CelebA is.")],
    most: Annotated[
        int | None, typer.Option(min=2, help="Pictures at most.", show_default=False)
    ] = None,
) -> None:
    """Print the table."""
    data = celeba.read(root)
    rows = np.flatnonzero((data.partition == celeba.VALIDATION) & (data.identity >= 0))[:most]
    people = data.identity[rows]
    if not 1 < len(np.unique(people)) < len(people):
        raise ElsefaceError(
            f"{root}: the validation split needs two people, and two pictures of one of them"
        )
    table = Table("face's width", "of one person", "taken for it", "of others", "taken for one")
    for width in WIDTHS:
        same, others = distances([data.paths[i] for i in rows], people, width)
        shares = [f"{(found < THRESHOLD).mean():.4f}" for found in (same, others)]
        table.add_row(str(width), str(len(same)), shares[0], str(len(others)), shares[1])
    Console().print(table)


def distances(
    paths: Sequence[Path], people: np.ndarray, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """Of all pairs of aligned pictures: those of one person, and those of two."""
    scale = width / (ALIGNED_BOX[2] - ALIGNED_BOX[0])
    described = []
    for path in track(paths, f"{width} pixels"):
        photo, box = shrunk(read_photo(path).pixels, scale)
        described.append(embed(photo, face_at(predict(photo, box), box)))
    apart = pdist(np.stack(described))
    one, other = np.triu_indices(len(paths), 1)  # in the order of pdist
    same = people[one] == people[other]
    return apart[same], apart[~same]


if __name__ == "__main__":
    typer.run(main)
