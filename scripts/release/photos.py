"""One photo from its file to a file that may leave."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from elseface.common.anonymizer import Anonymizer
from elseface.common.draft import Draft
from elseface.common.errors import ElsefaceError
from elseface.common.files import Job
from elseface.common.photo import Photo, read_photo
from elseface.scripts.release.consent import Consent
from elseface.scripts.release.finder import Finder
from elseface.scripts.release.painter import Painter
from elseface.scripts.release.scene import Scene
from elseface.scripts.release.verify import Verifier, verify
from elseface.stage1_disentangle.detectors import load_detector


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

    def __call__(self, job: Job, copy: bool) -> Scene:
        """Do one photo; returns who was in it.

        Raises
        ------
        ElsefaceError
            When it cannot be read, verified or written, or nobody finds a face in it and it is
            not to be copied then.  No file is written in that case.
        """
        photo = read_photo(job.source)
        with Draft(job.target) as draft:
            try:
                scene = self._scene(job.source, photo)
                if not (scene.subjects or scene.spared or copy):
                    raise ElsefaceError("no face found, so not written; see --if-no-face")
                self._write(photo, scene, draft)
                draft.publish()
            except ElsefaceError as error:
                named = any(str(path) in str(error) for path in (job.source, job.target))
                raise error if named else ElsefaceError(f"{job.source}: {error}") from None
        return scene

    def _scene(self, source: Path, photo: Photo) -> Scene:
        scene = Scene(photo.pixels, self.finder.skipped, self.consent)
        for face, found_by in self.finder.find(source, photo.pixels):
            scene.add(face, found_by)
        if not (scene.subjects or scene.spared) and self.verifier:  # the second may know better
            for box in self.verifier.detector(photo.pixels):
                scene.add_box(box, self.verifier.name)
        return scene

    def _write(self, photo: Photo, scene: Scene, draft: Draft) -> None:
        if self.verifier:
            verify(photo, scene, self.painter, self.verifier, draft)
        else:
            draft.write(photo.with_pixels(self.painter.paint(scene, 0)))


def load_release(
    anonymizer: Anonymizer, seed: int, finder: Finder, consent: Consent | None, verified: bool
) -> Release:
    """The release of a run; unless it is to be `verified`, nobody looks at the result."""
    verifier = Verifier(load_detector(finder.verifier), finder.verifier.value)
    return Release(finder, consent, Painter(anonymizer, seed), verifier if verified else None)
