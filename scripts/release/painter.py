"""Doing to every face of a scene what it is time for, and marking that it was done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from elseface.common.anonymizer import Anonymizer, Disguise
from elseface.common.photo import Photo, encode_photo
from elseface.scripts.release.label import Label
from elseface.scripts.release.note import note
from elseface.scripts.release.scene import Scene, Step, Subject
from elseface.stage1_disentangle.box import Box
from elseface.stage1_disentangle.mask import Ellipse, photo_ellipse
from elseface.stage3_generate.choices import MethodName
from elseface.stage3_generate.classic import Pixelate, load_obfuscation

#: A box alone is covered this much wider on each side, over its side: it ends at brows and chin.
RIM = 0.25
#: Methods that leave nothing of a face.
TRACELESS = {
    MethodName.BLACKOUT, MethodName.MASK, MethodName.INPAINT_TELEA, MethodName.INPAINT_NS,
}  # fmt: skip


@dataclass(frozen=True)
class Painter:
    """Paints the scenes of a run.

    Attributes
    ----------
    anonymizer : the method that was asked for
    seed : of the run
    label : drawn on every photo in which a face was replaced; None: on none
    """

    anonymizer: Anonymizer
    seed: int
    label: Label | None = None

    def files(self, photo: Photo, scene: Scene, name: str) -> Iterator[bytes]:
        """The painted scene, see :meth:`paint`, as the file that leaves; before that, where there
        is a label, as one without it, so that nobody passes because of what the label covers."""
        painted = self.painted(photo, scene)
        xmp = self.note(scene)
        if self.label and scene.subjects:
            yield encode_photo(painted, name, xmp)
            painted = self._labelled(painted, scene, self.label)
        yield encode_photo(painted, name, xmp)

    def note(self, scene: Scene) -> bytes:
        """The note for the file of a painted scene; none where nobody was replaced."""
        if not scene.subjects:
            return b""
        return note(self.anonymizer.name, any(subject.as_asked for subject in scene.subjects))

    def painted(self, photo: Photo, scene: Scene) -> Photo:
        """As :meth:`paint`, with nothing of a subject left in what is transparent either."""
        pixels = self.paint(scene)
        if photo.alpha is None:
            return photo.with_pixels(pixels)
        alpha = np.where(covered(pixels.shape, scene.subjects), 255, photo.alpha)
        return replace(photo, pixels=pixels, alpha=alpha.astype(np.uint8))

    def paint(self, scene: Scene) -> np.ndarray:
        """The photo with every subject at its step: ndarray (height, width, 3), uint8, RGB.

        A subject without a disguise is given one that hangs on the one that was refused before.
        """
        photo = scene.photo.copy()
        for subject in scene.subjects:
            if not subject.fits:
                if self.anonymizer.name in TRACELESS:  # no less than was asked for
                    subject.ladder = [Step.BLACKOUT]
                pixelate(photo, subject.face.box, self.anonymizer)
        whole = [subject for subject in scene.subjects if subject.fits]
        photo = self._replaced(photo, whole)
        return overpainted(photo, scene.subjects)

    def _labelled(self, photo: Photo, scene: Scene, label: Label) -> Photo:
        faces = [*(s.face.box for s in scene.subjects), *(s.box for s in scene.spared)]
        around = [_around(box, photo.pixels.shape) for box in faces]
        return label.on(photo, [(x.start, y.start, x.stop, y.stop) for y, x in around])

    def _replaced(self, photo: np.ndarray, subjects: list[Subject]) -> np.ndarray:
        seeds = {i: seed_after(self.seed, s.refused) for i, s in enumerate(subjects)}
        new = [i for i, subject in enumerate(subjects) if subject.disguise is None]
        *lower, highest = sorted({seeds[i] for i in new}) or [self.seed]
        for seed in lower:  # who they become does not hang on who else is new here
            self._disguised(photo, [subjects[i] for i in new if seeds[i] == seed], seed)
        return self._disguised(photo, subjects, highest)

    def _disguised(self, photo: np.ndarray, subjects: list[Subject], seed: int) -> np.ndarray:
        worn = {i: s.disguise for i, s in enumerate(subjects) if s.disguise is not None}
        faces = [subject.face for subject in subjects]
        result = self.anonymizer.anonymize(photo, faces, seed, worn)
        for subject, change in zip(subjects, result.changes):
            if change.disguise is None:  # another seed would change nothing
                subject.ladder = [step for step in subject.ladder if step is not Step.OTHER]
            subject.disguise = change.disguise
            subject.distance = subject.distance if change.distance is None else change.distance
        return result.pixels


def seed_after(seed: int, refused: Disguise | None) -> int:
    """The seed of a run, or of who comes after the disguise that was refused."""
    return refused.stream[0] + (1 << 32) if refused else seed


def pixelate(photo: np.ndarray, box: Box, anonymizer: Anonymizer) -> None:
    """Pixelate a box with its rim, in place; as the method that was asked for does, if it does."""
    asked = anonymizer.name == MethodName.PIXELATE
    paint = anonymizer.paint if asked else Pixelate()
    here = photo[_around(box, photo.shape)]
    height, width = here.shape[:2]
    ellipse = Ellipse((width / 2, height / 2), (width / 2, height / 2), 0.0)
    here[:] = paint(here, ellipse, here)


def overpainted(photo: np.ndarray, subjects: list[Subject]) -> np.ndarray:
    """A photo in which all were replaced, with a mask or black over those whose step that is; the
    photo given may be changed."""
    if masked := [s.face for s in subjects if s.fits and s.step is Step.MASK]:
        photo = load_obfuscation(MethodName.MASK).anonymize(photo, masked, 0).pixels
    for subject in subjects:
        if subject.step is Step.BLACKOUT:
            photo[covered(photo.shape, [subject])] = 0
    return photo


def covered(shape: tuple[int, ...], subjects: list[Subject]) -> np.ndarray:
    """Where the subjects' original faces are gone: ndarray (height, width), bool."""
    gone = np.zeros(shape[:2], bool)
    for subject in subjects:
        if subject.fits:
            window = subject.face.alignment.window(shape)
            here = gone[window]
            here |= photo_ellipse(subject.face, window).draw(*here.shape) == 1
        if not subject.fits or subject.step is Step.BLACKOUT:
            gone[_around(subject.face.box, shape)] = True
    return gone


def _around(box: Box, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of the box with its rim, as far as the photo of `shape` goes; not empty."""
    left, top, right, bottom = box
    x, y = RIM * (right - left), RIM * (bottom - top)
    edges = np.array([left - x, top - y, right + x, bottom + y])
    size = np.array([shape[1], shape[0]] * 2)
    first_x, first_y, last_x, last_y = np.clip(edges.round().astype(int), 0, size)
    first_x, first_y = min(first_x, shape[1] - 1), min(first_y, shape[0] - 1)
    return slice(first_y, max(last_y, first_y + 1)), slice(first_x, max(last_x, first_x + 1))
