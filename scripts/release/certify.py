"""Making out a certificate."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from elseface.scripts.release.certificate import (
    Certificate,
    CertifiedFace,
    CertifiedFile,
    Recognizer,
)
from elseface.scripts.release.photos import Release, Released
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
    files: Iterable[CertifiedFile], release: Release, settings: dict[str, Any], folder: Path | None
) -> Certificate:
    """The certificate of an export with these settings and the weights of `folder`."""
    return Certificate(
        issued=datetime.now(UTC).replace(microsecond=0),
        versions=versions(),
        weights=weight_hashes(folder),
        method=release.painter.anonymizer.name,
        settings=settings,
        detector=release.finder.name,
        verified_by=release.finder.verifier.value,
        recognizer=Recognizer(name=RECOGNIZER, threshold=THRESHOLD, measured_on=SOURCE),
        files=tuple(files),
    )


def _face(subject: Subject, count: int) -> CertifiedFace:
    box, last = subject.face.box, subject.attempt
    return CertifiedFace(
        box=box,
        found_by=subject.found_by,
        landmarks_fit=subject.fits,
        steps=tuple(attempt.step.value for attempt in [*subject.tried, last]),
        distance_before=round(subject.before, 2),
        distance_after=_rounded(last.distance),
        nearest_other=_rounded(last.nearest_other),
        false_accept_rate=false_accept(box),
        true_accept_rate=true_accept(box),
        chance_level=round(chance_level(box, count), 4),
    )


def _rounded(distance: float | None) -> float | None:
    return None if distance is None else round(distance, 2)
