"""What follows from a look at a written video: who is done again, more strongly, and where."""

from __future__ import annotations

from elseface.scripts.footage.person import Person
from elseface.scripts.footage.record import Record
from elseface.scripts.footage.verifying import Findings
from elseface.scripts.release.scene import Step
from elseface.stage1_disentangle.box import SAME, Box, overlap


def judge(found: Findings, record: Record, *, late: bool, marked: bool, traceless: bool) -> bool:
    """Whether anybody in a pass can still be told; they take their next step.

    Parameters
    ----------
    found, record : of what was seen, and of what was done
    late : whether the next step is to be the last one
    marked : whether a label was written on it.  Those who pass keep what was seen of them without,
        and who is black stays so, for words on black are no face
    traceless : whether the method that was asked for leaves nothing of a face
    """
    failed = []
    for person, there in record.people.items():
        tally = found.verdict(person, there.frames > 0, traceless)
        passed = tally.passed or (marked and person.step is Step.BLACKOUT)
        if not (marked and passed and person.tally):
            person.tally = tally
        if not passed:
            failed.append(person)
    for person in failed:
        person.escalate(late)
    # With a key others may wear the same face; it stays the same if they all get another.
    redrawn = [_stream(person) for person in failed if person.step is Step.OTHER]
    for person in record.people:
        if _stream(person) in redrawn:
            person.refused, person.change = person.change.disguise, None
    for person, frames in found.shown_wrongly:
        person.denied.update(frames)
    return bool(failed or found.shown_wrongly)


def missed_places(found: Findings, record: Record, found_by: str) -> dict[int, list[Box]]:
    """Faces that nobody covered, by frame; whom the detector `found_by` had rescued there already
    is blacked out."""
    places: dict[int, list[Box]] = {}
    black: list[Person] = []
    for frame, boxes in found.missed.items():
        for box in boxes:
            again = [
                cover.person
                for cover in record.looks[frame]
                if cover.person.found_by == found_by
                and cover.person.step is not Step.BLACKOUT
                and overlap(cover.face().box, box) >= SAME
            ]
            black += again
            if not again:
                places.setdefault(frame, []).append(box)
    for person in black:
        person.black_out()
    return places


def _stream(person: Person) -> tuple[int, ...] | None:
    disguise = person.change and person.change.disguise
    return disguise.stream if disguise else None
