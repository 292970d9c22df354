"""How attributes go together: a mixture of independent Bernoullis over the 40 bits.

Any attribute's probability given any others is exact and cheap under it, which is what drawing a
coherent set of attributes needs.  Fitted by expectation maximisation; it holds class averages,
no row of anybody.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Population:
    """A fitted mixture.

    Attributes
    ----------
    share : ndarray of shape (k,), the classes' probabilities
    present : ndarray of shape (k, 40), each attribute's probability within a class
    """

    share: np.ndarray
    present: np.ndarray

    @classmethod
    def fit(
        cls, bits: np.ndarray, classes: int = 100, rounds: int = 60, seed: int = 0
    ) -> Population:
        """Fit to attribute bits (n, 40)."""
        bits = bits.astype(np.float32)
        random = np.random.default_rng(seed)
        share = np.full(classes, 1 / classes)
        present = 0.5 * bits.mean(0) + 0.5 * random.uniform(0.1, 0.9, (classes, bits.shape[1]))
        for _ in range(rounds):
            belongs = cls(share, present).classes(bits, np.arange(bits.shape[1]))
            size = belongs.sum(0) + 1e-9
            share = size / size.sum()
            # One imagined image per class and value: no attribute is ever impossible.
            present = (belongs.T @ bits + bits.mean(0)) / (size[:, None] + 1)
        return cls(share, present)

    @property
    def marginals(self) -> np.ndarray:
        """Each attribute's share in the population, (40,)."""
        return self.share @ self.present

    def classes(self, bits: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Probability of each class (n, k) given the attributes `known` of bits (n, 40)."""
        p = np.clip(self.present[:, known], 1e-6, 1 - 1e-6)
        b = bits[:, known]
        log = np.log(self.share + 1e-12) + b @ np.log(p).T + (1 - b) @ np.log(1 - p).T
        log -= log.max(1, keepdims=True)
        weight = np.exp(log)
        return weight / weight.sum(1, keepdims=True)

    def conditional(self, bits: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Every attribute's probability (40,) given the attributes `known` of bits (40,)."""
        return (self.classes(bits[None], known) @ self.present)[0]
