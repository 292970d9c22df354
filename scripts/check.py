"""``elseface check``: whether files are still those of a certificate."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated

import typer
from elseface.common.errors import ElsefaceError
from elseface.common.files import PHOTOS, UNREAD, VIDEOS, search_folder
from elseface.common.location import is_here, located
from elseface.scripts.console import explained

if TYPE_CHECKING:
    from elseface.scripts.release.certificate import Certificate


@explained
def command(
    certificate: Annotated[Path, typer.Argument(help="As --certificate wrote it.")],
    folder: Annotated[
        str | None,
        typer.Argument(
            help="Of the files, also at a URL; default: the certificate's.", show_default=False
        ),
    ] = None,
) -> None:
    """Compare the photos of a folder, or a video, with a certificate; exit status 1 if one is
    another."""
    from elseface.scripts.release.certificate import read

    issued = read(certificate)
    place = located(folder) if folder else certificate.parent
    names = {file.name for file in issued.files}
    try:
        if not place.is_dir():
            raise ElsefaceError(f"{place}: no such folder")
        beside = sorted(_pictures(place) - names) if any(map(_is_photo, names)) else []
        bad = [f"{place / name}: {verdict}" for name, verdict in _verdicts(issued, place)]
    except ElsefaceError:
        raise
    except Exception as error:  # stores of objects have errors of their own
        raise ElsefaceError(f"{place}: cannot be searched ({error})") from None
    bad += [f"{place / name}: not in the certificate" for name in beside]
    for line in bad:
        print(line)
    faces = sum(len(file.faces) for file in issued.files)
    if bad:
        print(f"NOT as certified: {len(bad)} of {len(names | set(beside))} files")
        sys.exit(1)
    print(f"as certified on {issued.issued:%Y-%m-%d}: {len(names)} files, {faces} faces replaced")


def _verdicts(issued: Certificate, folder: Path) -> Iterator[tuple[str, str]]:
    """Name and fault of every certified file that has one."""
    from elseface.common.weights import file_hash

    for file in issued.files:
        try:
            if file_hash(folder / file.name) != file.sha256:
                yield file.name, "CHANGED since it was verified"
        except FileNotFoundError:
            yield file.name, "missing"
        except OSError as error:
            if not is_here(folder):
                raise  # a store that does not answer says nothing about its files
            yield file.name, f"cannot be read ({error.strerror})"


def _pictures(folder: Path) -> set[str]:
    """Names below the folder of every photo and video, which whoever gets them may take for
    certified."""
    found = search_folder(folder, None, PHOTOS | VIDEOS | UNREAD)
    return {path.relative_to(folder).as_posix() for path in found}


def _is_photo(name: str) -> bool:
    return PurePath(name).suffix.lower() in PHOTOS
