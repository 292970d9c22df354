"""What the decoder is trained on: faces of the cache with the conditions they are drawn from."""

from __future__ import annotations

import numpy as np
from elseface.stage1_disentangle.batches import Batches
from elseface.stage1_disentangle.cache import FaceCache
from elseface.stage2_reconstruct.cameras import retaken
from elseface.stage2_reconstruct.conditions import blacken, conditions, draw_landmarks
from elseface.stage2_reconstruct.skin import DARK, typology_angle

#: Attribute bits are moved towards 1/2 by up to this much in training, because at run time the
#: decoder is given probabilities.
SOFTEN = 0.3
#: How often a training face with dark skin is seen an epoch.
OFTEN = 3


class Faces(Batches):
    """Batches of (conditions, faces (b, size, size, 3) float32 in [-1, 1]).

    With a seed they are flipped, as other cameras would have taken them, and their attributes
    softened; dark skin comes :data:`OFTEN` times as often as it is there.
    """

    def __init__(
        self,
        cache: FaceCache,
        split: int,
        embedding: np.ndarray,
        batch_size: int,
        seed: int | None,
    ) -> None:
        super().__init__(cache, split, batch_size, seed)
        self.embedding = embedding
        if seed is not None:
            dark = [number for number in self.order if self._is_dark(number)]
            self.order = np.concatenate([self.order, *[dark] * (OFTEN - 1)]).astype(int)
            self.begin(0)

    def _is_dark(self, number: int) -> bool:
        (row,) = self.cache[np.array([number])]
        return typology_angle(row["crop"], row["landmarks"]) < DARK

    def rows(self, batch: int) -> np.ndarray:
        rows = super().rows(batch)
        return retaken(rows, self.random) if self.random else rows

    def __getitem__(self, batch: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        rows = self.rows(batch)
        values = rows["attributes"].astype(np.float32)
        given, faces = self.given(rows, rows["landmarks"], values, nobodys(rows))
        return flipped(self.random, given, faces) if self.random else (given, faces)

    def given(
        self, rows: np.ndarray, landmarks: np.ndarray, values: np.ndarray, textures: np.ndarray
    ) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Conditions of a face with these landmarks (b, 68, 2), attributes (b, 40) and textures
        (b, size, size, 3) in the place and context of `rows`, and the faces that are there."""
        crops = rows["crop"]
        contexts, masks = map(np.stack, zip(*map(blacken, crops, rows["landmarks"])))
        curves = np.stack([draw_landmarks(points, crops.shape[1]) for points in landmarks])
        if self.random:
            values = np.abs(values - self.random.uniform(0, SOFTEN, values.shape))
        given = conditions(contexts, masks, curves, values, self.embedding, textures)
        return given, crops.astype(np.float32) / 127.5 - 1


def nobodys(rows: np.ndarray) -> np.ndarray:
    """Textures that are nobody's in particular: (b, size, size, 3), float32."""
    return np.zeros(rows["crop"].shape, np.float32)


def flipped(
    random: np.random.Generator, given: dict[str, np.ndarray], faces: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """A batch with half of its pictures mirrored; attribute maps and numbers stay.

    An array of fewer pictures belongs to the first ones.
    """
    mirror = random.random(len(faces)) < 0.5

    def turn(pictures: np.ndarray) -> np.ndarray:
        turn_it = mirror[: len(pictures), None, None, None]
        return np.where(turn_it, pictures[:, :, ::-1], pictures)

    turned = {
        name: turn(array) if array.ndim == 4 and not name.endswith("attributes") else array
        for name, array in given.items()
    }
    return turned, turn(faces)
