"""Doing to every face of some frames what it is time for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from elseface.common.anonymizer import Anonymizer, Disguise
from elseface.scripts.footage.batching import anonymize_frames
from elseface.scripts.footage.person import LADDER, unfit_ladder
from elseface.scripts.footage.tracking import View
from elseface.scripts.footage.tracks import Cover
from elseface.scripts.release.painter import TRACELESS, overpainted, pixelate, seed_after
from elseface.scripts.release.scene import Step, Subject
from elseface.stage1_disentangle.fit import fits


def introduce(views: Iterable[View], anonymizer: Anonymizer, seed: int) -> None:
    """Let whoever has not become anybody yet become somebody, by their best view; whoever has no
    landmarks on their face even there is pixelated, or black, until a later view shows more."""
    for view in views:
        person = view.person
        if person.change:
            continue
        face = Cover(person, view.landmarks, True).face()
        if not fits(view.photo, face):
            if person.step in (Step.ASKED, Step.OTHER):
                person.fits, person.ladder = False, unfit_ladder(anonymizer.name in TRACELESS)
            continue
        if person.step is Step.PIXELATE:
            person.fits, person.ladder = True, list(LADDER)
        own = seed_after(seed, person.refused)
        (person.change,) = anonymizer.anonymize(view.photo, [face], own).changes


def paint(
    frames: Sequence[np.ndarray],
    covers: Sequence[Sequence[Cover]],
    anonymizer: Anonymizer,
    seed: int,
) -> list[np.ndarray]:
    """New frames for frames (height, width, 3) of one shape, uint8 RGB, with every cover at its
    person's step."""
    subjects = [[as_subject(c, f) for c in here] for f, here in zip(frames, covers)]
    photos = [_pixelated(f, here, anonymizer) for f, here in zip(frames, subjects)]
    whole = [[cover for cover in here if cover.person.fits] for here in covers]
    faces = [[cover.face() for cover in here] for here in whole]
    worn = [_worn(here) for here in whole]
    drawn = anonymize_frames(anonymizer, photos, faces, worn, seed)
    return [overpainted(pixels, here) for pixels, here in zip(drawn, subjects)]


def as_subject(cover: Cover, photo: np.ndarray) -> Subject:
    """A cover of a frame, as releasing photos knows a face to protect."""
    person = cover.person
    return Subject(photo, cover.face(), person.found_by, person.fits, list(person.ladder))


def _pixelated(
    frame: np.ndarray, subjects: Sequence[Subject], anonymizer: Anonymizer
) -> np.ndarray:
    """The frame, or a copy in which the faces without landmarks are pixelated."""
    unfit = [subject for subject in subjects if not subject.fits]
    photo = frame.copy() if unfit else frame
    for subject in unfit:
        pixelate(photo, subject.face.box, anonymizer)
    return photo


def _worn(covers: list[Cover]) -> dict[int, Disguise]:
    changes = [cover.person.change for cover in covers]
    return {i: c.disguise for i, c in enumerate(changes) if c and c.disguise}
