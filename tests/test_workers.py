"""Several processes do what one does, here and on a Ray cluster, though one is killed."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import numpy as np
import pytest
from elseface.common.errors import ElsefaceError
from elseface.scripts.cli import app
from elseface.scripts.release import engine
from elseface.scripts.release.pool import Here
from elseface.scripts.release.run import Run
from PIL import Image
from test_cli import PROGRAM
from typer.testing import CliRunner

NAMES = [f"{i}.png" for i in range(8)]
CHEAP = ("--method", "blur", "--detector", "frontal", "--no-verify", "--resume")

linux = pytest.mark.skipif(not os.path.exists("/proc/self/environ"), reason="looks into /proc")


@pytest.fixture
def photos(portrait, tmp_path, monkeypatch):
    """Eight photos and a text, in the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    for i, name in enumerate(NAMES):
        head = portrait[20:220, 120:320]
        Image.fromarray(head - np.minimum(head, i)).save(tmp_path / "photos" / name)
    (tmp_path / "photos/text.jpg").write_text("no picture")
    return tmp_path / "photos"


@pytest.fixture
def family(monkeypatch):
    """The processes that this test brought about, by what they are called."""
    monkeypatch.setenv("ELSEFACE_FAMILY", mark := uuid.uuid4().hex)

    def members(name: str) -> list[int]:
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                ours = mark.encode() in (process / "environ").read_bytes()
                if ours and name in (process / "cmdline").read_bytes().decode():
                    found.append(int(process.name))
            except OSError:
                continue
        return found

    return members


def anonymize(name, *more):
    """Outcome of the command: exit status, what it says, and the report but for names and times."""
    report = f"{name}.json"
    given = ["anonymize", "photos", "-o", name, *CHEAP, "--report", report, *map(str, more)]
    result = CliRunner().invoke(app, given)
    records = json.loads(Path(report).read_text().replace(f'"{name}/', '"out/'))
    for photo in records["photos"]:
        photo.pop("seconds")
    return result.exit_code, sorted(result.stderr.splitlines()), records


def files(name):
    return {path.name: path.read_bytes() for path in Path(name).glob("[!.]*")}


def entries(name):
    lines = Path(f"{name}.json.journal").read_text().splitlines()
    noted = [json.loads(line) for line in lines if line][1:]
    return [line for line in noted if "record" in line]


@pytest.fixture
def first_killed(monkeypatch, family):
    """When a photo is done one of the workers of this name is killed; returns whether it was."""

    def kill(name: str) -> list[int]:
        killed: list[int] = []
        note = Run._note

        def noting(self, place, entry):
            if not killed and entry.written:
                killed.append(family(name)[0])
                os.kill(killed[0], signal.SIGKILL)
            note(self, place, entry)

        monkeypatch.setattr(Run, "_note", noting)
        return killed

    return kill


@linux
@pytest.mark.parametrize(
    ("engine", "called"), [("local", "multiprocessing.spawn"), ("ray", "ray::Remote")]
)
def test_one_of_two_is_killed_and_nothing_lost_or_done_twice(
    photos, first_killed, family, engine, called
):
    if engine == "ray":
        pytest.importorskip("ray")
    alone = anonymize("alone")
    killed = first_killed(called)
    together = anonymize("together", "--engine", engine, "--workers", 2)
    assert len(killed) == 1
    assert together == alone and alone[0] == 3 and len(alone[2]["photos"]) == 9
    assert files("together") == files("alone") and sorted(files("alone")) == NAMES
    noted = sorted(entry["record"]["photo"] for entry in entries("together"))
    assert noted == sorted(str(Path("photos", name)) for name in [*NAMES, "text.jpg"])
    assert until(lambda: not family(called) and not family("raylet"))


@pytest.fixture
def bucket(photos, monkeypatch):
    """The photos in a bucket of a server that speaks S3, and what lies in it by name."""
    moto, s3fs = pytest.importorskip("moto.server"), pytest.importorskip("s3fs")
    server = moto.ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    given = {
        "ENDPOINT_URL": f"http://{host}:{port}",
        "ACCESS_KEY_ID": "x",
        "DEFAULT_REGION": "us-east-1",
    }
    for name, value in {**given, "SECRET_ACCESS_KEY": "x"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    store = s3fs.S3FileSystem(skip_instance_cache=True, use_listings_cache=False)
    store.mkdir("album")
    store.put(f"{photos}/", "album/photos/", recursive=True)
    yield lambda folder: {
        Path(path).name: store.cat_file(path) for path in store.find(f"album/{folder}")
    }
    server.stop()


@linux
def test_from_a_bucket_to_a_bucket_on_ray(photos, bucket, first_killed):
    """One of two actors is killed midway; the bucket then holds what a folder here would."""
    pytest.importorskip("ray")
    alone = anonymize("alone")
    killed = first_killed("ray::Remote")
    given = ["anonymize", "s3://album/photos", "-o", "s3://album/out", *CHEAP]
    given += ["--report", "r.json", "--engine", "ray", "--workers", "2"]
    result = CliRunner().invoke(app, given)
    assert len(killed) == 1 and result.exit_code == alone[0] == 3, result.output
    assert "s3://album/photos/text.jpg: not a picture" in result.stderr
    assert bucket("out") == files("alone") and sorted(bucket("out")) == NAMES
    records = json.loads(Path("r.json").read_text())["photos"]
    assert [record["photo"] for record in records] == [
        f"s3://album/photos/{name}" for name in sorted([*NAMES, "text.jpg"])
    ]
    noted = sorted(entry["record"]["photo"] for entry in entries("r"))
    assert noted == [record["photo"] for record in records]  # each of them once


def until(true, seconds=60):
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return true()


@linux
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_workers_end_with_the_run_and_it_is_gone_on_with(photos, family, stop):
    given = [PROGRAM, "anonymize", "photos", "-o", "out", *CHEAP, "--report", "out.json"]
    process = subprocess.Popen(
        [*given, "--workers", "2"], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert until(lambda: any(Path("out").glob("[!.]*.png")))
    if stop != signal.SIGKILL:
        os.killpg(process.pid, stop)  # as the terminal does
    else:
        process.kill()
    said = process.communicate(timeout=60)[1]
    assert until(lambda: not family("multiprocessing.spawn"))
    noted = {Path(e["record"]["output"]).name for e in entries("out") if e["written"]}
    if stop != signal.SIGKILL:
        assert "Traceback" not in said and noted == files("out").keys()
    before = {name: os.stat(f"out/{name}").st_mtime_ns for name in noted}
    assert anonymize("out") == anonymize("alone")
    assert files("out") == files("alone")
    assert before == {name: os.stat(f"out/{name}").st_mtime_ns for name in noted}


def found(photo):
    """Somebody's own detector."""
    return []


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"numpy": "0"}, "another numpy; install the same"),
        ({f"{__name__}:found": "0"}, f"another {__name__}:found; install the same"),
        ({}, "start from a folder"),
    ],
)
def test_a_machine_that_differs_does_nothing(tmp_path, other, says):
    """What a certificate says of versions and weights holds on all of them."""
    pytest.importorskip("ray")
    from elseface.scripts.release.cluster import Remote, decisive

    folder, detector = Path.cwd() if other else tmp_path / "absent", f"{__name__}:found"
    error = Remote(pytest.fail, folder, None, detector, decisive(None, detector) | other).ready()
    assert says in str(error) and "\n" not in str(error)


def test_a_cluster_that_is_not_there_is_named(monkeypatch):
    pytest.importorskip("ray")
    from elseface.scripts.release.cluster import actors

    for address in ("127.0.0.1:1", "ray://127.0.0.1:1"):
        monkeypatch.setenv("RAY_ADDRESS", address)
        with (
            pytest.raises(ElsefaceError, match=r"cannot be reached \(.*refused\)"),
            actors(pytest.fail, 1, None, "union"),
        ):
            pytest.fail("no cluster")


def test_mistakes_get_one_line(photos, monkeypatch):
    key = photos.parent / "key"
    key.write_bytes(bytes(range(32)))
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "elseface.scripts.release.cluster", raising=False)
    for more, says in (
        (("--key", key, "--workers", 2), "--key goes without"),
        (("--key", key, "--engine", "ray"), "--key goes without"),
        (("--engine", "ray", "--method", "blur"), "pip install 'elseface[ray]'"),
    ):
        result = CliRunner().invoke(app, ["anonymize", "photos", "-o", "out", *map(str, more)])
        assert result.exit_code == 2 and says in result.stderr
        assert result.stderr.count("\n") == 1 and not Path("out").exists()


def test_many_photos_are_shared_out_unasked(photos, monkeypatch):
    """And few are not."""
    hired = []

    class Near(Here):
        def __init__(self, make):
            super().__init__(make())
            hired.append(self)

    monkeypatch.setattr("elseface.scripts.release.process.Process", Near)
    monkeypatch.setattr("joblib.cpu_count", lambda: 2)
    alone = anonymize("alone")
    assert not hired
    monkeypatch.setattr(engine, "START", 4)
    assert anonymize("together") == alone and len(hired) == 2
    assert files("together") == files("alone")
