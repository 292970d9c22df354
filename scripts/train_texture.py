"""``elseface train texture``; as a script its options are the same."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from elseface.scripts.console import explained
from elseface.scripts.train_options import (
    CacheOption,
    CelebaOption,
    Precision,
    PrecisionOption,
    RunOption,
    training_cache,
)


@explained
def command(
    celeba: CelebaOption,
    run: RunOption,
    start: Annotated[Path, typer.Option(help="Weights of the decoder that says what to expect.")],
    cache: CacheOption = None,
    precision: PrecisionOption = Precision.FLOAT32,
) -> None:
    """What faces are beyond shape, context and attributes, for `train generator`."""
    import keras
    from elseface.common import weights
    from elseface.common.celeba import TRAIN
    from elseface.stage3_generate.load import load_decoder
    from elseface.stage3_generate.swapped_faces import uncovered
    from elseface.stage3_generate.texture_model import TextureModel

    keras.mixed_precision.set_global_policy(precision.value)
    faces = training_cache(celeba, run, cache)
    facts = {"decoder": weights.digest("decoder", start), "faces": len(uncovered(faces, TRAIN))}
    model, latents = TextureModel.fit(load_decoder(start), faces, TRAIN)
    weights.save(run / "weights", "texture", model.arrays(), facts)
    # Apart from what may be passed on: these are of people.
    weights.save(run / "latents", "latents", {"latents": latents}, facts | {"of": faces.digest()})


if __name__ == "__main__":
    typer.run(command)
