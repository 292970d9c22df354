"""Workers on the machines of a Ray cluster.

They are actors under the same pool as processes are, and not a pipeline of Ray Data's: that gives
results by the block, and does a block whose worker died again as a whole; here every photo is
entered in the journal when it is done, and one that workers die of is named and left out.
"""

from __future__ import annotations

import contextlib
import os
import platform
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from elseface.common.errors import ElsefaceError
from elseface.common.files import Job
from elseface.scripts.console import extra
from elseface.scripts.release.journal import Entry
from elseface.scripts.release.pool import Pool
from elseface.scripts.release.provenance import detector_hash, made_with
from elseface.scripts.release.task import Task

with extra("ray"):
    import ray
    from ray.exceptions import RayError


#: Seconds in which a cluster has to answer.
PATIENCE = 10.0


class Remote:
    """What an actor is at the other end: it holds the networks."""

    def __init__(
        self,
        make: Callable[[], Task],
        folder: Path,
        weights: Path | None,
        detector: str,
        there: dict[str, str | None],
    ) -> None:
        self._make, self._folder, self._there = make, folder, there
        self._weights, self._detector = weights, detector

    def ready(self) -> ElsefaceError | None:
        """Load the task, where all is as it is at this end: a certificate speaks for both."""
        here = platform.node()
        try:
            os.chdir(self._folder)
            found, asked = decisive(self._weights, self._detector), self._there
            if other := sorted(k for k in found | asked if found.get(k) != asked.get(k)):
                what = f"{here} has another {', '.join(other)}; install the same everywhere"
                return ElsefaceError(what)
            self._task = self._make()
        except ElsefaceError as error:
            return error
        except OSError as error:
            where = f"{self._folder}: cannot be used on {here} ({error.strerror})"
            return ElsefaceError(f"{where}; start from a folder that all machines have")
        return None

    def do(self, job: Job) -> Entry:
        """Do a photo."""
        return self._task(job)


def decisive(weights: Path | None, detector: str) -> dict[str, str | None]:
    """All that decides what comes out of this machine, somebody's own detector included."""
    return {**made_with(weights), detector: detector_hash(detector)}


class Actor:
    """A Ray actor on one processor core, as a :class:`~elseface.scripts.release.pool.Worker`.

    Ray does not start it anew: where there is no machine left for it, its photo would wait too.
    `given` is what :class:`Remote` takes.
    """

    died = (RayError,)

    def __init__(self, *given: Any) -> None:
        self._actor = ray.remote(num_cpus=1)(Remote).remote(*given)

    def ready(self) -> Future[ElsefaceError | None]:
        """See :class:`~elseface.scripts.release.pool.Worker`."""
        return self._actor.ready.remote().future()

    def do(self, job: Job) -> Future[Entry]:
        """See :class:`~elseface.scripts.release.pool.Worker`."""
        return self._actor.do.remote(job).future()

    def stop(self) -> None:
        """See :class:`~elseface.scripts.release.pool.Worker`."""
        ray.kill(self._actor)


def _knock(address: str) -> None:
    """OSError where nobody listens at ``[ray://]HOST:PORT``: Ray itself would wait for ever."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if port.isdigit():
        socket.create_connection((host, int(port)), PATIENCE).close()


@contextlib.contextmanager
def actors(
    make: Callable[[], Task], count: int | None, weights: Path | None, detector: str
) -> Iterator[Pool]:
    """A pool of so many actors, None: one a core, on the cluster that ``RAY_ADDRESS`` names or on
    one of this machine, which is ended with it; the rest as of
    :func:`~elseface.scripts.release.engine.load_pool`.

    Raises
    ------
    ElsefaceError
        When there is no cluster at that address.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    joined = ray.is_initialized()
    if not joined:
        try:
            _knock(os.environ.get("RAY_ADDRESS", ""))
            ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        except (OSError, RuntimeError, ValueError, RayError) as error:
            why = f"{error}".partition("\n")[0]
            raise ElsefaceError(f"the Ray cluster cannot be reached ({why})") from None
    given = make, Path.cwd(), weights, detector, decisive(weights, detector)
    try:
        yield Pool(lambda: Actor(*given), count or int(ray.cluster_resources().get("CPU", 1)))
    finally:
        if not joined:
            ray.shutdown()
