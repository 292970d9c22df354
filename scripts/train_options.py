"""What the training commands have in common."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from elseface.stage1_disentangle.cache import FaceCache
    from elseface.stage2_reconstruct.trainer import AdversarialTrainer


class Precision(StrEnum):
    """What ``--precision`` takes: Keras dtype policies."""

    FLOAT32 = "float32"
    MIXED_BFLOAT16 = "mixed_bfloat16"


class Backbone(StrEnum):
    """What ``--backbone`` takes."""

    RESNET50 = "resnet50"
    RESNET18 = "resnet18"


CelebaOption = Annotated[Path, typer.Option("--celeba", help="Folder laid out as CelebA is.")]
RunOption = Annotated[Path, typer.Option("--run", help="Folder of this run; resumes if it exists.")]
CacheOption = Annotated[
    Path | None, typer.Option("--cache", help="Training cache; default: RUN/../cache.")
]
PrecisionOption = Annotated[
    Precision, typer.Option(help="mixed_bfloat16 is faster where the processor has it.")
]
Count = Annotated[int, typer.Option(min=1)]


def training_cache(celeba: Path, run: Path, cache: Path | None) -> FaceCache:
    """The cache that was asked for, or the one beside the run; built where it is missing."""
    from elseface.stage1_disentangle.cache import build

    return build(celeba, cache or run.parent / "cache")


def save_decoder(run: Path, trainer: AdversarialTrainer, facts: dict[str, Any]) -> None:
    """The decoder that is shipped, and the discriminator, which only training needs."""
    from elseface.common import weights

    network = trainer.average
    facts = {"network": "U-Net", "size": network.output_shape[1], **facts}
    weights.save(run / "weights", "decoder", weights.network_arrays(network), facts)
    critic = weights.network_arrays(trainer.discriminator)
    weights.save(run / "weights", "discriminator", critic, {"config": facts["config"]})
