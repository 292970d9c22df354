"""A run that was stopped is gone on with: the same files, report and certificate, nothing twice."""

import gc
import json
import os
import signal
import subprocess
import time
import weakref

import numpy as np
import pytest
from elseface.common.errors import ElsefaceError
from elseface.common.files import Job
from elseface.scripts.cli import app
from elseface.scripts.release import photos as releases
from elseface.scripts.release.finder import Finder
from elseface.scripts.release.journal import open_journal
from elseface.scripts.release.painter import Painter
from elseface.scripts.release.photos import Release
from elseface.scripts.release.run import Run
from elseface.scripts.release.verify import Verifier
from elseface.stage1_disentangle.choices import DetectorName
from elseface.stage3_generate.choices import MethodName
from elseface.stage3_generate.classic import load_obfuscation
from PIL import Image
from test_cli import PROGRAM, run
from typer.testing import CliRunner

FACE = (175, 76, 265, 166)
NAMES = ["a.png", "b.png", "c.png", "nobody.png", "sub/d.png"]


@pytest.fixture
def photos(portrait, tmp_path, monkeypatch):
    """Four photos, a fifth in which nobody is found, and a text; in the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos/sub").mkdir(parents=True)
    for i, name in enumerate(NAMES):
        shown = np.zeros_like(portrait) if name == "nobody.png" else portrait - np.uint8(i)
        Image.fromarray(shown).save(tmp_path / "photos" / name)
    (tmp_path / "photos/z.jpg").write_text("no picture")
    return tmp_path / "photos"


@pytest.fixture
def anonymize(monkeypatch):
    """The command without networks: returns exit status, what it says, and the photos it did;
    Ctrl-C comes at the photo `stop`."""

    def load(anonymizer, seed, finder, consent, verify, words):
        there = lambda photo: [FACE] if photo.any() else []  # noqa: E731
        finder = Finder("first", there, DetectorName.MTCNN, finder.boxes, finder.skipped)
        verifier = Verifier(lambda photo: [], "second") if verify else None
        return Release(finder, consent, Painter(anonymizer, seed, words), verifier)

    monkeypatch.setattr(releases, "load_release", load)
    do = Release.__call__

    def command(*arguments, stop=None):
        did = []

        def watched(self, job, copy):
            if job.source.name == stop:
                raise KeyboardInterrupt
            did.append(job.source.name)
            return do(self, job, copy)

        monkeypatch.setattr(Release, "__call__", watched)
        given = ["anonymize", "photos", "--method", "pixelate", *map(str, arguments)]
        result = CliRunner().invoke(app, given)
        return result.exit_code, result.stderr, did

    return command


def options(name):
    return ("-o", name, "--report", f"{name}.json", "--certificate", f"{name}.certificate")


def outcome(name):
    """Files, report and certificate, but for what names the folder and the time."""
    from pathlib import Path

    report = json.loads(Path(f"{name}.json").read_text().replace(f'"{name}/', '"out/'))
    for photo in report["photos"]:
        photo.pop("seconds", None)
    certificate = json.loads(Path(f"{name}.certificate").read_text())
    certificate.pop("issued")
    files = {str(p.relative_to(name)): p.read_bytes() for p in Path(name).rglob("*.*")}
    return files, report, certificate


def test_a_stopped_run_is_gone_on_with(photos, anonymize):
    assert anonymize(*options("whole"))[0] == 3
    _, _, first = anonymize(*options("out"), "--resume", stop="nobody.png")
    assert first == ["a.png", "b.png", "c.png"] and not os.path.getsize("out.json")
    status, said, second = anonymize(*options("out"), "--resume")
    assert status == 3 and second == ["nobody.png", "z.jpg", "d.png"]
    assert said.count("elseface: ") == 2 and "nobody.png" in said and "z.jpg" in said
    assert outcome("out") == outcome("whole")
    assert len(outcome("out")[0]) == 4
    assert run("check", "out.certificate", "out").returncode == 0
    status, _, third = anonymize(*options("out"), "--resume")
    assert status == 3 and third == ["nobody.png", "z.jpg"]  # what failed is tried again
    assert outcome("out") == outcome("whole")


def test_what_changed_in_between_is_done_again(photos, anonymize, portrait):
    anonymize(*options("out"), "--resume")
    Image.fromarray(portrait[::-1].copy()).save("photos/a.png")
    with open("out/b.png", "ab") as file:
        file.write(b"more")
    os.remove("out/c.png")
    json.dump({"d.png": [[20, 350, 110, 440]]}, open("boxes.json", "w"))
    _, _, did = anonymize(*options("out"), "--resume", "--boxes", "boxes.json")
    assert did == ["a.png", "b.png", "c.png", "nobody.png", "z.jpg", "d.png"]
    anonymize(*options("whole"), "--boxes", "boxes.json")
    assert outcome("out") == outcome("whole")
    assert anonymize(*options("out"), "--resume", "--boxes", "boxes.json")[2] == did[3:5]


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (("--seed", 4), "seed"),
        (("--strength", 0.5), "strength"),
        (("--label", "nobody"), "label"),
        (("-o", "elsewhere"), "-o"),
        (("--if-no-face", "copy"), "if_no_face"),
        (("--weights", "."), None),
    ],
)
def test_other_settings_are_refused(photos, anonymize, other, named):
    anonymize(*options("out"), "--resume", stop="b.png")
    before = outcome_of_files()
    status, said, did = anonymize(*options("out"), "--resume", *other)
    assert status == 2 and not did and outcome_of_files() == before
    (line,) = said.splitlines()
    assert named is None or (f"other {named};" in line and "out.json.journal" in line)


def outcome_of_files():
    from pathlib import Path

    return {str(p): p.read_bytes() for p in Path().rglob("*.*") if p.is_file()}


def test_settings_may_change_before_anything_is_done(photos, anonymize):
    anonymize(*options("out"), "--resume", stop="a.png")
    assert len(anonymize(*options("out"), "--resume", "--seed", 4)[2]) == 6


@pytest.mark.parametrize(
    "rest", [b"", b"\n", b'{"record": {"photo": "photos/b.png", "outp', b"\0\0"]
)
def test_a_line_that_is_not_whole_does_not_count(photos, anonymize, rest):
    anonymize(*options("out"), "--resume", stop="c.png")
    with open("out.json.journal", "r+b") as file:
        *_, last = file.readlines()
        file.seek(-len(last), os.SEEK_END)
        file.truncate()
        file.write(rest)
    _, _, did = anonymize(*options("out"), "--resume")
    assert did[0] == "b.png" and len(did) == 5
    anonymize(*options("whole"))
    assert outcome("out") == outcome("whole")


def test_resume_needs_a_report_and_a_journal(photos, anonymize):
    status, said, _ = anonymize("-o", "out", "--resume")
    assert status == 2 and "--report" in said
    with open("out.json.journal", "w") as file:
        file.write("dear diary\n")
    status, said, _ = anonymize(*options("out"), "--resume")
    assert status == 2 and "not the journal of a run" in said
    assert open("out.json.journal").read() == "dear diary\n"


def test_without_resume_all_is_done_and_no_journal_left(photos, anonymize):
    for _ in range(2):
        assert len(anonymize(*options("out"))[2]) == 6
    assert not os.path.exists("out.json.journal")


def test_killed_in_a_real_process(photos):
    arguments = (
        "anonymize",
        photos,
        "--method",
        "pixelate",
        "--detector",
        "frontal",
        "--no-verify",
    )
    arguments += ("-o", "out", "--report", "out.json", "--resume")
    process = subprocess.Popen([PROGRAM, *map(str, arguments)], stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while not os.path.exists("out/b.png"):
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = {path: path.stat().st_mtime_ns for path in photos.parent.glob("out/*.png")}
    assert run(*arguments).returncode == 3
    assert sorted(p.name for p in photos.parent.glob("out/**/[a-z]*.png")) == [
        "a.png", "b.png", "c.png", "d.png",
    ]  # fmt: skip
    a = photos.parent / "out/a.png"
    assert a.stat().st_mtime_ns == done[a]
    assert len(json.loads(open("out.json").read())["photos"]) == 6


def test_pixels_and_records_do_not_stay(photos, tmp_path):
    """Of a photo that was done a place in the journal is left."""
    finder = Finder("first", lambda photo: [FACE], DetectorName.MTCNN)
    painter = Painter(load_obfuscation(MethodName.PIXELATE), 0)
    release = Release(finder, None, painter, Verifier(lambda photo: [], "second"))
    scenes = []

    def watched(job, copy):
        done = release(job, copy)
        scenes.append(weakref.ref(done.scene))
        return done

    watched.finder, watched.painter, watched.verifier = finder, painter, release.verifier
    with open_journal(None, {}) as journal:
        doing = Run(watched, tmp_path, False, journal)
        for name in NAMES[:3]:
            assert doing.do(Job(photos / name, tmp_path / "out" / name)) is None
        gc.collect()
        assert len(scenes) == 3 and not any(scene() for scene in scenes)
        assert [len(entry.record["faces"]) for entry in journal] == [1, 1, 1]
        state = [value for name, value in vars(journal).items() if name != "_file"]
        assert len(repr(state)) < 200


def test_a_journal_that_cannot_be_written_ends_the_run(tmp_path):
    with pytest.raises(ElsefaceError, match=r"cannot be"), open_journal(tmp_path, {}):
        pass
