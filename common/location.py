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


def make_folder(path: Path) -> None:
    """Make a folder, where there are folders: of a store of objects it would be a bucket, one for
    every mistyped name."""
    if not is_here(path):
        from upath.implementations.cloud import CloudPath

        if isinstance(path, CloudPath):
            return
    path.mkdir(parents=True, exist_ok=True)
