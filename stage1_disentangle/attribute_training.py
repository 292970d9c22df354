"""Training and scoring the attribute classifier."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from elseface.common import weights
from elseface.common.attributes import NAMES
from elseface.common.celeba import TRAIN, VALIDATION
from elseface.common.training import open_run, run_callbacks
from elseface.stage1_disentangle.attribute_network import attribute_network
from elseface.stage1_disentangle.attributes import shrink
from elseface.stage1_disentangle.batches import Batches, InOrder
from elseface.stage1_disentangle.cache import FaceCache
from sklearn.metrics import balanced_accuracy_score


@dataclass(frozen=True)
class Config:
    """One run.

    Attributes
    ----------
    phases : (epochs, picture size) one after the other: small pictures first train as well per
        epoch and several times faster (progressive resizing)
    batch_size, learning_rate, weight_decay, warmup_epochs : AdamW, linear warm-up, cosine to 0
    precision : a Keras dtype policy
    seed : of the weights and the augmentation
    backbone : see :func:`~elseface.stage1_disentangle.attribute_network.attribute_network`
    start : sha256 of the weights that it goes on from, empty for none; for the record
    """

    phases: tuple[tuple[int, int], ...] = ((8, 64), (6, 96), (6, 128))
    batch_size: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warmup_epochs: float = 1.0
    precision: str = "float32"
    seed: int = 0
    start: str = ""
    backbone: str = "resnet50"

    @property
    def epochs(self) -> int:
        return sum(epochs for epochs, _ in self.phases)


class Portraits(Batches):
    """Batches of (portraits (b, size, size, 3) float32 in [0, 255], attribute bits (b, 40)).

    With a seed they are shifted, scaled, flipped and lit differently.
    """

    def __init__(
        self, cache: FaceCache, split: int, size: int, batch_size: int, seed: int | None
    ) -> None:
        super().__init__(cache, split, batch_size, seed)
        self.size = size

    def __getitem__(self, batch: int) -> tuple[np.ndarray, np.ndarray]:
        rows = self.rows(batch)
        portraits = np.stack([self._view(p) for p in rows["portrait"]])
        return portraits.astype(np.float32), rows["attributes"].astype(np.float32)

    def _view(self, portrait: np.ndarray) -> np.ndarray:
        if self.random is None:
            return shrink(portrait, self.size)
        full = portrait.shape[0]
        side = int(full * self.random.uniform(0.82, 1.0))
        x, y = self.random.integers(0, full - side + 1, 2)
        view = shrink(portrait[y : y + side, x : x + side], self.size)
        if self.random.random() < 0.5:
            view = view[:, ::-1]
        contrast, brightness = self.random.uniform(0.8, 1.2), self.random.uniform(-20, 20)
        return np.clip(view * contrast + brightness, 0, 255)


def train(
    cache: FaceCache, folder: Path, config: Config, start: Mapping[str, np.ndarray] | None = None
) -> keras.Model:
    """Train into `folder`; the best weights by validation accuracy end in ``best.weights.h5``.

    `start` holds the weights to go on from, as :func:`~elseface.common.weights.load` gives them.
    """
    open_run(folder, config)
    keras.utils.set_random_seed(config.seed)
    keras.mixed_precision.set_global_policy(config.precision)
    network = attribute_network(config.backbone)
    if start:
        weights.fill_network(network, start)
    steps = math.ceil(len(cache.split(TRAIN)) / config.batch_size)
    warmup = int(config.warmup_epochs * steps)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, config.epochs * steps - warmup, warmup_target=config.learning_rate, warmup_steps=warmup
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=config.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    network.compile(optimizer, "binary_crossentropy", metrics=["binary_accuracy"])
    callbacks = [
        keras.callbacks.ModelCheckpoint(
            folder / "best.weights.h5",
            monitor="val_binary_accuracy",
            mode="max",
            save_best_only=True,
            save_weights_only=True,
            initial_value_threshold=_best_so_far(folder / "log.csv"),
        ),
        *run_callbacks(folder, save_every=100),
    ]
    end = 0
    for epochs, size in config.phases:
        end += epochs
        portraits = Portraits(cache, TRAIN, size, config.batch_size, config.seed)
        network.fit(
            portraits,
            validation_data=Portraits(cache, VALIDATION, size, config.batch_size, None),
            epochs=end,
            shuffle=False,
            callbacks=[InOrder(portraits), *callbacks],
        )
    network.load_weights(folder / "best.weights.h5")
    return network


def _best_so_far(log: Path) -> float | None:
    """The best validation accuracy of a run that is resumed, so that a worse one is not kept."""
    if not log.exists():
        return None
    with open(log, newline="") as file:
        return max(
            (float(row["val_binary_accuracy"]) for row in csv.DictReader(file)), default=None
        )


def validate(
    network: keras.Model, cache: FaceCache, split: int, size: int
) -> list[dict[str, float | str]]:
    """The scores of `network` on one split, as :func:`score` gives them."""
    portraits = Portraits(cache, split, size, 64, None)
    guesses = [np.asarray(network.predict_on_batch(portraits[i][0])) for i in range(len(portraits))]
    return score(cache.column("attributes")[cache.split(split)], np.concatenate(guesses))


def score(truth: np.ndarray, probabilities: np.ndarray) -> list[dict[str, float | str]]:
    """Accuracy, balanced accuracy and majority baseline: a row an attribute, then their mean.

    Parameters
    ----------
    truth : ndarray of shape (n, 40), bits
    probabilities : ndarray of shape (n, 40)
    """
    guess = probabilities >= 0.5
    rows: list[dict[str, float | str]] = [
        {
            "attribute": name,
            "accuracy": float((guess[:, i] == truth[:, i]).mean()),
            "balanced": float(balanced_accuracy_score(truth[:, i], guess[:, i])),
            "majority": float(max(truth[:, i].mean(), 1 - truth[:, i].mean())),
        }
        for i, name in enumerate(NAMES)
    ]
    mean = {key: float(np.mean([row[key] for row in rows])) for key in list(rows[0])[1:]}
    return [*rows, {"attribute": "mean", **mean}]


def write_scores(path: Path, rows: list[dict[str, float | str]]) -> None:
    """Write the rows of :func:`score` as CSV."""
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
