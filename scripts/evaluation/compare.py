"""What became better or worse between two evaluations, beyond their intervals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from elseface.common.errors import ElsefaceError

#: By which utility is told from recognizers.
UTILITY = "utility"
#: Of what pictures are still good for, where less is better, as it is of all privacy scores.
ERRORS = ("landmark error", "pose error (degrees)")


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
    terms, others = map(_terms, (first, second))
    before, after = (dict(_scores(path)) for path in (first, second))
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


def _terms(path: Path) -> list[Any]:
    """What must be the same for two runs to be compared; where the pictures lay need not be."""
    settings, *rest = _read(path, "settings", "images", "identities", "judges", "pictures")
    return [{name: of for name, of in settings.items() if name != "dataset"}, *rest]


def _less_is_better(key: tuple[str, str, str]) -> bool:
    _, by, name = key
    return by != UTILITY or name in ERRORS


def _scores(path: Path) -> Iterator[tuple[tuple[str, str, str], tuple[float, float, float]]]:
    (methods,) = _read(path, "methods")
    for method, figures in methods.items():
        for recognizer, scores in figures["privacy"].items():
            for attack, score in scores.items():
                yield (method, recognizer, attack), (score["mean"], *score["interval"])
        for name, interval in figures.get("utility intervals", {}).items():
            yield (method, UTILITY, name), (figures["utility"][name], *interval)


def _read(path: Path, *keys: str) -> list[Any]:
    try:
        results = json.loads(path.read_text())
        return [results[key] for key in keys]
    except OSError as error:
        raise ElsefaceError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError):
        raise ElsefaceError(f"{path}: not the results.json of an evaluation") from None
