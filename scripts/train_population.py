"""``elseface train population``; as a script its options are the same."""

from __future__ import annotations

import dataclasses

import typer
from elseface.scripts.console import explained
from elseface.scripts.train_options import CelebaOption, Count, RunOption


@explained
def command(celeba: CelebaOption, run: RunOption, classes: Count = 100, seed: int = 0) -> None:
    """The distribution of attributes that ppas draws from."""
    from elseface.common import celeba as layout
    from elseface.common import weights
    from elseface.stage3_generate.population import Population

    bits = layout.training_bits(celeba)
    fitted = Population.fit(bits, classes, seed=seed)
    facts = {"rows": len(bits), "classes": classes, "seed": seed}
    weights.save(run / "weights", "population", dataclasses.asdict(fitted), facts)


if __name__ == "__main__":
    typer.run(command)
