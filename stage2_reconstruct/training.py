"""Training the decoder from the cache of stage 1."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from elseface.common.celeba import TRAIN, VALIDATION
from elseface.common.training import open_run, run_callbacks
from elseface.stage1_disentangle.batches import Batches, InOrder
from elseface.stage1_disentangle.cache import FaceCache
from elseface.stage2_reconstruct.cameras import retaken
from elseface.stage2_reconstruct.conditions import blacken, conditions, draw_landmarks
from elseface.stage2_reconstruct.decoder import unet
from elseface.stage2_reconstruct.discriminator import patchgan
from elseface.stage2_reconstruct.skin import DARK, typology_angle
from elseface.stage2_reconstruct.trainer import AdversarialTrainer
from PIL import Image

#: Attribute bits are moved towards 1/2 by up to this much in training, because at run time the
#: decoder is given probabilities.
SOFTEN = 0.3
#: How often a training face with dark skin is seen an epoch.
OFTEN = 3


@dataclass(frozen=True)
class Config:
    """One run.

    Attributes
    ----------
    embedding : "word2vec" or "one-hot"; for the record, the array is passed beside
    epochs, batch_size : of the training split
    learning_rate, beta_1 : Adam, of both networks; after a short warm-up, a cosine to a twentieth
    l1_weight, ssim_weight, adversarial_weight, feature_weight : of the losses; the source's recipe
        (Ma et al.) has 20, 0, 1 and 0
    precision : a Keras dtype policy
    seed : of weights, order and augmentation
    """

    embedding: str = "word2vec"
    epochs: int = 3
    batch_size: int = 16
    learning_rate: float = 4e-4
    beta_1: float = 0.5
    l1_weight: float = 20.0
    ssim_weight: float = 0.0
    adversarial_weight: float = 1.0
    feature_weight: float = 0.0
    precision: str = "float32"
    seed: int = 0

    @property
    def weights_of(self) -> dict[str, float]:
        """The weights by the losses' names in the trainer."""
        plain = {"l1": self.l1_weight, "ssim": self.ssim_weight}
        if not self.adversarial_weight:
            return plain
        return {**plain, "fooled": self.adversarial_weight, "features": self.feature_weight}


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
        if self.random:
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
        given, faces = self.given(rows, rows["landmarks"], values)
        return flipped(self.random, given, faces) if self.random else (given, faces)

    def given(
        self, rows: np.ndarray, landmarks: np.ndarray, values: np.ndarray
    ) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Conditions of a face with these landmarks (b, 68, 2) and attributes (b, 40) in the
        place and context of `rows`, and the faces that are there."""
        crops = rows["crop"]
        contexts, masks = map(np.stack, zip(*map(blacken, crops, rows["landmarks"])))
        curves = np.stack([draw_landmarks(points, crops.shape[1]) for points in landmarks])
        if self.random:
            values = np.abs(values - self.random.uniform(0, SOFTEN, values.shape))
        given = conditions(contexts, masks, curves, values, self.embedding)
        return given, crops.astype(np.float32) / 127.5 - 1


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


class SampleGrid(keras.callbacks.Callback):
    """Each epoch, the same faces as a PNG: original, context, reconstruction, one row a face."""

    def __init__(self, folder: Path, samples: tuple[dict[str, np.ndarray], np.ndarray]) -> None:
        super().__init__()
        self.folder, (self.given, self.real) = folder, samples
        self.folder.mkdir(exist_ok=True)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        drawn = keras.ops.convert_to_numpy(self.model.average(self.given))
        mask = self.given["mask"]
        columns = (self.real, self.given["context"], mask * drawn + (1 - mask) * self.real)
        grid = np.concatenate([np.concatenate(column) for column in columns], axis=1)
        pixels = np.clip((grid + 1) * 127.5, 0, 255).round().astype(np.uint8)
        Image.fromarray(pixels).save(self.folder / f"epoch-{epoch + 1:03d}.png")


def train(
    cache: FaceCache, embedding: np.ndarray, folder: Path, config: Config
) -> AdversarialTrainer:
    """Train into `folder`; what is worth keeping of the result is its ``average``."""
    open_run(folder, config)
    keras.utils.set_random_seed(config.seed)
    keras.mixed_precision.set_global_policy(config.precision)
    size = cache[np.array([0])]["crop"].shape[1]
    trainer = AdversarialTrainer(unet(size), unet(size), patchgan(size), config.weights_of)
    fit(
        trainer,
        Faces(cache, TRAIN, embedding, config.batch_size, config.seed),
        Faces(cache, VALIDATION, embedding, config.batch_size, None),
        folder,
        config,
    )
    return trainer


def fit(
    trainer: AdversarialTrainer, faces: Faces, validation: Faces, folder: Path, config: Config
) -> None:
    """Run all epochs, or those that are left."""
    steps = len(faces) * config.epochs
    warmup = steps // 50
    optimizers = [
        keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(
                0.0,
                steps - warmup,
                alpha=0.05,
                warmup_target=config.learning_rate,
                warmup_steps=warmup,
            ),
            beta_1=config.beta_1,
        )
        for _ in range(2)
    ]
    trainer.compile(*optimizers)
    samples = Faces(validation.cache, VALIDATION, validation.embedding, 12, None)[0]
    trainer.fit(
        faces,
        validation_data=validation,
        epochs=config.epochs,
        shuffle=False,
        callbacks=[
            InOrder(faces),
            SampleGrid(folder / "samples", samples),
            *run_callbacks(folder, 200),
        ],
    )
