"""One photo from its file to a file that may leave."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from elseface.common.anonymizer import Anonymizer
from elseface.common.errors import ElsefaceError
from elseface.common.files import Job
from elseface.common.output import write_whole
from elseface.common.photo import Photo, read_photo
from elseface.scripts.release.consent import Consent
from elseface.scripts.release.finder import Finder
from elseface.scripts.release.label import Label
from elseface.scripts.release.painter import Painter
from elseface.scripts.release.scene import Scene
from elseface.scripts.release.verify import Verifier, load_verifier, verified
from elseface.stage1_disentangle.box import Box, merged, nearest
from elseface.stage1_disentangle.faces import face_in_box


@dataclass(frozen=True)
class Released:
    """What left: who was in the photo, and the sha256 of what was verified and written."""

    scene: Scene
    sha256: str


@dataclass(frozen=True)
class Release:
    """Writes what became of the photos of a run.

    Attributes
    ----------
    finder : finds the faces
    consent : knows the people who agreed to be seen; None: nobody did
    painter : replaces the others
    verifier : looks at the result; None: nobody does
    """

    finder: Finder
    consent: Consent | None
    painter: Painter
    verifier: Verifier | None

    def __call__(self, job: Job, copy: bool) -> Released:
        """Do one photo.

        Raises
        ------
        ElsefaceError
            When it cannot be read, verified or written, or nobody finds a face in it and it is
            not to be copied then.  No file is written in that case.
        """
        photo = read_photo(job.source)
        try:
            scene = self._scene(job.source, photo)
            if not (scene.subjects or scene.spared or copy):
                raise ElsefaceError("no face found, so not written; see --if-no-face")
            data = self._encoded(photo, scene, str(job.target))
            write_whole(job.target, data)
        except ElsefaceError as error:
            named = any(str(path) in str(error) for path in (job.source, job.target))
            said = f"{error}" if named else f"{job.source}: {error}"
            if job.target.exists():
                said += f"; {job.target} is there from an earlier run"
            raise ElsefaceError(said) from None
        return Released(scene, hashlib.sha256(data).hexdigest())

    def _scene(self, source: Path, photo: Photo) -> Scene:
        scene = Scene(photo.pixels, self.finder.skipped, self.consent)
        faces = self.finder.find(source, photo.pixels)
        if self.finder.detector:
            known = [face.box for face, _ in faces]
            seen = [box for view in photo.views[1:] for box in self.finder.detector(view)]
            drawn = [box for box in merged(seen) if nearest(box, known) is None]
            faces += [(face_in_box(photo.pixels, box), self.finder.name) for box in drawn]
        if not faces and self.verifier:  # the second may know better
            boxes = self.verifier.detector(photo.pixels)
            faces = [(face_in_box(photo.pixels, box), self.verifier.name) for box in boxes]
        self._check_skipped([face.box for face, _ in faces], photo)
        scene.enter(faces)
        return scene

    def _check_skipped(self, boxes: list[Box], photo: Photo) -> None:
        """:class:`ElsefaceError` where the user would leave a face that nobody sees."""
        for skipped in self.finder.skipped:
            if nearest(skipped, boxes) is None and self.verifier:
                boxes = [*boxes, *self.verifier.detector(photo.pixels)]
            if nearest(skipped, boxes) is None:
                edges = ",".join(map(str, skipped))
                raise ElsefaceError(f"--skip-face {edges} meets no face; draw it around one")

    def _encoded(self, photo: Photo, scene: Scene, name: str) -> bytes:
        if self.verifier:
            return verified(photo, scene, self.painter, self.verifier, name)
        *_, data = self.painter.files(photo, scene, name)
        return data


def load_release(
    anonymizer: Anonymizer,
    seed: int,
    finder: Finder,
    consent: Consent | None,
    verify: bool,
    label: Label | None = None,
) -> Release:
    """The release of a run; without `verify` nobody looks at the result."""
    verifier = load_verifier(finder.verifier) if verify else None
    return Release(finder, consent, Painter(anonymizer, seed, label), verifier)
