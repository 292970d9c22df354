"""Who becomes whom: what the disguise of a face is drawn from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from elseface.common.face import Face
from elseface.stage1_disentangle.factors import Factors


@dataclass(frozen=True)
class Part:
    """What random numbers about a face are drawn from.

    Attributes
    ----------
    seed : of the run, another where a face is to become somebody else
    who : number of whoever it becomes
    """

    seed: int
    who: int

    def stream(self, attempt: int) -> tuple[int, ...]:
        """Seeds of one of several draws."""
        return self.seed, attempt, self.who


class Casting(Protocol):
    """Gives every face of a photo a part."""

    def __call__(
        self, photo: np.ndarray, faces: Sequence[Face], found: Sequence[Factors], seed: int
    ) -> list[Part]: ...


def by_picture(
    photo: np.ndarray, faces: Sequence[Face], found: Sequence[Factors], seed: int
) -> list[Part]:
    """A part of its own for every picture of a face.

    The context decides, so that one person's photos get unrelated faces under one seed; what lies
    under the mask does not, so that nothing of the old face has a say.
    """
    return [Part(seed, _digest(factors.context)) for factors in found]


def _digest(context: np.ndarray) -> int:
    digest = hashlib.sha256(np.ascontiguousarray(context).tobytes()).digest()
    return int.from_bytes(digest[:16], "little")
