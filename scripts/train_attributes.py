"""``elseface train attributes``; as a script its options are the same."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer
from elseface.common.errors import ElsefaceError
from elseface.scripts.console import explained
from elseface.scripts.train_options import (
    Backbone,
    CacheOption,
    CelebaOption,
    Count,
    Precision,
    PrecisionOption,
    RunOption,
    training_cache,
)


@explained
def command(
    celeba: CelebaOption,
    run: RunOption,
    cache: CacheOption = None,
    phases: Annotated[str, typer.Option(help="EPOCHS:SIZE, …")] = "8:64,6:96,6:128",
    batch_size: Count = 64,
    learning_rate: float = 1e-3,
    precision: PrecisionOption = Precision.FLOAT32,
    seed: int = 0,
    start: Annotated[
        Path | None, typer.Option(help="Folder of weights to go on from; default: none.")
    ] = None,
    backbone: Annotated[
        Backbone, typer.Option(help="resnet18 is small and half as wide as its namesake.")
    ] = Backbone.RESNET50,
) -> None:
    """ResNet-50, or a smaller one, 40 attributes."""
    from elseface.common import weights
    from elseface.common.celeba import VALIDATION
    from elseface.stage1_disentangle import attribute_training as training

    faces = training_cache(celeba, run, cache)
    config = training.Config(
        phases=_phases(phases), batch_size=batch_size, learning_rate=learning_rate,
        precision=precision.value, seed=seed,
        start=weights.digest("attributes", start) if start else "", backbone=backbone.value,
    )  # fmt: skip
    before, about = weights.load("attributes", start) if start else (None, None)
    network = training.train(faces, run, config, before)
    size = config.phases[-1][1]
    scores = training.validate(network, faces, VALIDATION, size)
    training.write_scores(run / "validation.csv", scores)
    facts = {
        "backbone": backbone.value, "size": size, "validation": scores[-1],
        "config": dataclasses.asdict(config),
    }  # fmt: skip
    if about:
        facts["before"] = about
    weights.save(run / "weights", "attributes", weights.network_arrays(network), facts)
    print(f"validation: {scores[-1]}")


def _phases(text: str) -> tuple[tuple[int, int], ...]:
    try:
        pairs = [tuple(int(n) for n in phase.split(":")) for phase in text.split(",")]
        return tuple((epochs, size) for epochs, size in pairs)
    except ValueError:
        raise ElsefaceError(f"--phases {text!r}: give EPOCHS:SIZE, … as in 8:64,6:96") from None


if __name__ == "__main__":
    typer.run(command)
