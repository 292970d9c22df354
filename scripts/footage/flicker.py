"""How restless the new faces are, against the old ones.

Of two frames in a row each face is cut out aligned, so that neither its way across the picture nor
a turn of the head counts.  What then changes from one to the other, the mean absolute difference
under the ellipse, is taken of the new face and of the original alike; their ratio is the flicker: 1
if the new face moves as much as the old one did, more if it trembles, less if it is stiffer.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from elseface.common.face import Face
from elseface.scripts.footage.protection import Protected
from elseface.stage1_disentangle.mask import face_ellipse

#: Side of the cut-outs in pixels.
SIDE = 96

Pair = tuple[np.ndarray, np.ndarray]


@dataclass
class Flicker:
    """Takes a video's frames in order and keeps two sums a person.

    Attributes
    ----------
    change : by person's number, summed over pairs of frames: of the new face, of the original
    """

    change: dict[int, np.ndarray] = field(default_factory=dict)
    _last: dict[int, Pair] = field(default_factory=dict)

    def add(self, protected: Protected) -> None:
        """The next frame; a face counts where it was seen in this frame and the one before."""
        seen: dict[int, Pair] = {}
        for cover in (cover for cover in protected.covers if cover.sure):
            face, number = cover.face(), cover.person.number
            new, old = (_crop(p, face) for p in (protected.pixels, protected.frame.pixels))
            seen[number] = new, old
            if number in self._last:
                inside = _inside(face)
                apart = [
                    np.abs(now - then)[inside].mean()
                    for now, then in zip((new, old), self._last[number])
                ]
                self.change[number] = self.change.get(number, np.zeros(2)) + apart
        self._last = seen

    def ratio(self, number: int) -> float | None:
        """The flicker of a person's new face; None where the original never changed."""
        new, old = self.change.get(number, np.zeros(2))
        return float(new / old) if old else None


def _crop(pixels: np.ndarray, face: Face) -> np.ndarray:
    return face.alignment.crop(pixels, SIDE).astype(np.float32)


def _inside(face: Face) -> np.ndarray:
    ellipse = face_ellipse(face.alignment.to_frame(face.landmarks))
    return ellipse.in_crop(SIDE).draw(SIDE, SIDE) == 1
