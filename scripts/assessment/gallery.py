"""The pictures that people are asked about, as ``elseface evaluate`` leaves them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from elseface.common.errors import ElsefaceError

#: The folder of originals, which is asked about only by its name, to see whether assessors try, and
#: the control that shows somebody else.
ORIGINALS, STRANGER = "unchanged", "stranger"

#: A question shows one person and eight others.
PEOPLE = 9


@dataclass(frozen=True)
class Gallery:
    """Originals and their anonymized versions.

    Attributes
    ----------
    folder : holds METHOD/PICTURE.png
    identity : picture -> who it shows
    methods : method -> the pictures that it anonymized, ordered
    """

    folder: Path
    identity: dict[str, str]
    methods: dict[str, list[str]]

    def file(self, name: str) -> Path:
        """The file of a name as questions have it, METHOD/PICTURE."""
        return self.folder / f"{name}.png"


def read(root: Path, only: Collection[str] = ()) -> Gallery:
    """Read the output folder of ``elseface evaluate``.

    Parameters
    ----------
    root : holds ``pictures.csv`` and ``pictures/METHOD/PICTURE.png``
    only : the methods to ask about; all that change something, if none is named

    Raises
    ------
    ElsefaceError
        When something is missing, or a method shows too few people for a question.
    """
    folder = root / "pictures"
    identity = _identities(root / "pictures.csv")
    if not (folder / ORIGINALS).is_dir():
        raise ElsefaceError(f"{folder / ORIGINALS}: no originals; run elseface evaluate first")
    found = {path.name for path in folder.iterdir() if path.is_dir()} - {ORIGINALS, STRANGER}
    for method in only:
        if method not in {*found, ORIGINALS}:
            known = ", ".join(sorted(found)) or "nothing"
            raise ElsefaceError(f"{folder}: has no method {method!r}, but {known}")
    if not found:
        raise ElsefaceError(f"{folder}: holds no method's pictures; run elseface evaluate first")
    methods = {}
    for method in sorted(only or found):
        there = {path.stem for path in (folder / method).glob("*.png")}
        methods[method] = [picture for picture in identity if picture in there]
        counts = Counter(identity[picture] for picture in methods[method])
        if len(counts) < PEOPLE or max(counts.values()) < 2:
            raise ElsefaceError(
                f"{folder / method}: shows {len(counts)} people; a question needs {PEOPLE}, and two"
                " pictures of one of them"
            )
    gallery = Gallery(folder, identity, methods)
    for picture in {picture for pictures in methods.values() for picture in pictures}:
        if not (file := gallery.file(f"{ORIGINALS}/{picture}")).is_file():
            raise ElsefaceError(f"{file}: missing; run elseface evaluate again")
    return gallery


def _identities(table: Path) -> dict[str, str]:
    try:
        with open(table, newline="", encoding="utf-8") as file:
            rows = [(row["picture"], row["identity"]) for row in csv.DictReader(file)]
    except FileNotFoundError:
        raise ElsefaceError(f"{table}: no such file; run elseface evaluate first") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ElsefaceError(f"{table}: cannot be read ({error})") from None
    except (KeyError, csv.Error):
        raise ElsefaceError(f"{table}: needs the columns picture,identity") from None
    for picture, identity in rows:
        if not picture or not identity or Path(picture).name != picture:
            raise ElsefaceError(f"{table}: {picture!r} of {identity!r} is no picture of a person")
    if len(dict(rows)) < len(rows):
        raise ElsefaceError(f"{table}: a picture is listed twice; run elseface evaluate again")
    return dict(rows)
