"""One photo as an entry of the journal, whatever becomes of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elseface.common.anonymizer import Anonymizer
from elseface.common.errors import ElsefaceError
from elseface.common.files import Job
from elseface.scripts.release import photos
from elseface.scripts.release.certify import certify
from elseface.scripts.release.journal import Entry, Written, origin
from elseface.scripts.release.photos import Release
from elseface.scripts.release.report import describe


@dataclass(frozen=True)
class Task:
    """Does the photos of a run.

    Attributes
    ----------
    release : does one
    output : folder of the results
    copy : whether a photo without a face is written too
    """

    release: Release
    output: Path
    copy: bool

    def __call__(self, job: Job) -> Entry:
        """Do a photo."""
        start = time.perf_counter()
        try:
            said, written = self._done(job)
        except ElsefaceError as error:
            said, written = {"error": str(error)}, None
        except Exception as error:  # a fault of ours must not cost the other photos
            fault = f"{job.source}: unexpected {type(error).__name__}: {error}"
            said, written = {"error": fault}, None
        record = {
            "photo": str(job.source),
            "seed": self.release.painter.seed,
            "output": None,
            "faces": [],
            **said,
            "seconds": round(time.perf_counter() - start, 3),
        }
        return Entry(record=record, written=written)

    def _done(self, job: Job) -> tuple[dict[str, Any], Written]:
        made_from = origin(job.source, self.release.finder.boxes.get(job.source, ()))
        done = self.release(job, self.copy)
        said = {
            "output": str(job.target),
            "method": self.release.painter.anonymizer.name,
            **describe(done.scene),
        }
        certified = certify(job.target, self.output, done) if self.release.verifier else None
        return said, Written(origin=made_from, sha256=done.sha256, certified=certified)


def load_task(anonymizer: Callable[[], Anonymizer], output: Path, copy: bool, *rest: Any) -> Task:
    """The task of a run; `rest` as :func:`~elseface.scripts.release.photos.load_release` takes it.

    With its arguments bound it says in a few bytes what a worker is to load: no network travels.
    """
    return Task(photos.load_release(anonymizer(), *rest), output, copy)


def not_done(source: Path, reason: str) -> Entry:
    """The entry of a photo that is not done."""
    return Entry(record={"photo": str(source), "output": None, "faces": [], "error": reason})
