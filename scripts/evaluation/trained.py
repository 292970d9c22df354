"""An attacker who runs the method on his own pictures and learns what it leaves of a person.

He trains a head on a recognizer's embeddings of anonymized pictures of his own people: linear
discriminant analysis (as in Belhumeur et al., 1997), which keeps what differs between people and
divides by what differs within one, whatever that is once the method has been at work.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from elseface.scripts.evaluation.privacy import rank1
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

#: How strongly the scatter within people is pulled to the sphere, and how many directions are
#: kept: what the attacker chooses among on his tuning pictures.
SHRINKAGE = (0.01, 0.1, 0.3, 0.6)
DIRECTIONS = (32, 64, 128)
#: Pictures of people of whom he has two or more that he needs: with fewer he would learn too little
#: to say that a method hides.
LEAST = 1000
#: In the control, one direction in so many says whose face it is.
TELLING = 4

Head = Callable[[np.ndarray], np.ndarray]
#: Embeddings (n, d) and identities (n,).
Known = tuple[np.ndarray, np.ndarray]


def train_head(background: Known, tuning: Known) -> Head:
    """The best head by rank-1 on the tuning people; it may be none at all.

    Parameters
    ----------
    background, tuning : embeddings (n, d) of anonymized pictures and identities (n,); faces that
        were missed are left out
    """
    vectors, identity = _found(*background)
    names, counts = np.unique(identity, return_counts=True)
    twice = np.isin(identity, names[counts > 1])  # one picture says nothing about scatter
    vectors, identity = vectors[twice], identity[twice]
    seen, who = _found(*tuning)
    best: Head = _as_it_is
    score = _reached(seen, who)
    for shrinkage in SHRINKAGE if len(np.unique(identity)) > 1 else ():
        analysis = LinearDiscriminantAnalysis(solver="eigen", shrinkage=shrinkage)
        analysis.fit(vectors, identity)
        for count in DIRECTIONS:
            head = _projection(vectors.mean(0), analysis.scalings_[:, :count])
            reached = _reached(head(seen), who)
            if reached > score:
                best, score = head, reached
    return best


def enough(identity: np.ndarray) -> bool:
    """Whether an attacker with pictures of these identities (n,) can train."""
    _, counts = np.unique(identity, return_counts=True)
    return bool(counts[counts > 1].sum() >= LEAST)


def control(background: Known, tuning: Known, judged: Known, seed: int = 0) -> tuple[float, ...]:
    """Whether training learns: rank-1 on the judged people, embeddings (n, d) and identities, when
    of all directions, made equally strong, most hold noise and the others what they held.

    On pictures that nobody changed he may well take no head at all, which would show nothing; and
    what is merely strong or weak everywhere is seen through without knowing whose faces they are.

    Returns
    -------
    tuple of three floats : for who knows the telling directions, for the untrained, for the trained
    """
    random = np.random.default_rng(seed)
    vectors, _ = _found(*background)
    count = min(vectors.shape[1], len(vectors) // TELLING)
    white = PCA(count, whiten=True, svd_solver="full").fit(vectors)
    telling = count // TELLING
    turn = np.linalg.qr(random.standard_normal((count, count)))[0]

    def hidden(known: Known) -> Known:
        vectors, identity = _found(*known)
        turned = white.transform(vectors) @ turn
        turned[:, count // TELLING :] = random.standard_normal(
            (len(turned), count - count // TELLING)
        )
        return turned, identity

    head = train_head(hidden(background), hidden(tuning))
    vectors, identity = hidden(judged)
    ways = vectors[:, :telling], vectors, head(vectors)
    return tuple(_reached(way, identity) for way in ways)


def _reached(vectors: np.ndarray, identity: np.ndarray) -> float:
    """Rank-1 among themselves; 0 where nobody has two pictures."""
    _, counts = np.unique(identity, return_counts=True)
    return float(np.nanmean(rank1(vectors, vectors, identity))) if (counts > 1).any() else 0.0


def _found(vectors: np.ndarray, identity: np.ndarray) -> Known:
    found = np.isfinite(vectors).all(1)
    return vectors[found], identity[found]


def _as_it_is(vectors: np.ndarray) -> np.ndarray:
    return vectors


def _projection(mean: np.ndarray, directions: np.ndarray) -> Head:
    def head(vectors: np.ndarray) -> np.ndarray:
        projected = (vectors - mean) @ directions
        return projected / np.linalg.norm(projected, axis=1, keepdims=True)

    return head
