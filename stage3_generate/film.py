"""The faces of a film, half of which are drawn.

Drawing takes most of the time that a frame does, and from one frame to the next a face changes
little.  So of one person's faces in a row every second is the one before, moved to where its own
landmarks are; as decoded, so that it still takes on the colours of its own surroundings.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Sequence

import numpy as np
from elseface.stage1_disentangle.factors import Factors
from elseface.stage2_reconstruct.reconstruct import Decoder
from elseface.stage3_generate.warping import warped

#: A face some of whose landmarks move farther than this, of the frame's side, is drawn: a mouth
#: that opens shows what was not there before.
FAR = 0.04


def drawn_by_turns(
    decoder: Decoder,
    factors: Sequence[Factors],
    texture: Callable[[int], np.ndarray],
    whose: Sequence[Hashable],
) -> np.ndarray:
    """As :meth:`Decoder.draw`, of faces in the order of their frames.

    Parameters
    ----------
    texture : that of a face by its number among them
    whose : equal for the faces of one person
    """
    moved_from: dict[int, int] = {}
    before: dict[Hashable, int] = {}
    for i, who in enumerate(whose):
        last = before.pop(who, None)
        if last is None or _apart(factors[last], factors[i]) > FAR:
            before[who] = i
        else:
            moved_from[i] = last
    anew = [i for i in range(len(factors)) if i not in moved_from]
    textures = np.stack([texture(i) for i in anew])
    faces = dict(zip(anew, decoder.draw([factors[i] for i in anew], textures)))
    for i, last in moved_from.items():
        with contextlib.suppress(np.linalg.LinAlgError):  # of no face's: left where it was
            faces[i] = faces[last]
            faces[i] = warped(
                faces[last], factors[last].landmarks, factors[i].landmarks, decoder.size
            )
    return np.stack([faces[i] for i in range(len(factors))])


def _apart(one: Factors, other: Factors) -> float:
    return float(np.hypot(*(one.landmarks - other.landmarks).T).max())
