"""The plots of a report, as SVG text without anything outside them."""

from __future__ import annotations

import io
from typing import Any

from elseface.scripts.evaluation.privacy import NAIVE, PARROT


def privacy(results: dict[str, Any]) -> str:
    """Naive and parrot rank-1 by the first recognizer against the Frechet distance: a point a
    method, with its interval; the lower left is where to be."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.5))
    axes = figure.subplots(1, 2, sharey=True)
    for axis, attack in zip(axes, (NAIVE, PARROT)):
        for name, figures in results["methods"].items():
            recognizer, scores = next(iter(figures["privacy"].items()))
            if attack not in scores:
                continue
            mean, (low, high) = scores[attack]["mean"], scores[attack]["interval"]
            if "quality" not in figures:  # a stranger's picture has no method's
                axis.axhline(mean, color="grey", linestyle=":", label=name)
                continue
            x = figures["quality"][f"Frechet distance, {recognizer}"]
            axis.errorbar(
                x, mean, [[max(0, mean - low)], [max(0, high - mean)]], fmt="o", capsize=3
            )
            axis.annotate(name, (x, mean), (5, 4), textcoords="offset points", fontsize=7)
            axis.set_xlabel(f"Frechet distance, {recognizer}")
        axis.axhline(results["chance"], color="grey", linestyle="--", label="chance")
        axis.set_ylabel(attack)
        axis.margins(x=0.15)
        axis.legend(fontsize=7)
    return _svg(figure)


def roc(results: dict[str, Any]) -> str:
    """True against false accepts of the naive attack by each recognizer: a curve a method."""
    from matplotlib.figure import Figure

    recognizers = list(next(iter(results["methods"].values())).get("curves", {}))
    if not recognizers:
        return ""
    figure = Figure(figsize=(5 * len(recognizers), 4.5))
    for axis, recognizer in zip(
        figure.subplots(1, len(recognizers), squeeze=False)[0], recognizers
    ):
        for name, figures in results["methods"].items():
            if curve := figures.get("curves", {}).get(recognizer):
                axis.plot(*zip(*curve), label=name)
        axis.plot([1e-4, 1], [1e-4, 1], color="grey", linestyle="--", label="blind")
        axis.set_xscale("log")
        axis.set_xlabel("false accepts")
        axis.set_ylabel("true accepts")
        axis.set_title(recognizer, fontsize=9)
        axis.legend(fontsize=6)
    return _svg(figure)


def _svg(figure: Any) -> str:
    figure.tight_layout()
    text = io.StringIO()
    figure.savefig(text, format="svg")
    return text.getvalue()[text.getvalue().index("<svg") :]
