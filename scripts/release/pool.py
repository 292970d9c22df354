"""Photos shared out among workers: when one dies, its photo is done by another."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Any, Protocol

from elseface.common.errors import ElsefaceError
from elseface.common.files import Job
from elseface.common.output import forget_drafts
from elseface.scripts.console import complain
from elseface.scripts.release.journal import Entry
from elseface.scripts.release.task import Task, not_done

#: A photo that so many workers died of is given up; so is the run if so many died in a row.
DEATHS, IN_A_ROW = 3, 9


class Worker(Protocol):
    """Does one photo after the other.

    Attributes
    ----------
    died : what its futures raise when it is no more
    """

    died: tuple[type[Exception], ...]

    def ready(self) -> Future[ElsefaceError | None]:
        """Load what it needs; the result says what is wrong with that."""
        ...

    def do(self, job: Job) -> Future[Entry]:
        """Do a photo."""
        ...

    def stop(self) -> None:
        """End it, in the middle of a photo too."""
        ...


@dataclass(frozen=True)
class Here:
    """The worker that is this process: its futures are of the past."""

    task: Task
    died: tuple[type[Exception], ...] = ()

    def ready(self) -> Future[ElsefaceError | None]:
        """See :class:`Worker`."""
        return _past(None)

    def do(self, job: Job) -> Future[Entry]:
        """See :class:`Worker`."""
        return _past(self.task(job))

    def stop(self) -> None:
        """See :class:`Worker`."""


def _past(result: Any) -> Future:
    future: Future = Future()
    future.set_result(result)
    return future


@dataclass
class Errand:
    """A photo, its place in the run and how many workers died of it."""

    place: int
    job: Job
    deaths: int = 0


class Pool:
    """So many workers, each of which `hire` starts."""

    def __init__(self, hire: Callable[[], Worker], count: int) -> None:
        self._hire, self._count = hire, count
        self._idle: list[Worker] = []
        self._busy: dict[Future, tuple[Worker, Errand | None]] = {}  # None: it is getting ready
        self._again: list[Errand] = []
        self._missing = self._died_in_a_row = 0

    def do(self, jobs: Iterable[tuple[int, Job]], note: Callable[[int, Entry], None]) -> None:
        """Do the jobs, each with its place; `note` is told of each as it is done, in any order.

        Whatever stops it, Ctrl-C too: what other processes have in hand is done and noted first.

        Raises
        ------
        ElsefaceError
            When no worker can start, or they all die.
        """
        todo = (Errand(place, job) for place, job in jobs)
        if (first := next(todo, None)) is None:
            return  # a run that is gone on with may have nothing left to do
        todo = itertools.chain([first], todo)
        try:
            for _ in range(self._count):
                self._start()
            while self._share_out(todo):
                for future in wait(self._busy, return_when=FIRST_COMPLETED).done:
                    self._hear(future, note)
                    del self._busy[future]  # not before it is noted
        except BaseException:
            for future, (_, errand) in self._busy.items():
                with contextlib.suppress(Exception):
                    if errand:
                        note(errand.place, future.result())
            raise
        finally:
            for worker in [*self._idle, *(worker for worker, _ in self._busy.values())]:
                with contextlib.suppress(*worker.died):  # as of a machine that is gone
                    worker.stop()

    def _start(self) -> None:
        worker = self._hire()
        self._busy[worker.ready()] = worker, None

    def _share_out(self, todo: Iterator[Errand]) -> bool:
        """Give photos to those who are idle; whether there is anything to wait for."""

        def following() -> Errand | None:
            return self._again.pop() if self._again else next(todo, None)

        while self._idle and (errand := following()):
            worker = self._idle.pop()
            self._busy[worker.do(errand.job)] = worker, errand
        if self._missing and not self._idle and (errand := following()):
            self._again.append(errand)
            for _ in range(self._missing):
                self._start()
            self._missing = 0
        working = any(errand for _, errand in self._busy.values())
        return working or (not self._idle and bool(self._busy))

    def _hear(self, future: Future, note: Callable[[int, Entry], None]) -> None:
        worker, errand = self._busy[future]
        try:
            result = future.result()
        except worker.died as error:
            worker.stop()
            why = f"{error}".partition("\n")[0]
            if errand:
                self._mourn(errand, note, why)
            else:
                less = "fewer --workers need less"
                self._go_on_without(ElsefaceError(f"a worker could not start ({why}); {less}"))
            return
        if errand:
            self._died_in_a_row = 0
            note(errand.place, result)
        elif result:
            worker.stop()
            self._go_on_without(result)
            return
        self._idle.append(worker)

    def _go_on_without(self, error: ElsefaceError) -> None:
        """One could not start: the others do its work, if there are any."""
        if not self._idle and len(self._busy) == 1:
            raise error
        complain(f"{error}; the others go on")

    def _mourn(self, errand: Errand, note: Callable[[int, Entry], None], why: str) -> None:
        self._missing += 1
        self._died_in_a_row += 1
        errand.deaths += 1
        forget_drafts(errand.job.target)  # which nobody has verified
        if errand.deaths < DEATHS:
            self._again.append(errand)
        else:
            source = errand.job.source
            note(errand.place, not_done(source, f"{source}: {DEATHS} workers ended on it ({why})"))
        if self._died_in_a_row >= IN_A_ROW:
            raise ElsefaceError(f"{IN_A_ROW} workers in a row ended ({why}), so the run does too")
