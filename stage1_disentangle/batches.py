"""The training cache in batches, shuffled or in order."""

from __future__ import annotations

import math
import multiprocessing
from typing import Any, Protocol

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
        self.cache, self.batch_size, self.seed = cache, batch_size, seed
        self.order = cache.split(split)
        self.random: np.random.Generator | None = None
        self.begin(0)

    def __len__(self) -> int:
        return math.ceil(len(self.order) / self.batch_size)

    def begin(self, epoch: int) -> None:
        """See :class:`Epochs`."""
        self.epoch = epoch
        if self.seed is not None:
            self.order = np.random.default_rng((self.seed, epoch)).permutation(np.sort(self.order))

    def numbers(self, batch: int) -> np.ndarray:
        """The row numbers of one batch."""
        return self.order[batch * self.batch_size :][: self.batch_size]

    def rows(self, batch: int) -> np.ndarray:
        """The records of one batch, whose own :attr:`random` is from here on: a batch is the same
        whichever process makes it, and whatever it made before."""
        if self.seed is not None:
            self.random = np.random.default_rng((self.seed, self.epoch, batch))
        return self.cache[self.numbers(batch)]


def fed(batches: Batches) -> Any:
    """What ``fit`` is given: with PyTorch, where they are made for a GPU that would wait for one
    process, a loader that has the batches made by as many as there are processor cores but one."""
    if keras.backend.backend() != "torch" or "fork" not in multiprocessing.get_all_start_methods():
        return batches
    import cv2
    import joblib
    from torch.utils.data import DataLoader

    cv2.setNumThreads(1)  # a forked process waits for ever for threads that it does not have
    # Forked, as they are by default before Python 3.14: each epoch's have what `begin` has left.
    return DataLoader(
        batches,
        batch_size=None,
        num_workers=max(1, joblib.cpu_count() - 1),
        multiprocessing_context="fork",
    )


class Epochs(Protocol):
    """What is another in each epoch."""

    def begin(self, epoch: int) -> None:
        """Begin an epoch, whose order and augmentation depend on its number and the seed alone."""
        ...


class InOrder(keras.callbacks.Callback):
    """Begins each epoch of the batches: a run that is gone on with sees what it would have seen.

    ``fit`` needs ``shuffle=False`` with it.
    """

    def __init__(self, batches: Epochs) -> None:
        super().__init__()
        self.batches = batches

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.batches.begin(epoch)
