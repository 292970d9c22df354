"""Photos written whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from elseface.common.errors import ElsefaceError
from elseface.common.photo import Photo, encode_photo


class Draft:
    """An encoded photo beside its place, to be looked at before it takes it.

    As a context manager: what was not published by the end is removed.

    Parameters
    ----------
    target : where the photo goes; its ending says in which format

    Attributes
    ----------
    path : of the encoded file, once it is written
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(f".{target.name}.part")

    def __enter__(self) -> Draft:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)

    def write(self, photo: Photo) -> None:
        """Encode `photo`; :class:`ElsefaceError` if it cannot be."""
        with self._explained():
            encoded = encode_photo(photo, self.target.suffix)
            self.target.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_bytes(encoded)

    def publish(self) -> None:
        """Put the encoded file in its place."""
        with self._explained():
            os.replace(self.path, self.target)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            raise ElsefaceError(f"{self.target}: cannot be written ({error})") from None


def write_photo(path: Path, photo: Photo) -> None:
    """Write `photo` to `path`, whole or not at all, with no metadata of any kind."""
    with Draft(path) as draft:
        draft.write(photo)
        draft.publish()
