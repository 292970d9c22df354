"""``elseface train generator``; as a script its options are the same."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer
from elseface.common.errors import ElsefaceError
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

#: How often each portrait is seen an epoch.
OFTEN = 10


@explained
def command(
    celeba: CelebaOption,
    run: RunOption,
    start: Annotated[Path, typer.Option(help="Weights of `train decoder`, to go on from.")],
    texture: Annotated[Path, typer.Option(help="Folder of a run of `train texture`.")],
    cache: CacheOption = None,
    portraits: Annotated[
        Path | None,
        typer.Option(help="Folder of photos of nobody, without labels, to train on as well."),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--weights", help="Parts to use in place of those shipped.")
    ] = None,
    epochs: Count = 4,
    batch_size: Count = 16,
    learning_rate: float = 2e-4,
    l1_weight: float = 8.0,
    ssim_weight: float = 1.0,
    adversarial_weight: float = 1.0,
    feature_weight: float = 4.0,
    attribute_weight: float = 0.3,
    tint_weight: float = 4.0,
    swapped_weight: float = 8.0,
    likeness_weight: float = 0.0,
    recognizer: Annotated[
        Path | None, typer.Option(help="Weights of `train recognizer`, for --likeness-weight.")
    ] = None,
    precision: PrecisionOption = Precision.FLOAT32,
    seed: int = 0,
) -> None:
    """The decoder on faces of nobody: edited, reshaped, unlike the person who was there."""
    import keras
    import numpy as np
    from elseface.common import weights
    from elseface.stage1_disentangle.attribute_network import attribute_network, backbone
    from elseface.stage1_disentangle.portraits import read_portraits
    from elseface.stage3_generate import generation_training as training
    from elseface.stage3_generate import load
    from elseface.stage3_generate.critics import Critics
    from elseface.stage3_generate.edited_faces import Editing
    from elseface.stage3_generate.recognizer import embedding_network

    keras.mixed_precision.set_global_policy(precision.value)  # of the frozen networks too
    folder = folder or weights.PACKAGED
    needed = ["embeddings", "decoder"]
    if weights.has("discriminator", start):  # else a new one begins
        needed.append("discriminator")
    made_from = {name: weights.digest(name, start) for name in needed}
    for name in ("attributes", "shape", "population"):
        made_from[name] = weights.digest(name, weights.holder(name, folder))
    model, told = texture / "weights", texture / "latents"
    made_from |= {
        "texture": weights.digest("texture", model),
        "latents": weights.digest("latents", told),
    }
    parts = {name: weights.load(name, start) for name in needed}
    critics = Critics(load.load_classifier(folder))
    if recognizer:
        made_from["recognizer"] = weights.digest("recognizer", recognizer)
        arrays, facts = weights.load("recognizer", recognizer)
        network = attribute_network(facts.get("backbone", "resnet50"))
        unlike = weights.fill_network(embedding_network(backbone(network)), arrays)
        critics = dataclasses.replace(critics, recognizer=unlike)
    elif likeness_weight:
        raise ElsefaceError("--likeness-weight needs --recognizer, the weights to be unlike by")
    editing = Editing(load.load_policy(load.PolicyName.PPAS, folder), load.load_shape_model(folder),
                      load.load_texture_model(model))  # fmt: skip
    faces = training_cache(celeba, run, cache)
    latents, of = weights.load("latents", told)
    if of["of"] != faces.digest():
        raise ElsefaceError(f"{told}: of other faces than the cache has; train texture with it")
    latents = latents["latents"]
    if portraits:  # of their textures nothing is known
        faces = faces.extended(read_portraits(portraits, critics.classifier), OFTEN)
        latents = np.pad(latents, ((0, len(faces) - len(latents)), (0, 0)))
    made_from["faces"] = faces.digest()
    config = training.Config(
        embedding=parts["embeddings"][1]["kind"], epochs=epochs, batch_size=batch_size,
        learning_rate=learning_rate, l1_weight=l1_weight, ssim_weight=ssim_weight,
        adversarial_weight=adversarial_weight, feature_weight=feature_weight,
        attribute_weight=attribute_weight, tint_weight=tint_weight,
        swapped_weight=swapped_weight, likeness_weight=likeness_weight,
        precision=precision.value, seed=seed, made_from=made_from,
    )  # fmt: skip
    arrays = {name: part[0] for name, part in parts.items()}
    trainer = training.train(faces, arrays, editing, latents, critics, run, config)
    weights.save(run / "weights", "embeddings", *parts["embeddings"])
    weights.save(run / "weights", "texture", *weights.load("texture", model))
    facts = {"config": dataclasses.asdict(config), "before": parts["decoder"][1]}
    save_decoder(run, trainer, facts)


if __name__ == "__main__":
    typer.run(command)
