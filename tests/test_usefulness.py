"""What is said of a method's use, of four pictures whose answers are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from elseface.common.attributes import PROTECTED, indices
from elseface.scripts.evaluation import score
from elseface.scripts.evaluation.examine import MEASURES, Examined

SMILING, MOUTH = score.EXPRESSION


@pytest.fixture
def clean(random) -> Examined:
    """Nobody smiles, nobody shows anything; the last picture was missed."""
    vectors = random.standard_normal((4, 3))
    measures = np.tile([1.0, 0.0, 0.0, 1.0, 1.0, 1.0], (4, 1))
    return Examined(
        {"one": (vectors, vectors)}, measures, np.zeros((4, 40)), np.full((4, 40), np.nan),
        np.array([False, False, False, True]), np.full(4, 0.5), np.array([1, 2, 1, 0]),
        np.zeros(4, bool),
    )  # fmt: skip


@pytest.fixture
def result(clean) -> Examined:
    """One in three smiles, two were asked to open their mouths and one did; who was missed says
    nothing."""
    shown, asked = np.zeros((4, 40)), clean.asked.copy()
    shown[0, SMILING] = shown[1, MOUTH] = 0.9
    asked[:2, MOUTH] = 1
    shown[3], asked[3] = 1, 1 - shown[3]
    measures = np.array(
        [
            [1, 0.1, 6, 0.9, 0.6, 1],
            [0, 0.2, 12, 0.8, 0.3, 0],
            [1, 0.3, 0, 0.7, 0.6, 1],
            [np.nan] * 6,
        ]
    )
    return replace(
        clean, attributes=shown, asked=asked, measures=measures, seconds=np.array([1, 3, 1, 1.0])
    )


def test_use_is_counted_over_faces_that_were_found(result, clean):
    figures = score.usefulness(result, clean)
    expected = [2 / 3, 0.2, 6.0, 0.8, 0.5, 2 / 3]
    assert [figures[name] for name in MEASURES] == pytest.approx(expected)
    assert figures["expression kept"] == pytest.approx(4 / 6)  # of two attributes of three
    assert figures["edits asked"] == pytest.approx(2 / 3)
    assert figures["edits shown"] == pytest.approx(1 / 2)
    assert figures["missed by the pipeline"] == 0.25
    assert figures["seconds an image"] == 1.5 and figures["seconds a face"] == 1.5


def test_protected_attributes_are_kept_or_not(result, clean):
    assert score.usefulness(result, clean)["protected kept"] == 1
    changed = result.attributes.copy()
    changed[0, indices(PROTECTED)] = 1
    kept = score.usefulness(replace(result, attributes=changed), clean)["protected kept"]
    assert kept == pytest.approx(2 / 3)


def test_a_shift_of_all_is_its_square_by_frechet(clean):
    shifted = clean.embeddings["one"][0] + np.array([1.0, 2.0, 0.0])
    seen = replace(clean, embeddings={"one": (shifted, shifted)})
    assert score.realism(clean, clean)["Frechet distance, one"] == pytest.approx(0, abs=1e-6)
    assert score.realism(seen, clean)["Frechet distance, one"] == pytest.approx(5, abs=1e-4)


def test_edits_are_seen_as_they_were_asked(clean):
    asked = np.full((4, 40), np.nan)
    asked[:, SMILING] = [1, 1, 0, 0]
    shown = np.zeros((4, 40))
    shown[0, SMILING] = shown[3, SMILING] = 1
    seen = replace(clean, asked=asked, attributes=shown)
    assert score.edit_shares(seen) == {"Smiling": 0.5}
