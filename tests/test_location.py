"""Photos at URLs: read, written whole, gone on with, as if they were files here."""

import json
import sys
import uuid
from pathlib import Path

import numpy as np
import pytest
from elseface.common.errors import ElsefaceError
from elseface.common.files import plan
from elseface.common.location import located, make_folder
from elseface.common.output import write_whole
from elseface.common.safeguards import check_free
from elseface.scripts.cli import app
from PIL import Image
from typer.testing import CliRunner
from upath import UPath
from upath.implementations.cloud import CloudPath

CHEAP = ("--method", "blur", "--detector", "frontal")


@pytest.fixture
def store():
    """A folder of fsspec's file system in memory."""
    return located(f"memory://{uuid.uuid4().hex}")


@pytest.fixture
def photos(store, portrait, tmp_path):
    """Two photos and what is none, in memory and in a folder here."""
    head = portrait[20:220, 120:320]
    for i, name in enumerate(["a.png", "sub dir/ü.jpg", ".hidden/x.png"]):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(head - np.minimum(head, i)).save(path)
    (tmp_path / "photos/sub dir/notes.txt").touch()
    (tmp_path / "photos/z.png").write_text("no picture")
    for path in (tmp_path / "photos").rglob("*.*"):
        if path.is_file():
            there = store / "photos" / path.relative_to(tmp_path / "photos").as_posix()
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(path.read_bytes())
    return store / "photos"


def anonymize(*arguments):
    return CliRunner().invoke(app, ["anonymize", *map(str, arguments), *CHEAP])


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_photos_from_a_url_to_a_url(photos, store, tmp_path):
    here = anonymize(tmp_path / "photos", "-o", tmp_path / "out")
    there = anonymize(photos, "-o", store / "out", "--report", tmp_path / "r.json", "--resume")
    assert here.exit_code == there.exit_code == 3
    assert tree(store / "out") == tree(tmp_path / "out")
    assert tree(tmp_path / "out").keys() == {"a.png", "sub dir/ü.jpg"}
    records = json.loads((tmp_path / "r.json").read_text())["photos"]
    assert [record["photo"] for record in records] == [
        f"{photos}/{name}" for name in ("a.png", "z.png", "sub dir/ü.jpg")
    ]
    assert records[0]["output"] == f"{store}/out/a.png"
    assert f"{photos}/z.png: not a picture" in there.stderr


def test_a_run_at_urls_is_gone_on_with(photos, store, tmp_path):
    arguments = (photos, "-o", store / "out", "--report", tmp_path / "r.json", "--resume")
    arguments += ("--certificate", tmp_path / "certificate")
    anonymize(*arguments)
    certified = json.loads((tmp_path / "certificate").read_text())["files"]
    assert [file["name"] for file in certified] == ["a.png", "sub dir/ü.jpg"]
    first = tree(store / "out")
    (store / "out/a.png").write_bytes(b"something else")
    journal = tmp_path / "r.json.journal"
    before = journal.read_text().count('"written": {')
    assert anonymize(*arguments).exit_code == 3 and tree(store / "out") == first
    assert journal.read_text().count('"written": {') == before + 1


def test_what_lies_at_a_url_is_checked(photos, store, tmp_path, monkeypatch):
    certificate = tmp_path / "certificate"
    anonymize(photos, "-o", store / "out", "--certificate", certificate)

    def check(folder):
        result = CliRunner().invoke(app, ["check", str(certificate), str(folder)])
        return result.exit_code, result.output

    assert check(store / "out")[0] == 0
    (store / "out/a.png").write_bytes(b"something else")
    (store / "out/more.png").write_bytes(b"")
    status, says = check(store / "out")
    assert status == 1 and f"{store}/out/a.png: CHANGED" in says
    assert f"{store}/out/more.png: not in the certificate" in says
    assert check(store / "absent") == (2, f"elseface: {store}/absent: no such folder\n")
    monkeypatch.setattr(type(store), "is_dir", lambda _: (_ for _ in ()).throw(Exception("no key")))
    assert check(store) == (2, f"elseface: {store}: cannot be searched (no key)\n")


def test_a_result_never_takes_the_place_of_an_original(photos, store):
    jobs, refused = plan([photos], located(f"{store}/other/../photos"))
    assert not jobs and len(refused) == 3 and "overwrite an original" in refused[0][1]
    jobs, refused = plan([photos, photos / "a.png"], store / "photos/out")
    assert len(jobs) == 3 and not refused
    write_whole(store / "photos/out/a.png", b"")
    assert len(plan([photos], store / "photos/out")[0]) == 3


def test_what_is_there_stays(photos, store):
    jobs, _ = plan([photos], store / "out")
    check_free(jobs, store / "out")  # there is no such folder yet
    (store / "out").mkdir()
    jobs[1].target.write_bytes(b"another photo")
    with pytest.raises(ElsefaceError, match="already there; choose another -o, or --overwrite"):
        check_free(jobs, store / "out")


def test_written_whole_or_not_at_all(store, monkeypatch):
    write_whole(store / "sub/a.png", b"earlier")
    monkeypatch.setattr(type(store), "rename", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(ElsefaceError, match=r"a\.png: cannot be written \(full\)"):
        write_whole(store / "sub/a.png", b"new")
    assert tree(store) == {"sub/a.png": b"earlier"}


def test_no_bucket_is_made(monkeypatch, store):
    """A mistyped bucket is none of ours."""
    monkeypatch.setattr(CloudPath, "mkdir", lambda *_, **__: pytest.fail("made a bucket"))
    for protocol in ("s3", "gs", "az"):
        make_folder(UPath(f"{protocol}://mistyped/out"))
    make_folder(store / "sub")
    assert (store / "sub").is_dir()


def test_a_url_of_this_machine_is_a_path(tmp_path):
    assert located(f"file://{tmp_path}/a.png") == tmp_path / "a.png"
    assert located("a.png") == Path("a.png")


def test_mistakes_get_one_line(monkeypatch, store, tmp_path):
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    for url, says in (
        ("gs://bucket/photos", "gcsfs"),
        ("nonsense://photos", "nonsense"),
        (f"{store}/absent", "no such file or folder"),
    ):
        result = anonymize(url, "-o", tmp_path / "out")
        assert result.exit_code == 2 and says in result.stderr
        assert url in result.stderr and result.stderr.count("\n") == 1
