"""The adversarial trainer: generator, its moving average, discriminator, one ``train_step``."""

from __future__ import annotations

from typing import Any

import keras
from elseface.common.backend import minimize
from elseface.stage2_reconstruct.losses import hinge_discriminator, hinge_generator, masked_l1
from keras import ops

#: Decay of the generator's moving average, the network that is kept.  It starts lower, so that
#: nothing of the first random weights is left in it.
EMA = 0.999


class AdversarialTrainer(keras.Model):
    """L1 + adversarial training of a decoder, after Ma et al., CVPR 2018.

    Parameters
    ----------
    generator, discriminator : keras.Model
    average : a second generator, holding the moving average of the first one's weights
    l1_weight : of the pixel loss against an adversarial loss of weight 1
    """

    def __init__(
        self,
        generator: keras.Model,
        average: keras.Model,
        discriminator: keras.Model,
        l1_weight: float,
    ) -> None:
        super().__init__()
        self.generator, self.average, self.discriminator = generator, average, discriminator
        self.average.trainable = False
        self.average.set_weights(generator.get_weights())
        self.l1_weight = l1_weight
        self.built = True
        self.trackers = {name: keras.metrics.Mean(name) for name in ("l1", "fooled", "critic")}

    def compile(self, optimizer: keras.Optimizer, discriminator_optimizer: keras.Optimizer) -> None:
        super().compile(optimizer=optimizer)
        self.discriminator_optimizer = discriminator_optimizer
        optimizer.build(self.generator.trainable_variables)
        discriminator_optimizer.build(self.discriminator.trainable_variables)

    @property
    def metrics(self) -> list[keras.Metric]:
        return list(self.trackers.values())

    def call(self, conditions: dict[str, Any], training: bool = False) -> Any:
        return self.average(conditions, training=False)

    def train_step(self, batch: tuple[dict[str, Any], Any]) -> dict[str, Any]:
        conditions, real = _tensors(batch)
        mask = conditions["mask"]

        def generator_loss():
            fake = self.generator(conditions, training=True)
            pixel = masked_l1(real, fake, mask)
            # Judged as it will be seen: only the masked part is drawn, the rest is the photo's.
            seen = mask * fake + (1 - mask) * real
            fooled = hinge_generator(self._judge(conditions, seen))
            return self.l1_weight * pixel + fooled, (ops.stop_gradient(seen), pixel, fooled)

        _, (seen, pixel, fooled) = minimize(
            generator_loss, self.generator.trainable_variables, self.optimizer
        )

        def discriminator_loss():
            # In one pass: each pass of spectral normalisation rewrites the kernels in place.
            twice = {name: ops.concatenate([c, c]) for name, c in conditions.items()}
            verdicts = self._judge(twice, ops.concatenate([real, seen]))
            return hinge_discriminator(*ops.split(verdicts, 2)), None

        critic, _ = minimize(
            discriminator_loss,
            self.discriminator.trainable_variables,
            self.discriminator_optimizer,
        )
        step = ops.cast(self.optimizer.iterations, "float32")
        decay = ops.minimum(EMA, step / (step + 10))
        for mean, new in zip(self.average.weights, self.generator.weights):
            mean.assign(decay * mean + (1 - decay) * new)
        return self._track(l1=pixel, fooled=fooled, critic=critic)

    def test_step(self, batch: tuple[dict[str, Any], Any]) -> dict[str, Any]:
        conditions, real = _tensors(batch)
        fake = self.average(conditions, training=False)
        return self._track(l1=masked_l1(real, fake, conditions["mask"]))

    def _judge(self, conditions: dict[str, Any], face: Any) -> Any:
        given = {name: conditions[name] for name in ("mask", "curves", "attributes")}
        return self.discriminator({"face": face, **given}, training=True)

    def _track(self, **values: Any) -> dict[str, Any]:
        for name, value in values.items():
            self.trackers[name].update_state(value)
        return {name: self.trackers[name].result() for name in values}


def _tensors(batch: Any) -> tuple[dict[str, Any], Any]:
    """(conditions, faces) as tensors of the backend; PyTorch is handed arrays."""
    return keras.tree.map_structure(ops.convert_to_tensor, tuple(batch[:2]))
