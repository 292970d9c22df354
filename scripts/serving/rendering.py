"""The one thread that computes, and the results it made last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar
from weakref import WeakKeyDictionary
from zipfile import ZipFile, ZipInfo

from elseface.common.anonymizer import Anonymizer
from elseface.common.errors import ElsefaceError
from elseface.scripts.release.verify import Verifier
from elseface.scripts.serving.pictures import Picture, Rendered, render, take
from elseface.scripts.serving.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")

#: At most so many bytes of results are kept; what is dropped is made again when it is asked for.
KEPT_BYTES = 512 * 2**20


class Renderer:
    """Renders pictures, one at a time; `anonymizer_for` gives the anonymizer of settings, and the
    verifier looks at what it made."""

    def __init__(
        self, anonymizer_for: Callable[[Settings], Anonymizer], verifier: Verifier
    ) -> None:
        self._anonymizer_for = anonymizer_for
        self._verifier = verifier
        self._thread = ThreadPoolExecutor(1, "elseface")
        # A picture that is changed or forgotten takes its result with it.
        self._kept: WeakKeyDictionary[Picture, tuple[Settings, Rendered]] = WeakKeyDictionary()

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `work`, which has the thread to itself."""
        return await asyncio.wrap_future(self._thread.submit(work, *args, **kwargs))

    async def take(self, name: str, data: bytes) -> Picture:
        """An uploaded file; errors as :func:`~elseface.scripts.serving.pictures.take` has them."""
        return await self.run(take, name, data, self._verifier)

    async def render(self, picture: Picture, settings: Settings) -> Rendered:
        """A picture with its faces replaced; errors as :func:`render` has them."""
        made_for, rendered = self._kept.get(picture, (None, None))
        if rendered is None or made_for != settings:
            self._kept.pop(picture, None)
            anonymizer = self._anonymizer_for(settings)
            rendered = await self.run(render, picture, anonymizer, self._verifier, settings.words)
            self._kept[picture] = settings, rendered
            self._drop_oldest()
        return rendered

    def _drop_oldest(self) -> None:
        total = 0
        for picture, (_, rendered) in reversed([*self._kept.items()]):
            total += len(rendered.data) + len(rendered.shown)
            if total > KEPT_BYTES:
                del self._kept[picture]


async def archive(
    renderer: Renderer, pictures: Iterable[Picture], settings: Settings
) -> AsyncIterator[bytes]:
    """A ZIP file of results, in parts as they are made; equal names are numbered, and what could
    not be given out is named in a file of its own."""
    out = _Out()
    taken: set[str] = set()
    faults: list[str] = []
    with ZipFile(out, "w") as file:  # stored as they are: pictures are compressed already
        for picture in pictures:
            try:
                rendered = await renderer.render(picture, settings)
            except ElsefaceError as error:
                faults.append(f"{error}\n")
                continue
            except Exception as error:  # a fault of ours must not cost the other photos
                faults.append(f"{picture.name}: unexpected {type(error).__name__}: {error}\n")
                continue
            name = _free(picture.name, taken)
            taken.add(name.casefold())
            file.writestr(ZipInfo(name), rendered.data)  # of 1980: no time is told either
            yield out.take()
        if faults:
            file.writestr(ZipInfo(_free("not included.txt", taken)), "".join(faults))
    yield out.take()


def _free(name: str, taken: set[str]) -> str:
    stem, dot, suffix = name.rpartition(".")
    number = 2
    while name.casefold() in taken:
        name = f"{stem}-{number}{dot}{suffix}"
        number += 1
    return name


class _Out:
    """A file that is written from front to back, and handed on meanwhile."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        return data
