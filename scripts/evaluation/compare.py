"""What became better or worse between two evaluations, beyond their intervals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from elseface.common.errors import ElsefaceError

#: By which utility is told from recognizers.
UTILITY = "utility"
#: Of what pictures are still good for, where less is better, as it is of all privacy scores.
ERRORS = ("landmark error", "pose error (degrees)")

#: Method, by whom or what, and name of a figure.
Key = tuple[str, str, str]
#: Mean and interval.
Score = tuple[float, float, float]


def differences(first: Path, second: Path) -> list[str]:
    """A line for every score whose intervals do not touch, and for every one that one file lacks.

    Compared are all privacy scores, of which less is better, and of what the pictures are still
    good for the figures with an interval.  The intervals are each file's own: on the same pictures
    they are wider than that of the difference would be, so that this is the least there is.

    Raises
    ------
    ElsefaceError
        When a file is not the ``results.json`` of an evaluation, or nothing is in both.
    """
    (terms, before), (others, after) = map(_read, (first, second))
    both = [key for key in before if key in after]
    if not both:
        raise ElsefaceError(f"{first}, {second}: have no score in common")
    lines = []
    if terms != others:
        lines.append("other pictures, settings or judges: what follows compares two things at once")
    for key in both:
        (mean, low, high), (new, new_low, new_high) = before[key], after[key]
        if new_high < low or new_low > high:
            verdict = "better" if (new < mean) == _less_is_better(key) else "worse"
            lines.append(f"{verdict}: {' / '.join(key)}: {mean:.3f} -> {new:.3f}")
    for path, ours, theirs in ((first, before, after), (second, after, before)):
        lines += [f"only in {path}: {' / '.join(key)}" for key in ours if key not in theirs]
    return lines


def _read(path: Path) -> tuple[list[Any], dict[Key, Score]]:
    """The terms and the scores of a run."""
    with _of_an_evaluation(path):
        results = json.loads(path.read_text())
        return _terms(results), dict(_scores(results))


def _terms(results: dict[str, Any]) -> list[Any]:
    """What must be the same for two runs to be compared; where the pictures lay need not be."""
    settings = {name: of for name, of in results["settings"].items() if name != "dataset"}
    return [settings, *(results[key] for key in ("images", "identities", "judges", "pictures"))]


def _less_is_better(key: Key) -> bool:
    _, by, name = key
    return by != UTILITY or name in ERRORS


def _scores(results: dict[str, Any]) -> Iterator[tuple[Key, Score]]:
    for method, figures in results["methods"].items():
        for recognizer, scores in figures["privacy"].items():
            for attack, score in scores.items():
                yield (method, recognizer, attack), (score["mean"], *score["interval"])
        for name, interval in figures.get("utility intervals", {}).items():
            yield (method, UTILITY, name), (figures["utility"][name], *interval)


@contextmanager
def _of_an_evaluation(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ElsefaceError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, LookupError, TypeError, AttributeError):
        raise ElsefaceError(f"{path}: not the results.json of an evaluation") from None
