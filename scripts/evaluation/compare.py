"""What became better or worse between two evaluations, beyond their intervals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elseface.common.errors import ElsefaceError
from elseface.scripts.evaluation.paired import BY_PERSON, comparable, difference

#: By which utility is told from recognizers.
UTILITY = "utility"
#: Of what pictures are still good for, where less is better, as it is of all privacy scores.
ERRORS = ("landmark error", "pose error (degrees)")

#: Method, by whom or what, and name of a figure.
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Score:
    """A figure with its interval and, of a privacy score, what it is of each person."""

    mean: float
    low: float
    high: float
    tally: str = ""


def differences(first: Path, second: Path) -> list[str]:
    """A line for every score that differs, and for every one that one file lacks.

    Compared are all privacy scores, of which less is better, and of what the pictures are still
    good for the figures with an interval.  On the same pictures a privacy score differs where the
    interval of the difference leaves zero out, the same people drawn anew for both; all else where
    the files' own intervals do not touch.

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
        old, new = before[key], after[key]
        by, apart = "", new.high < old.low or new.low > old.high
        if terms == others and comparable(old.tally, new.tally):
            low, high = difference(new.tally, old.tally)["interval"]
            by, apart = f" (by {low:+.3f} to {high:+.3f})", low > 0 or high < 0
        if apart:
            verdict = "better" if (new.mean < old.mean) == _less_is_better(key) else "worse"
            lines.append(f"{verdict}: {' / '.join(key)}: {old.mean:.3f} -> {new.mean:.3f}{by}")
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
                of = score["mean"], *score["interval"], score.get(BY_PERSON, "")
                yield (method, recognizer, attack), Score(*of)
        for name, interval in figures.get("utility intervals", {}).items():
            yield (method, UTILITY, name), Score(figures["utility"][name], *interval)


@contextmanager
def _of_an_evaluation(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ElsefaceError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, LookupError, TypeError, AttributeError):
        raise ElsefaceError(f"{path}: not the results.json of an evaluation") from None
