"""The report of what was done, as JSON."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elseface.common.errors import ElsefaceError
from elseface.common.files import real_path

if TYPE_CHECKING:
    from elseface.common.anonymizer import Change


def describe(change: Change) -> dict[str, Any]:
    """What a report says of a face in a photo."""
    box, landmarks = list(change.face.box), change.face.landmarks.round(1).tolist()
    return {"box": box, "landmarks": landmarks, **describe_new(change)}


def describe_new(change: Change) -> dict[str, Any]:
    """What a report says of who a face became."""
    from elseface.common.attributes import named

    new = change.disguise
    return {
        "attributes_before": named(new.before) if new else {},
        "attributes_after": named(new.after) if new else {},
        "distance": change.distance,
    }


def check_report(path: Path, pictures: Collection[Path]) -> None:
    """Before the work: the report must not cost a picture, and must be writable after it."""
    if real_path(path) in {real_path(picture) for picture in pictures}:
        raise ElsefaceError(f"{path}: is one of the pictures; choose another --report")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a").close()  # an earlier report stays until there is a new one
    except OSError as error:
        raise ElsefaceError(f"{path}: cannot be written ({error.strerror})") from None


def write_report(path: Path, summary: dict[str, Any]) -> None:
    """Write it, in place of an earlier one."""
    try:
        path.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise ElsefaceError(f"{path}: cannot be written ({error.strerror})") from None
