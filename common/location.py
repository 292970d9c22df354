"""Where photos are: paths on this machine, and URLs of whatever fsspec reaches."""

from __future__ import annotations

from pathlib import Path

from elseface.common.errors import ElsefaceError


def located(text: str) -> Path:
    """The path that `text` is; of a URL such as ``s3://bucket/photos`` a ``UPath``, which does as
    one.

    Raises
    ------
    ElsefaceError
        When nothing is known of such URLs, or the package that reaches them is missing.
    """
    if "://" not in text:
        return Path(text)
    # Not needed by whoever has their photos here.
    from upath import UPath

    try:
        place = UPath(text)
        _ = place.fs  # looks for the package
    except (ImportError, ValueError) as error:
        raise ElsefaceError(f"{text}: cannot be reached ({error})") from None
    return Path(place.path) if place.protocol in {"file", "local"} else place


def is_here(path: Path) -> bool:
    """Whether it is a path on this machine."""
    return isinstance(path, Path)
