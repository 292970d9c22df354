"""What the private report and the certificate say of a video."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from elseface.scripts.footage.person import Person
from elseface.scripts.footage.record import Record
from elseface.scripts.release.certificate import CertifiedFace, CertifiedFile
from elseface.scripts.release.certify import rounded
from elseface.scripts.release.recognition import (
    THRESHOLD,
    chance_level,
    false_accept,
    true_accept,
)
from elseface.scripts.release.report import cover_in_place, disguised
from elseface.scripts.release.scene import KEEP_PERSON


def describe(record: Record) -> dict[str, Any]:
    """The frames and the people; it holds attributes of the originals."""
    return {
        "frames": record.frames,
        "cuts": record.cuts,
        "looked_at": len(record.looks),
        "people": [
            {
                **asdict(there),
                "flicker": record.flicker and record.flicker.ratio(person.number),
                "found_by": person.found_by,
                "landmarks_fit": person.fits,
                **disguised(person.change and person.change.disguise),
                "distance": person.change and person.change.distance,
                **(_verified(person) if there.frames else {"outcome": KEEP_PERSON}),
            }
            for person, there in sorted(record.people.items(), key=lambda item: item[0].number)
        ],
    }


def less_than_asked(source: Path, record: Record, method: str) -> list[str]:
    """A line for everybody who got less natural a cover than was asked for."""
    lines = []
    for person, there in sorted(record.people.items(), key=lambda item: item[1].first):
        if there.frames and (word := cover_in_place(person.step, method)):
            when = f"from {there.first:.1f} to {there.last:.1f} s a face got {word}"
            lines.append(f"{source}: {when}: nothing else could be drawn or verified there")
    return lines


def certify(output: Path, record: Record, sha256: str) -> CertifiedFile:
    """The record of a video that was written and verified: one face a person who is hidden in any
    frame of it."""
    count = sum(there.frames > 0 for there in record.people.values())
    faces = tuple(_face(p, count) for p, there in record.people.items() if there.frames)
    shown = sum(there.shown > 0 for there in record.people.values())
    left = {KEEP_PERSON: shown} if shown else {}
    return CertifiedFile(name=output.name, sha256=sha256, faces=faces, left_as_they_are=left)


def _verified(person: Person) -> dict[str, Any]:
    tally, last = person.tally, person.attempt
    if not tally:
        return {"outcome": person.step, "verified": False}
    return {
        "outcome": person.step,
        "verified": tally.passed,
        "looks": tally.looks,
        "blind_looks": tally.blind,
        "distance_before": tally.before,
        "distance_after": tally.distance,
        "threshold": THRESHOLD,
        "false_accept_rate": false_accept(tally.box),
        "tried": [asdict(attempt) for attempt in [*person.tried, last]],
    }


def _face(person: Person, count: int) -> CertifiedFace:
    tally = person.tally
    return CertifiedFace(
        box=tally.box,
        found_by=person.found_by,
        landmarks_fit=person.fits,
        steps=tuple(attempt.step.value for attempt in [*person.tried, person.attempt]),
        distance_before=rounded(tally.before),
        distance_after=rounded(tally.distance),
        nearest_other=rounded(tally.nearest_other),
        false_accept_rate=false_accept(tally.box),
        true_accept_rate=true_accept(tally.box),
        chance_level=round(chance_level(tally.box, count), 4),
    )
