"""Somebody in a video, the same in every pass over it, and how far their protection has come."""

from __future__ import annotations

from dataclasses import dataclass, field

from elseface.common.anonymizer import Change, Disguise
from elseface.scripts.release.scene import UNFIT_LADDER, Attempt, Step, Subject
from elseface.stage1_disentangle.box import Box
from elseface.stage1_disentangle.choices import DetectorName

#: What is tried on a face, in turn, each in a pass of its own over the video.
LADDER = [Step.ASKED, Step.OTHER, Step.MASK, Step.BLACKOUT]
#: These are laid over what else is drawn in the same place; and under the last two nothing is left
#: of a face, whatever the recognizer can say of it.
OPAQUE, FINAL = {Step.PIXELATE, Step.MASK, Step.BLACKOUT}, {Step.MASK, Step.BLACKOUT}


@dataclass
class Tally:
    """What verification saw of a person in one pass.

    Attributes
    ----------
    looks : frames in which the recognizer was asked, and knew the original face
    blind : frames in which it did not know that, so that it could say nothing of the new one
    passed : whether it told nobody
    distance : the least from a written face to the original one; None where it was not asked
    nearest_other : the least to an original of somebody else in the frame
    before : at which the recognizer knew the original, in the frame with the least distance
    box : of the face there; empty if no frame showed one
    """

    looks: int = 0
    blind: int = 0
    passed: bool = True
    distance: float | None = None
    nearest_other: float | None = None
    before: float | None = None
    box: Box = (0, 0, 0, 0)

    def add(self, subject: Subject) -> None:
        """Count a face that the recognizer knew, or that is black, after
        :func:`~elseface.scripts.release.verify.passes`."""
        seen = subject.attempt
        self.passed &= seen.passed
        if not self.looks or (seen.distance is not None and seen.distance < self.distance):
            self.distance, self.before, self.box = seen.distance, subject.before, subject.face.box
        self.looks += 1
        others = (self.nearest_other, seen.nearest_other)
        self.nearest_other = min((d for d in others if d is not None), default=None)

    def add_blind(self, subject: Subject) -> None:
        """Count one that the recognizer did not know."""
        if not self.looks:
            self.before, self.box = subject.before, subject.face.box
        self.blind += 1


@dataclass(eq=False)
class Person:
    """Whoever a track shows; a face lost and found near where it is expected stays the same one.

    Attributes
    ----------
    number : from 0, in the order they were found
    found_by : detector
    fits : whether landmarks lie on the face, so that something can be drawn there
    ladder : the steps left, the present one first
    change : what the anonymizer made of the best view of them; None before they are drawn
    refused : the last disguise that did not pass
    best : the frame of that view
    tally : what verification said of the present step; None where it did not look
    tried : what it said of those before
    denied : frames about one in which verification saw the face of somebody who did not agree
    """

    number: int
    found_by: str = DetectorName.UNION.value
    fits: bool = True
    ladder: list[Step] = field(default_factory=lambda: list(LADDER))
    change: Change | None = None
    refused: Disguise | None = None
    best: int | None = None
    tally: Tally | None = None
    tried: list[Attempt] = field(default_factory=list)
    denied: set[int] = field(default_factory=set)

    @property
    def step(self) -> Step:
        """What is to be done to them now."""
        return self.ladder[0]

    @property
    def attempt(self) -> Attempt | None:
        """The present step and what verification said of it."""
        if self.tally is None:
            return None
        return Attempt(self.step, self.tally.passed, self.tally.distance, self.tally.nearest_other)

    def escalate(self, late: bool) -> None:
        """Take the next step: the last one if it is `late`, a mask where the recognizer knew none
        of their faces and could say nothing of another disguise either."""
        steps = self.ladder[1:]
        if not self.tally.looks or not (self.change and self.change.disguise):
            steps = [step for step in steps if step is not Step.OTHER]
        self._take(steps if steps and not late else [Step.BLACKOUT])

    def black_out(self) -> None:
        """Take the last step."""
        self._take([Step.BLACKOUT])

    def _take(self, steps: list[Step]) -> None:
        if self.step is Step.BLACKOUT:
            return
        if self.attempt:
            self.tried.append(self.attempt)
        self.ladder, self.tally = list(steps), None


def unfit_ladder(traceless: bool) -> list[Step]:
    """What is tried on a face on which no landmarks lie; no less than the method that was asked
    for, which may leave nothing of a face."""
    return [Step.BLACKOUT] if traceless else list(UNFIT_LADDER)
