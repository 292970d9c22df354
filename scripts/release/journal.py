"""What became of every photo of a run, noted in a file, photo by photo.

So nothing of a photo stays in memory but its name and place (2 kB), and a run that was stopped can
be gone on with: what a whole line says was done is not done again while the photo and its result
are what they were.  It holds all that the private report does.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import pydantic
from elseface.common.errors import ElsefaceError
from elseface.common.files import Job
from elseface.common.output import write_whole
from elseface.common.weights import file_hash
from elseface.scripts.release.certificate import CertifiedFile, Sha256
from elseface.stage1_disentangle.box import Box

#: Up to so many bytes a journal that nobody is to go on with is in memory.
IN_MEMORY = 64 * 2**20


class _Model(pydantic.BaseModel, extra="forbid", frozen=True):
    pass


class Header(_Model):
    """The first line; `terms` is all that decides what becomes of a photo, besides the photo."""

    elseface_journal: int = 1
    terms: dict[str, Any]


class Written(_Model):
    """A result: the :func:`origin` of what it was made from, what was written, and what a
    certificate says of it, if it was verified."""

    origin: Sha256 | None
    sha256: Sha256
    certified: CertifiedFile | None


class Entry(_Model):
    """A photo: what the report says of it, and its result, if there is one."""

    record: dict[str, Any]
    written: Written | None = None


class Begun(_Model):
    """A result that is about to be written: what is there later, noted or not, is of this run."""

    begun: str


class Journal:
    """The entries of a run, in the order of their places in it, in whatever order they are added;
    those of the run that it goes on with are beside."""

    def __init__(self, file: IO[bytes], name: str, earlier: dict[str, int]) -> None:
        self._file, self._name, self._earlier = file, name, earlier
        self._offsets: dict[int, int] = {}

    def __iter__(self) -> Iterator[Entry]:
        """Errors as of :meth:`add`."""
        return (self._read(offset) for _, offset in sorted(self._offsets.items()))

    def begin(self, job: Job) -> None:
        """Note that a photo is about to be done; errors as of :meth:`add`."""
        self._append(Begun(begun=str(job.target)))

    def add(self, place: int, entry: Entry) -> None:
        """Note what was done; :class:`ElsefaceError` where that cannot be written."""
        self._offsets[place] = self._append(entry)

    def _append(self, line: _Model) -> int:
        try:
            offset = self._file.seek(0, os.SEEK_END)
            # In ASCII: a file's name need not be valid text.
            self._file.write(json.dumps(line.model_dump()).encode() + b"\n")
            self._file.flush()
        except OSError as error:
            raise ElsefaceError(f"{self._name}: cannot be written ({error.strerror})") from None
        return offset

    def take_over(self, place: int, job: Job, boxes: Sequence[Box]) -> bool:
        """Whether the earlier entry of a photo still says what is there; then it is this run's."""
        offset = self._earlier.get(str(job.target))
        if offset is None or (made_from := origin(job.source, boxes)) is None:
            return False
        entry = self._read(offset)
        same = entry.record["photo"] == str(job.source) and entry.written.origin == made_from
        if not same or entry.written.sha256 != _hash(job.target):
            return False
        self._offsets[place] = offset
        return True

    def _read(self, offset: int) -> Entry:
        try:
            self._file.seek(offset)  # which writes what a full disk had no room for, if it has now
            return Entry.model_validate(json.loads(self._file.readline()))
        except OSError as error:
            raise ElsefaceError(f"{self._name}: cannot be read ({error.strerror})") from None


@contextlib.contextmanager
def open_journal(path: Path | None, terms: dict[str, Any]) -> Iterator[Journal]:
    """The journal of a run under these terms, which goes on with that in `path`; None: with none.

    Raises
    ------
    ElsefaceError
        When the file is none, cannot be used, or is of a run under other terms.
    """
    if path is None:
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
            yield Journal(file, "journal in the temporary folder", {})
        return
    header = Header(terms=terms).model_dump_json().encode()
    try:
        earlier = _earlier(path, json.loads(header)["terms"])
        if not earlier:
            kept = begun(path) if path.exists() else ()
            lines = [json.dumps(Begun(begun=target).model_dump()).encode() for target in kept]
            write_whole(path, b"\n".join([header, *lines, b""]))
        file = path.open("a+b")
    except OSError as error:
        raise ElsefaceError(f"{path}: cannot be used ({error.strerror})") from None
    try:
        file.write(b"\n")  # after a line that is not whole
        yield Journal(file, str(path), earlier)
    finally:
        with contextlib.suppress(OSError):  # of a full disk was told already
            file.close()


def begun(path: Path) -> set[str]:
    """The results that the run of a journal, and those it went on with, wrote or were about to.

    Raises
    ------
    ElsefaceError
        When the file cannot be read.
    """
    found = set()
    try:
        with path.open("rb") as file:
            for line in file:
                if line.startswith(b'{"begun"'):
                    with contextlib.suppress(ValueError):  # a line that is not whole
                        found.add(Begun.model_validate(json.loads(line)).begun)
    except OSError as error:
        raise ElsefaceError(f"{path}: cannot be used ({error.strerror})") from None
    return found


def origin(photo: Path, boxes: Sequence[Box]) -> str | None:
    """A hash of a photo and the boxes that were brought for it; None where it cannot be read."""
    content = _hash(photo)
    return content and hashlib.sha256(f"{content} {list(boxes)}".encode()).hexdigest()


def _earlier(path: Path, terms: dict[str, Any]) -> dict[str, int]:
    """Where the last entry of every result is, by its path."""
    if not path.exists() or not path.stat().st_size:
        return {}
    found: dict[str, int] = {}
    with path.open("rb") as file:
        try:
            noted = Header.model_validate_json(file.readline()).terms
        except pydantic.ValidationError:
            what = "not the journal of a run; choose another --report"
            raise ElsefaceError(f"{path}: {what}") from None
        offset = file.tell()
        for line in file:
            with contextlib.suppress(ValueError):
                entry = Entry.model_validate(json.loads(line))
                if entry.written:
                    found[entry.record["output"]] = offset
            offset += len(line)
    if found and (other := [k for k in noted | terms if noted.get(k) != terms.get(k)]):
        what = f"of a run with other {', '.join(other)}; remove it to do all photos again"
        raise ElsefaceError(f"{path}: {what}")
    return found


def _hash(path: Path) -> str | None:
    try:
        return file_hash(path)
    except Exception:  # stores of objects have errors of their own
        return None
