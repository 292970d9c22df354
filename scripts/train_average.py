"""``elseface train average``; as a script its options are the same."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from elseface.common.errors import ElsefaceError
from elseface.scripts.console import explained
from elseface.scripts.train_options import RunOption


@explained
def command(
    before: Annotated[Path, typer.Argument(help="Weights that training went on from.")],
    after: Annotated[Path, typer.Argument(help="Weights that it came to.")],
    run: RunOption,
    share: Annotated[float, typer.Option(min=0, max=1, help="Of the weights before.")] = 0.35,
) -> None:
    """A decoder between two, one of which was trained on from the other, and the latter's texture.

    Averaging them keeps what was learned and loses what the training went too far in (WiSE-FT,
    Wortsman et al., CVPR 2022): patterns that please a frozen classifier.
    """
    from elseface.common import weights

    parts = ("embeddings", "decoder")
    digests = [{part: weights.digest(part, folder) for part in parts} for folder in (before, after)]
    if digests[0]["embeddings"] != digests[1]["embeddings"]:
        raise ElsefaceError(f"{before} and {after}: decoders of different embeddings")
    first, second = (weights.load("decoder", folder) for folder in (before, after))
    if {k: a.shape for k, a in first[0].items()} != {k: a.shape for k, a in second[0].items()}:
        raise ElsefaceError(f"{before} and {after}: decoders of different shape")
    mean = {key: share * first[0][key] + (1 - share) * second[0][key] for key in first[0]}
    facts = {
        "network": "U-Net", "size": second[1]["size"], "share before": share,
        "before": first[1] | digests[0], "after": second[1] | digests[1],
    }  # fmt: skip
    weights.save(run / "weights", "decoder", mean, facts)
    for part in ("embeddings", "texture"):
        weights.save(run / "weights", part, *weights.load(part, after))


if __name__ == "__main__":
    typer.run(command)
