"""How commands speak to the person at the terminal."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import ParamSpec, TypeVar

from elseface.common.errors import ElsefaceError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

#: Exit status when some photos were done and others could not be.
PARTIAL = 3
#: Exit status after Ctrl-C, as shells have it.
INTERRUPTED = 130

P = ParamSpec("P")
T = TypeVar("T")


def complain(message: object) -> None:
    """One line on standard error."""
    print(f"elseface: {message}", file=sys.stderr)


@contextlib.contextmanager
def silent_start() -> Iterator[None]:
    """Hide what native libraries print while they start; no setting of theirs does.

    Exceptions pass, and so does everything printed after, but for TensorFlow's advice: it counts a
    network's first batch as a waste, in the middle of a progress bar.
    """
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


@contextlib.contextmanager
def extra(name: str) -> Iterator[None]:
    """Imports that an extra brings; without it, how to get it."""
    try:
        yield
    except ModuleNotFoundError as error:
        how = f"pip install 'elseface[{name}]'"
        raise ElsefaceError(f"{error.name} is missing: {how}") from None


def listed(text: str) -> list[str]:
    """The names of an option that takes several, by comma."""
    return [name for name in text.replace(" ", "").split(",") if name]


def explained(command: Callable[P, None]) -> Callable[P, None]:
    """Turn an :class:`ElsefaceError` of a command into its line and exit status 2, and Ctrl-C that
    it has no words for into :data:`INTERRUPTED`."""

    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except ElsefaceError as error:
            complain(error)
            sys.exit(2)
        except KeyboardInterrupt:
            complain("stopped")
            sys.exit(INTERRUPTED)

    return wrapper


@contextlib.contextmanager
def progress(items: Iterable[T], total: int | None, label: str) -> Iterator[Iterable[T]]:
    """The items, with a progress bar on standard error when there are several.

    `total` is None where nobody knows how many.  Whatever ends the work ends the bar, before
    anything is said about it.
    """
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    from rich.console import Console

    bar = Progress(*columns, console=Console(stderr=True), disable=total in (0, 1))
    task = bar.add_task(label, total=total)
    tracked = bar.track(items, total=total, task_id=task)
    with bar, contextlib.closing(tracked):
        yield tracked
        bar.update(task, total=bar.tasks[0].completed)  # `total` may be no more than a guess
