"""Several trained decoders side by side, one row each.

    python -m elseface.scripts.ablation word2vec-l1.json onehot-l1.json -o docs/ablation.md

Each file is what ``scripts.measure`` wrote about the weights that the file is named after.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from elseface.common.errors import ElsefaceError
from elseface.scripts.console import explained
from elseface.scripts.evaluation.privacy import NAIVE, PARROT
from elseface.scripts.plots import interval

#: The method that shows what a decoder can, and of its figures those that are shown.
PLAIN = "own/none"
FIGURES = (
    "SSIM whole", "SSIM face box", "Frechet distance, recognizer", "face found by MTCNN",
    "landmark error", "protected kept",
)  # fmt: skip
EDITS = ("+Smiling", "-Smiling", "+Eyeglasses", "+Young", "-Young")


@explained
def main(
    files: Annotated[list[Path], typer.Argument(help="JSON files of scripts.measure.")],
    output: Annotated[Path, typer.Option("-o", help="The table, as Markdown.")],
) -> None:
    """Write the table."""
    try:
        if len({path.stem for path in files}) < len(files):
            raise ElsefaceError("two rows have one name; each is called after its file")
        found = {path.stem: json.loads(path.read_text()) for path in files}
        output.write_text(table(found))
    except (OSError, ValueError) as error:
        raise ElsefaceError(f"{output} or one of its rows: {error}") from None


def table(found: dict[str, dict[str, Any]]) -> str:
    """Figures of ``scripts.measure`` by row, as Markdown; all of the same pictures.

    Raises
    ------
    ElsefaceError
        When rows are of different pictures, or one lacks the plain method or the edits.
    """
    if len({(row["images"], row["identities"], row["judge"]) for row in found.values()}) > 1:
        raise ElsefaceError("the rows were not measured on the same pictures by the same judge")
    if lacking := [name for name, row in found.items() if PLAIN not in row["methods"]]:
        raise ElsefaceError(f"{lacking[0]}: was not measured with --methods {PLAIN}")
    if lacking := [name for name, row in found.items() if not set(EDITS) <= set(row["edits"])]:
        raise ElsefaceError(f"{lacking[0]}: its edits were not measured, or not to the end")
    first = next(iter(found.values()))
    columns = ["M parameters", "GFLOP a face", *FIGURES, NAIVE, PARROT, *EDITS]
    lines = [
        "# Word2vec or one-hot maps, three losses",
        "",
        f"Reconstructions (`{PLAIN}`) of {first['images']} test pictures of"
        f" {first['identities']} people; edits on at most {_most(first)} faces each.",
        "",
        f"| | {' | '.join(columns)} |",
        f"|---{'|---' * len(columns)}|",
        *(f"| {name} | {' | '.join(_cells(row))} |" for name, row in found.items()),
    ]
    return "\n".join(lines) + "\n"


def _cells(row: dict[str, Any]) -> list[str]:
    plain, decoder = row["methods"][PLAIN], row["decoder"]
    cells = [f"{decoder['parameters'] / 1e6:.1f}", f"{decoder['GFLOP']:.2f}"]
    cells += [_mean(plain[name]) for name in FIGURES]
    cells += [interval(plain[name]) for name in (NAIVE, PARROT)]
    return cells + [interval(row["edits"][name]["shown"]) for name in EDITS]


def _mean(figure: float | dict[str, float]) -> str:
    return f"{figure if isinstance(figure, float) else figure['mean']:.3f}"


def _most(row: dict[str, Any]) -> int:
    return max(edit["faces"] for edit in row["edits"].values())


if __name__ == "__main__":
    typer.run(main)
