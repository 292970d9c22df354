"""The training cache in batches, shuffled or in order."""

from __future__ import annotations

import math

import keras
import numpy as np
from elseface.stage1_disentangle.cache import FaceCache


class Batches(keras.utils.PyDataset):
    """Rows of one split of the cache; a subclass makes of them what its network takes.

    Parameters
    ----------
    cache : FaceCache
    split : 0 train, 1 validation, 2 test
    batch_size : rows a batch, fewer in the last
    seed : of order and augmentation; None for neither
    """

    def __init__(self, cache: FaceCache, split: int, batch_size: int, seed: int | None) -> None:
        super().__init__()
        self.cache, self.batch_size = cache, batch_size
        self.order = cache.split(split)
        self.random = None if seed is None else np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self) -> int:
        return math.ceil(len(self.order) / self.batch_size)

    def on_epoch_end(self) -> None:
        if self.random:
            self.random.shuffle(self.order)

    def numbers(self, batch: int) -> np.ndarray:
        """The row numbers of one batch."""
        return self.order[batch * self.batch_size :][: self.batch_size]

    def rows(self, batch: int) -> np.ndarray:
        """The records of one batch."""
        return self.cache[self.numbers(batch)]
