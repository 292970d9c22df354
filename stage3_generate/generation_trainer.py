"""The adversarial trainer of stage 2 with faces that nobody has: edited, reshaped, unlike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from elseface.stage2_reconstruct.losses import tint, weighted_l1
from elseface.stage2_reconstruct.trainer import AdversarialTrainer
from elseface.stage3_generate.critics import Critics, wrong_attributes
from keras import ops


class GenerationTrainer(AdversarialTrainer):
    """Goes on with a decoder on batches whose first faces are to become somebody else.

    Some of those are to become somebody whose picture is there to compare with.  Of the others, and
    of those too, the discriminator says whether they look real, the critics whether they show the
    wanted attributes and resemble the person who was there.

    Parameters
    ----------
    generator, average, discriminator, weights_of : as of the base class; the losses here are
        l1, ssim, features (of the others), fooled, tint (of all), swapped, attributes and likeness
        (of the first)
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
        """See the base class; `batch` has what :class:`EditedFaces` adds."""
        new = self.changed(batch)
        return {
            **super().losses_of(batch, real, fake, seen),
            **self._attributes(batch, seen[:new], batch["mask"][:new]),
            **self._likeness(batch, seen[:new]),
            "tint": tint(real, fake, batch["mask"]),
            "swapped": weighted_l1(batch["other"], fake[:new], batch["other_weight"]),
        }

    def changed(self, batch: dict[str, Any]) -> Any:
        """See the base class."""
        return ops.shape(batch["wanted"])[0]

    def _attributes(self, batch: dict[str, Any], seen: Any, mask: Any) -> dict[str, Any]:
        if "attributes" not in self.weights_of:
            return {}
        shown = self.critics.attributes(batch["portrait"], seen, mask)
        return {"attributes": wrong_attributes(shown, batch["wanted"], batch["weight"])}

    def _likeness(self, batch: dict[str, Any], seen: Any) -> dict[str, Any]:
        if "likeness" not in self.weights_of:
            return {}
        likeness = ops.relu(self.critics.likeness(batch["same_person"], seen))
        repelled = batch["repelled"]
        return {"likeness": ops.sum(repelled * likeness) / ops.maximum(ops.sum(repelled), 1.0)}

    def own_conditions(self, batch: dict[str, Any]) -> dict[str, Any]:
        """See the base class: of the first faces, the landmarks and attributes before the edit."""
        new = self.changed(batch)
        own = {
            name: ops.concatenate([batch[f"own_{name}"], batch[name][new:]])
            for name in ("curves", "attributes")
        }
        return {**batch, **own}
