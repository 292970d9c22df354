"""Making out a certificate."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from elseface.common.output import write_listed
from elseface.scripts.release.certificate import (
    Certificate,
    CertifiedFace,
    CertifiedFile,
    Recognizer,
)
from elseface.scripts.release.photos import Released
from elseface.scripts.release.provenance import versions, weight_hashes
from elseface.scripts.release.recognition import (
    RECOGNIZER,
    SOURCE,
    THRESHOLD,
    chance_level,
    false_accept,
    true_accept,
)
from elseface.scripts.release.scene import Subject


def certify(target: Path, output: Path, released: Released) -> CertifiedFile:
    """The record of a file that was written and verified."""
    scene = released.scene
    count = len(scene.subjects)
    whys = [face.why for face in scene.spared]
    return CertifiedFile(
        name=target.relative_to(output).as_posix(),
        sha256=released.sha256,
        faces=tuple(_face(subject, count) for subject in scene.subjects),
        left_as_they_are={why: whys.count(why) for why in sorted(set(whys))},
    )


def issue(
    path: Path,
    files: Iterable[CertifiedFile],
    method: str,
    detectors: tuple[str, str],
    settings: dict[str, Any],
    folder: Path | None,
) -> None:
    """Write the certificate of an export by a method with these settings and the weights of
    `folder`, whose faces one detector found, and another one verified.

    Raises
    ------
    ElsefaceError
        When it cannot be written.
    """
    certificate = Certificate(
        issued=datetime.now(UTC).replace(microsecond=0),
        versions=versions(),
        weights=weight_hashes(folder),
        method=method,
        settings=settings,
        detector=detectors[0],
        verified_by=detectors[1],
        recognizer=Recognizer(name=RECOGNIZER, threshold=THRESHOLD, measured_on=SOURCE),
        files=(),
    )
    head = certificate.model_dump(mode="json", exclude={"files"})
    write_listed(path, head, "files", (file.model_dump(mode="json") for file in files))


def _face(subject: Subject, count: int) -> CertifiedFace:
    box, last = subject.face.box, subject.attempt
    return CertifiedFace(
        box=box,
        found_by=subject.found_by,
        landmarks_fit=subject.fits,
        steps=tuple(attempt.step.value for attempt in [*subject.tried, last]),
        distance_before=round(subject.before, 2),
        distance_after=rounded(last.distance),
        nearest_other=rounded(last.nearest_other),
        false_accept_rate=false_accept(box),
        true_accept_rate=true_accept(box),
        chance_level=round(chance_level(box, count), 4),
    )


def rounded(distance: float | None) -> float | None:
    """A distance as certificates give it."""
    return None if distance is None else round(distance, 2)
