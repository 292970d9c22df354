"""Measure weights on the test identities of a CelebA layout.

    python -m elseface.scripts.measure CELEBA --recognizer mobilefacenet.yaml \\
        -o figures.json --methods default,own/none,new:18/ppas

Needs ``pip install '.[evaluate]'``.  The recognizer (see
:func:`~elseface.scripts.evaluation.recognizer.load_recognizer`) and the judge, an
attribute network that no loss has seen, only measure.
Every picture counts, aligned as it is, without detection.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from elseface.common import celeba, weights
from elseface.common.errors import ElsefaceError
from elseface.common.safeguards import check_extras
from elseface.scripts.console import explained, listed
from elseface.scripts.evaluation import cost
from elseface.scripts.evaluation.bench import Bench
from elseface.scripts.evaluation.edit_success import success
from elseface.scripts.evaluation.judge import load_judge
from elseface.scripts.evaluation.recognizer import load_recognizer
from elseface.stage3_generate.attribute_edit import AttributeEdit
from elseface.stage3_generate.choices import PolicyName, ShapeName
from elseface.stage3_generate.load import (
    load_attribute_edit,
    load_policy,
    load_shape,
)

DEFAULT = "default"
EDITS = ("Smiling", "Young", "Eyeglasses", "Big_Nose", "Bushy_Eyebrows", "Heavy_Makeup",
         "Pointy_Nose")  # fmt: skip


@explained
def main(
    root: Annotated[Path, typer.Argument(help="Folder laid out as CelebA is.")],
    recognizer: Annotated[str, typer.Option(help="dlib, or a recognizer's YAML file.")],
    output: Annotated[Path, typer.Option("-o", help="Figures as JSON.")],
    judge: Annotated[
        Path,
        typer.Option(
            help="Attribute weights kept for measuring; else those shipped for it.",
            show_default=False,
        ),
    ] = weights.JUDGE,
    folder: Annotated[
        Path,
        typer.Option(
            "--weights", help="Parts to measure in place of those shipped.", show_default=False
        ),
    ] = weights.PACKAGED,
    methods: Annotated[
        str, typer.Option(help="By comma: default, SHAPE/POLICY, new:COORDINATES/POLICY.")
    ] = f"{DEFAULT},own/none",
    edited: Annotated[int, typer.Option(min=0, help="Faces an edit is tried on.")] = 300,
    limit: Annotated[int | None, typer.Option(min=2, help="At most this many images.")] = None,
) -> None:
    """Print and write the figures.  All but the default take their first draw, so that a factor
    shows what it gives away."""
    check_extras({"-o": output}, ())
    default = load_attribute_edit(folder=folder)
    chosen = {name: method(name, default, folder) for name in listed(methods)}
    bench = Bench(
        celeba.read(root),
        load_recognizer(recognizer),
        load_judge(judge, folder),
        limit,
    )
    network = default.decoder.network
    figures: dict[str, Any] = {
        "elseface": version("elseface"),
        "images": len(bench.rows),
        "identities": len(set(bench.identity)),
        "judge": weights.digest("attributes", judge),
        "decoder": {"parameters": network.count_params(), "GFLOP": cost.gflop(network)},
        "attributes": bench.attribute_accuracy(default.classifier),
        "controls": bench.controls(),
        "methods": {},
        "edits": {},
    }
    for name, anonymizer in chosen.items():
        figures["methods"][name] = bench.method(anonymizer)
        output.write_text(json.dumps(figures, indent=1) + "\n")
    if edited:
        signed = [sign + name for name, sign in itertools.product(EDITS, "+-")]
        plain = method("own/none", default, folder)
        figures["edits"] = success(bench, signed, plain, edited)
        output.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))


def method(name: str, default: AttributeEdit, folder: Path) -> AttributeEdit:
    """What a name in ``--methods`` means; :class:`ElsefaceError` where it means nothing."""
    if name == DEFAULT:
        return default
    wanted, _, policy = name.partition("/")
    shape, _, count = wanted.partition(":")
    try:
        chosen = load_shape(ShapeName(shape), folder)
        if count:
            chosen = replace(chosen, replaced=int(count))
        followed = load_policy(PolicyName(policy), folder)
    except (ValueError, TypeError):
        raise ElsefaceError(
            f"--methods {name!r}: neither {DEFAULT} nor SHAPE/POLICY, of {', '.join(ShapeName)},"
            f" new:COORDINATES, and {', '.join(PolicyName)}"
        ) from None
    if count and not 0 <= int(count) <= len(chosen.model.offset):
        raise ElsefaceError(f"--methods {name!r}: the model has {len(chosen.model.offset)}")
    return replace(default, attempts=1, shape=chosen, policy=followed)


if __name__ == "__main__":
    typer.run(main)
