"""Where the work is done.  Imports nothing heavy before it is asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from elseface.scripts.release.pool import Pool
    from elseface.scripts.release.task import Task


#: What a process needs in bytes, with some to spare, and how many photos it could have done while
#: it starts.
MEMORY, START = 1_700_000_000, 20
#: Where Linux says how much a container may use, version 2 and 1.
LIMITS = "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"


class EngineName(StrEnum):
    """On this machine, or on those of a Ray cluster."""

    LOCAL = "local"
    RAY = "ray"


@contextlib.contextmanager
def load_pool(
    engine: EngineName,
    workers: int | None,
    task: Task,
    make: Callable[[], Task],
    weights: Path | None,
) -> Iterator[Pool]:
    """Who does the photos.

    Parameters
    ----------
    workers : how many; None, of a cluster: all that it has room for
    make : what those in other processes make `task` anew with
    weights : folder of elseface's own weights, None: those shipped
    """
    if engine is EngineName.RAY:
        from elseface.scripts.release.cluster import actors

        with actors(make, workers, weights, task.release.finder.name) as pool:
            yield pool
        return
    from elseface.scripts.release.pool import Here, Pool
    from elseface.scripts.release.process import Process

    count = workers or 1
    yield Pool(lambda: Process(make), count) if count > 1 else Pool(lambda: Here(task), 1)


def worthwhile(photos: int) -> int:
    """How many processes do so many photos soonest here: one a core, as far as the memory that is
    left goes, and none that could hardly have started when all is done."""
    import joblib
    import psutil

    left = psutil.virtual_memory().available
    for limit in LIMITS:
        with contextlib.suppress(OSError, ValueError):  # no such file, or "max"
            left = min(left, int(Path(limit).read_text()))
    room = left // MEMORY - 1  # the command itself needs as much
    return max(1, min(joblib.cpu_count(), room, photos // START))
