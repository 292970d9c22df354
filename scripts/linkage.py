"""What a key links: one person's new faces within it, across two of them, and without one.

    python -m elseface.scripts.linkage CELEBA --recognizer mobilefacenet.yaml -o linkage.json

Needs ``pip install '.[evaluate]'``.  Rank-1 of the recognizer: the nearest other picture shows the
same person.  The floor is what pictures anonymized without a key give away, by their context
above all.
"""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from elseface.common import weights
from elseface.common.face import Face
from elseface.common.photo import read_photo
from elseface.common.safeguards import check_extras
from elseface.scripts.console import explained, progress
from elseface.scripts.evaluation import people, privacy
from elseface.scripts.evaluation.people import People, Role
from elseface.scripts.evaluation.recognizer import load_recognizer
from elseface.stage1_disentangle.descriptor import embed
from elseface.stage3_generate.casting import Casting, by_picture
from elseface.stage3_generate.keyed import Keyed
from elseface.stage3_generate.load import load_attribute_edit


@explained
def main(
    root: Annotated[Path, typer.Argument(help="CelebA's layout, or a folder with one a person.")],
    output: Annotated[Path, typer.Option("-o", help="Figures as JSON.")],
    recognizer: Annotated[str, typer.Option(help="dlib, or a recognizer's YAML file.")] = "dlib",
    limit: Annotated[int | None, typer.Option(min=2, help="About so many pictures.")] = None,
) -> None:
    """Print and write the figures; the keys are two fixed ones."""
    check_extras({"-o": output}, ())
    judged = people.limited(people.read(root)[Role.JUDGED], limit)
    seen, who = _seen(judged)
    descriptors = np.stack([embed(photo, face) for photo, face in seen])
    cells = weights.load("cells")[0]["centres"]
    keys = [Keyed(bytes([i] * 32), cells) for i in (1, 2)]
    for key in keys:
        key.introduce(descriptors)
    judge = load_recognizer(recognizer)
    method = replace(load_attribute_edit(), attempts=1)  # as with a key

    def drawn(casting: Casting) -> np.ndarray:
        drawer = replace(method, casting=casting)
        with progress(seen, len(seen), "draw") as tracked:
            made = [(drawer.anonymize(photo, [face], 0).pixels, face) for photo, face in tracked]
        return np.stack([judge.embed(*of) for of in made])

    one, other, none = (drawn(casting) for casting in (*keys, by_picture))
    pairs = {"one key": (one, one), "two keys": (one, other), "no key": (none, none)}
    figures: dict[str, Any] = {"elseface": version("elseface")}
    figures |= {
        name: privacy.with_interval(privacy.rank1(*pair, who), who) for name, pair in pairs.items()
    }
    figures |= {
        "pictures": len(seen),
        "people": len(np.unique(who)),
        "chance": privacy.chance(who),
        **told_apart(keys[0], descriptors, who),
        "same cell in another run": known_again(keys[0], descriptors, who),
    }
    output.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))


def _seen(judged: People) -> tuple[list[tuple[np.ndarray, Face]], np.ndarray]:
    """Photos with their largest faces, and whose they are; one without a face is left out."""
    with progress(judged.paths, len(judged), "read") as tracked:
        photos = [read_photo(path).pixels for path in tracked]
    faces = [judged.faces(photo) for photo in photos]
    known = np.array([bool(found) for found in faces])
    return [(photo, f[0]) for photo, f in zip(photos, faces) if f], judged.identity[known]


def told_apart(casting: Keyed, descriptors: np.ndarray, identity: np.ndarray) -> dict[str, float]:
    """Of pairs of one person the share with one new face, and the reverse."""
    who = np.array([casting.parts([descriptor], 0)[0].who for descriptor in descriptors])
    first, second = np.triu_indices(len(who), 1)
    together, same = who[first] == who[second], identity[first] == identity[second]
    return {
        "of one person's pairs, one new face": float(together[same].mean()),
        "of one new face's pairs, one person": float(same[together].mean()),
    }


def known_again(casting: Keyed, descriptors: np.ndarray, identity: np.ndarray) -> float:
    """The share of people, of those with four pictures or more, whose even and odd ones lie in one
    cell."""
    people = [descriptors[identity == i] for i in np.unique(identity)]
    halves = [(of[::2].mean(0), of[1::2].mean(0)) for of in people if len(of) >= 4]
    return float(np.mean([casting.cell(one) == casting.cell(other) for one, other in halves]))


if __name__ == "__main__":
    typer.run(main)
