"""Training the decoder from the cache of stage 1."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from elseface.common.celeba import TRAIN, VALIDATION
from elseface.common.training import open_run, run_callbacks
from elseface.stage1_disentangle.batches import InOrder, fed
from elseface.stage1_disentangle.cache import FaceCache
from elseface.stage2_reconstruct.decoder import unet
from elseface.stage2_reconstruct.decoder_batches import Faces
from elseface.stage2_reconstruct.discriminator import patchgan
from elseface.stage2_reconstruct.sample_grid import SampleGrid
from elseface.stage2_reconstruct.trainer import AdversarialTrainer


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
        fed(faces),
        validation_data=validation,
        epochs=config.epochs,
        shuffle=False,
        callbacks=[
            InOrder(faces),
            SampleGrid(folder / "samples", samples),
            *run_callbacks(folder, 200),
        ],
    )
