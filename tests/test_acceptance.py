"""How often the recognizer takes two faces for one person's."""

from __future__ import annotations

import numpy as np
import pytest
import typer
from elseface.common import celeba
from elseface.scripts import acceptance
from elseface.scripts.release.recognition import FALSE_ACCEPTS, THRESHOLD, TRUE_ACCEPTS
from typer.testing import CliRunner


def test_pictures_of_one_face_are_alike_whoever_they_are_said_to_be(layout):
    """Six pictures of one person, called two; in the order of the names."""
    data = celeba.read(layout)
    rows = [i for i in range(7) if i != 3]
    people = data.identity[rows]
    same, others = acceptance.distances([data.paths[i] for i in rows], people, 60)
    count = [(people == who).sum() for who in (0, 1)]
    assert len(same) == sum(n * (n - 1) // 2 for n in count) and len(others) == np.prod(count)
    assert same.max() < THRESHOLD > others.max() and same.min() > 0


def test_the_table(layout, monkeypatch, capsys):
    """Five training pictures in place of validation's, one of them without a face."""
    monkeypatch.setattr(celeba, "VALIDATION", celeba.TRAIN)
    acceptance.main(layout, None)
    lines = [line.split("│")[1:-1] for line in capsys.readouterr().out.splitlines() if "│" in line]
    rows = [[float(cell) for cell in line] for line in lines]
    assert [row[0] for row in rows] == list(acceptance.WIDTHS)
    assert all(row[1] + row[3] == 10 for row in rows) and 0 < rows[0][2] < 1 > rows[0][4] > 0


def test_nobody_twice_is_told(layout):
    app = typer.Typer()
    app.command()(acceptance.main)
    result = CliRunner().invoke(app, [str(layout)])
    assert result.exit_code == 2
    assert "two pictures of one of them" in result.output


@pytest.mark.parametrize("rates", [FALSE_ACCEPTS, TRUE_ACCEPTS])
def test_small_faces_are_told_worse(rates):
    assert [*rates] == sorted(rates, reverse=True) and min(rates) == 0
    falling = [*rates.values()] == sorted(rates.values(), reverse=True)
    assert falling == (rates is TRUE_ACCEPTS)
