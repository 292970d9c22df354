"""A new face that could be taken for the old one is drawn again.

Shape, texture and attributes are drawn without looking at who was there, so one draw in some
resembles that person by chance, and the copied context adds to it.  dlib's recognizer compares the
two; whoever is closer than strangers mostly are is drawn again.  Of the old face nothing enters the
new one but which draw it was: four bits, with sixteen draws; a little more where others are asked
for after verification.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from elseface.common.anonymizer import Disguise
from elseface.stage1_disentangle.descriptor import embed_crop
from elseface.stage1_disentangle.factors import Factors

#: Distance of dlib's descriptors from which a face counts as somebody else's: about where
#: strangers of the same gender, age, skin and hair lie, of 1581 pairs of validation pictures 38 %
#: closer. At .72, where 15 % of them lie closer, and eight draws the project's own recognizer,
#: which has no say in the draw, took 35 % of 211 new faces for the old one at a false-accept rate
#: of 1e-3; at .78 and sixteen draws 26 %, and the faces looked no worse.
STRANGER = 0.78


@dataclass(frozen=True)
class NewFace:
    """A drawn face.

    Attributes
    ----------
    factors : what it was drawn from
    drawn : ndarray of shape (size, size, 3), float32, RGB in [0, 255], in the context's colours
    disguise : who it is of
    distance : of its descriptor to the old face's; None where nobody looked
    """

    factors: Factors
    drawn: np.ndarray
    disguise: Disguise
    distance: float | None = None

    def descriptor(self) -> np.ndarray:
        """dlib's descriptor (128,) of the face as it will be seen, in its context."""
        factors = self.factors
        seen = np.where(factors.mask[:, :, None] == 1, self.drawn, factors.context)
        return embed_crop(seen.round().astype(np.uint8), factors.landmarks)


def unlike(
    old: Mapping[int, np.ndarray],
    draw: Callable[[list[int], int], Sequence[NewFace]],
    attempts: int,
) -> dict[int, NewFace]:
    """Of every face the first draw that is a stranger's, or else the farthest of all.

    Parameters
    ----------
    old : descriptors (128,) of the faces that were there, by any number
    draw : given the numbers of the faces to draw and the number of the attempt, from 0
    attempts : at most so many draws a face, at least 1
    """
    chosen: dict[int, NewFace] = {}
    left = list(old)
    for attempt in range(attempts):
        for i, face in zip(left, draw(left, attempt)):
            distance = float(np.linalg.norm(face.descriptor() - old[i]))
            if i not in chosen or distance > chosen[i].distance:
                chosen[i] = replace(face, distance=distance)
        left = [i for i in left if chosen[i].distance < STRANGER]
        if not left:
            break
    return chosen
