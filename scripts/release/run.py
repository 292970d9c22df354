"""Photo after photo, each noted before the next: nothing of a photo stays in memory."""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from elseface.common.errors import ElsefaceError
from elseface.common.files import Job
from elseface.common.output import write_whole
from elseface.scripts.release.certify import certify, issue
from elseface.scripts.release.journal import Entry, Journal, Written, origin
from elseface.scripts.release.photos import Release
from elseface.scripts.release.report import describe, released, write_report
from elseface.stage3_generate.policies import Ppas


@dataclass(frozen=True)
class Run:
    """Does the photos of a run.

    Attributes
    ----------
    release : does one
    output : folder of the results
    copy : whether a photo without a face is written too
    journal : what was done
    """

    release: Release
    output: Path
    copy: bool
    journal: Journal

    def refuse(self, source: Path, reason: str) -> None:
        """Note a photo that is not done."""
        record = {"photo": str(source), "output": None, "faces": [], "error": reason}
        self.journal.add(Entry(record=record))

    def do(self, job: Job) -> str | None:
        """Do a photo unless it is done; returns what is wrong where it could not be."""
        made_from = origin(job.source, self.release.finder.boxes.get(job.source, ()))
        if self.journal.take_over(job, made_from):
            return None
        start = time.perf_counter()
        try:
            said, written = self._done(job, made_from)
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
        self.journal.add(Entry(record=record, written=written))
        return said.get("error")

    def write_report(self, path: Path, settings: dict[str, Any]) -> None:
        """Write what was done to all photos; :class:`ElsefaceError` where that fails."""
        summary = {"elseface": version("elseface"), "settings": settings}
        anonymizer = self.release.painter.anonymizer
        if isinstance(policy := getattr(anonymizer, "policy", None), Ppas):
            records = (entry.record for entry in self.journal)
            summary["ppas"] = released(policy, anonymizer.keep, records)
        write_report(path, summary, (entry.record for entry in self.journal))

    def write_certificate(self, path: Path, settings: dict[str, Any], weights: Path | None) -> None:
        """Write what was verified, if anything was; :class:`ElsefaceError` where that fails."""
        files = [entry.written.certified for entry in self.journal if entry.written]
        if files:
            finder = self.release.finder
            detectors = finder.name, finder.verifier.value
            method = self.release.painter.anonymizer.name
            issued = issue(files, method, detectors, settings, weights)
            write_whole(path, f"{issued.model_dump_json(indent=1)}\n".encode())

    def _done(self, job: Job, made_from: str | None) -> tuple[dict[str, Any], Written]:
        done = self.release(job, self.copy)
        said = {
            "output": str(job.target),
            "method": self.release.painter.anonymizer.name,
            **describe(done.scene),
        }
        certified = certify(job.target, self.output, done) if self.release.verifier else None
        return said, Written(origin=made_from, sha256=done.sha256, certified=certified)
