"""Who is in a photo: the faces to protect, and those that were to be left as they are."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from elseface.common.anonymizer import Disguise
from elseface.common.face import Face
from elseface.scripts.release.consent import Consent
from elseface.scripts.release.recognition import THRESHOLD, unprotected_distance
from elseface.stage1_disentangle.box import Box, nearest
from elseface.stage1_disentangle.descriptor import embed
from elseface.stage1_disentangle.faces import face_in_box
from elseface.stage1_disentangle.fit import fits


class Step(StrEnum):
    """What can be done to a face, each stronger than the one before."""

    ASKED = "as asked"
    OTHER = "other attributes and shape"
    PIXELATE = "pixelate"
    MASK = "mask"
    BLACKOUT = "blackout"


#: What is tried on a face, in turn; and on one whose landmarks fail, for which nothing is drawn.
LADDER = [Step.ASKED, Step.OTHER, Step.OTHER, Step.MASK, Step.BLACKOUT]
UNFIT_LADDER = [Step.PIXELATE, Step.BLACKOUT]


#: The options that say who is seen: whoever is there, and who is known by a few pictures.
SKIP_FACE, KEEP_PERSON = "--skip-face", "--keep-person"


@dataclass(frozen=True)
class Attempt:
    """A step that was taken, and what verification said of it.

    Attributes
    ----------
    distance : of the written face to the original one; None for black, of which only that is asked
    nearest_other : to the most alike of the other originals of the photo; None where there is none
    """

    step: Step
    passed: bool
    distance: float | None = None
    nearest_other: float | None = None


@dataclass
class Subject:
    """A face to protect, and how far that has come.

    Attributes
    ----------
    photo : ndarray of shape (height, width, 3), uint8, RGB: the original
    face : as it stands there
    found_by : detector, "boxes" or "aligned"
    fits : whether its landmarks do
    ladder : the steps left, the present one first
    disguise : who it became, where the method makes somebody up
    refused : the last disguise that did not pass
    distance : at which the method took its draw, where it compares
    attempt : what verification said of the present step; None where it did not look
    tried : what it said of those before
    seen : the written pixels around it and their descriptors (2, 128), when it was last looked at
    """

    photo: np.ndarray
    face: Face
    found_by: str
    fits: bool
    ladder: list[Step]
    disguise: Disguise | None = None
    refused: Disguise | None = None
    distance: float | None = None
    attempt: Attempt | None = None
    tried: list[Attempt] = field(default_factory=list)
    seen: tuple[np.ndarray, np.ndarray] | None = None

    @functools.cached_property
    def original(self) -> np.ndarray:
        """The descriptor (128,) by dlib's recognizer of who was there."""
        return embed(self.photo, self.face)

    @functools.cached_property
    def before(self) -> float:
        """The distance at which the recognizer finds that person when nothing is done."""
        return unprotected_distance(self.photo, self.face, self.original)

    @property
    def step(self) -> Step:
        """What is to be done to it now."""
        return self.ladder[0]

    @property
    def as_asked(self) -> bool:
        """Whether it shows what the method makes of it, and not what covers it."""
        return self.step in (Step.ASKED, Step.OTHER)

    def escalate(self) -> None:
        """Take the next step; the last one where the recognizer is blind to this face."""
        self._next(self.ladder[1:] if self.before < THRESHOLD else [])

    def black_out(self) -> None:
        """Take the last step."""
        self._next([])

    def _next(self, ladder: list[Step]) -> None:
        if self.attempt:
            self.tried.append(self.attempt)
        self.attempt = None
        self.ladder = ladder or [Step.BLACKOUT]
        if self.step is Step.OTHER:
            self.refused, self.disguise = self.disguise, None


@dataclass(frozen=True)
class Spared:
    """A face that is left as it is.

    Attributes
    ----------
    why : the option that says so
    picture : of the person, as in --keep-person, and the `distance` to it
    """

    box: Box
    why: str
    picture: str | None = None
    distance: float | None = None


@dataclass
class Scene:
    """A photo and the faces that were found in it so far.

    Attributes
    ----------
    photo : ndarray of shape (height, width, 3), uint8, RGB
    skipped : boxes in each of which a face is left as it is
    consent : knows the people who agreed to be seen; None: nobody did
    subjects : faces to protect
    spared : faces left as they are
    """

    photo: np.ndarray
    skipped: Sequence[Box] = ()
    consent: Consent | None = None
    subjects: list[Subject] = field(default_factory=list)
    spared: list[Spared] = field(default_factory=list)

    def enter(self, faces: Sequence[tuple[Face, str]]) -> None:
        """Enter the faces that were found at first, and who found each; whoever meets a box to
        skip most is spared."""
        boxes = [face.box for face, _ in faces]
        shown = {nearest(box, boxes) for box in self.skipped}
        for i, (face, found_by) in enumerate(faces):
            if i in shown:
                self.spared.append(Spared(face.box, SKIP_FACE))
            else:
                self.add(face, found_by)

    def add(self, face: Face, found_by: str) -> Subject | None:
        """Enter a face; returns None if it is of somebody who agreed to be seen."""
        good = fits(self.photo, face)
        ladder = list(LADDER if good else UNFIT_LADDER)
        subject = Subject(self.photo, face, found_by, good, ladder)
        # Whom the recognizer would not know by their mirror image, it takes for anybody.
        if (
            self.consent
            and good
            and (known := self.consent.recognise(subject.original))
            and subject.before < THRESHOLD
        ):
            self.spared.append(Spared(face.box, KEEP_PERSON, *known))
            return None
        self.subjects.append(subject)
        return subject

    def add_box(self, box: Box, found_by: str) -> Subject | None:
        """Enter the face in a box."""
        return self.add(face_in_box(self.photo, box), found_by)

    def not_spared(self, boxes: Sequence[Box]) -> list[Box]:
        """Of boxes in which faces were found those of none that is left as it is.  Such a face
        excuses one box, if each of the two meets none more than the other: whoever else is so near
        did not agree.  What is to be skipped is where the user said, whomever was met there."""
        left = [*self.skipped, *(face.box for face in self.spared if face.why != SKIP_FACE)]
        own = [nearest(box, boxes) for box in left]
        excused = {i for i in own if i is not None and own[nearest(boxes[i], left)] == i}
        return [box for i, box in enumerate(boxes) if i not in excused]
