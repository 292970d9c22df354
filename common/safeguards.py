"""Before the work: what is there already stays, and what is to be written can be."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from elseface.common.errors import ElsefaceError
from elseface.common.files import Job, real_path
from elseface.common.location import is_here

#: How the JSON that elseface writes begins.
OURS = re.compile(rb'\s*{\s*("format"\s*:\s*)?"elseface')


def check_free(jobs: Sequence[Job], output: Path) -> None:
    """No result takes the place of a file that is in `output` already, which may
    be another photo of the same name.

    Raises
    ------
    ElsefaceError
        When one would.
    """
    try:
        if is_here(output):
            there = [job.target for job in jobs if os.path.lexists(job.target)]
        else:  # asked once: it may be far away
            listed = set(output.rglob("*")) if output.exists() else set()
            there = [job.target for job in jobs if job.target in listed]
    except Exception as error:  # stores of objects have errors of their own
        raise ElsefaceError(f"{output}: cannot be searched ({error})") from None
    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        how = "choose another -o, or --overwrite"
        raise ElsefaceError(f"{there[0]}{more}: already there; {how}")


def check_folder(output: Path) -> None:
    """Something can be written into the folder `output`, or it can be made.

    Raises
    ------
    ElsefaceError
        When nothing can.
    """
    if not is_here(output):
        return
    there = next(folder for folder in (output, *output.absolute().parents) if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise ElsefaceError(f"{output}: cannot be written ({error.strerror})") from None


def check_extras(extras: Mapping[str, Path | None], photos: Collection[Path]) -> None:
    """What is written beside the photos must not cost one, nor anything else that
    is not ours, and must be writable.

    Parameters
    ----------
    extras : where to, by option; None where it was not asked for
    photos : every picture or video that the run reads or writes

    Raises
    ------
    ElsefaceError
        When a path is one of the pictures or of the other extras, a URL, a file that elseface did
        not write, or cannot be written.
    """
    taken = {real_path(photo): "one of the pictures" for photo in photos}
    for option, path in extras.items():
        if path is None:
            continue
        if re.match(r"\w{2,}:/", path.as_posix()):
            raise ElsefaceError(f"{option} {path}: takes no URL; it stays on this machine")
        if what := taken.get(real_path(path)):
            raise ElsefaceError(f"{path}: is {what}; choose another {option}")
        taken[real_path(path)] = f"the {option} too"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            there = os.path.lexists(path)
            if there and path.suffix != ".journal" and not _is_ours(path):  # looked at where read
                raise ElsefaceError(f"{path}: is there and not ours; choose another {option}")
            path.open("a").close()  # an earlier one stays until there is a new one
            if not there:
                path.unlink()  # nor is an empty one left where the work comes to nothing
        except OSError as error:
            raise ElsefaceError(f"{path}: cannot be written ({error.strerror})") from None


def _is_ours(path: Path) -> bool:
    """Whether a file is empty, or begins as elseface's do: a report or figures, a certificate, a
    journal."""
    with path.open("rb") as file:  # a report may be as large as memory
        start = file.read(200)
    return not start or bool(OURS.match(start))
