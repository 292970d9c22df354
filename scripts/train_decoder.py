"""``elseface train decoder``; as a script its options are the same."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer
from elseface.scripts.console import explained
from elseface.scripts.train_options import (
    CacheOption,
    CelebaOption,
    Count,
    Precision,
    PrecisionOption,
    RunOption,
    save_decoder,
    training_cache,
)


@explained
def command(
    celeba: CelebaOption,
    run: RunOption,
    cache: CacheOption = None,
    embedding: Annotated[
        Path | None, typer.Option("--weights", help="Folder with embeddings; default: shipped.")
    ] = None,
    epochs: Count = 3,
    batch_size: Count = 16,
    learning_rate: float = 4e-4,
    l1_weight: float = 20.0,
    ssim_weight: float = 0.0,
    adversarial_weight: float = 1.0,
    feature_weight: float = 0.0,
    precision: PrecisionOption = Precision.FLOAT32,
    seed: int = 0,
) -> None:
    """U-Net, L1 + adversarial loss."""
    from elseface.common import weights
    from elseface.stage2_reconstruct import training

    maps, about = weights.load("embeddings", embedding or weights.PACKAGED)
    config = training.Config(
        embedding=about["kind"], epochs=epochs, batch_size=batch_size,
        learning_rate=learning_rate, l1_weight=l1_weight, ssim_weight=ssim_weight,
        adversarial_weight=adversarial_weight, feature_weight=feature_weight,
        precision=precision.value, seed=seed,
    )  # fmt: skip
    faces = training_cache(celeba, run, cache)
    trainer = training.train(faces, maps["maps"], run, config)
    weights.save(run / "weights", "embeddings", maps, about)
    save_decoder(run, trainer, {"config": dataclasses.asdict(config)})


if __name__ == "__main__":
    typer.run(command)
