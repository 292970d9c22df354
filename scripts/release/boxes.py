"""Boxes that the user brings: where faces are, or where they are to be left."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import pydantic
from elseface.common.errors import ElsefaceError
from elseface.stage1_disentangle.box import Box

#: No photo that is read is wider or higher.
_Edge = Annotated[float, pydantic.Field(ge=-1e6, le=1e6)]
_Boxes = list[tuple[_Edge, _Edge, _Edge, _Edge]]
_Seconds = Annotated[float, pydantic.Field(ge=0, allow_inf_nan=False)]
_PHOTOS = pydantic.TypeAdapter(dict[str, _Boxes])
_TIMES = pydantic.TypeAdapter(dict[_Seconds, _Boxes])

T = TypeVar("T")


def read_boxes(path: Path, photos: Sequence[Path]) -> dict[Path, list[Box]]:
    """``{"photo.jpg": [[left, top, right, bottom], …], …}``, in pixels, by photo.

    Raises
    ------
    ElsefaceError
        When it cannot be read, is no such file, has an empty box or a key twice, or names no photo
        or several: a face that the user meant would go out unprotected.
    """
    named = _read(path, _PHOTOS, "photo.jpg")
    called: dict[str, list[Path]] = {}
    for photo in photos:
        for name in {str(photo), photo.name}:
            called.setdefault(name, []).append(photo)
    found: dict[Path, list[Box]] = {}
    for name, boxes in named.items():
        meant = called.get(name, ())
        if len(meant) != 1:
            how = "several photos" if meant else "no photo"
            raise ElsefaceError(f"{path}: {name!r} is the name of {how} of this run")
        these = [checked(box, f"{path}: {name!r}") for box in boxes]
        found.setdefault(meant[0], []).extend(these)
    return found


def read_timed_boxes(path: Path) -> dict[float, list[Box]]:
    """``{"12.5": [[left, top, right, bottom], …], …}``, in pixels, by seconds of a video; those of
    one time, such as 1 and 1.0, together.

    Raises
    ------
    ElsefaceError
        When it cannot be read, is no such file, or has an empty box or a key twice.
    """
    found: dict[float, list[Box]] = {}
    for time, boxes in _read(path, _TIMES, "12.5").items():
        these = [checked(box, f"{path}: {time!r}") for box in boxes]
        found.setdefault(float(time), []).extend(these)
    return found


def _read(path: Path, kind: pydantic.TypeAdapter, example: str) -> dict[str, _Boxes]:
    """The boxes by their keys as they are written, which are of this kind."""

    def once(pairs: list[tuple[str, T]]) -> dict[str, T]:
        found: dict[str, T] = {}
        for key, boxes in pairs:
            if key in found:
                raise ElsefaceError(f"{path}: {key!r} is there twice; list its boxes together")
            found[key] = boxes
        return found

    try:
        content = path.read_bytes()
        kind.validate_json(content)
        return _PHOTOS.validate_python(json.loads(content, object_pairs_hook=once))
    except OSError as error:
        raise ElsefaceError(f"{path}: cannot be read ({error.strerror})") from None
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = "".join(f"{part!r}: " for part in first["loc"])
        shape = f'{{"{example}": [[left, top, right, bottom]]}}'
        raise ElsefaceError(f"{path}: {where}{first['msg']}; wanted: {shape}") from None


def parse_box(text: str) -> Box:
    """``left,top,right,bottom`` in pixels; :class:`ElsefaceError` if it is not."""
    try:
        left, top, right, bottom = (float(edge) for edge in text.split(","))
        return checked((left, top, right, bottom), f"--skip-face {text}")
    except (ValueError, OverflowError):
        raise ElsefaceError(f"--skip-face {text}: wanted left,top,right,bottom in pixels") from None


def check_inside(boxes: Iterable[Box], shape: tuple[int, ...], what: str) -> None:
    """:class:`ElsefaceError` if one lies outside pixels of that shape; `what` these are."""
    height, width = shape[:2]
    for left, top, right, bottom in boxes:
        if left >= width or top >= height or right <= 0 or bottom <= 0:
            box, size = f"{left},{top},{right},{bottom}", f"{width}x{height}"
            raise ElsefaceError(f"box {box} lies outside {what}, which is {size}")


def checked(box: tuple[float, float, float, float], where: str) -> Box:
    """In whole pixels; :class:`ElsefaceError` that says `where` if it is empty."""
    left, top, right, bottom = (round(edge) for edge in box)
    if left >= right or top >= bottom:
        given = ",".join(map(str, (left, top, right, bottom)))
        raise ElsefaceError(f"{where}: box {given} is empty; wanted left,top,right,bottom")
    return left, top, right, bottom
