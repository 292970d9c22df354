"""What figures are read against: nothing done, everything hidden, somebody else."""

from __future__ import annotations

import numpy as np
from elseface.common.attributes import indices
from elseface.common.face import Face
from elseface.stage1_disentangle.mask import face_ellipse

#: A stranger of the same kind shares these.
KIND = indices(
    ("Male", "Young", "Pale_Skin", "Bald", "Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair")
)


def black_ellipse(photo: np.ndarray, face: Face) -> np.ndarray:
    """The photo (height, width, 3) with nothing left of the face but its surroundings."""
    ellipse = face_ellipse(face.alignment.to_frame(face.landmarks)).in_photo(face.alignment)
    return photo * (1 - ellipse.draw(*photo.shape[:2]))[:, :, None]


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
