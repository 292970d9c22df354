"""``elseface train``: the trainable parts, one after the other.

Copy and paste, in this order (the cache is built by whichever needs it first)::

    elseface train attributes --celeba celeba --run runs/attributes
    elseface train embeddings --celeba celeba --run runs/embeddings
    elseface train decoder    --celeba celeba --run runs/decoder --weights runs/embeddings/weights
    elseface train shape      --celeba celeba --run runs/shape
    elseface train population --celeba celeba --run runs/population
    elseface train cells      --celeba celeba --run runs/cells
    elseface train texture    --celeba celeba --run runs/texture --start runs/decoder/weights
    elseface train generator  --celeba celeba --run runs/generator --start runs/decoder/weights \\
        --texture runs/texture
    elseface train average    runs/decoder/weights runs/generator/weights --run runs/average

Each leaves its weights with a manifest in ``RUN/weights``; the same command again goes on with
an interrupted run.
"""

from __future__ import annotations

import typer
from elseface.scripts import (
    train_attributes,
    train_average,
    train_cells,
    train_decoder,
    train_embeddings,
    train_generator,
    train_population,
    train_recognizer,
    train_shape,
    train_texture,
)

app = typer.Typer(help="Train a part on a folder laid out as CelebA is.", no_args_is_help=True)
app.command("attributes")(train_attributes.command)
app.command("embeddings")(train_embeddings.command)
app.command("decoder")(train_decoder.command)
app.command("shape")(train_shape.command)
app.command("population")(train_population.command)
app.command("cells")(train_cells.command)
app.command("recognizer")(train_recognizer.command)
app.command("texture")(train_texture.command)
app.command("generator")(train_generator.command)
app.command("average")(train_average.command)
