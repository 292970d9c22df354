"""The benchmark: what it runs, counts and leaves behind, with programs that only copy."""

import re
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
from elseface.scripts import benchmark
from PIL import Image
from scenes import backdrop, write
from typer.testing import CliRunner

#: Writes a result beside each file that it is given, or at -o, and sleeps longer for longer videos.
OTHER = """#!{python}
import os, sys, time
files = [a for a in sys.argv[1:] if os.path.exists(a)]
if sys.argv[0].endswith("luckless"):
    sys.exit("out of luck")
if "-o" in sys.argv:
    out = sys.argv[sys.argv.index("-o") + 1]
    assert not os.path.exists(out) or not os.listdir(out), "left from before"
    os.makedirs(out, exist_ok=True) if "anonymize" in sys.argv else open(out, "w").close()
else:
    for file in files:
        root, kind = os.path.splitext(file)
        assert not root.endswith("_anonymized"), "left from before"
        open(root + "_anonymized" + kind, "w")
time.sleep(sum(os.path.getsize(f) for f in files if os.path.isfile(f)) * {slow})
"""


def program(path: Path, slow: float = 0.0) -> Path:
    path.write_text(OTHER.format(python=sys.executable, slow=slow))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def photos(tmp_path) -> Path:
    (folder := tmp_path / "photos").mkdir()
    for i in range(3):
        Image.fromarray(np.full((20, 30, 3), 80 * i, np.uint8)).save(folder / f"{i}.png")
    return folder


def bench(monkeypatch, ours: Path, *arguments: object):
    monkeypatch.setattr(benchmark, "ELSEFACE", (ours,))
    app = benchmark.typer.Typer()
    app.command()(benchmark.main)
    return CliRunner().invoke(app, [*map(str, arguments)], env={"COLUMNS": "100"})


def test_every_command_runs_in_every_round_and_finds_nothing_of_the_others(
    photos, tmp_path, monkeypatch
):
    other = program(tmp_path / "other")
    result = bench(monkeypatch, other, photos, "--deface", other, "--rounds", 2)
    assert result.exit_code == 0, result.output
    rows = re.findall(r"^│ (\S.*?) +│ +([\d.]+) +│ +([\d.]+) +│ +([\d.]+)", result.output, re.M)
    assert [name for name, *_ in rows] == [*benchmark.OPTIONS, "deface"]
    assert float(rows[-1][3]) == 1
    assert sorted(path.name for path in photos.iterdir()) == ["0.png", "1.png", "2.png"]


def test_frames_a_second_are_of_what_a_longer_video_takes_more(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(benchmark, "START", 5)
    write(clip := tmp_path / "clip.mp4", [backdrop(i) for i in range(25)], sound="aac")
    begun = tmp_path / "begun.mp4"
    assert benchmark._cut(clip, begun) == 25
    slow = 1 / (clip.stat().st_size - begun.stat().st_size)  # a second for the other 20 frames
    other = program(tmp_path / "other", slow)
    result = bench(monkeypatch, other, photos, "--deface", other, "--video", clip, "--rounds", 1)
    assert result.exit_code == 0, result.output
    rates = re.findall(r"([\d.]+) +│$", result.output.split("of the last 20 frames")[1], re.M)
    assert len(rates) == 5
    for rate in rates:
        assert 10 < float(rate) < 40


def test_what_fails_is_named(photos, tmp_path, monkeypatch):
    good, bad = program(tmp_path / "good"), program(tmp_path / "luckless")
    result = bench(monkeypatch, good, photos, "--deface", bad)
    assert result.exit_code == 2 and "deface: status 1: out of luck" in result.stderr
    result = bench(monkeypatch, good, photos, "--deface", tmp_path / "nowhere")
    assert result.exit_code == 2 and "no such file" in result.stderr
    monkeypatch.setattr(benchmark, "START", 50)
    write(clip := tmp_path / "clip.mp4", [backdrop(i) for i in range(5)])
    result = bench(monkeypatch, good, photos, "--deface", good, "--video", clip)
    assert result.exit_code == 2 and "no more than 50 frames" in result.stderr
