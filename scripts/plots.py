"""What ``scripts.measure`` found and how training went, as a table and two plots.

    python -m elseface.scripts.plots figures.json --run runs/decoder --run runs/generator -o docs

Needs ``pip install '.[evaluate]'``.  Writes ``figures.md``, ``privacy.svg`` and ``curves.svg``.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from elseface.common.errors import ElsefaceError
from elseface.scripts.console import explained
from elseface.scripts.evaluation.privacy import NAIVE, PARROT, SELF_MATCH

ATTACKS = (NAIVE, SELF_MATCH, PARROT)
#: Edited faces, and what they are compared with.
SHOWN_BY = ("", " unedited", " by real faces")
#: One for every four methods, which have the colours.
MARKERS = "os^Dvp*"


@explained
def main(
    figures: Annotated[Path, typer.Argument(help="JSON of scripts.measure.")],
    runs: Annotated[list[Path] | None, typer.Option("--run", help="Run folders.")] = None,
    output: Annotated[Path, typer.Option("-o")] = Path("docs"),
) -> None:
    """Write the table and the plots."""
    import matplotlib

    matplotlib.use("svg")
    try:
        found = json.loads(figures.read_text())
        output.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise ElsefaceError(f"{figures} or {output}: {error}") from None
    (output / "figures.md").write_text(tables(found))
    _plot_privacy(found, output / "privacy.svg")
    if runs:
        _plot_curves(runs, output / "curves.svg")


def tables(found: dict[str, Any]) -> str:
    """The figures as Markdown."""
    methods = found["methods"]
    columns = [key for key in next(iter(methods.values())) if key not in ATTACKS]
    attributes = found["attributes"]
    lines = [
        "# Figures",
        "",
        f"{found['images']} test images of {found['identities']} identities of whom no network of",
        "ours was trained on a picture; 95 % bootstrap intervals over identities.  Written by",
        "`scripts.plots` from the output of `scripts.measure`.",
        "",
        f"Attributes: mean accuracy {attributes['accuracy']:.2%}, balanced"
        f" {attributes['balanced']:.2%}, majority {attributes['majority']:.2%}."
        f"  Decoder: {found['decoder']['parameters'] / 1e6:.1f} M parameters,"
        f" {found['decoder']['GFLOP']:.2f} GFLOP a face.",
        "",
        "## Privacy",
        "",
        "| | naive rank-1 | self-match at FAR 1e-3 | parrot rank-1 |",
        "|---|---|---|---|",
        f"| chance | {found['controls']['chance']:.3f} | | |",
    ]
    controls = {name: c for name, c in found["controls"].items() if name != "chance"}
    for name, scores in {**controls, **methods}.items():
        cells = (interval(scores.get(key)) for key in ATTACKS)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += [
        "",
        "## Utility and quality",
        "",
        f"| | {' | '.join(columns)} |",
        f"|---{'|---' * len(columns)}|",
    ]
    for name, scores in {"unchanged": controls["unchanged"], **methods}.items():
        figures = (scores[key] for key in columns)
        means = (f if isinstance(f, float) else f["mean"] for f in figures)
        cells = (f"{round(mean, 3) + 0.0:.3f}" for mean in means)  # no -0.000
        lines.append(f"| {name} | {' | '.join(cells)} |")
    if found["edits"]:
        lines += ["", *_edits(found["edits"])]
    return "\n".join(lines) + "\n"


def _edits(edits: dict[str, Any]) -> list[str]:
    lines = [
        "## Edits",
        "",
        "| | faces | shown | shown unedited | shown by real faces laid in | shown in photos that do"
        " | protected kept |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, scores in edits.items():
        if scores["faces"]:
            shown = (interval(scores.get("shown" + by)) for by in SHOWN_BY)
            kept = f"{scores['protected kept']:.3f}"
            photos = f"{scores['shown in photos']:.3f}" if "shown in photos" in scores else ""
            cells = name, scores["faces"], *shown, photos, kept
            lines.append(f"| {' | '.join(map(str, cells))} |")
    return lines


def interval(score: dict[str, Any] | None) -> str:
    """A score's mean and interval in words; nothing where there is no score."""
    if score is None:
        return ""
    low, high = score["interval"]
    return f"{score['mean']:.3f} ({low:.3f} to {high:.3f})"


def _plot_privacy(found: dict[str, Any], path: Path) -> None:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
    for axis, attack in zip(axes, (NAIVE, PARROT)):
        for i, (name, scores) in enumerate(found["methods"].items()):
            mean, (low, high) = scores[attack]["mean"], scores[attack]["interval"]
            mark = MARKERS[i // 4 % len(MARKERS)]
            axis.errorbar(
                scores["landmark error"], mean, [[mean - low], [high - mean]], fmt=mark,
                color=f"C{i % 4}", capsize=3, label=name,
            )  # fmt: skip
        for name, style in (("black ellipse", "--"), ("stranger", ":")):
            if score := found["controls"][name].get(attack):
                axis.axhline(score["mean"], color="grey", linestyle=style, label=name)
        axis.set_xlabel("landmark error / inter-ocular distance")
        axis.set_ylabel(f"{attack}: share recognised")
    axes[0].set_ylim(bottom=0)  # shared, so after both are drawn
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right center", fontsize=8)
    figure.savefig(path)


def _plot_curves(runs: list[Path], path: Path) -> None:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 4))
    for run in runs:
        with open(run / "log.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        if not rows:
            continue
        epochs = [int(row["epoch"]) + 1 for row in rows]
        for axis, name in zip(axes, ("val_l1", "val_ssim")):
            if name in rows[0]:
                axis.plot(epochs, [float(row[name]) for row in rows], "o-", label=run.name)
            axis.set_xlabel("epoch")
            axis.xaxis.get_major_locator().set_params(integer=True)
            axis.set_ylabel(name.replace("val_ssim", "val 1 - SSIM under the mask"))
            axis.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(path)


if __name__ == "__main__":
    typer.run(main)
