"""A run that was stopped is gone on with: the same files, report and certificate, nothing twice."""

import errno
import gc
import io
import json
import os
import signal
import subprocess
import time
import weakref
from pathlib import Path

import numpy as np
import pytest
from elseface.common.errors import ElsefaceError
from elseface.common.files import Job
from elseface.scripts.cli import app
from elseface.scripts.release import photos as releases
from elseface.scripts.release.finder import Finder
from elseface.scripts.release.journal import Journal, open_journal
from elseface.scripts.release.painter import Painter
from elseface.scripts.release.photos import Release
from elseface.scripts.release.pool import Here, Pool
from elseface.scripts.release.run import Run
from elseface.scripts.release.task import Task, not_done
from elseface.scripts.release.verify import Verifier
from elseface.stage1_disentangle.choices import DetectorName
from elseface.stage3_generate.choices import MethodName
from elseface.stage3_generate.classic import load_obfuscation
from PIL import Image
from test_cli import PROGRAM, call
from typer.testing import CliRunner

HEAD = np.s_[20:220, 120:320]
FACE = (55, 56, 145, 146)
NAMES = ["a.png", "b.png", "c.png", "nobody.png", "sub/d.png"]


@pytest.fixture
def photos(portrait, tmp_path, monkeypatch):
    """Four photos, a fifth in which nobody is found, and a text; in the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos/sub").mkdir(parents=True)
    for i, name in enumerate(NAMES):
        head = portrait[HEAD]
        shown = np.zeros_like(head) if name == "nobody.png" else head - np.minimum(head, i)
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
    report = json.loads(Path(f"{name}.json").read_text().replace(f'"{name}/', '"out/'))
    for photo in report["photos"]:
        photo.pop("seconds", None)
    certificate = json.loads(Path(f"{name}.certificate").read_text())
    certificate.pop("issued")
    files = {str(p.relative_to(name)): p.read_bytes() for p in Path(name).rglob("*.*")}
    return files, report, certificate


def test_a_journal_that_cannot_be_read_is_named():
    """As on a full disk, where what could not be written is tried again before it is read."""

    class Full(io.BytesIO):
        def seek(self, *_):
            raise OSError(errno.ENOSPC, "No space left on device")

    journal = Journal(Full(), "report.json.journal", {"out/a.png": 0})
    job = Job(Path(__file__), Path("out/a.png"))
    for use in (lambda: journal.add(0, not_done(Path("a.png"), "why")),
                lambda: journal.take_over(0, job, ())):  # fmt: skip
        with pytest.raises(ElsefaceError, match=r"report\.json\.journal: cannot be .* \(No space"):
            use()


def test_a_stopped_run_is_gone_on_with(photos, anonymize):
    assert anonymize(*options("whole"))[0] == 3
    _, _, first = anonymize(*options("out"), "--resume", stop="nobody.png")
    assert first == ["a.png", "b.png", "c.png"]
    assert [p["output"] for p in json.loads(Path("out.json").read_text())["photos"]] == [
        "out/a.png", "out/b.png", "out/c.png",
    ]  # fmt: skip
    status, said, second = anonymize(*options("out"), "--resume")
    assert status == 3 and second == ["nobody.png", "z.jpg", "d.png"]
    assert said.count("elseface: ") == 2 and "nobody.png" in said and "z.jpg" in said
    assert outcome("out") == outcome("whole")
    assert len(outcome("out")[0]) == 4
    assert call("check", "out.certificate", "out").returncode == 0
    status, _, third = anonymize(*options("out"), "--resume")
    assert status == 3 and third == ["nobody.png", "z.jpg"]  # what failed is tried again
    assert outcome("out") == outcome("whole")


def test_of_a_run_that_was_stopped_what_was_done_is_reported(photos, anonymize):
    status, said, did = anonymize(*options("out"), stop="c.png")
    assert status == 130 and did == ["a.png", "b.png"] and "stopped" in said.splitlines()[-1]
    files, report, certificate = outcome("out")
    assert set(files) == {"a.png", "b.png"}
    assert [photo["photo"] for photo in report["photos"]] == ["photos/a.png", "photos/b.png"]
    assert [file["name"] for file in certificate["files"]] == ["a.png", "b.png"]


def test_going_on_costs_no_file_of_somebody_else(photos, anonymize):
    """Where the run was stopped before its first photo, or a photo came later."""
    anonymize(*options("out"), "--resume", stop="a.png")
    assert not Path("out").exists()
    Path("out").mkdir()
    for name in ("c.png", "e.png"):
        Path("out", name).write_text("precious")
    status, said, did = anonymize(*options("out"), "--resume")
    assert status == 2 and not did and "out/c.png: already there" in said
    Path("out/c.png").unlink()
    assert anonymize(*options("out"), "--resume")[0] == 3
    Path("photos/e.png").write_bytes(Path("photos/a.png").read_bytes())
    status, said, did = anonymize(*options("out"), "--resume")
    assert status == 2 and not did and "out/e.png: already there" in said
    assert Path("out/e.png").read_text() == "precious"


def test_what_was_written_and_not_noted_is_written_again(photos, anonymize):
    """A kill may come between the two."""
    anonymize(*options("out"), "--resume", stop="c.png")
    Path("out/c.png").write_text("as if by the run")
    status, _, did = anonymize(*options("out"), "--resume")
    assert status == 3 and did[0] == "c.png"
    anonymize(*options("whole"))
    assert outcome("out") == outcome("whole")


def test_what_changed_in_between_is_done_again(photos, anonymize, portrait):
    anonymize(*options("out"), "--resume")
    Image.fromarray(portrait[HEAD][:, ::-1].copy()).save("photos/a.png")
    Path("out/b.png").write_bytes(Path("out/a.png").read_bytes())
    os.remove("out/c.png")
    Path("boxes.json").write_text('{"d.png": [[150, 150, 195, 195]]}')
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
        (("-o", "elsewhere"), "-o"),
    ],
)
def test_other_settings_are_refused(photos, anonymize, other, named):
    anonymize(*options("out"), "--resume", stop="b.png")
    before = {p: p.read_bytes() for p in Path().rglob("*.*") if p.is_file()}
    status, said, did = anonymize(*options("out"), "--resume", *other)
    assert status == 2 and not did
    assert before == {p: p.read_bytes() for p in Path().rglob("*.*") if p.is_file()}
    (line,) = said.splitlines()
    assert f"other {named};" in line and "out.json.journal" in line


def test_another_version_of_ones_own_detector_is_refused(photos, anonymize, monkeypatch):
    source = Path("finding.py")
    source.write_text("def find(photo): return []\n")
    monkeypatch.syspath_prepend(source.parent.absolute())
    own = (*options("out"), "--resume", "--detector", "finding:find")
    anonymize(*own, stop="b.png")
    source.write_text("def find(photo): return [(0, 0, 9, 9)]\n")
    status, said, did = anonymize(*own)
    assert status == 2 and not did and "other detector's source;" in said


def test_settings_may_change_before_anything_is_done(photos, anonymize):
    anonymize(*options("out"), "--resume", stop="a.png")
    assert json.loads(Path("out.json").read_text())["photos"] == []
    assert len(anonymize(*options("out"), "--resume", "--seed", 4)[2]) == 6


@pytest.mark.parametrize("rest", [b"\0\n", b'{"record": {"photo": "photos/b.png", "outp'])
def test_a_line_that_is_not_whole_does_not_count(photos, anonymize, rest):
    anonymize(*options("out"), "--resume", stop="c.png")
    with open("out.json.journal", "r+b") as file:
        *_, done, begun = file.readlines()
        assert b"b.png" in done and b"c.png" in begun
        file.seek(-len(done + begun), os.SEEK_END)
        file.truncate()
        file.write(rest)
    _, _, did = anonymize(*options("out"), "--resume")
    assert did == ["b.png", "c.png", "nobody.png", "z.jpg", "d.png"]
    assert anonymize(*options("out"), "--resume")[2] == did[2:4]  # the next line did count
    anonymize(*options("whole"))
    assert outcome("out") == outcome("whole")


def test_mistakes_get_one_line(photos, anonymize):
    for option, says in (("--resume", "--report"), ("--label=ß", "cannot write 'ß'")):
        status, said, did = anonymize("-o", "out", option)
        assert status == 2 and says in said and said.count("\n") == 1 and not did
    journal = Path("out.json.journal")
    journal.write_text("dear diary\n")
    status, said, _ = anonymize(*options("out"), "--resume")
    assert status == 2 and "not the journal of a run" in said
    assert journal.read_text() == "dear diary\n"


def test_without_resume_all_is_done_and_no_journal_left(photos, anonymize):
    for more in ((), ("--overwrite",)):
        assert len(anonymize(*options("out"), *more)[2]) == 6
    assert not os.path.exists("out.json.journal")


def test_a_killed_process_is_gone_on_with(photos, anonymize):
    arguments = ("-o", "out", "--report", "out.json", "--resume")
    arguments += ("--detector", "frontal", "--no-verify")
    program = [PROGRAM, "anonymize", "photos", "--method", "pixelate", *arguments]
    process = subprocess.Popen(program, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while not os.path.exists("out/b.png"):
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    status, _, did = anonymize(*arguments)
    assert status == 3 and "a.png" not in did
    written = [path.name for path in Path("out").rglob("[!.]*.png")]
    assert sorted(written) == ["a.png", "b.png", "c.png", "d.png"]
    assert len(json.loads(Path("out.json").read_text())["photos"]) == 6


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
        task = Task(watched, tmp_path, False)
        doing = Run(task, journal, pytest.fail)
        jobs = [Job(photos / name, tmp_path / "out" / name) for name in NAMES[:3]]
        doing.do(jobs, Pool(lambda: Here(task), 1))
        gc.collect()
        assert len(scenes) == 3 and not any(scene() for scene in scenes)
        assert [len(entry.record["faces"]) for entry in journal] == [1, 1, 1]
        state = [value for name, value in vars(journal).items() if name != "_file"]
        assert len(repr(state)) < 200


def test_a_journal_that_cannot_be_written_ends_the_run(tmp_path):
    with pytest.raises(ElsefaceError, match=r"cannot be"), open_journal(tmp_path, {}):
        pass
