"""Measure weights: attributes and reconstruction on validation, privacy on test identities.

    python -m elseface.scripts.measure CELEBA --recognizer MobileFaceNet.onnx -o figures.json

Needs ``pip install '.[evaluate]'``.  The recognizer is an ONNX file taking RGB 112x112 faces on
the ArcFace template, ImageNet mean and standard deviation; it only judges.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer
from elseface.common import celeba, weights
from elseface.common.anonymizer import Anonymizer
from elseface.common.celeba import TEST, VALIDATION, CelebA
from elseface.common.face import Face
from elseface.common.photo import read_photo
from elseface.stage1_disentangle.attribute_training import score
from elseface.stage1_disentangle.faces import aligned_face
from elseface.stage1_disentangle.mask import face_ellipse
from elseface.stage3_generate.choices import PolicyName, ShapeName
from elseface.stage3_generate.load import load_attribute_edit
from rich.progress import track
from skimage.metrics import structural_similarity

FACE_BOX = (slice(75, 188), slice(39, 140))  # rows and columns of the aligned picture

#: The ArcFace template for 112x112: eyes, nose tip, mouth corners (Deng et al., CVPR 2019).
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655],
     [70.7299, 92.2041]], np.float32,
)  # fmt: skip


def main(
    root: Annotated[Path, typer.Argument(help="Folder laid out as CelebA is.")],
    recognizer: Annotated[Path, typer.Option(help="ONNX recognizer.")],
    output: Annotated[Path, typer.Option("-o", help="Figures as JSON.")],
    folder: Annotated[Path, typer.Option("--weights")] = weights.PACKAGED,
    limit: Annotated[int | None, typer.Option(help="At most this many images a split.")] = None,
) -> None:
    """Print and write the figures."""
    data = celeba.read(root)
    rows = [np.flatnonzero(data.partition == split)[:limit] for split in (VALIDATION, TEST)]
    reconstruct = load_attribute_edit(PolicyName.NONE, ShapeName.OWN, folder=folder)
    default = load_attribute_edit(folder=folder)
    figures = {
        "validation": reconstruction(data, rows[0], reconstruct),
        "test": privacy(data, rows[1], recognizer, default, reconstruct),
    }
    output.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))


def reconstruction(data: CelebA, rows: np.ndarray, anonymizer: Anonymizer) -> dict[str, float]:
    """Attribute accuracy, SSIM whole and in the face box, and how often a face is found."""
    import dlib

    plain = dlib.get_frontal_face_detector()  # not the pipeline's, which asks for more
    whole, box, found, guesses = [], [], [], []
    for i in track(rows, "validation"):
        photo = read_photo(data.paths[i]).pixels
        result = anonymizer.anonymize(photo, [aligned_face(photo)], seed=0)
        whole.append(structural_similarity(photo, result.pixels, channel_axis=-1))
        pair = photo[FACE_BOX], result.pixels[FACE_BOX]
        box.append(structural_similarity(*pair, channel_axis=-1))
        found.append(len(plain(result.pixels, 1)) > 0)
        guesses.append(list(result.changes[0].before.values()))
    scores = score(data.attributes[rows], np.array(guesses))[-1]
    return {
        "images": len(rows),
        **{f"attribute {name}": scores[name] for name in ("accuracy", "balanced", "majority")},
        "SSIM whole": float(np.mean(whole)),
        "SSIM face box": float(np.mean(box)),
        "face found": float(np.mean(found)),
    }


def privacy(
    data: CelebA, rows: np.ndarray, model: Path, default: Anonymizer, reconstruct: Anonymizer
) -> dict[str, Any]:
    """Naive and parrot rank-1 of the default, reconstruction, and the two controls."""
    embed = _recognizer(model)
    methods: dict[str, Callable[[np.ndarray, Face], np.ndarray]] = {
        "unchanged": lambda photo, face: photo,
        "black ellipse": _black_ellipse,
        "reconstruction": lambda photo, face: reconstruct.anonymize(photo, [face], 0).pixels,
        "default": lambda photo, face: default.anonymize(photo, [face], 0).pixels,
    }
    embeddings: dict[str, list[np.ndarray]] = {name: [] for name in methods}
    for i in track(rows, "test"):
        photo = read_photo(data.paths[i]).pixels
        face = aligned_face(photo)
        for name, method in methods.items():
            embeddings[name].append(embed(method(photo, face), face))
    identity = data.identity[rows]
    clean = np.array(embeddings["unchanged"])
    shuffled = np.random.default_rng(0).permutation(identity)
    figures: dict[str, Any] = {
        "images": len(rows),
        "identities": len(np.unique(identity)),
        "chance": rank1(clean, clean, shuffled)["rank-1"],
    }
    for name, found in embeddings.items():
        probe = np.array(found)
        figures[name] = {
            "naive": rank1(probe, clean, identity),
            "parrot": rank1(probe, probe, identity),
        }
    return figures


def rank1(probe: np.ndarray, gallery: np.ndarray, identity: np.ndarray) -> dict[str, Any]:
    """Share of probes whose nearest gallery picture, their own left out, is of the same person.

    With a 95 % bootstrap interval over identities.
    """
    similarity = probe @ gallery.T
    np.fill_diagonal(similarity, -np.inf)
    hit = identity[similarity.argmax(1)] == identity
    people = [hit[identity == person] for person in np.unique(identity)]
    random = np.random.default_rng(0)
    draws = [
        np.concatenate([people[i] for i in random.integers(0, len(people), len(people))]).mean()
        for _ in range(1000)
    ]
    low, high = np.percentile(draws, [2.5, 97.5])
    return {"rank-1": float(hit.mean()), "interval": [float(low), float(high)]}


def _black_ellipse(photo: np.ndarray, face: Face) -> np.ndarray:
    ellipse = face_ellipse(face.alignment.to_frame(face.landmarks)).in_photo(face.alignment)
    return photo * (1 - ellipse.draw(*photo.shape[:2]))[:, :, None]


def _recognizer(model: Path) -> Callable[[np.ndarray, Face], np.ndarray]:
    """Unit embeddings of a face, aligned by where the original's landmarks were: the attacker
    is not made to find a face that a method blacked out."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])

    def embed(photo: np.ndarray, face: Face) -> np.ndarray:
        p = face.landmarks
        points = np.stack([p[36:42].mean(0), p[42:48].mean(0), p[30], p[48], p[54]])
        matrix, _ = cv2.estimateAffinePartial2D(points, TEMPLATE, method=cv2.LMEDS)
        crop = cv2.warpAffine(photo, matrix, (112, 112))
        pixels = ((crop / 255 - mean) / deviation).transpose(2, 0, 1)[None].astype(np.float32)
        vector = session.run(None, {name: pixels})[0][0]
        return vector / np.linalg.norm(vector)

    return embed


if __name__ == "__main__":
    typer.run(main)
