"""All photos of a run, each noted as it is done: nothing of a photo stays in memory."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from elseface.common.files import Job
from elseface.common.output import write_listed
from elseface.scripts.release.certify import issue
from elseface.scripts.release.journal import Entry, Journal
from elseface.scripts.release.pool import Pool
from elseface.scripts.release.report import less_than_asked, released
from elseface.scripts.release.task import Task, not_done
from elseface.stage3_generate.policies import Ppas


class Run:
    """Has the photos of a run done, and keeps its journal.

    Parameters
    ----------
    task : does one; here it says what the run is
    journal : what was done
    complain : is told what is wrong with each photo that could not be done

    Attributes
    ----------
    whole : whether all could be
    """

    def __init__(self, task: Task, journal: Journal, complain: Callable[[str], None]) -> None:
        self._task, self._journal, self._complain = task, journal, complain
        self._places = itertools.count()
        self.whole = True

    def refuse(self, source: Path, reason: str) -> None:
        """Note a photo that is not done."""
        self._note(next(self._places), not_done(source, reason))

    def do(self, jobs: Iterable[Job], pool: Pool) -> None:
        """Let the pool do the photos that are not done yet."""
        pool.do(self._left(jobs), self._note)

    def _left(self, jobs: Iterable[Job]) -> Iterator[tuple[int, Job]]:
        brought = self._task.release.finder.boxes
        for place, job in zip(self._places, jobs):
            if not self._journal.take_over(place, job, brought.get(job.source, ())):
                self._journal.begin(job)
                yield place, job

    def _note(self, place: int, entry: Entry) -> None:
        self._journal.add(place, entry)
        if fault := entry.record.get("error"):
            self.whole = False
            self._complain(fault)
        elif said := less_than_asked(entry.record):
            self._complain(said)

    def write_report(self, path: Path, settings: dict[str, Any]) -> None:
        """Write what was done to all photos; :class:`ElsefaceError` where that fails."""
        summary = {"elseface": version("elseface"), "settings": settings}
        anonymizer = self._task.release.painter.anonymizer
        if isinstance(policy := getattr(anonymizer, "policy", None), Ppas):
            records = (entry.record for entry in self._journal)
            summary["ppas"] = released(policy, anonymizer.fixed, records)
        write_listed(path, summary, "photos", (entry.record for entry in self._journal))

    def write_certificate(self, path: Path, settings: dict[str, Any], weights: Path | None) -> None:
        """Write what was verified, if anything was; :class:`ElsefaceError` where that fails."""
        written = (entry.written for entry in self._journal if entry.written)
        if first := next(written, None):
            finder, method = self._task.release.finder, self._task.release.painter.anonymizer.name
            files = (one.certified for one in itertools.chain([first], written))
            issue(path, files, method, (finder.name, finder.verifier.value), settings, weights)
        else:
            earlier = "; the one that is there is of an earlier run" if path.exists() else ""
            self._complain(f"{path}: not written, for no photo was verified{earlier}")
