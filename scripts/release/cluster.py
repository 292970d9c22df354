"""Workers on the machines of a Ray cluster."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

from elseface.common.errors import ElsefaceError
from elseface.common.files import Job
from elseface.scripts.console import extra
from elseface.scripts.release.journal import Entry
from elseface.scripts.release.pool import Pool
from elseface.scripts.release.task import Task

with extra("ray"):
    import ray
    from ray.exceptions import RayError


class Remote:
    """What an actor is at the other end: it holds the networks."""

    def __init__(self, make: Callable[[], Task], folder: Path) -> None:
        self._make, self._folder = make, folder

    def ready(self) -> ElsefaceError | None:
        """Load the task."""
        try:
            os.chdir(self._folder)
            self._task = self._make()
        except ElsefaceError as error:
            return error
        except OSError as error:
            where = f"{self._folder}: cannot be used on {platform.node()} ({error.strerror})"
            return ElsefaceError(f"{where}; start from a folder that all machines have")
        return None

    def do(self, job: Job) -> Entry:
        """Do a photo."""
        return self._task(job)


class Actor:
    """A Ray actor on one processor core, as a :class:`~elseface.scripts.release.pool.Worker`.

    Ray does not start it anew: where there is no machine left for it, its photo would wait too.
    """

    died = (RayError,)

    def __init__(self, make: Callable[[], Task]) -> None:
        self._actor = ray.remote(num_cpus=1)(Remote).remote(make, Path.cwd())

    def ready(self) -> Future[ElsefaceError | None]:
        """See :class:`~elseface.scripts.release.pool.Worker`."""
        return self._actor.ready.remote().future()

    def do(self, job: Job) -> Future[Entry]:
        """See :class:`~elseface.scripts.release.pool.Worker`."""
        return self._actor.do.remote(job).future()

    def stop(self) -> None:
        """See :class:`~elseface.scripts.release.pool.Worker`."""
        ray.kill(self._actor)


@contextlib.contextmanager
def actors(make: Callable[[], Task], count: int | None) -> Iterator[Pool]:
    """A pool of so many actors, None: one a core, on the cluster that ``RAY_ADDRESS`` names or on
    one of this machine, which is ended with it."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    joined = ray.is_initialized()
    if not joined:
        ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        yield Pool(lambda: Actor(make), count or int(ray.cluster_resources()["CPU"]))
    finally:
        if not joined:
            ray.shutdown()
