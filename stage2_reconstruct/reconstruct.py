"""Drawing faces from factors."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from elseface.stage1_disentangle.factors import Factors
from elseface.stage2_reconstruct.conditions import conditions, draw_landmarks


class Decoder:
    """A trained decoder with the attribute maps it was trained on.

    Parameters
    ----------
    network : keras.Model, as :func:`~elseface.stage2_reconstruct.decoder.unet` makes it
    embedding : ndarray of shape (40, SIDE, SIDE)
    """

    def __init__(self, network: keras.Model, embedding: np.ndarray) -> None:
        self.network = network
        self.embedding = embedding
        self.size: int = network.output_shape[1]

    def draw(self, factors: Sequence[Factors], textures: np.ndarray) -> np.ndarray:
        """Draw faces.

        Parameters
        ----------
        factors : n of them
        textures : ndarray of shape (n, size, size, 3); 0 draws what is to be expected of the
            factors

        Returns
        -------
        ndarray of shape (n, size, size, 3), float32, RGB in [0, 255]
        """
        given = conditions(
            np.stack([f.context for f in factors]),
            np.stack([f.mask for f in factors]),
            np.stack([draw_landmarks(f.landmarks, self.size) for f in factors]),
            np.stack([f.attributes for f in factors]),
            self.embedding,
            textures,
        )
        faces = np.asarray(self.network.predict_on_batch(given), np.float32)
        return np.clip((faces + 1) * 127.5, 0, 255)
