"""What figures are read against: nothing done, everything hidden, somebody else."""

from __future__ import annotations

import numpy as np
from elseface.common.attributes import indices
from elseface.common.face import Face
from elseface.stage3_generate.choices import MethodName
from elseface.stage3_generate.classic import load_obfuscation

#: A stranger of the same kind shares these.
KIND = indices(
    ("Male", "Young", "Pale_Skin", "Bald", "Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair")
)


def black_ellipse(photo: np.ndarray, face: Face) -> np.ndarray:
    """The photo (height, width, 3) with nothing left of the face but its surroundings."""
    return load_obfuscation(MethodName.BLACKOUT).anonymize(photo, [face], seed=0).pixels


def strangers(bits: np.ndarray, others: np.ndarray, seed: int = 0) -> np.ndarray:
    """For each face, somebody of the same kind who is not in the gallery: indices into `others`.

    Parameters
    ----------
    bits, others : attribute bits (n, 40) of the probes, (m, 40) of people outside the gallery
    """
    random = np.random.default_rng(seed)
    differences = (bits[:, None, KIND] != others[None][:, :, KIND]).sum(-1)
    nearest = differences == differences.min(1, keepdims=True)
    return np.array([random.choice(np.flatnonzero(row)) for row in nearest])
