"""Measure weights on the test identities of a CelebA layout.

    python -m elseface.scripts.measure CELEBA --recognizer mobilefacenet.yaml \\
        --judge runs/judge/weights -o figures.json --shape own --shape new --policy none

Needs ``pip install '.[evaluate]'``.  The recognizer (see
:func:`~elseface.scripts.evaluation.recognizer.load_recognizer`) and the judge, an attribute network
of another seed, only measure; without a judge, edits and what else it alone can say are left out.
Every picture counts, aligned as it is, without detection.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from elseface.common import celeba, weights
from elseface.common.errors import ElsefaceError
from elseface.scripts.console import explained
from elseface.scripts.evaluation import cost
from elseface.scripts.evaluation.bench import Bench
from elseface.scripts.evaluation.recognizer import load_recognizer
from elseface.stage1_disentangle.attributes import AttributeClassifier
from elseface.stage3_generate.choices import PolicyName, ShapeName
from elseface.stage3_generate.load import (
    load_attribute_edit,
    load_classifier,
    load_policy,
    load_shape,
    load_shape_model,
)
from elseface.stage3_generate.policies import none
from elseface.stage3_generate.shape import New

EDITS = ("Smiling", "Young", "Eyeglasses", "Big_Nose", "Bushy_Eyebrows", "Heavy_Makeup",
         "Pointy_Nose")  # fmt: skip


@explained
def main(
    root: Annotated[Path, typer.Argument(help="Folder laid out as CelebA is.")],
    recognizer: Annotated[str, typer.Option(help="dlib, or a recognizer's YAML file.")],
    output: Annotated[Path, typer.Option("-o", help="Figures as JSON.")],
    judge: Annotated[
        Path | None, typer.Option(help="Attribute weights kept for measuring.", show_default=False)
    ] = None,
    folder: Annotated[
        Path, typer.Option("--weights", help="Parts to measure in place of those shipped.")
    ] = weights.PACKAGED,
    shapes: Annotated[list[ShapeName] | None, typer.Option("--shape")] = None,
    policies: Annotated[list[PolicyName] | None, typer.Option("--policy")] = None,
    replaced: Annotated[
        list[int] | None,
        typer.Option(help="Also --shape new with so many shape coordinates replaced."),
    ] = None,
    edited: Annotated[int, typer.Option(min=1, help="Faces an edit is tried on.")] = 300,
    limit: Annotated[int | None, typer.Option(min=2, help="At most this many images.")] = None,
) -> None:
    """Print and write the figures: of the default, and of each shape and policy without redrawing;
    both options may be given again, default: all."""
    default = load_attribute_edit(folder=folder)
    model = load_shape_model(folder)
    if replaced and not 0 <= min(replaced) <= max(replaced) <= len(model.offset):
        raise ElsefaceError(f"--replaced: 0 to {len(model.offset)}, as many as the model has")
    first = replace(default, attempts=1)  # what each factor gives away shows without redrawing
    methods = {"default": default}
    methods |= {
        f"{shape}/{policy}": replace(
            first, shape=load_shape(shape, folder), policy=load_policy(policy, folder)
        )
        for shape in shapes or ShapeName
        for policy in policies or PolicyName
    }
    methods |= {f"{k} replaced": replace(first, shape=New(model, k)) for k in replaced or ()}
    bench = Bench(
        celeba.read(root),
        load_recognizer(recognizer),
        _independent(judge, folder) if judge else None,
        limit,
    )
    network = default.decoder.network
    figures: dict[str, Any] = {
        "images": len(bench.rows),
        "identities": len(set(bench.identity)),
        "judge": weights.digest("attributes", judge) if judge else None,
        "decoder": {"parameters": network.count_params(), "GFLOP": cost.gflop(network)},
        "attributes": bench.attribute_accuracy(default.classifier),
        "controls": bench.controls(),
        "methods": {},
        "edits": {},
    }
    plain = replace(first, shape=load_shape(ShapeName.OWN, folder), policy=none)
    for name, anonymizer in methods.items():
        figures["methods"][name] = bench.method(anonymizer)
        output.write_text(json.dumps(figures, indent=1) + "\n")
    if judge:
        signed = [sign + name for name, sign in itertools.product(EDITS, "+-")]
        figures["edits"] = bench.edits(signed, plain, edited)
        output.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))


def _independent(judge: Path, folder: Path) -> AttributeClassifier:
    """The judge, if it is not the network that is judged or that training listened to."""
    own = {weights.holder("attributes", folder), weights.PACKAGED}
    if weights.digest("attributes", judge) in {weights.digest("attributes", f) for f in own}:
        raise ElsefaceError(f"{judge}: the tool's own network cannot be its judge; train another")
    return load_classifier(judge)


if __name__ == "__main__":
    typer.run(main)
