"""``elseface train shape``; as a script its options are the same."""

from __future__ import annotations

import typer
from elseface.scripts.console import explained
from elseface.scripts.train_options import CacheOption, CelebaOption, RunOption, training_cache


@explained
def command(celeba: CelebaOption, run: RunOption, cache: CacheOption = None) -> None:
    """The statistical shape model."""
    from elseface.common import weights
    from elseface.common.celeba import TRAIN
    from elseface.stage3_generate.shape_model import ShapeModel

    faces = training_cache(celeba, run, cache)
    rows = faces.split(TRAIN)
    model = ShapeModel.fit(
        *(faces.column(name)[rows] for name in ("landmarks", "identity", "attributes"))
    )
    weights.save(run / "weights", "shape", model.arrays(), {"faces": len(rows)})


if __name__ == "__main__":
    typer.run(command)
