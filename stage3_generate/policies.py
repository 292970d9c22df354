"""Which attributes the new face gets.

A policy takes attribute values (40,) in [0, 1], the indices it must keep, and a random generator,
and returns the values of the new face.  What is not changed stays as it was estimated.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from elseface.common.attributes import CONTEXT, COUNT, EXPRESSION, indices
from elseface.stage3_generate.edits import cohere
from elseface.stage3_generate.population import Population
from numpy.typing import ArrayLike

#: What the source document inverts.
FOUR = ("Pointy_Nose", "Smiling", "Young", "Big_Nose")
#: Age shows in hair and neck too, which are copied: a face of another age does not go with them.
AGE = ("Young",)


class Policy(Protocol):
    """Chooses the new face's attributes."""

    def __call__(
        self, values: np.ndarray, keep: Collection[int], random: np.random.Generator
    ) -> np.ndarray: ...


def none(values: np.ndarray, keep: Collection[int], random: np.random.Generator) -> np.ndarray:
    """The attributes as they are."""
    return values


def flip(values: np.ndarray, keep: Collection[int], random: np.random.Generator) -> np.ndarray:
    """The source's four inverted."""
    return _inverted(values, [i for i in indices(FOUR) if i not in keep], keep)


def all_(values: np.ndarray, keep: Collection[int], random: np.random.Generator) -> np.ndarray:
    """Every attribute that is not kept inverted, as far as they do not exclude each other."""
    return _inverted(values, [i for i in range(COUNT) if i not in keep], keep)


def random_(values: np.ndarray, keep: Collection[int], random: np.random.Generator) -> np.ndarray:
    """Every attribute that is not kept drawn by a fair coin, then made coherent."""
    coins = random.integers(0, 2, COUNT).astype(values.dtype)
    free = [i for i in range(COUNT) if i not in keep]
    drawn = values.copy()
    drawn[free] = coins[free]
    return cohere(drawn, keep)


@dataclass(frozen=True)
class Ppas:
    """Attributes drawn from the population, after the idea of PPAS.

    Li and Lin, AnonymousNet, CVPRW 2019, select and update attributes by their distribution; the
    exact algorithm is not public, this is ours.  Kept attributes, those seen in the copied
    context (hair, hat, age) and the expression that the landmarks carry are taken as known; every
    other one is drawn given them and those drawn before.

    Parameters
    ----------
    population : the fitted distribution
    max_flips : at most this many attributes change (the rest of the draws are undone at random)
    epsilon : budget of a randomized response over the drawn attributes: with it, an attribute
        keeps its own bit so often that the released vector is `epsilon`-differentially private
        in the drawn attributes (Warner 1965; composition over the attributes).  0, the default,
        draws without looking at them.  It bounds the attributes only: landmarks and context
        are not covered.  It needs a seed that stays secret, or the coins can be tossed again; and
        no bound holds with `max_flips`, or where a face too like the old one is drawn again, as a
        new shape is.
    """

    population: Population
    max_flips: int | None = None
    epsilon: float = 0.0

    def __call__(
        self, values: np.ndarray, keep: Collection[int], random: np.random.Generator
    ) -> np.ndarray:
        free = self.drawn(keep)
        known = [i for i in range(COUNT) if i not in free]
        own = (values >= 0.5).astype(values.dtype)
        bits = own.copy()
        for i in free:
            bits[i] = self._release(own[i], self._share(bits, known, i), len(free), random)
            known = [*known, i]
        if self.max_flips is not None:
            flipped = [i for i in free if bits[i] != own[i]]
            undone = random.permutation(flipped)[self.max_flips :].astype(int)
            bits[undone] = own[undone]
        drawn = values.copy()
        drawn[free] = bits[free]
        return drawn

    def drawn(self, keep: Collection[int]) -> list[int]:
        """The attributes that are drawn when `keep` are kept."""
        known = {*keep, *indices(CONTEXT), *indices(EXPRESSION), *indices(AGE)}
        return [i for i in range(COUNT) if i not in known]

    def _share(self, bits: np.ndarray, known: Sequence[int], i: int) -> float:
        return float(
            np.clip(self.population.conditional(bits, np.array(known, int))[i], 0.005, 0.995)
        )

    def _release(self, own: float, share: float, count: int, random: np.random.Generator) -> float:
        """The own bit with a probability that spends epsilon / count, else the population's.

        P(b | own = b) / P(b | own != b) = 1 + stay / ((1 - stay) * share of b), which is largest
        for the rarer value of the bit.
        """
        gain = math.expm1(self.epsilon / count) * min(share, 1 - share)
        coin, draw = random.random(2)
        return own if coin < gain / (1 + gain) else float(draw < share)


def closeness(released: ArrayLike, population: Population, drawn: Collection[int]) -> float:
    """t of t-closeness (Li et al., ICDE 2007): the largest distance over the `drawn` attributes
    between the share among released vectors (n, 40) and the population's share, 0 to 1."""
    gap = np.abs((np.asarray(released) >= 0.5).mean(0) - population.marginals)
    return float(gap[list(drawn)].max(initial=0))


def _inverted(values: np.ndarray, which: list[int], keep: Collection[int]) -> np.ndarray:
    inverted = values.copy()
    inverted[which] = (values[which] < 0.5).astype(values.dtype)
    return cohere(inverted, keep)
