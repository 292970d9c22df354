"""Which photos the user's paths mean, and where each result goes."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from elseface.common.errors import ElsefaceError
from elseface.common.location import is_here
from elseface.common.photo import FORMATS

#: Taken from folders beside the formats that are written, so that no photo is passed over in
#: silence; a result is written as PNG.
ALSO_READ = {".avif", ".gif", ".heic", ".heif", ".jfif", ".jp2", ".jpe", ".mpo", ".ppm"}
PHOTOS = frozenset({*FORMATS, *ALSO_READ})
#: Named, not passed over, where they lie among photos.
VIDEOS = frozenset(
    {".3gp", ".avi", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".webm"}
)

#: Pictures of kinds that are not read; named too.
UNREAD = frozenset(
    {".arw", ".cr2", ".cr3", ".dng", ".eps", ".hif", ".jxl", ".nef", ".orf", ".psd", ".raf",
     ".rw2", ".svg"}
)  # fmt: skip


@dataclass(frozen=True)
class Job:
    """A photo and the file its result goes to; see :func:`~elseface.common.location.located`."""

    source: Path
    target: Path


def list_photos(
    paths: Sequence[Path], skip: Path | None = None, kinds: Collection[str] = PHOTOS
) -> list[tuple[Path, Path]]:
    """Files as they are named, folders searched: (path, name below the folder), ordered.

    Parameters
    ----------
    paths : files and folders
    skip : a folder that is not searched, because the results go there
    kinds : endings of the files that are taken from folders

    Raises
    ------
    ElsefaceError
        When a path does not exist or cannot be searched, or no photo is found in any.
    """
    found: dict[Path, tuple[Path, Path]] = {}  # by identity: a photo named twice is done once
    for path in paths:
        try:
            files = search_folder(path, skip, kinds) if path.is_dir() else [path]
            if not path.exists():
                raise FileNotFoundError
            for file in files:
                name = Path(file.relative_to(path).as_posix() if path.is_dir() else path.name)
                found.setdefault(real_path(file), (file, name))
        except FileNotFoundError:
            raise ElsefaceError(f"{path}: no such file or folder") from None
        except Exception as error:  # stores of objects have errors of their own
            raise ElsefaceError(f"{path}: cannot be searched ({error})") from None
    if not found:
        raise ElsefaceError(f"{', '.join(map(str, paths))}: no photos found")
    return list(found.values())


def plan(paths: Sequence[Path], output: Path) -> tuple[list[Job], list[tuple[Path, str]]]:
    """Jobs for the photos of `paths`, names kept below `output`; and (photo, why) for the refused.

    A result never takes the place of one of the originals or of another result of the run; what
    else is there, :func:`~elseface.common.safeguards.check_free` says.
    """
    jobs: list[Job] = []
    refused: list[tuple[Path, str]] = []
    photos = list_photos(paths, output, PHOTOS | VIDEOS | UNREAD)
    originals = {real_path(source) for source, _ in photos}
    taken: dict[Path, Path] = {}
    for source, name in photos:
        suffix = name.suffix if name.suffix.lower() in FORMATS else ".png"
        target = output / name.with_suffix(suffix).as_posix()
        key = real_path(target)
        if not _is_text(source):
            refused.append((source, f"{str(source)!a}: its name is not valid text; rename it"))
        elif source.suffix.lower() in VIDEOS:
            refused.append((source, f"{source}: is a video; `elseface video` replaces its faces"))
        elif source.suffix.lower() in UNREAD:
            why = "is of a kind that is not read; export it as JPEG, PNG or TIFF"
            refused.append((source, f"{source}: {why}"))
        elif key in originals:
            why = "the result would overwrite an original; choose another -o"
            refused.append((source, f"{source}: {why}"))
        elif key in taken:
            why = f"{target} is already the result of {taken[key]}; run it apart"
            refused.append((source, f"{source}: {why}"))
        else:
            taken[key] = source
            jobs.append(Job(source, target))
    return jobs, refused


def _is_text(path: Path) -> bool:
    try:
        return bool(str(path).encode())
    except UnicodeEncodeError:
        return False


def search_folder(folder: Path, skip: Path | None, kinds: Collection[str]) -> list[Path]:
    """The files of these kinds below a folder, those that are hidden left out."""
    skipped = real_path(skip) if skip and real_path(skip) != real_path(folder) else None

    def fail(error: OSError) -> None:
        raise error  # a folder that cannot be read is not passed over in silence

    found: list[Path] = []
    searched, links = {skipped}, [folder]
    while links:  # what they lead to comes after what is here, each folder once
        start = links.pop(0)
        if real_path(start) in searched:
            continue
        searched.add(real_path(start))
        walk = os.walk(start, onerror=fail) if is_here(folder) else start.walk(on_error=fail)
        for root, folders, files in walk:
            here = Path(root) if is_here(folder) else root
            below = [f for f in sorted(folders) if not f.startswith(".")]
            linked = [f for f in below if is_here(folder) and os.path.islink(here / f)]
            links += [here / f for f in linked]
            real = {f: real_path(here / f) for f in below if f not in linked}
            folders[:] = [f for f, path in real.items() if path not in searched]
            searched.update(real.values())
            found += [
                here / f
                for f in sorted(files)
                if not f.startswith(".") and Path(f).suffix.lower() in kinds
            ]
    return found


def real_path(path: Path) -> Path:
    """One name for one file, however it is reached."""
    if not is_here(path):
        return path.resolve()
    return Path(os.path.normcase(os.path.realpath(path)))
