"""Privacy scores of embeddings, with intervals over identities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

#: The false-accept rate of the self-match threshold.
FALSE_ACCEPTS = 1e-3
#: The names of the scores.
NAIVE, PARROT = "naive rank-1", "parrot rank-1"
SELF_MATCH = f"self-match at FAR {FALSE_ACCEPTS:g}"


def rank1(probe: np.ndarray, gallery: np.ndarray, identity: np.ndarray) -> np.ndarray:
    """Whether each probe's nearest gallery picture, its own left out, is of the same person.

    Parameters
    ----------
    probe, gallery : ndarrays of shape (n, d), unit rows, of the same n pictures
    identity : ndarray of shape (n,)
    """
    similarity = probe @ gallery.T
    np.fill_diagonal(similarity, -np.inf)
    return identity[similarity.argmax(1)] == identity


def accept_threshold(clean: np.ndarray, identity: np.ndarray, rate: float = FALSE_ACCEPTS) -> float:
    """The similarity that `rate` of the pairs of different people reach on clean pictures."""
    above = np.triu_indices(len(clean), 1)
    different = (identity[:, None] != identity)[above]
    return float(np.quantile((clean @ clean.T)[above][different], 1 - rate))


def self_match(probe: np.ndarray, clean: np.ndarray, threshold: float) -> np.ndarray:
    """Whether each probe is still taken for the person in its own original."""
    return (probe * clean).sum(1) >= threshold


def with_interval(hit: np.ndarray, identity: np.ndarray, draws: int = 1000) -> dict[str, Any]:
    """Mean of `hit` (n,) and its 95 % interval, by bootstrap over identities."""
    people = [hit[identity == person] for person in np.unique(identity)]
    sums, sizes = (np.array([of(hits) for hits in people]) for of in (np.sum, len))
    chosen = np.random.default_rng(0).integers(0, len(people), (draws, len(people)))
    means = sums[chosen].sum(1) / sizes[chosen].sum(1)
    low, high = np.percentile(means, [2.5, 97.5])
    return {"mean": float(hit.mean()), "interval": [float(low), float(high)]}


def attacks(
    probe: np.ndarray, clean: np.ndarray, identity: np.ndarray, parrot: bool = True
) -> dict[str, Any]:
    """Naive rank-1, self-match, and rank-1 of an attacker who runs the tool himself (parrot)."""
    threshold = accept_threshold(clean, identity)
    scores = {
        NAIVE: rank1(probe, clean, identity),
        SELF_MATCH: self_match(probe, clean, threshold),
    }
    if parrot:
        scores[PARROT] = rank1(probe, probe, identity)
    return {name: with_interval(hit, identity) for name, hit in scores.items()}


def worst(of: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Of several :func:`attacks` on one method, the highest figure of each kind."""
    return {name: max((a[name] for a in of), key=lambda score: score["mean"]) for name in of[0]}


def chance(identity: np.ndarray) -> float:
    """Rank-1 of somebody who picks another picture blindly."""
    _, counts = np.unique(identity, return_counts=True)
    return float((counts * (counts - 1)).sum() / (len(identity) * (len(identity) - 1)))
