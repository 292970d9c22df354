"""A video is written, read back and looked at, until none of its faces can be told any more.

Who does not pass is done again in another pass over the whole video, more strongly, and at last
blacked out; who was missed is followed from the frames in which verification saw them.  Until then
the file is hidden; it takes its name when all of it passes, or never.  What is to bear a label is
written with it when it passes without, and looked at again: nobody passes because of what the label
covers.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from elseface.common.anonymizer import Anonymizer
from elseface.common.errors import ElsefaceError
from elseface.common.output import whole
from elseface.common.weights import file_hash
from elseface.scripts.console import progress
from elseface.scripts.footage.brought import FOUND_BY, Brought
from elseface.scripts.footage.escalating import judge, missed_places
from elseface.scripts.footage.flicker import Flicker
from elseface.scripts.footage.marking import Mark, check_label, labelled, unmarked
from elseface.scripts.footage.permission import Permission
from elseface.scripts.footage.protection import protect
from elseface.scripts.footage.reading import Clip
from elseface.scripts.footage.record import Record
from elseface.scripts.footage.rescue import Rescue
from elseface.scripts.footage.tracking import FINE, OURS, Tracker
from elseface.scripts.footage.verifying import examine
from elseface.scripts.footage.writing import Writer
from elseface.scripts.release.consent import Consent
from elseface.scripts.release.label import Label
from elseface.scripts.release.note import video_box, video_comment
from elseface.scripts.release.painter import TRACELESS
from elseface.scripts.release.scene import Step
from elseface.scripts.release.verify import Verifier
from elseface.stage1_disentangle.box import Box
from elseface.stage1_disentangle.choices import DetectorName
from elseface.stage1_disentangle.detection import Detector

#: After so many passes a video is given up.  What does not pass after LATE of them is blacked out.
PASSES, LATE = 6, 3
#: Seconds between two frames that are looked at: that takes a fifth of the time of a pass.
EVERY = 1.0
#: From the frames a second to how many frames a lost face stays covered.
Hold = Callable[[Fraction], int]
#: So many seconds of frames are looked at before one is written, in at most so many bytes.
AHEAD, MEMORY = 1.0, 400_000_000


@dataclass
class Export:
    """Writes what became of one video.

    Attributes
    ----------
    source, output : the video, and the file it becomes
    anonymizer : replaces the faces
    seed : of who they become
    hold : seconds that a lost face stays covered
    sound : whether it is kept
    verifier : looks at the result; None: nobody does
    measured : whether flicker is
    consent : knows the people who agreed to be seen; None: nobody did
    detectors, found_by : find the faces, as of :class:`Tracker`, and their name
    boxes : faces that the user brings, by seconds since the first frame
    label : drawn on every frame of a video in which a face was replaced; None: on none
    """

    source: Path
    output: Path
    anonymizer: Anonymizer
    seed: int
    hold: float
    sound: bool
    verifier: Verifier | None
    measured: bool = False
    consent: Consent | None = None
    detectors: tuple[Detector, Detector] = OURS
    found_by: str = DetectorName.UNION.value
    boxes: Mapping[float, Sequence[Box]] = field(default_factory=dict)
    label: Label | None = None
    _shape: tuple[int, ...] = ()
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _trackers: list[tuple[Hold, Callable[[int], Tracker]]] = field(default_factory=list)

    def __call__(self, copy: bool) -> tuple[Record, str]:
        """Do the video; returns what the last pass showed, and the sha256 of what was written.

        Raises
        ------
        ElsefaceError
            When it cannot be read to its end, verified or written, or nobody finds a face in it
            and it is not to be copied then.  No file is written in that case.
        """
        self._add(
            Tracker, self._held, permission=self._permission, detectors=self.detectors,
            found_by=self.found_by,
        )  # fmt: skip
        if self.boxes:
            self._add(
                Rescue, self._held, places=self._brought.places, found_by=FOUND_BY,
                traceless=self._traceless,
            )  # fmt: skip
        if self.label:
            self._shape = check_label(self.label, self.source)
        with whole(self.output) as draft:
            record = self._passed(draft)
            if not (record.people or copy):
                raise ElsefaceError(
                    f"{self.source}: no face found, so not written; see --if-no-face"
                )
            return record, file_hash(draft)

    def _passed(self, draft: Path) -> Record:
        for number in range(PASSES):
            record = self._pass(draft, f"pass {number + 1}" if number else "video", unmarked)
            if not self._clean(draft, record, number, False):
                continue
            if not (self.label and any(there.frames for there in record.people.values())):
                return record
            record = self._pass(draft, "label", labelled(self.label, self._shape, record))
            if self._clean(draft, record, number, True):
                return record
        raise ElsefaceError(
            f"{self.source}: the faces could not be verified as replaced, so not written"
        )

    def _clean(self, draft: Path, record: Record, number: int, marked: bool) -> bool:
        """Whether nobody can be told in what was written; else they are seen to in the next
        pass."""
        if not self.verifier:
            return True
        found = examine(self.source, draft, record, self.verifier, self._permission)
        late = number + 1 >= LATE
        failed = judge(found, record, late=late, marked=marked, traceless=self._traceless)
        if places := missed_places(found, record, self.verifier.name):
            # At the next look it is seen again, if it is a face and still there.
            gap = record.gap
            self._add(
                Rescue, lambda rate: gap, places=places, found_by=self.verifier.name,
                traceless=self._traceless, late=late,
            )  # fmt: skip
        return not (failed or found.missed)

    @functools.cached_property
    def _permission(self) -> Permission | None:
        if not self.consent:
            return None
        with Clip(self.source) as clip:
            return Permission(self.consent, clip.rate)

    @functools.cached_property
    def _brought(self) -> Brought:
        return Brought(self.source, self.boxes)

    @property
    def _traceless(self) -> bool:
        return self.anonymizer.name in TRACELESS

    def _held(self, rate: Fraction) -> int:
        """A :data:`Hold` of as many seconds as was asked for."""
        return round(self.hold * rate)

    def _add(self, kind: Callable[..., Tracker], hold: Hold, **options: object) -> None:
        """A tracker for the passes to come, in all of which it finds the same people."""
        tracker = functools.partial(kind, people=[], numbers=self._numbers, **options)
        self._trackers.append((hold, tracker))

    def _pass(self, draft: Path, word: str, mark: Mark) -> Record:
        with Clip(self.source) as clip:
            unit, sounds = clip.video.time_base, clip.sounds if self.sound else []
            record = Record(unit, EVERY, Flicker() if self.measured else None)
            trackers = [tracker(hold(clip.rate)) for hold, tracker in self._trackers]
            comment = video_comment(self.anonymizer.name, self.consent is not None)
            with Writer(draft, self.output, unit, clip.rate, sounds, comment) as writer:
                frames = self._brought.noted(clip.frames(writer.hear), unit, clip.rate)
                done = protect(frames, self.anonymizer, self.seed, _ahead(clip), trackers)
                with progress(done, clip.expected, word) as tracked:
                    for protected in tracked:
                        writer.write(protected.frame, mark(protected.pixels))
                        record.add(protected)
                writer.box = self._box(record)
        return record

    def _box(self, record: Record) -> bytes:
        hidden = [person for person, there in record.people.items() if there.frames]
        drawn = any(person.step in (Step.ASKED, Step.OTHER) for person in hidden)
        asked = self.consent is not None
        return video_box(self.anonymizer.name, drawn, asked) if hidden else b""


def _ahead(clip: Clip) -> int:
    size = 3 * clip.video.width * clip.video.height  # 0 of a damaged file
    return max(FINE, min(round(AHEAD * clip.rate), MEMORY // max(1, size)))
