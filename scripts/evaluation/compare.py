"""What became better or worse between two evaluations, beyond their intervals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from elseface.common.errors import ElsefaceError


def differences(first: Path, second: Path) -> list[str]:
    """A line for every privacy score whose intervals do not touch: less recognised is better.

    Raises
    ------
    ElsefaceError
        When a file is not the ``results.json`` of an evaluation, or nothing is in both.
    """
    keys = ("images", "identities", "settings", "judges")
    pictures, others = (_read(path, *keys) for path in (first, second))
    before, after = (dict(_scores(path)) for path in (first, second))
    both = [key for key in before if key in after]
    if not both:
        raise ElsefaceError(f"{first}, {second}: have no score in common")
    lines = []
    if pictures != others:
        lines.append("other pictures, settings or judges: what follows compares two things at once")
    for key in both:
        (low, high), (new_low, new_high) = (of[key]["interval"] for of in (before, after))
        if new_high < low or new_low > high:
            verdict = "better" if new_high < low else "worse"
            means = f"{before[key]['mean']:.3f} -> {after[key]['mean']:.3f}"
            lines.append(f"{verdict}: {' / '.join(key)}: {means}")
    return lines


def _scores(path: Path) -> Iterator[tuple[tuple[str, str, str], dict[str, Any]]]:
    (methods,) = _read(path, "methods")
    for method, figures in methods.items():
        for recognizer, scores in figures["privacy"].items():
            for attack, score in scores.items():
                yield (method, recognizer, attack), score


def _read(path: Path, *keys: str) -> list[Any]:
    try:
        results = json.loads(path.read_text())
        return [results[key] for key in keys]
    except OSError as error:
        raise ElsefaceError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError):
        raise ElsefaceError(f"{path}: not the results.json of an evaluation") from None
