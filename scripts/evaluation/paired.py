"""Two scores of the same people: how much more one is than the other.

Whoever is known under one method is often known under another, by the surroundings for one, so that
intervals of two scores may overlap where the difference is beyond doubt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from elseface.scripts.evaluation.methods import STRANGERS
from elseface.stage3_generate.choices import MethodName

#: What a score keeps of each person.
BY_PERSON = "by person"
#: What every method is compared with: what the surroundings alone say, what somebody else's picture
#: does, and what that person's face does in these surroundings.
REFERENCES = (MethodName.BLACKOUT.value, *STRANGERS)


def tally(hit: np.ndarray, identity: np.ndarray) -> str:
    """Of each of the people (n,), in order, the sum of `hit` (n,) over how many pictures count, of
    which that does not which is no number: such as ``3/5 0/5 0.25/4``."""
    _, who = np.unique(identity, return_inverse=True)
    counts = np.bincount(who, np.isfinite(hit))
    sums = np.bincount(who, np.nan_to_num(hit))
    return " ".join(f"{known:.4g}/{of:.0f}" for known, of in zip(sums, counts))


def difference(first: str, second: str, draws: int = 1000) -> dict[str, Any]:
    """How much more the first :func:`tally` scores than the second, and the 95 % interval, by
    bootstrap over people, the same ones for both.

    A bootstrap of rare hits sees too little doubt: after the idea of Agresti and Min (2005), who
    add pairs that differ either way, it has one person more whom the first alone hits, and one whom
    the second does, as often as they differ in those in whom they do.
    """
    (hits, of), (other, other_of) = _counted(first, second)
    mean = hits.sum() / of.sum() - other.sum() / other_of.sum()
    apart = hits / of - other / other_of
    usual, usual_of = of.mean(), other_of.mean()
    often = np.sqrt((apart[apart != 0] ** 2).mean()) if apart.any() else 1 / usual
    hits, of = np.r_[hits, often * usual, 0], np.r_[of, usual, usual]
    other, other_of = np.r_[other, 0, often * usual_of], np.r_[other_of, usual_of, usual_of]
    chosen = np.random.default_rng(0).integers(0, len(hits), (draws, len(hits)))
    ratios = [a[chosen].sum(1) / b[chosen].sum(1) for a, b in ((hits, of), (other, other_of))]
    interval = np.percentile(ratios[0] - ratios[1], [2.5, 97.5]).tolist()
    return {"mean": float(mean), "interval": interval}


def comparable(first: str, second: str) -> bool:
    """Whether two tallies are of as many people, of somebody of whom both count a picture."""
    as_many = len(first.split()) == len(second.split())
    return as_many and len(_counted(first, second)[0][0]) > 0


def over_references(methods: Mapping[str, dict[str, Any]], name: str) -> None:
    """Add to the scores of a method of a run how much more they are than those of REFERENCES, as
    ``over blackout``, where those have the same score."""
    for reference in REFERENCES:
        if name == reference or reference not in methods:
            continue
        for by, scores in methods[name]["privacy"].items():
            for attack, score in scores.items():
                theirs = methods[reference]["privacy"].get(by, {}).get(attack)
                if theirs and comparable(score[BY_PERSON], theirs[BY_PERSON]):
                    score[f"over {reference}"] = difference(score[BY_PERSON], theirs[BY_PERSON])


def _counted(*tallies: str) -> np.ndarray:
    """Hits and pictures (2, n) of each tally, of those people of whom each counts a picture."""
    pairs = [[pair.split("/") for pair in text.split()] for text in tallies]
    parsed = np.array(pairs, float).reshape(len(tallies), -1, 2).transpose(0, 2, 1)
    return parsed[:, :, (parsed[:, 1] > 0).all(0)]
