"""How many faces are found, by pose and size."""

from __future__ import annotations

import numpy as np
import pytest
from elseface.common import celeba
from elseface.scripts import recall


def test_the_table(layout, tmp_path):
    """Six faces that look ahead, found by both down to a size; a grey picture has none."""
    recall.main(layout, tmp_path / "recall.md", most=300, seed=0)
    head, _, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (tmp_path / "recall.md").read_text().splitlines()
    ]
    shares = {row[0]: [float(cell.split()[0]) for cell in row[2:]] for row in rows}
    assert head[2:] == [recall.FOUND, recall.VERIFIER, recall.EITHER, recall.DRAWN]
    assert sum(int(row[1]) for row in rows if row[0].startswith("turned")) == 7
    assert shares["20 pixels wide"][0] == 0  # the frontal detector's smallest is 40
    assert all(found <= either for found, _, either, _ in shares.values())


def test_only_a_face_in_its_place_counts(layout, monkeypatch):
    faces = [path for i, path in enumerate(celeba.read(layout).paths) if i != 3]
    row = recall.look("all", faces, 1.0)
    assert row.pictures == 6 and set(row.counts.values()) == {6}
    monkeypatch.setattr(recall, "load_detector", lambda name: lambda photo: [(0, 0, 40, 40)])
    assert set(recall.look("all", faces, 1.0).counts.values()) == {0}


@pytest.mark.parametrize("count, low, high", [(0, 0.0, 0.2775), (5, 0.2366, 0.7634)])
def test_wilson_intervals(count, low, high):
    """By Wilson's formula, of ten pictures."""
    cells = recall.Row("x", 10, {"found": count}).cells()
    assert cells == ["x", "10", f"{count / 10:.3f} ({low:.3f} to {high:.3f})"]


def test_a_face_turned_aside_turns(portrait):
    """Half of her face squeezed, the other stretched, as a turned head looks."""
    crop = portrait[18:236, 133:311]
    middle = 89
    across = np.r_[np.linspace(0, middle, 60), np.linspace(middle, 177, 118)].round().astype(int)
    assert recall.turned(crop[:, across]) > recall.turned(crop) + 8
