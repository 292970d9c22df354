"""A grid to look at: faces of a folder by what the stages make of them.

    python -m elseface.scripts.grid FOLDER -o grid.png --aligned

Columns: original, context, reconstruction, four edits of it, and the default anonymization.
Show no picture of CelebA to anybody: its licence forbids it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from elseface.common.face import Face
from elseface.common.files import list_photos
from elseface.common.photo import read_photo
from elseface.common.weights import PACKAGED
from elseface.stage1_disentangle.faces import aligned_face, find_faces
from elseface.stage1_disentangle.factors import masked_context, outside_faces
from elseface.stage3_generate import policies
from elseface.stage3_generate.choices import ShapeName
from elseface.stage3_generate.edits import Edit
from elseface.stage3_generate.load import load_attribute_edit, load_shape
from PIL import Image

SIZE = 192


def main(
    paths: Annotated[list[Path], typer.Argument(help="Photos and folders.")],
    output: Annotated[Path, typer.Option("-o")] = Path("grid.png"),
    count: Annotated[int, typer.Option(help="Faces.")] = 8,
    edits: Annotated[
        str, typer.Option(help="Edits, by space.")
    ] = "+Smiling -Smiling -Young +Eyeglasses",
    aligned: Annotated[bool, typer.Option("--aligned")] = False,
    weights: Annotated[Path, typer.Option(show_default=False)] = PACKAGED,
) -> None:
    """Draw the grid."""
    default = load_attribute_edit(folder=weights)
    own = replace(default, policy=policies.none, shape=load_shape(ShapeName.OWN, weights))
    edited = [replace(own, edit=Edit.parse(edit)) for edit in edits.split()]
    rows = []
    for photo, face in itertools.islice(_faces(paths, aligned), count):
        pictures = [m.anonymize(photo, [face], 0).pixels for m in (own, *edited, default)]
        crops = [face.alignment.crop(picture, SIZE) for picture in (photo, *pictures)]
        crops.insert(1, masked_context(photo, outside_faces(photo, [face]), face, SIZE)[0])
        rows.append(np.hstack(crops))
    Image.fromarray(np.vstack(rows)).save(output)


def _faces(paths: list[Path], aligned: bool) -> Iterator[tuple[np.ndarray, Face]]:
    for path, _ in list_photos(paths):
        photo = read_photo(path).pixels
        for face in [aligned_face(photo)] if aligned else find_faces(photo):
            yield photo, face


if __name__ == "__main__":
    typer.run(main)
