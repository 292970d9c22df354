"""``elseface train embeddings``; as a script its options are the same."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from elseface.scripts.console import explained
from elseface.scripts.train_options import CelebaOption, Count, RunOption


class Embeddings(StrEnum):
    """What ``--embeddings`` takes."""

    WORD2VEC = "word2vec"
    ONE_HOT = "one-hot"


@explained
def command(
    celeba: CelebaOption,
    run: RunOption,
    kind: Annotated[Embeddings, typer.Option("--embeddings")] = Embeddings.WORD2VEC,
    epochs: Count = 5,
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


if __name__ == "__main__":
    typer.run(command)
