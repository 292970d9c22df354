"""Training the decoder on for generation: on faces that were edited and reshaped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np
from elseface.common import weights
from elseface.common.celeba import TRAIN, VALIDATION
from elseface.common.training import open_run
from elseface.stage1_disentangle.cache import FaceCache
from elseface.stage2_reconstruct import training
from elseface.stage2_reconstruct.decoder import unet
from elseface.stage2_reconstruct.decoder_batches import Faces
from elseface.stage2_reconstruct.discriminator import patchgan
from elseface.stage2_reconstruct.training import fit
from elseface.stage3_generate.critics import Critics
from elseface.stage3_generate.edited_faces import EditedFaces, Editing
from elseface.stage3_generate.generation_trainer import GenerationTrainer


@dataclass(frozen=True)
class Config(training.Config):
    """One run: stage 2's, and

    Attributes
    ----------
    attribute_weight : of the frozen classifier's verdict on edited faces
    tint_weight : of the skin's colour, which is to stay whoever the face becomes
    swapped_weight : of the difference from another person's face, where that is to be drawn
    likeness_weight : of the frozen recognizer's similarity to the person who was there
    made_from : sha256 of every part that the run starts from or listens to; for the record
    """

    epochs: int = 4
    learning_rate: float = 2e-4
    l1_weight: float = 8.0
    ssim_weight: float = 1.0
    feature_weight: float = 4.0
    attribute_weight: float = 0.3
    tint_weight: float = 4.0
    swapped_weight: float = 8.0
    likeness_weight: float = 0.0
    made_from: Mapping[str, str] = field(default_factory=dict)

    @property
    def weights_of(self) -> dict[str, float]:
        """See the base class."""
        optional = {"attributes": self.attribute_weight, "likeness": self.likeness_weight}
        listened = {name: weight for name, weight in optional.items() if weight}
        return {**super().weights_of, "tint": self.tint_weight,
                "swapped": self.swapped_weight, **listened}  # fmt: skip


def train(
    cache: FaceCache,
    start: Mapping[str, Mapping[str, np.ndarray]],
    editing: Editing,
    latents: np.ndarray,
    critics: Critics,
    folder: Path,
    config: Config,
) -> GenerationTrainer:
    """Train into `folder` from `start`: the arrays of ``decoder`` and ``embeddings`` that stage 2
    left, and of ``discriminator`` unless a new one is to begin; `latents` (len(cache), LATENTS)."""
    open_run(folder, config)
    keras.utils.set_random_seed(config.seed)
    keras.mixed_precision.set_global_policy(config.precision)
    size = cache[np.array([0])]["crop"].shape[1]
    generator, average = (weights.fill_network(unet(size), start["decoder"]) for _ in range(2))
    discriminator = patchgan(size)
    if "discriminator" in start:
        weights.fill_network(discriminator, start["discriminator"])
    trainer = GenerationTrainer(generator, average, discriminator, config.weights_of, critics)
    maps = start["embeddings"]["maps"]
    faces = EditedFaces(
        cache,
        TRAIN,
        maps,
        config.batch_size,
        config.seed,
        editing,
        latents,
        critics.classifier.size,
        another_photo=bool(config.likeness_weight),
    )
    fit(trainer, faces, Faces(cache, VALIDATION, maps, config.batch_size, None), folder, config)
    return trainer
