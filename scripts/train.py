"""``elseface train``: the trainable parts, one after the other.

Copy and paste, in this order (the cache is built by whichever needs it first)::

    elseface train attributes --celeba celeba --run runs/attributes
    elseface train embeddings --celeba celeba --run runs/embeddings
    elseface train decoder    --celeba celeba --run runs/decoder --weights runs/embeddings/weights
    elseface train shape      --celeba celeba --run runs/shape
    elseface train population --celeba celeba --run runs/population
    elseface train recognizer --celeba celeba --run runs/recognizer
    elseface train generator  --celeba celeba --run runs/generator \\
        --start runs/decoder/weights --recognizer runs/recognizer/weights

Each leaves its weights with a manifest in ``RUN/weights``; the same command again goes on with
an interrupted run.
"""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from elseface.common.errors import ElsefaceError
from elseface.scripts.console import explained

if TYPE_CHECKING:
    from elseface.stage1_disentangle.cache import FaceCache
    from elseface.stage2_reconstruct.trainer import AdversarialTrainer

app = typer.Typer(help="Train a part on a folder laid out as CelebA is.", no_args_is_help=True)

CelebaOption = Annotated[Path, typer.Option("--celeba", help="Folder laid out as CelebA is.")]
RunOption = Annotated[Path, typer.Option("--run", help="Folder of this run; resumes if it exists.")]
CacheOption = Annotated[
    Path | None, typer.Option("--cache", help="Training cache; default: RUN/../cache.")
]
PrecisionOption = Annotated[
    str, typer.Option(help="float32, or mixed_bfloat16 where the processor has it.")
]
StartOption = Annotated[
    Path | None, typer.Option(help="Folder of weights to go on from; default: none.")
]


class Embeddings(StrEnum):
    """What ``--embeddings`` takes."""

    WORD2VEC = "word2vec"
    ONE_HOT = "one-hot"


@app.command()
@explained
def attributes(
    celeba: CelebaOption,
    run: RunOption,
    cache: CacheOption = None,
    phases: Annotated[str, typer.Option(help="EPOCHS:SIZE, …")] = "8:64,6:96,6:128",
    batch_size: int = 64,
    learning_rate: float = 1e-3,
    precision: PrecisionOption = "float32",
    seed: int = 0,
    start: StartOption = None,
) -> None:
    """ResNet-50, 40 attributes."""
    from elseface.common import weights
    from elseface.common.celeba import VALIDATION
    from elseface.stage1_disentangle import attribute_training as training

    faces = _cache(celeba, run, cache)
    config = training.Config(
        phases=_phases(phases), batch_size=batch_size, learning_rate=learning_rate,
        precision=precision, seed=seed, start=str(start or ""),
    )  # fmt: skip
    before, about = weights.load("attributes", start) if start else (None, None)
    network = training.train(faces, run, config, before)
    size = config.phases[-1][1]
    scores = training.validate(network, faces, VALIDATION, size)
    training.write_scores(run / "validation.csv", scores)
    facts = {"size": size, "validation": scores[-1], "config": dataclasses.asdict(config)}
    if about:
        facts["before"] = about
    weights.save(run / "weights", "attributes", weights.network_arrays(network), facts)
    print(f"validation: {scores[-1]}")


@app.command()
@explained
def embeddings(
    celeba: CelebaOption,
    run: RunOption,
    kind: Annotated[Embeddings, typer.Option("--embeddings")] = Embeddings.WORD2VEC,
    epochs: int = 5,
    seed: int = 0,
) -> None:
    """Attribute maps: word2vec over the attribute table, or one-hot for comparison."""
    from elseface.common import celeba as layout
    from elseface.common import weights
    from elseface.stage2_reconstruct.embeddings import one_hot, word2vec

    bits = layout.training_bits(celeba)
    maps = one_hot() if kind is Embeddings.ONE_HOT else word2vec(bits, epochs, seed)
    facts = {"kind": kind, "rows": len(bits), "epochs": epochs, "seed": seed}
    weights.save(run / "weights", "embeddings", {"maps": maps}, facts)


@app.command()
@explained
def decoder(
    celeba: CelebaOption,
    run: RunOption,
    cache: CacheOption = None,
    embedding: Annotated[
        Path | None, typer.Option("--weights", help="Folder with embeddings; default: shipped.")
    ] = None,
    epochs: int = 3,
    batch_size: int = 16,
    learning_rate: float = 4e-4,
    l1_weight: float = 20.0,
    ssim_weight: float = 0.0,
    adversarial_weight: float = 1.0,
    precision: PrecisionOption = "float32",
    seed: int = 0,
) -> None:
    """U-Net, L1 + adversarial loss."""
    from elseface.common import weights
    from elseface.stage2_reconstruct import training

    maps, about = weights.load("embeddings", embedding or weights.PACKAGED)
    config = training.Config(
        embedding=about["kind"], epochs=epochs, batch_size=batch_size,
        learning_rate=learning_rate, l1_weight=l1_weight, ssim_weight=ssim_weight,
        adversarial_weight=adversarial_weight, precision=precision, seed=seed,
    )  # fmt: skip
    faces = _cache(celeba, run, cache)
    trainer = training.train(faces, maps["maps"], run, config)
    weights.save(run / "weights", "embeddings", maps, about)
    _save_decoder(run, trainer, {"config": dataclasses.asdict(config)})


@app.command()
@explained
def generator(
    celeba: CelebaOption,
    run: RunOption,
    start: Annotated[Path, typer.Option(help="Weights of `train decoder`, to go on from.")],
    recognizer: Annotated[Path, typer.Option(help="Weights of `train recognizer`.")],
    cache: CacheOption = None,
    folder: Annotated[
        Path | None, typer.Option("--weights", help="Parts to use in place of those shipped.")
    ] = None,
    epochs: int = 4,
    batch_size: int = 16,
    learning_rate: float = 2e-4,
    l1_weight: float = 15.0,
    ssim_weight: float = 4.0,
    adversarial_weight: float = 1.0,
    attribute_weight: float = 1.0,
    likeness_weight: float = 3.0,
    precision: PrecisionOption = "float32",
    seed: int = 0,
) -> None:
    """The decoder on faces of nobody: edited, reshaped, unlike the person who was there."""
    import keras
    from elseface.common import weights
    from elseface.stage1_disentangle.attributes import backbone, resnet50
    from elseface.stage3_generate import generation_training as training
    from elseface.stage3_generate import load
    from elseface.stage3_generate.critics import Critics
    from elseface.stage3_generate.edited_faces import Editing
    from elseface.stage3_generate.recognizer import embedding_network

    keras.mixed_precision.set_global_policy(precision)  # of the frozen networks too
    folder = folder or weights.PACKAGED
    needed = ("embeddings", "decoder", "discriminator")
    parts = {name: weights.load(name, start) for name in needed}
    unlike = weights.fill_network(
        embedding_network(backbone(resnet50())), weights.load("recognizer", recognizer)[0]
    )
    critics = Critics(load.load_classifier(folder), unlike)
    editing = Editing(load.load_policy(load.PolicyName.PPAS, folder), load.load_shape_model(folder))
    config = training.Config(
        embedding=parts["embeddings"][1]["kind"], epochs=epochs, batch_size=batch_size,
        learning_rate=learning_rate, l1_weight=l1_weight, ssim_weight=ssim_weight,
        adversarial_weight=adversarial_weight, attribute_weight=attribute_weight,
        likeness_weight=likeness_weight, precision=precision, seed=seed,
    )  # fmt: skip
    faces = _cache(celeba, run, cache)
    arrays = {name: part[0] for name, part in parts.items()}
    trainer = training.train(faces, arrays, editing, critics, run, config)
    weights.save(run / "weights", "embeddings", *parts["embeddings"])
    facts = {"config": dataclasses.asdict(config), "before": parts["decoder"][1]}
    _save_decoder(run, trainer, facts)


@app.command()
@explained
def recognizer(
    celeba: CelebaOption,
    run: RunOption,
    cache: CacheOption = None,
    folder: Annotated[
        Path | None, typer.Option("--weights", help="Attribute weights; default: shipped.")
    ] = None,
    epochs: int = 6,
    people: int = 64,
    learning_rate: float = 3e-4,
    precision: PrecisionOption = "float32",
    seed: int = 0,
) -> None:
    """The recognizer that generation is trained against; it is not part of the tool."""
    import keras
    from elseface.common import weights
    from elseface.common.celeba import VALIDATION
    from elseface.stage3_generate import recognizer_training as training
    from elseface.stage3_generate.load import load_classifier

    faces = _cache(celeba, run, cache)
    config = training.Config(
        epochs=epochs, people=people, learning_rate=learning_rate, precision=precision, seed=seed
    )
    keras.mixed_precision.set_global_policy(precision)  # of the network that it starts from
    classifier = load_classifier(folder or weights.PACKAGED)
    network = training.train(faces, classifier.network, run, config)
    scores = training.verify(network, faces, VALIDATION)
    facts = {"validation": scores, "config": dataclasses.asdict(config)}
    weights.save(run / "weights", "recognizer", weights.network_arrays(network), facts)
    print(f"validation: {scores}")


@app.command()
@explained
def shape(celeba: CelebaOption, run: RunOption, cache: CacheOption = None) -> None:
    """The statistical shape model."""
    from elseface.common import weights
    from elseface.common.celeba import TRAIN
    from elseface.stage3_generate.shape import ShapeModel

    faces = _cache(celeba, run, cache)
    rows = faces.split(TRAIN)
    model = ShapeModel.fit(
        *(faces.column(name)[rows] for name in ("landmarks", "identity", "attributes"))
    )
    weights.save(run / "weights", "shape", model.arrays(), {"faces": len(rows)})


@app.command()
@explained
def population(celeba: CelebaOption, run: RunOption, classes: int = 100, seed: int = 0) -> None:
    """The distribution of attributes that ppas draws from."""
    from elseface.common import celeba as layout
    from elseface.common import weights
    from elseface.stage3_generate.population import Population

    bits = layout.training_bits(celeba)
    fitted = Population.fit(bits, classes, seed=seed)
    facts = {"rows": len(bits), "classes": classes, "seed": seed}
    weights.save(run / "weights", "population", dataclasses.asdict(fitted), facts)


def _save_decoder(run: Path, trainer: AdversarialTrainer, facts: dict[str, Any]) -> None:
    """The decoder that is shipped, and the discriminator, which only training needs."""
    from elseface.common import weights

    network = trainer.average
    facts = {"network": "U-Net", "size": network.output_shape[1], **facts}
    weights.save(run / "weights", "decoder", weights.network_arrays(network), facts)
    critic = weights.network_arrays(trainer.discriminator)
    weights.save(run / "weights", "discriminator", critic, {"config": facts["config"]})


def _cache(celeba: Path, run: Path, cache: Path | None) -> FaceCache:
    from elseface.stage1_disentangle.cache import build

    return build(celeba, cache or run.parent / "cache")


def _phases(text: str) -> tuple[tuple[int, int], ...]:
    try:
        pairs = [tuple(int(n) for n in phase.split(":")) for phase in text.split(",")]
        return tuple((epochs, size) for epochs, size in pairs)
    except ValueError:
        raise ElsefaceError(f"--phases {text!r}: give EPOCHS:SIZE, … as in 8:64,6:96") from None
