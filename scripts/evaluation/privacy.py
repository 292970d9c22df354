"""Privacy scores of embeddings, with intervals over identities.

Two embeddings are the more alike the nearer they are, by Euclidean distance: for unit vectors the
same order as by cosine, and what dlib's descriptor was trained for.  Scores compare in blocks, so
that memory does not grow with the square of the pictures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from elseface.common.errors import ElsefaceError
from scipy.stats import binomtest

#: The false-accept rates of the thresholds, the stricter one first.
FALSE_ACCEPTS = (1e-3, 1e-2)
#: The names of the scores.
NAIVE, PARROT = "naive rank-1", "parrot rank-1"
TRAINED, RESTORED = "trained parrot rank-1", "restored rank-1"
#: How often somebody is known after restoring, over how often before.
OVER_NAIVE = "over naive"
SELF_MATCH = f"self-match at FAR {FALSE_ACCEPTS[0]:g}"
#: Rows that are compared with all others at once.
BLOCK = 512
#: Pairs of different people that a threshold is read from, at most.
PAIRS = 2_000_000


def distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances (n, m) of rows (n, d) and (m, d)."""
    squares = (first**2).sum(1)[:, None] + (second**2).sum(1)[None]
    return squares - 2 * first @ second.T


def rank1(probe: np.ndarray, gallery: np.ndarray, identity: np.ndarray) -> np.ndarray:
    """Whether each probe's nearest gallery picture, its own left out, is of the same person: 1, 0,
    or not a number where the gallery has no other picture of them, or a face was not found.

    Parameters
    ----------
    probe, gallery : ndarrays of shape (n, d), of the same n pictures
    identity : ndarray of shape (n,)
    """
    nearest = [apart.argmin(1) for _, apart in _compared(probe, gallery)]
    hit = identity[np.concatenate(nearest)] == identity
    there = np.isfinite(gallery).all(1)
    _, who = np.unique(identity, return_inverse=True)
    others = np.bincount(who, there)[who] - there
    return np.where((others > 0) & np.isfinite(probe).all(1), hit, np.nan)


def true_accepts(
    probe: np.ndarray, gallery: np.ndarray, identity: np.ndarray, threshold: float
) -> np.ndarray:
    """For each probe, the share of the person's other pictures in the gallery within `threshold`;
    not a number where there is none."""
    shares = []
    for rows, apart in _compared(probe, gallery):
        same = (identity[rows, None] == identity[None]) & np.isfinite(apart)
        accepted = (apart <= threshold) & same
        with np.errstate(invalid="ignore"):
            shares.append(accepted.sum(1) / same.sum(1))
    return np.concatenate(shares)


def accept_thresholds(
    clean: np.ndarray, identity: np.ndarray, rates: Sequence[float] = FALSE_ACCEPTS
) -> np.ndarray:
    """The squared distances below which these shares of the pairs of different people lie on clean
    pictures: of all pairs, or of PAIRS seeded ones; :class:`ElsefaceError` where there is none."""
    count = len(clean)
    if count * (count - 1) // 2 <= PAIRS:
        first, second = np.triu_indices(count, 1)
    else:
        first, second = np.random.default_rng(0).integers(0, count, (2, PAIRS))
    different = identity[first] != identity[second]
    if not different.any():
        raise ElsefaceError("faces are found of fewer than two people: nobody can be mistaken")
    pairs = np.stack([first[different], second[different]])
    parts = np.array_split(pairs, max(1, pairs.shape[1] // 100_000), axis=1)
    apart = [((clean[one] - clean[other]) ** 2).sum(1) for one, other in parts]
    return np.quantile(np.concatenate(apart), rates)


def self_match(probe: np.ndarray, clean: np.ndarray, threshold: float) -> np.ndarray:
    """Whether each probe is still taken for the person in its own original."""
    return ((probe - clean) ** 2).sum(1) <= threshold


def with_interval(hit: np.ndarray, identity: np.ndarray, draws: int = 1000) -> dict[str, Any]:
    """Mean of `hit` (n,) and its 95 % interval, by bootstrap over identities; what is not a number
    does not count.

    Of rare hits, of none above all, a bootstrap sees too little doubt.  So no upper end is less
    than if nobody were hit, no lower end more than if everybody were, by Clopper and Pearson
    (1934), a person's pictures taken as one.
    """
    low, high = bootstrap(hit, identity, draws)
    count = len(np.unique(identity[np.isfinite(hit)]))
    doubt = binomtest(0, count).proportion_ci().high if count else np.nan
    mean = float(np.nanmean(hit)) if count else np.nan
    return {"mean": mean, "interval": [min(low, 1 - doubt), max(high, doubt)]}


def bootstrap(values: np.ndarray, identity: np.ndarray, draws: int = 1000) -> list[float]:
    """The 95 % interval of the mean of `values` (n,) or (n, k), people (n,) drawn anew; what is not
    a number does not count, and where nothing does there is no interval but two of those."""
    return quotient(values, np.where(np.isfinite(values), 1.0, np.nan), identity, draws)["interval"]


def quotient(
    above: np.ndarray, below: np.ndarray, identity: np.ndarray, draws: int = 1000
) -> dict[str, Any]:
    """The sum of `above` over that of `below`, and its 95 % interval, the same people drawn anew
    for both: arrays (n,) or (n, k), of which that does not count which is no number in `below`.

    An interval that draws with nothing of `below` reach into has no upper end, None; where nobody
    has anything of it, nothing is a number.
    """
    counts = np.isfinite(below).reshape(len(below), -1)
    rows = counts.any(1)
    if not rows.any() or not np.nansum(below):
        return {"mean": np.nan, "interval": [np.nan, np.nan]}
    _, who = np.unique(identity[rows], return_inverse=True)
    parts = (np.where(counts, of.reshape(counts.shape), 0)[rows].sum(1) for of in (above, below))
    sums = np.stack([np.bincount(who, part) for part in parts])
    chosen = np.random.default_rng(0).integers(0, who.max() + 1, (draws, who.max() + 1))
    over, under = sums[:, chosen].sum(2)
    said = (over > 0) | (under > 0)  # of a draw that has neither nothing can be told
    ratios = np.divide(over, under, out=np.full(draws, np.inf), where=under > 0)[said]
    with np.errstate(invalid="ignore"):
        low, high = np.percentile(ratios, [2.5, 97.5]).tolist()
    interval = [low, high if np.isfinite(high) else None]
    return {"mean": float(sums[0].sum() / sums[1].sum()), "interval": interval}


def attacks(
    probe: np.ndarray, clean: np.ndarray, identity: np.ndarray, parrot: bool = True
) -> dict[str, Any]:
    """Naive rank-1, self-match, and rank-1 of an attacker who runs the tool himself (parrot)."""
    threshold = accept_thresholds(clean, identity)[0]
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


def permuted(clean: np.ndarray, identity: np.ndarray, draws: int = 200) -> float:
    """Rank-1 when the names are dealt out anew: chance as it is measured, by the recognizer."""
    there = np.isfinite(clean).all(1)
    clean, identity = clean[there], identity[there]
    nearest = np.concatenate([apart.argmin(1) for _, apart in _compared(clean, clean)])
    random = np.random.default_rng(0)
    dealt = (random.permutation(identity) for _ in range(draws))
    return float(np.mean([(names[nearest] == names).mean() for names in dealt]))


def _compared(probe: np.ndarray, gallery: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Row numbers and their distances to the gallery, a picture's own left out as infinite."""
    for start in range(0, len(probe), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(probe)))
        apart = distances(probe[rows], gallery)
        apart[np.isnan(apart)] = np.inf  # a face that nobody found is like nobody
        apart[np.arange(len(rows)), rows] = np.inf
        yield rows, apart
