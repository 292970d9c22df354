"""Measure weights on the test identities of a CelebA layout.

    python -m elseface.scripts.measure CELEBA --recognizer MobileFaceNet.onnx \\
        --judge runs/judge/weights -o figures.json --shape own --shape new --policy none

Needs ``pip install '.[evaluate]'``.  The recognizer (see
:class:`~elseface.scripts.evaluation.recognizer.OnnxRecognizer`) and the judge, an attribute network
of another seed, only measure.  Every picture counts, aligned as it is, without detection.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from elseface.common import celeba, weights
from elseface.common.anonymizer import Anonymizer
from elseface.common.attributes import index
from elseface.common.celeba import TEST, VALIDATION, CelebA
from elseface.common.photo import read_photo
from elseface.scripts.evaluation import controls, cost, privacy, quality, utility
from elseface.scripts.evaluation.recognizer import OnnxRecognizer
from elseface.stage1_disentangle.attribute_training import score
from elseface.stage1_disentangle.faces import aligned_face
from elseface.stage3_generate.choices import PolicyName, ShapeName
from elseface.stage3_generate.load import load_attribute_edit, load_classifier, load_shape_model
from elseface.stage3_generate.shape import New
from rich.progress import track

EDITS = ("Smiling", "Young", "Eyeglasses", "Big_Nose", "Bushy_Eyebrows", "Heavy_Makeup",
         "Pointy_Nose")  # fmt: skip


def main(
    root: Annotated[Path, typer.Argument(help="Folder laid out as CelebA is.")],
    recognizer: Annotated[Path, typer.Option(help="ONNX recognizer.")],
    judge: Annotated[Path, typer.Option(help="Attribute weights kept for measuring.")],
    output: Annotated[Path, typer.Option("-o", help="Figures as JSON.")],
    folder: Annotated[
        Path, typer.Option("--weights", help="Parts to measure in place of those shipped.")
    ] = weights.PACKAGED,
    shapes: Annotated[list[ShapeName] | None, typer.Option("--shape")] = None,
    policies: Annotated[list[PolicyName] | None, typer.Option("--policy")] = None,
    replaced: Annotated[
        list[int] | None,
        typer.Option(help="Also --shape new with so many shape coordinates replaced."),
    ] = None,
    edited: Annotated[int, typer.Option(help="Faces an edit is tried on.")] = 300,
    limit: Annotated[int | None, typer.Option(help="At most this many images.")] = None,
) -> None:
    """Print and write the figures; `shape` and `policy` may be given again, default: all."""
    data = celeba.read(root)
    bench = Bench(data, recognizer, judge, limit)
    figures: dict[str, Any] = {"images": len(bench.rows), "identities": len(set(bench.identity))}
    figures["attributes"] = bench.attribute_accuracy(folder)
    figures["controls"] = bench.controls()
    figures["methods"] = {
        f"{shape}/{policy}": bench.method(load_attribute_edit(policy, shape, folder=folder))
        for shape in shapes or ShapeName
        for policy in policies or PolicyName
    }
    default = load_attribute_edit(folder=folder)
    figures["replaced"] = {
        k: bench.method(replace(default, shape=New(load_shape_model(folder), k)))
        for k in replaced or ()
    }
    network = default.decoder.network
    figures["decoder"] = {"parameters": network.count_params(), "GFLOP": cost.gflop(network)}
    figures["edits"] = {
        sign + name: bench.edit(name, sign, folder, edited) for name in EDITS for sign in "+-"
    }
    output.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))


class Bench:
    """The test pictures in memory, and the judges."""

    def __init__(self, data: CelebA, recognizer: Path, judge: Path, limit: int | None) -> None:
        self.data = data
        self.rows = np.flatnonzero(data.partition == TEST)[:limit]
        self.identity = data.identity[self.rows]
        self.photos = [read_photo(data.paths[i]).pixels for i in self.rows]
        self.faces = [aligned_face(photo) for photo in self.photos]
        self.recognizer = OnnxRecognizer(recognizer)
        self.judge = load_classifier(judge)
        self.mtcnn = utility.Mtcnn()
        self.clean = self._embedded(self.photos)
        self.seen = utility.seen_attributes(self.judge, self.photos, self.faces)
        self.real = self._features(self.photos)

    def attribute_accuracy(self, folder: Path) -> dict[str, float]:
        """Mean accuracy, balanced accuracy and majority baseline of the classifier."""
        classifier = load_classifier(folder)
        guesses = utility.seen_attributes(classifier, self.photos, self.faces)
        mean = score(self.data.attributes[self.rows], guesses.astype(float))[-1]
        return {name: mean[name] for name in ("accuracy", "balanced", "majority")}

    def controls(self) -> dict[str, Any]:
        """Unchanged, black ellipse and stranger, and chance."""
        others = np.flatnonzero(self.data.partition == VALIDATION)
        bits = self.data.attributes
        chosen = others[controls.strangers(bits[self.rows], bits[others])]
        pictures = {i: read_photo(self.data.paths[i]).pixels for i in np.unique(chosen)}
        met = {i: self.recognizer.embed(p, aligned_face(p)) for i, p in pictures.items()}
        black = [controls.black_ellipse(p, face) for p, face in zip(self.photos, self.faces)]
        return {
            "chance": privacy.chance(self.clean, self.identity),
            "unchanged": privacy.attacks(self.clean, self.clean, self.identity),
            "black ellipse": privacy.attacks(self._embedded(black), self.clean, self.identity),
            "stranger": privacy.attacks(
                np.stack([met[i] for i in chosen]), self.clean, self.identity, parrot=False
            ),
        }

    def method(self, anonymizer: Anonymizer) -> dict[str, Any]:
        """Everything about one method: privacy, utility, quality."""
        results = list(self._anonymized(anonymizer, range(len(self.rows))))
        ssim = [quality.similarity(*pair) for pair in zip(self.photos, results)]
        pairs = list(zip(results, self.faces))
        seen = utility.seen_attributes(self.judge, results, self.faces)
        return {
            **privacy.attacks(self._embedded(results), self.clean, self.identity),
            "SSIM whole": float(np.mean([whole for whole, _ in ssim])),
            "SSIM face box": float(np.mean([box for _, box in ssim])),
            f"Frechet distance, {quality.LAYER}": quality.frechet(
                self.real, self._features(results)
            ),
            "face found by MTCNN": float(np.mean([self.mtcnn.found(*pair) for pair in pairs])),
            "landmark error": float(np.mean([utility.landmark_error(*pair) for pair in pairs])),
            "expression kept": float(
                (seen == self.seen)[:, [index("Smiling"), index("Mouth_Slightly_Open")]].mean()
            ),
            "protected kept": utility.protected_kept(self.seen, seen),
        }

    def edit(self, name: str, sign: str, folder: Path, count: int) -> dict[str, Any]:
        """How often the judge sees an edit in faces whose label and picture said otherwise."""
        i, wanted = index(name), sign == "+"
        labels = self.data.attributes[self.rows, i] == 1
        other = np.flatnonzero((labels != wanted) & (self.seen[:, i] != wanted))
        chosen = np.random.default_rng(0).permutation(other)[:count]
        if not len(chosen):
            return {"faces": 0}
        anonymizer = load_attribute_edit(
            PolicyName.NONE, ShapeName.OWN, edit=sign + name, folder=folder
        )
        results = list(self._anonymized(anonymizer, chosen))
        seen = utility.seen_attributes(self.judge, results, [self.faces[k] for k in chosen])
        return {
            "faces": len(chosen),
            "shown": privacy.with_interval(seen[:, i] == wanted, self.identity[chosen]),
            "protected kept": utility.protected_kept(self.seen[chosen], seen, name)["mean"],
        }

    def _anonymized(self, anonymizer: Anonymizer, which: Any) -> Iterator[np.ndarray]:
        for k in track(which, anonymizer.name):
            yield anonymizer.anonymize(self.photos[k], [self.faces[k]], seed=0).pixels

    def _embedded(self, pictures: list[np.ndarray]) -> np.ndarray:
        return np.stack([self.recognizer.embed(*pair) for pair in zip(pictures, self.faces)])

    def _features(self, pictures: list[np.ndarray]) -> np.ndarray:
        crops = [face.alignment.crop(p, 128) for p, face in zip(pictures, self.faces)]
        return quality.features(self.judge.network, crops)


if __name__ == "__main__":
    typer.run(main)
