"""The plots of a report, as SVG text without anything outside them."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from elseface.scripts.evaluation.methods import CONTROLS, STRANGER, STRANGER_FACE
from elseface.scripts.evaluation.privacy import NAIVE, PARROT
from elseface.stage3_generate.choices import MethodName

#: Of the methods, in their order; this tool's default is black and larger than the others.
COLOURS, OURS = "tab20", MethodName.ATTRIBUTE_EDIT.value
#: What is scored less is drawn there: the axis is logarithmic.
LEAST = 1e-3
#: Of what has a height alone.
LINES = {STRANGER: ":", STRANGER_FACE: "-."}


def privacy(results: dict[str, Any]) -> str:
    """Naive and parrot rank-1 against the Frechet distance, a row a recognizer: a point a method,
    with its interval; the lower left is where to be.  Round: this tool's; square: controls."""
    from matplotlib.figure import Figure

    recognizers = [
        name
        for name, scores in next(iter(results["methods"].values()))["privacy"].items()
        if {NAIVE, PARROT} & scores.keys()
        and any(_distance(figures, name) is not None for figures in results["methods"].values())
    ]
    if not recognizers:
        return ""
    figure = Figure(figsize=(11, 4 * len(recognizers)), layout="constrained")
    rows = figure.subplots(len(recognizers), 2, sharey=True, squeeze=False)
    for recognizer, row in zip(recognizers, rows):
        for axis, attack in zip(row, (NAIVE, PARROT)):
            _scatter(axis, results, recognizer, attack)
    figure.legend(*rows[0, 0].get_legend_handles_labels(), loc="outside right center", fontsize=8)
    return _svg(figure)


def roc(results: dict[str, Any]) -> str:
    """True against false accepts of the naive attack by each recognizer: a curve a method."""
    from matplotlib.figure import Figure

    recognizers = list(next(iter(results["methods"].values())).get("curves", {}))
    if not recognizers:
        return ""
    figure = Figure(figsize=(4.5 * len(recognizers) + 2, 4), layout="constrained")
    axes = figure.subplots(1, len(recognizers), squeeze=False, sharey=True)[0]
    for axis, recognizer in zip(axes, recognizers):
        for i, (name, figures) in enumerate(results["methods"].items()):
            if curve := figures.get("curves", {}).get(recognizer):
                width = 3 if name == OURS else 1.5
                axis.plot(*zip(*curve), color=_colour(name, i), linewidth=width, label=name)
        rates = np.geomspace(1e-4, 1, 50)
        axis.plot(rates, rates, color="grey", linewidth=3, alpha=0.5, label="blind")
        axis.set(
            xscale="log",
            xlabel="false accepts",
            ylabel="true accepts: share recognised",
            title=recognizer,
        )
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right center", fontsize=8)
    return _svg(figure)


def _scatter(axis: Any, results: dict[str, Any], recognizer: str, attack: str) -> None:
    for i, (name, figures) in enumerate(results["methods"].items()):
        score = figures["privacy"].get(recognizer, {}).get(attack)
        if score is None:
            continue
        mean, low, high = (max(LEAST, v) for v in (score["mean"], *score["interval"]))
        x = _distance(figures, recognizer)
        if x is None:  # a stranger's has no method's
            axis.axhline(mean, color="grey", linestyle=LINES.get(name, ":"), label=name)
            continue
        axis.errorbar(
            x, mean, [[max(0, mean - low)], [max(0, high - mean)]], fmt=_marker(name),
            color=_colour(name, i), capsize=3, label=name, markersize=13 if name == OURS else 6,
            zorder=3 if name == OURS else 2,
        )  # fmt: skip
    axis.axhline(results["chance"], color="grey", linestyle="--", label="chance")
    axis.set(
        yscale="log",
        xlabel=f"Fréchet distance by {recognizer} (left: nearer to the photos)",
        ylabel=f"{attack}: share recognised",
    )
    axis.margins(x=0.1)


def _marker(name: str) -> str:
    """This tool's, its variants, the controls, and all others."""
    if name == OURS:
        return "*"
    return "o" if name.startswith(OURS) else "s" if name in CONTROLS else "^"


def _colour(name: str, number: int) -> Any:
    from matplotlib import colormaps

    return "black" if name == OURS else colormaps[COLOURS](number % 20)


def _distance(figures: dict[str, Any], recognizer: str) -> float | None:
    return figures.get("quality", {}).get(f"Frechet distance, {recognizer}")


def _svg(figure: Any) -> str:
    text = io.StringIO()
    # Without metadata, which names matplotlib's address: the page has none but namespaces.
    figure.savefig(
        text, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type"))
    )
    return text.getvalue()[text.getvalue().index("<svg") :]
