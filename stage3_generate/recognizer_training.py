"""Training the recognizer that the decoder is pushed away from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from elseface.common.celeba import TRAIN, VALIDATION
from elseface.common.errors import ElsefaceError
from elseface.common.training import open_run, run_callbacks
from elseface.stage1_disentangle.attribute_network import backbone
from elseface.stage1_disentangle.batches import InOrder
from elseface.stage1_disentangle.cache import FaceCache
from elseface.stage3_generate.recognizer import embedding_network, supervised_contrast
from sklearn.metrics import roc_auc_score


@dataclass(frozen=True)
class Config:
    """One run.

    Attributes
    ----------
    epochs : one shows two pictures of every identity that has them
    people : identities a batch, two pictures each
    learning_rate, weight_decay : AdamW, short warm-up, cosine to 0
    precision : a Keras dtype policy
    seed : of weights, pairs and augmentation
    start : sha256 of the attribute weights it starts from; for the record
    """

    epochs: int = 6
    people: int = 64
    learning_rate: float = 3e-4
    weight_decay: float = 0.05
    precision: str = "float32"
    seed: int = 0
    start: str = ""


class Pairs(keras.utils.PyDataset):
    """Batches of (faces (2 p, size, size, 3) in [-1, 1], identities (2 p, 1)).

    Each epoch two random pictures of everybody in `split` who has two, differently cut and lit.
    """

    def __init__(self, cache: FaceCache, split: int, people: int, seed: int) -> None:
        super().__init__()
        self.cache, self.people, self.seed = cache, people, seed
        rows = cache.split(split)
        identity = cache.column("identity")[rows]
        groups = [rows[identity == i] for i in np.unique(identity[identity >= 0])]
        self.groups = [group for group in groups if len(group) > 1]
        if len(self.groups) < 2:
            raise ElsefaceError(f"{cache.folder}: nobody has two pictures in split {split}")
        self.begin(0)

    def __len__(self) -> int:
        return max(1, len(self.groups) // self.people)

    def begin(self, epoch: int) -> None:
        """See :class:`~elseface.stage1_disentangle.batches.Epochs`."""
        self.random = np.random.default_rng((self.seed, epoch))
        order = self.random.permutation(len(self.groups))
        self.pairs = [self.random.choice(self.groups[i], 2, replace=False) for i in order]

    def __getitem__(self, batch: int) -> tuple[np.ndarray, np.ndarray]:
        pairs = self.pairs[batch * self.people :][: self.people]
        rows = self.cache[np.concatenate(pairs)]
        faces = np.stack([self._view(crop) for crop in rows["crop"]])
        return faces / 127.5 - 1, rows["identity"][:, None]

    def _view(self, crop: np.ndarray) -> np.ndarray:
        """Shifted by up to a twentieth of the side, flipped, lit differently."""
        reach = crop.shape[0] // 20
        padded = np.pad(crop, ((reach, reach), (reach, reach), (0, 0)), "edge")
        x, y = self.random.integers(0, 2 * reach + 1, 2)
        view = padded[y : y + crop.shape[0], x : x + crop.shape[1]].astype(np.float32)
        if self.random.random() < 0.5:
            view = view[:, ::-1]
        contrast, brightness = self.random.uniform(0.8, 1.2), self.random.uniform(-20, 20)
        return np.clip(view * contrast + brightness, 0, 255)


def train(cache: FaceCache, attributes: keras.Model, folder: Path, config: Config) -> keras.Model:
    """Train into `folder`, from the attribute network `attributes`, whose weights change."""
    open_run(folder, config)
    keras.utils.set_random_seed(config.seed)
    keras.mixed_precision.set_global_policy(config.precision)
    network = embedding_network(backbone(attributes))
    pairs = Pairs(cache, TRAIN, config.people, config.seed)
    steps = len(pairs) * config.epochs
    warmup = steps // 20
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps - warmup, warmup_target=config.learning_rate, warmup_steps=warmup
    )
    network.compile(
        keras.optimizers.AdamW(schedule, weight_decay=config.weight_decay), supervised_contrast
    )
    network.fit(
        pairs,
        validation_data=Pairs(cache, VALIDATION, config.people, config.seed),
        epochs=config.epochs,
        shuffle=False,
        callbacks=[InOrder(pairs), *run_callbacks(folder, save_every=100)],
    )
    return network


def verify(network: keras.Model, cache: FaceCache, split: int) -> dict[str, float]:
    """How well people are told apart: area under the ROC curve over all pairs, and rank-1."""
    rows = cache.split(split)
    rows = rows[cache.column("identity")[rows] >= 0]
    embeddings = np.concatenate(
        [
            np.asarray(network.predict_on_batch(cache[part]["crop"] / np.float32(127.5) - 1))
            for part in np.array_split(rows, max(1, len(rows) // 64))
        ]
    )
    identity = cache.column("identity")[rows]
    same = identity[:, None] == identity
    similarity = embeddings @ embeddings.T
    above = np.triu_indices(len(rows), 1)
    np.fill_diagonal(similarity, -np.inf)
    hit = identity[similarity.argmax(1)] == identity
    paired = same.sum(1) > 1
    return {
        "area under ROC": float(roc_auc_score(same[above], similarity[above])),
        "rank-1": float(hit[paired].mean()),
    }
