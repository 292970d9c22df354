"""``elseface train recognizer``; as a script its options are the same."""

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
    training_cache,
)


@explained
def command(
    celeba: CelebaOption,
    run: RunOption,
    cache: CacheOption = None,
    folder: Annotated[
        Path | None, typer.Option("--weights", help="Attribute weights; default: shipped.")
    ] = None,
    epochs: Count = 6,
    people: Count = 64,
    learning_rate: float = 3e-4,
    precision: PrecisionOption = Precision.FLOAT32,
    seed: int = 0,
) -> None:
    """The recognizer that generation is trained against; it is not part of the tool."""
    import keras
    from elseface.common import weights
    from elseface.common.celeba import VALIDATION
    from elseface.stage3_generate import recognizer_training as training
    from elseface.stage3_generate.load import load_classifier

    faces = training_cache(celeba, run, cache)
    folder = folder or weights.PACKAGED
    config = training.Config(
        epochs=epochs, people=people, learning_rate=learning_rate, precision=precision.value,
        seed=seed, start=weights.digest("attributes", weights.holder("attributes", folder)),
    )  # fmt: skip
    keras.mixed_precision.set_global_policy(precision.value)  # of the network that it starts from
    _, about = weights.load("attributes", folder)
    classifier = load_classifier(folder)
    network = training.train(faces, classifier.network, run, config)
    scores = training.verify(network, faces, VALIDATION)
    facts = {"validation": scores, "config": dataclasses.asdict(config)}
    facts["backbone"] = about.get("backbone", "resnet50")
    weights.save(run / "weights", "recognizer", weights.network_arrays(network), facts)
    print(f"validation: {scores}")


if __name__ == "__main__":
    typer.run(command)
