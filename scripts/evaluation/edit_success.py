"""How often an edit is seen, and how often it could be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from elseface.common.attributes import index
from elseface.common.celeba import VALIDATION
from elseface.common.photo import read_photo
from elseface.scripts.evaluation import controls, privacy, utility
from elseface.scripts.evaluation.bench import Bench
from elseface.stage1_disentangle.faces import aligned_face
from elseface.stage3_generate.attribute_edit import AttributeEdit
from elseface.stage3_generate.edits import Edit

MALE = index("Male")


def success(
    bench: Bench, wanted: Sequence[str], plain: AttributeEdit, count: int
) -> dict[str, dict[str, Any]]:
    """By edit, such as +Smiling, in how many of at most `count` faces, whose label and picture said
    otherwise, the judge sees it.

    To compare with: how often it sees that in the same faces as `plain` draws them; in photos whose
    label says so, since no edit can show more than is there; and in the same photos with a real
    face, of a validation picture whose label says so and of the same gender, in place of theirs,
    since hair and neck stay.
    """
    drawn = bench.anonymized(plain, range(len(bench.rows)))
    unedited = utility.seen_attributes(bench.judge, drawn, bench.faces)
    return {edit: _success(bench, edit, plain, unedited, count) for edit in wanted}


def _success(
    bench: Bench, edit: str, plain: AttributeEdit, unedited: np.ndarray, count: int
) -> dict[str, Any]:
    i, wanted, asked = index(edit[1:]), edit[0] == "+", Edit.parse(edit)
    follow = asked.with_followers()
    labels = bench.data.attributes[bench.rows, i] == 1
    other = np.flatnonzero((labels != wanted) & (bench.seen[:, i] != wanted))
    chosen = np.random.default_rng(0).permutation(other)[:count]
    if not len(chosen):
        return {"faces": 0}
    figures: dict[str, Any] = {"faces": len(chosen)}
    if (labels == wanted).any():
        figures["shown in photos"] = float((bench.seen[labels == wanted, i] == wanted).mean())
    faces = [bench.faces[k] for k in chosen]
    edited = bench.anonymized(replace(plain, edit=asked), chosen)
    seen = {"": utility.seen_attributes(bench.judge, edited, faces), " unedited": unedited[chosen]}
    if (bench.data.attributes[bench.data.partition == VALIDATION, i] == wanted).any():
        real = _real_faces(bench, i, wanted, chosen)
        seen[" by real faces"] = utility.seen_attributes(bench.judge, real, faces)
    for which, bits in seen.items():
        hit = bits[:, i] == wanted
        figures["shown" + which] = privacy.with_interval(hit, bench.identity[chosen])
        kept = utility.protected_kept(bench.seen[chosen], bits, follow.present | follow.absent)
        figures["protected kept" + which] = kept["mean"]
    return figures


def _real_faces(bench: Bench, i: int, wanted: bool, chosen: np.ndarray) -> list[np.ndarray]:
    """The chosen pictures, each with somebody else's face, whose attribute `i` is as wanted; of the
    same gender where anybody of that is."""
    random, bits = np.random.default_rng(0), bench.data.attributes
    fits = (bench.data.partition == VALIDATION) & (bits[:, i] == wanted)
    pictures = []
    for k in chosen:
        alike = fits & (bits[:, MALE] == (wanted if i == MALE else bits[bench.rows[k], MALE]))
        among = np.flatnonzero(alike if alike.any() else fits)
        other = read_photo(bench.data.paths[random.choice(among)]).pixels
        swapped = controls.swap_face(bench.photos[k], bench.faces[k], other, aligned_face(other))
        pictures.append(swapped)
    return pictures
