"""``elseface video --boxes`` and ``--detector``: faces that none of ours sees."""

import json

import pytest
from scenes import backdrop, frames_of, shot, write
from test_video import complaint, run

#: Upside down no detector sees her; she moves a little from frame to frame.
SHOTS = [shot(backdrop(0), [(140 + 2 * i, 120)], [(60, 180)]) for i in range(15)]
TIME, BOX = "0.2", [118, 72, 182, 168]  # round her face in frame 5


@pytest.fixture
def video(tmp_path):
    write(tmp_path / "in.mp4", [s.pixels for s in SHOTS])
    return tmp_path / "in.mp4"


def bring(video, boxes):
    """Run the command with these boxes, or this text."""
    path = video.parent / "boxes.json"
    path.write_text(boxes if isinstance(boxes, str) else json.dumps(boxes))
    report = ("--report", video.parent / "report.json")
    return run(video, "-o", video.parent / "out.mp4", "--boxes", path, *report)


def test_who_is_named_once_is_covered_from_the_first_frame_to_the_last(video):
    assert "no face found" in complaint(run(video, "-o", video.parent / "out.mp4"))
    result = bring(video, {TIME: [BOX]})
    assert result.exit_code == 0, result.output
    written = frames_of(video.parent / "out.mp4")
    assert max(s.exposed(f) for s, f in zip(SHOTS, written, strict=True)) < 0.03
    (person,) = json.loads((video.parent / "report.json").read_text())["people"]
    assert person["found_by"] == "boxes" and person["frames"] == 15


def test_who_is_found_too_is_one_person(tmp_path):
    write(tmp_path / "in.mp4", [shot(backdrop(0), [(150, 120)]).pixels] * 10)
    assert bring(tmp_path / "in.mp4", {"0": [BOX], "0.2": [BOX]}).exit_code == 0
    (person,) = json.loads((tmp_path / "report.json").read_text())["people"]
    assert person["found_by"] == "union"


def about_there(photo):
    """A detector that knows where she starts."""
    return [BOX]


def clumsy(photo):
    raise ZeroDivisionError("one over none")


def test_a_detector_of_ones_own_sees_what_ours_do_not(video):
    name, report = f"{__name__}:about_there", video.parent / "report.json"
    result = run(video, "-o", video.parent / "out.mp4", "--detector", name, "--report", report)
    assert result.exit_code == 0, result.output
    written = frames_of(video.parent / "out.mp4")
    assert max(s.exposed(f) for s, f in zip(SHOTS, written, strict=True)) < 0.03
    said = json.loads(report.read_text())
    assert said["settings"]["detector"] == name
    assert {person["found_by"] for person in said["people"]} == {name}


@pytest.mark.parametrize(
    ("name", "says"),
    [("haar", "no detector 'haar'"), (f"{__name__}:clumsy", "ZeroDivisionError: one over none")],
)
def test_a_detector_that_cannot_be_asked_is_named(video, name, says):
    assert says in complaint(run(video, "-o", video.parent / "out.mp4", "--detector", name))
    assert not list(video.parent.glob("*out.mp4*"))


@pytest.mark.parametrize(
    ("boxes", "says"),
    [
        ({"0.7": [BOX]}, "0.7 s, but it ends after 0.56"),
        ({TIME: [[320, 0, 400, 50]]}, "at 0.2 s, which is 320x240"),
        ({TIME: [[9, 0, 9, 50]]}, "is empty"),
        ({"-1": [BOX]}, "'-1'"),
        ({"soon": [BOX]}, "'soon'"),
        ("[[1, 2", "boxes.json"),
    ],
)
def test_mistakes_get_one_line_and_nothing_is_written(video, boxes, says):
    assert says in complaint(bring(video, boxes))
    assert not list(video.parent.glob("*out.mp4*"))
