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
    workers : how many; None: this process, or all that a cluster has room for
    make : what those in other processes make `task` anew with
    weights : folder of elseface's own weights, None: those shipped
    """
    if engine is EngineName.RAY:
        from elseface.scripts.release.cluster import actors

        with actors(make, workers, weights) as pool:
            yield pool
        return
    from elseface.scripts.release.pool import Here, Pool
    from elseface.scripts.release.process import Process

    count = workers or 1
    yield Pool(lambda: Process(make), count) if count > 1 else Pool(lambda: Here(task), 1)
