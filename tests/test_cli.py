"""The command line as people run it: the installed program, real files."""

import contextlib
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from elseface.common.errors import ElsefaceError
from elseface.scripts import loading, program, video
from elseface.scripts.cli import app
from elseface.scripts.release.note import note
from elseface.stage3_generate import load
from elseface.stage3_generate.choices import MethodName, PolicyName, ShapeName
from PIL import Image
from scenes import write
from typer.testing import CliRunner

PROGRAM = Path(sys.executable).parent / "elseface"


def run(*arguments, cwd=None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, timeout=300
    )


def call(*arguments, cwd=".") -> subprocess.CompletedProcess[str]:
    """As :func:`run`, in this process, which has the libraries loaded already."""
    with contextlib.chdir(cwd):
        result = CliRunner().invoke(app, [*map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return subprocess.CompletedProcess(arguments, result.exit_code, result.stdout, result.stderr)


def complaints(result: subprocess.CompletedProcess[str]) -> list[str]:
    """The error lines; none of them part of a stack trace."""
    assert "Traceback" not in result.stderr
    return [line for line in result.stderr.splitlines() if line.startswith("elseface: ")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, portrait) -> Path:
    """One photo of every kind."""
    root = tmp_path_factory.mktemp("photos") / "all kinds"
    root.mkdir()
    image = Image.fromarray(portrait)
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif[0x0112] = 6
    image.rotate(90, expand=True).save(root / "turned.jpg", exif=exif)
    image.convert("L").save(root / "grey.png")
    image.convert("RGBA").save(root / "alpha ü.png")
    image.convert("CMYK").save(root / "cmyk.jpg")
    deep = np.asarray(image.convert("L")).astype(np.uint16) * 257
    Image.fromarray(deep).save(root / "deep.png")
    image.resize((40, 40)).save(root / "tiny.png")
    image.crop((120, 0, 320, 260)).resize((2400, 3120)).save(root / "large.jpg")
    (root / "loop.jpg").symlink_to("loop.jpg")
    (root / "damaged.tif").write_bytes(b"II*\x00\x08\x00\x00\x00\x00\x00\x00\x00")
    half = portrait[::2, ::2]
    Image.fromarray(np.vstack([np.hstack([half] * 2)] * 2)).save(root / "many.webp")
    Image.new("RGB", (300, 300), "green").save(root / "nobody.png")
    (root / "truncated.jpg").write_bytes((root / "turned.jpg").read_bytes()[:5000])
    (root / "text.png").write_text("not a picture")
    return root


@pytest.fixture(scope="module")
def done(folder, tmp_path_factory):
    """The whole folder anonymized once: the result, the output folder, the report."""
    output = tmp_path_factory.mktemp("results")
    result = run("anonymize", folder, "-o", output / "out", "--report", output / "report.json")
    return result, output / "out", json.loads((output / "report.json").read_text())


GOOD = {"turned.jpg", "grey.png", "alpha ü.png", "cmyk.jpg", "deep.png", "large.jpg", "many.webp"}


def test_good_photos_are_written_and_bad_ones_named(done):
    result, output, _ = done
    assert result.returncode == 3
    assert {path.name for path in output.iterdir()} == GOOD
    bad = {"tiny.png", "nobody.png", "truncated.jpg", "text.png", "damaged.tif", "loop.jpg"}
    lines = complaints(result)
    assert len(lines) == len(bad)
    for name in bad:
        assert sum(name in line for line in lines) == 1


def test_report_says_what_was_done(done):
    _, output, report = done
    photos = {Path(photo["photo"]).name: photo for photo in report["photos"]}
    assert len(photos["many.webp"]["faces"]) == 4
    assert photos["nobody.png"]["output"] is None and "no face" in photos["nobody.png"]["error"]
    assert report["settings"]["policy"] == "ppas" and 0 <= report["ppas"]["t"] <= 1
    assert report["ppas"]["epsilon"] is None  # the old face decided which draw was taken
    for name in GOOD:
        assert Path(photos[name]["output"]) == output / name
        assert photos[name]["seconds"] > 0 and photos[name]["seed"] == 0
        for face in photos[name]["faces"]:
            assert len(face["box"]) == 4 and np.shape(face["landmarks"]) == (68, 2)
            assert len(face["attributes_before"]) == len(face["attributes_after"]) == 40


def test_results_keep_kind_and_size_and_lose_metadata_but_the_note(done, folder):
    _, output, _ = done
    for name in GOOD:
        assert b"SecretCamera" not in (output / name).read_bytes()
        with Image.open(output / name) as image:
            assert not {"exif", "icc_profile"} & set(image.info)
            assert image.info["xmp"] == note("attribute-edit")
            assert image.mode == {"grey.png": "L", "deep.png": "L", "alpha ü.png": "RGBA"}.get(
                name, "RGB"
            )
            if name == "turned.jpg":
                assert image.size == (512, 512)


def test_faces_are_replaced_and_the_rest_is_not(done, folder, portrait):
    _, output, _ = done
    written = np.asarray(Image.open(output / "alpha ü.png").convert("RGB"))
    changed = (written != portrait).any(-1)
    assert 0.02 < changed.mean() < 0.15
    y, x = np.nonzero(changed)
    assert x.min() > 150 and x.max() < 290 and y.max() < 220  # the head, nothing else


@pytest.fixture
def photo(tmp_path, portrait) -> Path:
    Image.fromarray(portrait).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_same_seed_same_bytes_in_two_processes(photo, tmp_path):
    for name, seed, start in (("a", 7, run), ("b", 7, call), ("c", 8, call)):
        assert start("anonymize", photo, "-o", tmp_path / name, "--seed", seed).returncode == 0
    a, b, c = ((tmp_path / name / "photo.png").read_bytes() for name in "abc")
    assert a == b != c


def test_output_folder_that_is_the_input_folder(photo, portrait):
    before = photo.read_bytes()
    result = call("anonymize", photo, "-o", photo.parent)
    assert result.returncode == 3 and photo.read_bytes() == before
    assert "overwrite" in complaints(result)[0]


def test_report_never_takes_the_place_of_a_photo(photo):
    """Not even of one that is refused, because its result would overwrite it."""
    before = photo.read_bytes()
    result = call("anonymize", photo, "-o", photo.parent, "--report", photo)
    assert result.returncode == 2 and photo.read_bytes() == before
    assert "choose another --report" in complaints(result)[0]


def test_copy_of_a_photo_without_a_face_is_explicit(tmp_path):
    Image.new("RGB", (200, 200), "green").save(tmp_path / "nobody.png")
    arguments = ("anonymize", tmp_path / "nobody.png", "-o", tmp_path / "out")
    assert call(*arguments).returncode == 3 and not (tmp_path / "out").exists()
    assert call(*arguments, "--if-no-face", "copy").returncode == 0
    assert (tmp_path / "out/nobody.png").exists()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads everything")
def test_unreadable_file(photo, tmp_path):
    photo.chmod(stat.S_IWUSR)
    result = call("anonymize", photo, "-o", tmp_path / "out")
    assert result.returncode == 3 and "permission" in complaints(result)[0]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("absent.jpg",), "absent.jpg"),
        (("photo.png", "--edit", "+Smilling"), "Smilling"),
        (("photo.png", "--keep", "Mael"), "Mael"),
        (("photo.png", "--weights", "nowhere"), "nowhere"),
        (("photo.png", "--weights", "photo.png"), "photo.png"),
        (("photo.png", "--report", "photo.png"), "photo.png"),
        (("photo.png", "--policy", "flip", "--epsilon", "1"), "epsilon"),
        (("photo.png", "--keep", "Smiling", "--edit", "-Smiling"), "Smiling"),
    ],
)
def test_mistakes_get_one_line(photo, arguments, says, monkeypatch):
    monkeypatch.chdir(photo.parent)
    result = call("anonymize", *arguments, "-o", "out")
    assert result.returncode == 2
    (line,) = complaints(result)
    assert says in line


def test_what_is_no_number_is_refused_whatever_typer_lets_through(photo, tmp_path, capsys):
    options = loading.EditOptions(PolicyName.PPAS, ShapeName.NEW, epsilon=float("nan"))
    with pytest.raises(ElsefaceError, match="--epsilon nan: give a number"):
        loading.load_anonymizer(MethodName.ATTRIBUTE_EDIT, None, None, None, options)
    with pytest.raises(SystemExit):
        video.command(photo, tmp_path / "out.mp4", hold=float("nan"))
    assert "--hold nan: give a number" in capsys.readouterr().err


def test_tampered_weights_are_refused(photo, tmp_path):
    from elseface.common.weights import PACKAGED

    folder = shutil.copytree(PACKAGED, tmp_path / "weights")
    (folder / "decoder.npz").write_bytes(b"something else")
    result = call("anonymize", photo, "-o", tmp_path / "out", "--weights", folder)
    assert result.returncode == 2 and "decoder.npz" in complaints(result)[0]
    assert not (tmp_path / "out").exists()


def test_aligned_names_the_picture_of_another_size(photo, tmp_path):
    result = call("anonymize", photo, "-o", tmp_path / "out", "--aligned")
    assert result.returncode == 3 and "photo.png" in complaints(result)[0]


def test_attributes(photo, tmp_path):
    table = tmp_path / "table.csv"
    assert call("attributes", photo, "--csv", table).returncode == 0
    header, row = (line.split(",") for line in table.read_text().splitlines())
    assert header[:2] == ["photo", "face"] and len(header) == 42
    assert row[0] == str(photo) and all(0 <= float(value) <= 1 for value in row[2:])
    shown = call("attributes", photo).stdout
    assert "Smiling" in shown and "face 0" in shown


def test_a_table_takes_the_place_of_a_table_alone(photo, tmp_path):
    table = tmp_path / "notes.csv"
    table.write_text("dear,to,me")
    result = call("attributes", photo, "--csv", table)
    assert result.returncode == 2 and "notes.csv: is there and no such table" in result.stderr
    assert table.read_text() == "dear,to,me"


def interrupted(*_, **__):
    raise KeyboardInterrupt


@pytest.mark.parametrize("command", [("anonymize",), ("video",), ("attributes",)])
def test_ctrl_c_while_networks_load(photo, tmp_path, monkeypatch, command):
    monkeypatch.setattr(loading, "load_anonymizer", interrupted)
    monkeypatch.setattr(load, "load_classifier", interrupted)
    source = photo
    if command == ("video",):
        write(source := tmp_path / "in.mp4", [np.zeros((64, 64, 3), np.uint8)] * 2)
    out = () if command == ("attributes",) else ("-o", tmp_path / "out.mp4")
    before = sorted(tmp_path.rglob("*"))
    result = call(*command, source, *out)
    assert result.returncode == 130 and "stopped" in complaints(result)[-1]
    assert sorted(tmp_path.rglob("*")) == before


def test_ctrl_c_while_the_program_starts(monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "elseface.scripts.cli")
    finder = type("Interrupted", (), {"find_spec": staticmethod(interrupted)})
    monkeypatch.setattr(sys, "meta_path", [finder])
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert ended.value.code == 130 and capsys.readouterr().err == "elseface: stopped\n"


def test_demo(tmp_path):
    result = run("demo", "-o", tmp_path / "demo")
    assert result.returncode == 0 and result.stderr == ""
    names = {path.name for path in (tmp_path / "demo").iterdir()}
    assert names == {"original.jpg", "anonymized.jpg", "before-and-after.jpg"}
    assert result.stdout.startswith("6 faces replaced")
    with Image.open(tmp_path / "demo/before-and-after.jpg") as both:
        above, below = np.split(np.asarray(both).astype(int), 2)
    changed = np.abs(above - below).reshape(256, 6, 256, 3).max((0, 2, 3))
    assert (changed > 60).all()


def test_train_embeddings(tmp_path):
    from test_celeba import layout

    layout(tmp_path)
    result = run("train", "embeddings", "--celeba", tmp_path, "--run", tmp_path / "run")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "run/weights/embeddings.npz").exists()
    script = [sys.executable, "-m", "elseface.scripts.train_embeddings", "--help"]
    assert "--celeba" in subprocess.run(script, capture_output=True, text=True, check=True).stdout


def test_train_names_what_is_missing(tmp_path):
    result = call("train", "attributes", "--celeba", tmp_path, "--run", tmp_path / "run")
    assert result.returncode == 2 and "img_align_celeba" in complaints(result)[0]
