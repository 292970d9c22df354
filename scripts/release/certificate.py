"""A certificate of an export: what was verified of every file, for those who receive it.

It holds file hashes, versions, the hashes of all weights, the method and figures of verification.
No pixels, embeddings, landmarks or attributes of anybody; no hash of an original either, which
would tell whoever has the original that this was it; and not the seed.  It proves that a file is
the one that was verified, not who wrote it: sign it to prove that.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

import pydantic
from elseface.common.errors import ElsefaceError

Sha256 = Annotated[str, pydantic.Field(pattern="^[0-9a-f]{64}$")]


class _Model(pydantic.BaseModel, extra="forbid", frozen=True):
    pass


class Recognizer(_Model):
    """What a distance is worth: a face closer than `threshold` would have been taken for the one
    that was there; the rates by face are measured on `measured_on`."""

    name: str
    threshold: float
    measured_on: str


class CertifiedFace(_Model):
    """One face: where it is, what was done, and the figures of the file that was written.

    Of a video, one person, in the frame in which they are most like the original, of those that
    were looked at; box (0, 0, 0, 0) if they were seen in none.

    Attributes
    ----------
    steps : everything that was tried, the last one stands
    distance_before : at which the recognizer finds the person when nothing is done; None where
        nobody was seen
    distance_after : in the written file; None where the face is black
    nearest_other : to the most alike of the photo's other originals; None where there is none
    false_accept_rate : how often a stranger's face of this size lies below the threshold
    true_accept_rate : how often another picture of the same person does
    chance_level : how often an outsider's face lies below it to any of the photo's faces
    """

    box: tuple[int, int, int, int]
    found_by: str
    landmarks_fit: bool
    steps: tuple[str, ...]
    distance_before: float | None
    distance_after: float | None
    nearest_other: float | None
    false_accept_rate: float
    true_accept_rate: float
    chance_level: float


class CertifiedFile(_Model):
    """One file, by its name below the output folder; `left_as_they_are` counts faces by why."""

    name: str
    sha256: Sha256
    faces: tuple[CertifiedFace, ...]
    left_as_they_are: dict[str, int]

    @pydantic.field_validator("name")
    @classmethod
    def _below(cls, name: str) -> str:
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise ValueError("leaves the folder")
        return name


class Certificate(_Model):
    """Of all files of one run."""

    format: Literal["elseface certificate 1"] = "elseface certificate 1"
    issued: datetime
    versions: dict[str, str]
    weights: dict[str, Sha256]
    method: str
    settings: dict[str, Any]
    detector: str
    verified_by: str
    recognizer: Recognizer
    files: tuple[CertifiedFile, ...]


def read(path: Path) -> Certificate:
    """A certificate; :class:`ElsefaceError` where it cannot be read or is none."""
    try:
        return Certificate.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ElsefaceError(f"{path}: cannot be read ({error.strerror})") from None
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "file"
        raise ElsefaceError(f"{path}: not a whole certificate ({where}: {first['msg']})") from None
