"""Anonymized pictures on disk, made once, with what was noted while they were made."""

from __future__ import annotations

import csv
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from elseface.common.anonymizer import Anonymizer
from elseface.common.attributes import named
from elseface.common.face import Face
from elseface.common.output import whole, write_whole
from elseface.common.photo import read_photo
from elseface.scripts.console import progress
from elseface.scripts.evaluation.people import People
from PIL import Image


@dataclass(frozen=True)
class Result:
    """One picture and what a method made of it.

    Attributes
    ----------
    photo, pixels : ndarrays of shape (height, width, 3), uint8, RGB: before and after
    faces : what the pipeline found, largest first; where it found none the picture stayed as it was
    note : seconds, and the attributes before and after of a method that knows them
    """

    photo: np.ndarray
    pixels: np.ndarray
    faces: list[Face]
    note: dict[str, Any]

    @property
    def face(self) -> Face | None:
        """The face that counts: the largest."""
        return self.faces[0] if self.faces else None


class Pictures:
    """The pictures of some people under every method, in ``FOLDER/METHOD/PICTURE.png``."""

    def __init__(self, people: People, folder: Path) -> None:
        self.people, self.folder = people, folder
        self.stems = [_stem(people, i) for i in range(len(people))]
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder.with_suffix(".csv"), "w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["picture", "identity"])
            rows.writerows(zip(self.stems, (people.names[i] for i in people.identity)))

    def results(self, method: str, anonymizer: Anonymizer) -> Iterator[Result]:
        """Every picture under the method, in order; those made by an earlier run are read."""
        folder = place(self.folder, method)
        folder.mkdir(exist_ok=True)
        places = list(zip(self.people.paths, self.stems))
        with progress(places, len(places), method) as tracked:
            for source, stem in tracked:
                photo = read_photo(source).pixels
                faces = self.people.faces(photo)
                target = folder / f"{stem}.png"
                note = folder / f"{stem}.json"
                if not note.exists():  # written last: a picture that has it is whole
                    start = time.perf_counter()
                    made = anonymizer.anonymize(photo, faces, seed=0)
                    about: dict[str, Any] = {"seconds": time.perf_counter() - start}
                    if made.changes and (disguise := made.changes[0].disguise):
                        about["before"] = named(disguise.before)
                        about["after"] = named(disguise.after)
                    with whole(target) as draft:
                        Image.fromarray(made.pixels).save(draft, "PNG", compress_level=1)
                    write_whole(note, json.dumps(about).encode())
                pixels = np.asarray(Image.open(target))
                yield Result(photo, pixels, faces, json.loads(note.read_text(encoding="utf-8")))

    def originals(self) -> Iterator[Result]:
        """Every picture as it is, from its source."""
        with progress(self.people.paths, len(self.people), "originals") as tracked:
            for source in tracked:
                photo = read_photo(source).pixels
                yield Result(photo, photo, self.people.faces(photo), {"seconds": 0.0})


def place(folder: Path, method: str) -> Path:
    """The folder of a method's pictures in that of all."""
    return folder / method.replace("/", "-").replace(":", "-")


def _stem(people: People, i: int) -> str:
    """A name that no two pictures share, though two people's folders may have the same files."""
    path = people.paths[i]
    if people.aligned:
        return path.stem
    return f"{path.stem}-{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
