"""The adversarial trainer: generator, its moving average, discriminator, one ``train_step``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from elseface.common.backend import minimize
from elseface.stage2_reconstruct.losses import (
    feature_matching,
    hinge,
    hinge_generator,
    masked_dissimilarity,
    masked_l1,
)
from keras import ops

#: Decay of the generator's moving average, the network that is kept.  It starts lower, so that
#: nothing of the first random weights is left in it.
EMA = 0.999
#: What the discriminator is told beside the face.
JUDGED = ("mask", "curves", "attributes")


class AdversarialTrainer(keras.Model):
    """L1 + adversarial training of a decoder, after Ma et al., CVPR 2018.

    Parameters
    ----------
    generator, discriminator : keras.Model
    average : a second generator, holding the moving average of the first one's weights
    weights_of : the weight of each loss that :meth:`losses_of` gives, by its name (l1, ssim,
        fooled, features); without ``fooled`` the discriminator takes no part
    """

    def __init__(
        self,
        generator: keras.Model,
        average: keras.Model,
        discriminator: keras.Model,
        weights_of: Mapping[str, float],
    ) -> None:
        super().__init__()
        self.generator, self.average, self.discriminator = generator, average, discriminator
        self.average.trainable = False
        self.average.set_weights(generator.get_weights())
        self.weights_of = dict(weights_of)
        self.built = True
        self.trackers = {name: keras.metrics.Mean(name) for name in (*weights_of, "loss", "critic")}

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

    def losses_of(self, batch: dict[str, Any], real: Any, fake: Any, seen: Any) -> dict[str, Any]:
        """The generator's losses by name: scalars.

        Parameters
        ----------
        batch : the conditions, and whatever else a subclass trains with
        real, fake : (n, size, size, 3) in [-1, 1], the photo and what was drawn
        seen : the same, what was drawn laid into the photo under the mask
        """
        changed, mask = self.changed(batch), batch["mask"]
        known = ops.cast(ops.arange(ops.shape(mask)[0]) >= changed, "float32")[:, None, None, None]
        losses = {
            "l1": masked_l1(real, fake, mask, known),
            "ssim": masked_dissimilarity(real, fake, mask, known),
        }
        if "fooled" in self.weights_of:
            losses |= self._adversarial(batch, real, seen, changed)
        return losses

    def changed(self, batch: dict[str, Any]) -> Any:
        """How many faces, the first ones of the batch, are not to be those of the photo."""
        return 0

    def own_conditions(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Mask, curves and attribute maps of the photo itself, under which it is judged."""
        return batch

    def _adversarial(
        self, batch: dict[str, Any], real: Any, seen: Any, changed: Any
    ) -> dict[str, Any]:
        """What the discriminator thinks of faces as they will be seen, and whether it saw in them
        what it saw in the photos."""
        count = ops.shape(seen)[0]
        both = {name: ops.concatenate([batch[name], batch[name][changed:]]) for name in JUDGED}
        judged = self._judge(both, ops.concatenate([seen, real[changed:]]))
        photos = [ops.stop_gradient(f[count:]) for f in judged["features"]]
        drawn = [f[changed:count] for f in judged["features"]]
        return {
            "fooled": hinge_generator(judged["verdict"][:count], judged["weight"][:count]),
            "features": feature_matching(photos, drawn),
        }

    def train_step(self, batch: tuple[dict[str, Any], Any]) -> dict[str, Any]:
        given, real = _tensors(batch)
        mask = given["mask"]

        def generator_loss():
            fake = self.generator(self._conditions(given), training=True)
            # Judged as it will be seen: only the masked part is drawn, the rest is the photo's.
            seen = mask * fake + (1 - mask) * real
            losses = self.losses_of(given, real, fake, seen)
            total = sum(self.weights_of[name] * loss for name, loss in losses.items())
            return total, (ops.stop_gradient(seen), losses)

        total, (seen, losses) = minimize(
            generator_loss, self.generator.trainable_variables, self.optimizer
        )
        losses["loss"] = total
        if "fooled" in losses:
            losses["critic"] = self._train_discriminator(given, real, seen)
        step = ops.cast(self.optimizer.iterations, "float32")
        decay = ops.minimum(EMA, step / (step + 10))
        for mean, new in zip(self.average.weights, self.generator.weights):
            mean.assign(decay * mean + (1 - decay) * new)
        return self._track(**losses)

    def _train_discriminator(self, given: dict[str, Any], real: Any, seen: Any) -> Any:
        """Photos are real, drawn faces are not; nor is a photo that does not show what was asked
        (Reed et al., ICML 2016), which teaches the discriminator to look at the conditions."""
        count, changed = ops.shape(real)[0], self.changed(given)

        def loss():
            # In one pass: each pass of spectral normalisation rewrites the kernels in place.
            own = self.own_conditions(given)
            parts = {name: (own[name], given[name], given[name][:changed]) for name in JUDGED}
            thrice = {name: ops.concatenate(of) for name, of in parts.items()}
            judged = self._judge(thrice, ops.concatenate([real, seen, real[:changed]]))
            verdict, weight = judged["verdict"], judged["weight"]
            true = hinge(verdict[:count], weight[:count], 1)
            return true + hinge(verdict[count:], weight[count:], -1), None

        critic, _ = minimize(
            loss, self.discriminator.trainable_variables, self.discriminator_optimizer
        )
        return critic

    def test_step(self, batch: tuple[dict[str, Any], Any]) -> dict[str, Any]:
        given, real = _tensors(batch)
        fake = self.average(self._conditions(given), training=False)
        loss = {"l1": masked_l1, "ssim": masked_dissimilarity}
        return self._track(**{name: of(real, fake, given["mask"]) for name, of in loss.items()})

    def _conditions(self, batch: dict[str, Any]) -> dict[str, Any]:
        return {tensor.name: batch[tensor.name] for tensor in self.generator.inputs}

    def _judge(self, batch: dict[str, Any], face: Any) -> Any:
        given = {name: batch[name] for name in JUDGED}
        return self.discriminator({"face": face, **given}, training=True)

    def _track(self, **values: Any) -> dict[str, Any]:
        for name, value in values.items():
            self.trackers[name].update_state(value)
        return {name: self.trackers[name].result() for name in values}


def _tensors(batch: Any) -> tuple[dict[str, Any], Any]:
    """(conditions, faces) as tensors of the backend; PyTorch is handed arrays."""
    return keras.tree.map_structure(ops.convert_to_tensor, tuple(batch[:2]))
