"""``elseface attributes``: the 40 attribute probabilities of every face."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import Annotated

import typer
from elseface.common.attributes import NAMES
from elseface.common.errors import ElsefaceError
from elseface.common.files import list_photos
from elseface.common.output import write_whole
from elseface.scripts.console import PARTIAL, complain, explained, progress, silent_start

#: Of the table.
HEAD = ["photo", "face", *NAMES]


@explained
def command(
    paths: Annotated[list[Path], typer.Argument(help="Photos and folders.", show_default=False)],
    aligned: Annotated[
        bool, typer.Option("--aligned", help="Pictures are aligned as CelebA's, 178x218.")
    ] = False,
    table: Annotated[
        Path | None, typer.Option("--csv", help="Write a table instead of the terminal's list.")
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(help="Weights of your own training.", show_default=False)
    ] = None,
) -> None:
    """Estimate the 40 attributes of every face."""
    photos = [path for path, _ in list_photos(paths)]
    if table:
        _check_table(table)
    with silent_start():
        from elseface.common.photo import read_photo
        from elseface.common.weights import PACKAGED
        from elseface.stage1_disentangle.faces import aligned_face, find_faces
        from elseface.stage1_disentangle.factors import estimate_attributes
        from elseface.stage3_generate.load import load_classifier

        classifier = load_classifier(weights or PACKAGED)
    rows: list[list[object]] = []
    failed = False
    with progress(photos, len(photos), "attributes") as tracked:
        for path in tracked:
            try:
                photo = read_photo(path).pixels
                faces = [aligned_face(photo)] if aligned else find_faces(photo)
                if not faces:
                    raise ElsefaceError("no face found")
            except ElsefaceError as error:
                complain(error if str(path) in str(error) else f"{path}: {error}")
                failed = True
                continue
            found = estimate_attributes(photo, faces, classifier)
            rows += [[path, i, *(round(float(p), 4) for p in face)] for i, face in enumerate(found)]
    _write_csv(table, rows) if table else _print(rows)
    if failed:
        sys.exit(PARTIAL)


def _check_table(path: Path) -> None:
    """Before the work: only an earlier table is written over."""
    there = path.read_text(errors="replace") if path.exists() else ""
    if there and not there.startswith(",".join(HEAD)):
        raise ElsefaceError(f"{path}: is there and no such table; choose another --csv")


def _write_csv(path: Path, rows: list[list[object]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([HEAD, *rows])
    write_whole(path, text.getvalue().encode(errors="backslashreplace"))


def _print(rows: list[list[object]]) -> None:
    sys.stdout.reconfigure(errors="backslashreplace")
    for path, face, *values in rows:
        print(f"{path} face {face}")
        for name, value in zip(NAMES, values):
            print(f"  {value:6.1%} {name}")
