"""The written video is read back beside the original, and some of its frames are looked at.

As with photos, a second detector says whether a face was missed, and the recognizer whether a new
face is taken for the old one or for anybody else who is hidden in the frame.  The recognizer does
not know small or blurred faces, which every video has: such a view says nothing and is counted
only.  A person passes by the other views; who has none gets a mask, or black where no landmarks
lie on the face: nothing of it is left.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from elseface.common.errors import ElsefaceError
from elseface.scripts.console import progress
from elseface.scripts.footage.drawing import as_subject
from elseface.scripts.footage.permission import Permission
from elseface.scripts.footage.person import FINAL, Person, Tally
from elseface.scripts.footage.reading import Clip
from elseface.scripts.footage.record import Record
from elseface.scripts.footage.tracks import Cover
from elseface.scripts.release.recognition import THRESHOLD
from elseface.scripts.release.scene import KEEP_PERSON, Scene, Spared, Step
from elseface.scripts.release.verify import Verifier, passes
from elseface.stage1_disentangle.box import Box

#: A frame as it was and as it was written, each (height, width, 3), uint8, RGB.
Pair = tuple[np.ndarray, np.ndarray]


@dataclass
class Findings:
    """What was seen: of every person, by frame the boxes of faces that nobody covered, and the
    frames of those whose face was shown and is not of somebody who agreed: from the look before
    to the look after."""

    tallies: dict[Person, Tally] = field(default_factory=dict)
    missed: dict[int, list[Box]] = field(default_factory=dict)
    shown_wrongly: list[tuple[Person, range]] = field(default_factory=list)

    def verdict(self, person: Person, hidden: bool, traceless: bool) -> Tally:
        """Of a person, who was `hidden` in some frame; `traceless`: the method that was asked for
        leaves nothing of a face."""
        tally = self.tallies.get(person, Tally())
        tally.passed &= tally.looks > 0 or not hidden or traceless or person.step in FINAL
        return tally


def examine(
    source: Path, written: Path, record: Record, verifier: Verifier, permission: Permission | None
) -> Findings:
    """Look at those frames of a written video that the record of it says, and at what was covered
    or shown there.

    Raises
    ------
    ElsefaceError
        When one of the two cannot be read, or has not as many frames as the other.
    """
    found = Findings()
    for number, (old, new) in enumerate(_together(source, written)):
        if number not in record.looks:
            continue
        covers, shown = record.looks[number], record.shown[number]
        new = new[: old.shape[0], : old.shape[1]]  # odd sizes got a row or column more
        _compare(old, new, covers, found.tallies)
        for cover in shown:
            if permission.distance(old, cover) >= THRESHOLD:
                found.shown_wrongly.append((cover.person, record.about(number)))
        scene = Scene(
            old,
            subjects=[as_subject(cover, old) for cover in covers],
            spared=[Spared(cover.face().box, KEEP_PERSON) for cover in shown],
        )
        if missed := verifier.missed(new, scene):
            found.missed[number] = missed
    return found


def _compare(
    old: np.ndarray, new: np.ndarray, covers: Sequence[Cover], tallies: dict[Person, Tally]
) -> None:
    """Count for each person of a frame what the recognizer says of them there."""
    known = Scene(old)
    asked = []
    for cover in covers:
        subject = as_subject(cover, old)
        tally = tallies.setdefault(cover.person, Tally())
        if cover.sure and subject.before < THRESHOLD:
            known.subjects.append(subject)
            asked.append((subject, tally))
        elif subject.step is Step.BLACKOUT:
            asked.append((subject, tally))
        elif cover.sure:
            tally.add_blind(subject)
    for subject, tally in asked:
        passes(new, subject, known)
        tally.add(subject)


def _together(source: Path, written: Path) -> Iterator[Pair]:
    with Clip(source) as one, Clip(written) as other:
        pairs = itertools.zip_longest(one.frames(_unheard), other.frames(_unheard))
        with progress(pairs, one.expected, "verify") as tracked:
            for old, new in tracked:
                if old is None or new is None:
                    raise ElsefaceError(f"{source}: not written whole; try again")
                yield old.pixels, new.pixels


def _unheard(packet: object) -> None:
    """Sound is not looked at."""
