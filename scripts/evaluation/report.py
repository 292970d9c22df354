"""Results on disk: for programs as JSON and CSV, for people as one HTML page, and, to publish, as
Markdown and plots without a picture of anybody."""

from __future__ import annotations

import base64
import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from elseface.common.output import write_whole
from elseface.scripts.evaluation import plot
from elseface.scripts.evaluation.methods import CONTROLS
from elseface.scripts.evaluation.paired import REFERENCES
from elseface.scripts.evaluation.people import People
from elseface.scripts.evaluation.pictures import place
from elseface.scripts.evaluation.privacy import OVER_NAIVE, chance
from elseface.scripts.evaluation.score import grouped
from jinja2 import Environment, PackageLoader, select_autoescape
from PIL import Image

#: Pictures of a contact sheet, and their height in pixels.
SHOWN, HEIGHT = 16, 120
#: What the most memory that a run took is called in its results.
PEAK = "peak memory, GB"


def about(people: People) -> dict[str, Any]:
    """What every table starts with: how many were judged, of whom how many with an attribute and
    without, and what blind guessing scores."""
    told = {
        "images": len(people),
        "identities": len(np.unique(people.identity)),
        "chance": chance(people.identity),
    }
    if people.attributes is not None:
        told["groups"] = grouped(people)
    return told


def keep(folder: Path, results: dict[str, Any]) -> None:
    """``results.json``, by which a run is gone on with; it says how much memory it took at most."""
    results[PEAK] = max(results.get(PEAK, 0), _peak())
    write_whole(folder / "results.json", (json.dumps(results, indent=1) + "\n").encode())


def write(folder: Path, results: dict[str, Any]) -> None:
    """``results.json``, ``results.csv``, ``report.html``, ``figures.md`` and the plots it shows in
    `folder`, each replaced at once."""
    keep(folder, results)
    write_whole(folder / "results.csv", _table(results).encode())
    templates = Environment(
        loader=PackageLoader("elseface.scripts.evaluation"),
        autoescape=select_autoescape(),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sheets = {name: _sheet(folder / "pictures", name) for name in results["methods"]}
    plots = {
        "privacy": plot.privacy(results),
        "likeness": plot.likeness(results),
        "roc": plot.roc(results),
    }
    shown = {name: sheet for name, sheet in sheets.items() if sheet}
    page = templates.get_template("report.html").render(
        results=results, controls=CONTROLS, references=REFERENCES, sheets=shown, **plots
    )
    write_whole(folder / "report.html", page.encode())
    figures = templates.get_template("figures.md").render(
        results=results, references=REFERENCES, **plots
    )
    write_whole(folder / "figures.md", figures.encode())
    for name, drawn in plots.items():
        if drawn:
            write_whole(folder / f"{name}.svg", drawn.encode())


def _peak() -> float:
    """Of this process, so far, in GB; where the system does not say, what it takes now."""
    told = psutil.Process().memory_info()
    try:
        import resource
    except ModuleNotFoundError:
        return round(getattr(told, "peak_wset", told.rss) / 1e9, 2)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most * (1 if sys.platform == "darwin" else 1024) / 1e9, 2)


def _table(results: dict[str, Any]) -> str:
    """A row a figure: method, what judged, figure, mean, and the interval where there is one."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["method", "by", "figure", "value", "low", "high"])
    for method, figures in results["methods"].items():
        for recognizer, scores in figures["privacy"].items():
            for attack, score in scores.items():
                rows.writerow([method, recognizer, attack, score["mean"], *score["interval"]])
                if times := score.get(OVER_NAIVE):
                    name = f"{attack}, {OVER_NAIVE}"
                    rows.writerow([method, recognizer, name, times["mean"], *times["interval"]])
                for reference in REFERENCES:
                    if more := score.get(f"over {reference}"):
                        name = f"{attack}, over {reference}"
                        rows.writerow([method, recognizer, name, more["mean"], *more["interval"]])
                rows.writerow([method, recognizer, f"{attack}, worst identity",
                               score["worst identity"]["mean"], "", ""])  # fmt: skip
        for kind in ("utility", "quality", "edits"):
            for name, value in figures.get(kind, {}).items():
                doubt = figures.get(f"{kind} intervals", {}).get(name, ("", ""))
                rows.writerow([method, kind, name, value, *doubt])
    return text.getvalue()


def _sheet(pictures: Path, method: str) -> str:
    """A few pictures of a method side by side: JPEG, as a data address; empty where none is."""
    files = sorted(place(pictures, method).glob("*.png"))
    chosen = files[:: max(1, len(files) // SHOWN)][:SHOWN]
    if not chosen:
        return ""
    tiles = [Image.open(file).convert("RGB") for file in chosen]
    tiles = [tile.resize((round(tile.width * HEIGHT / tile.height), HEIGHT)) for tile in tiles]
    sheet = Image.new("RGB", (sum(tile.width for tile in tiles), HEIGHT))
    left = 0
    for tile in tiles:
        sheet.paste(tile, (left, 0))
        left += tile.width
    data = io.BytesIO()
    sheet.save(data, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(data.getvalue()).decode()
