"""The plots of a report, as SVG text without anything outside them."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from elseface.scripts.evaluation.methods import CONTROLS, STRANGER, STRANGER_FACE
from elseface.scripts.evaluation.privacy import NAIVE, PARROT
from elseface.stage3_generate.choices import MethodName

#: Of the methods, in their order; this tool's default is black and larger than the others.
COLOURS, OURS = "tab20", MethodName.ATTRIBUTE_EDIT.value
#: What is scored less is drawn there: the axis is logarithmic.
LEAST = 1e-3
#: Of what pictures are still good for, what most methods lose.
KEPT = "expression kept"
#: Of what has a height alone.
LINES = {STRANGER: ":", STRANGER_FACE: "-."}

#: Of a method's figures and a recognizer: what the pictures are good for, with its interval.
Useful = Callable[[dict[str, Any], str], tuple[float, float, float] | None]


def privacy(results: dict[str, Any]) -> str:
    """Naive and parrot rank-1 against how often the expression is kept, a row a recognizer: a point
    a method, with both intervals; the lower right is where to be.  Star: this tool's default;
    round: its variants; square: controls."""
    return _scatters(results, _kept, f"{KEPT}: share of faces (right: more)")


def likeness(results: dict[str, Any]) -> str:
    """As :func:`privacy`, against the Frechet distance to the photos, which has no interval; the
    lower left is where to be."""
    return _scatters(results, _distance, "Fréchet distance by {} (left: nearer to the photos)")


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


def _scatters(results: dict[str, Any], useful: Useful, label: str) -> str:
    from matplotlib.figure import Figure

    recognizers = [
        name
        for name, scores in next(iter(results["methods"].values()))["privacy"].items()
        if {NAIVE, PARROT} & scores.keys()
        and any(useful(figures, name) is not None for figures in results["methods"].values())
    ]
    if not recognizers:
        return ""
    figure = Figure(figsize=(11, 4 * len(recognizers)), layout="constrained")
    rows = figure.subplots(len(recognizers), 2, sharey=True, squeeze=False)
    for recognizer, row in zip(recognizers, rows):
        for axis, attack in zip(row, (NAIVE, PARROT)):
            _scatter(axis, results, recognizer, attack, useful)
            axis.set(xlabel=label.format(recognizer), ylabel=f"{attack} by {recognizer}")
    figure.legend(*rows[0, 0].get_legend_handles_labels(), loc="outside right center", fontsize=8)
    return _svg(figure)


def _scatter(
    axis: Any, results: dict[str, Any], recognizer: str, attack: str, useful: Useful
) -> None:
    for i, (name, figures) in enumerate(results["methods"].items()):
        score = figures["privacy"].get(recognizer, {}).get(attack)
        if score is None:
            continue
        y = [max(LEAST, v) for v in (score["mean"], *score["interval"])]
        x = useful(figures, recognizer)
        if x is None:  # a stranger's has no method's
            axis.axhline(y[0], color="grey", linestyle=LINES.get(name, ":"), label=name)
            continue
        colour, order, size = _colour(name, i), *((3, 13) if name == OURS else (2, 6))
        # Apart, so that the legend shows marks without bars.
        axis.errorbar(
            x[0], y[0], _bars(*y), _bars(*x), fmt="none", ecolor=colour, capsize=2, zorder=order
        )
        axis.plot(
            x[0], y[0], _marker(name), color=colour, markersize=size, label=name, zorder=order
        )
    axis.axhline(results["chance"], color="grey", linestyle="--", label="chance")
    axis.set(yscale="log")
    axis.margins(x=0.1)


def _bars(mean: float, low: float, high: float) -> list[list[float]]:
    """Lengths of the error bars below and above."""
    return [[max(0.0, mean - low)], [max(0.0, high - mean)]]


def _marker(name: str) -> str:
    """This tool's, its variants, the controls, and all others."""
    if name == OURS:
        return "*"
    return "o" if name.startswith(OURS) else "s" if name in CONTROLS else "^"


def _colour(name: str, number: int) -> Any:
    from matplotlib import colormaps

    return "black" if name == OURS else colormaps[COLOURS](number % 20)


def _kept(figures: dict[str, Any], _: str) -> tuple[float, float, float] | None:
    kept = figures.get("utility", {}).get(KEPT)
    if kept is None:
        return None
    return kept, *figures["utility intervals"][KEPT]


def _distance(figures: dict[str, Any], recognizer: str) -> tuple[float, float, float] | None:
    distance = figures.get("quality", {}).get(f"Frechet distance, {recognizer}")
    return None if distance is None else (distance,) * 3


def _svg(figure: Any) -> str:
    text = io.StringIO()
    # Without metadata, which names matplotlib's address: the page has none but namespaces.
    figure.savefig(
        text, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type"))
    )
    return text.getvalue()[text.getvalue().index("<svg") :]
