"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from elseface.common.errors import ElsefaceError
from elseface.common.location import is_here, make_folder

#: A file's name of so many bytes or more is hashed in that of a draft.
LONG = 220


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Where to write what becomes `path` at the end, whole or not at all: what was there stays
    until then.

    Raises
    ------
    ElsefaceError
        When it cannot be written.
    """
    temporary = path.with_name(f"{_draft(path)}{os.getpid()}.part")
    try:
        make_folder(path.parent)
        yield temporary
        if is_here(path):
            os.replace(temporary, path)
        else:
            temporary.rename(path)  # which replaces, as stores of objects do
    except OSError as error:
        raise ElsefaceError(f"{path}: cannot be written ({error.strerror or error})") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def forget_drafts(path: Path) -> None:
    """Delete what processes that were killed left of a file that :func:`whole` was to become,
    where that can be done."""
    with contextlib.suppress(Exception):  # stores of objects have errors of their own
        if not is_here(path):
            path.fs.invalidate_cache()  # of what the folder held before
        for file in path.parent.iterdir():
            if file.name.startswith(_draft(path)) and file.name.endswith(".part"):
                file.unlink(missing_ok=True)


def _draft(path: Path) -> str:
    """How the names of drafts of a file begin; a long name must not become too long for a file."""
    name = os.fsencode(path.name)
    return f".{path.name if len(name) < LONG else hashlib.sha256(name).hexdigest()}."


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` to `path` as :func:`whole` has it."""
    with whole(path) as temporary:
        temporary.write_bytes(data)


def write_listed(
    path: Path, head: dict[str, Any], name: str, items: Iterable[dict[str, Any]]
) -> None:
    """Write, as :func:`whole` has it, a JSON object: the entries of `head`, and under `name` a list
    of items, of which never more than one is in memory."""
    opened = json.dumps({**head, name: []}, indent=1).removesuffix("]\n}")
    with whole(path) as temporary, temporary.open("w") as file:
        file.write(opened)
        between = ""
        for item in items:
            file.write(f"{between}\n{textwrap.indent(json.dumps(item, indent=1), '  ')}")
            between = ","
        file.write("\n ]\n}\n")
