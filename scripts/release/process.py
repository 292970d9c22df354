"""A worker that is a process of its own on this machine."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from elseface.common.errors import ElsefaceError
from elseface.common.files import Job
from elseface.scripts.console import silent_start

if TYPE_CHECKING:
    from elseface.scripts.release.journal import Entry
    from elseface.scripts.release.task import Task


class Process:
    """A process that makes its task and does what comes through a pipe, as a
    :class:`~elseface.scripts.release.pool.Worker`.

    The pipe ends with either side, so that nobody waits for the dead: a process whose parent was
    killed ends after its photo.
    """

    died = (EOFError,)

    def __init__(self, make: Callable[[], Task]) -> None:
        # Spawned, since TensorFlow does not bear to be forked.
        context = multiprocessing.get_context("spawn")
        self._make = make
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        with _deaf():  # which a new process inherits: Ctrl-C is for this one, who ends the others
            self._process.start()
        theirs.close()
        self._listener = ThreadPoolExecutor(1)

    def ready(self) -> Future[ElsefaceError | None]:
        """See :class:`~elseface.scripts.release.pool.Worker`."""
        return self._listener.submit(self._ask, self._make)

    def do(self, job: Job) -> Future[Entry]:
        """See :class:`~elseface.scripts.release.pool.Worker`."""
        return self._listener.submit(self._ask, job)

    def stop(self) -> None:
        """See :class:`~elseface.scripts.release.pool.Worker`."""
        self._process.kill()
        self._process.join()
        self._listener.shutdown()
        self._pipe.close()

    def _ask(self, what: Any) -> Any:
        try:
            self._pipe.send(what)
            return self._pipe.recv()
        except (EOFError, OSError):
            self._process.join()
            raise EOFError(f"exit status {self._process.exitcode}") from None


#: What a terminal tells every process in it; the first one sees to the end.
HEARD_BY_ALL = [getattr(signal, name) for name in ("SIGINT", "SIGHUP") if hasattr(signal, name)]


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    kept = {number: signal.signal(number, signal.SIG_IGN) for number in HEARD_BY_ALL}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def _serve(pipe: Connection) -> None:
    """What the process does until there is nobody who asks.

    What it is asked first makes the task, and imports nearly everything.
    """
    for number in HEARD_BY_ALL:  # where that is not inherited, as on Windows
        signal.signal(number, signal.SIG_IGN)
    try:
        with silent_start():
            task = pipe.recv()()
    except ElsefaceError as error:
        pipe.send(error)
        return
    pipe.send(None)
    try:
        while True:
            pipe.send(task(pipe.recv()))
    except (EOFError, OSError):
        return
