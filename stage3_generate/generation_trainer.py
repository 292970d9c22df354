"""The adversarial trainer of stage 2 with faces that nobody has: edited, reshaped, unlike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from elseface.stage2_reconstruct.losses import masked_dissimilarity, masked_l1
from elseface.stage2_reconstruct.trainer import AdversarialTrainer
from elseface.stage3_generate.critics import Critics, wrong_attributes
from keras import ops


class GenerationTrainer(AdversarialTrainer):
    """Goes on with a decoder on batches whose first faces are to become somebody else.

    For those there is no picture to compare with: the discriminator says whether they look real,
    the critics whether they show the wanted attributes and resemble the person who was there.

    Parameters
    ----------
    generator, average, discriminator, weights_of : as of the base class; the losses here are
        l1, ssim (of the others), fooled (of all), attributes and likeness (of the first)
    critics : Critics
    """

    def __init__(
        self,
        generator: keras.Model,
        average: keras.Model,
        discriminator: keras.Model,
        weights_of: Mapping[str, float],
        critics: Critics,
    ) -> None:
        super().__init__(generator, average, discriminator, weights_of)
        self.critics = critics

    def losses_of(self, batch: dict[str, Any], real: Any, fake: Any, seen: Any) -> dict[str, Any]:
        """See the base class; `batch` has as well, for the first m faces, portrait (m, s, s, 3),
        wanted and weight (m, 40), and repelled (m,)."""
        new = ops.shape(batch["wanted"])[0]
        mask = batch["mask"]
        known = ops.cast(ops.arange(ops.shape(mask)[0]) >= new, "float32")[:, None, None, None]
        shown = self.critics.attributes(batch["portrait"], seen[:new], mask[:new])
        likeness = ops.relu(self.critics.likeness(real[:new], seen[:new]))
        repelled = batch["repelled"]
        return {
            "l1": masked_l1(real, fake, mask, known),
            "ssim": masked_dissimilarity(real, fake, mask, known),
            **self.adversarial(batch, seen),
            "attributes": wrong_attributes(shown, batch["wanted"], batch["weight"]),
            "likeness": ops.sum(repelled * likeness) / ops.maximum(ops.sum(repelled), 1.0),
        }
