"""Who agreed to be seen is shown in a video; nobody else is, not in one frame."""

import json

import numpy as np
import pytest
from elseface.scripts.cli import app
from elseface.scripts.footage.export import Export
from elseface.scripts.footage.permission import Permission
from elseface.scripts.footage.person import Person
from elseface.scripts.footage.smoothing import Sighting
from elseface.scripts.footage.tracks import Track
from elseface.scripts.release.consent import load_consent
from elseface.scripts.release.verify import Verifier
from elseface.stage1_disentangle.detection import detect
from elseface.stage1_disentangle.faces import find_faces
from elseface.stage3_generate.choices import MethodName
from elseface.stage3_generate.classic import load_obfuscation
from elseface.stage3_generate.load import load_attribute_edit
from PIL import Image
from scenes import Shot, backdrop, frames_of, shot, write
from skimage.data import astronaut
from typer.testing import CliRunner

#: A face is shown if more than this share of it is as it was.
SHOWN = 0.03
ONE = backdrop(0)


@pytest.fixture(scope="module")
def somebody():
    """The astronaut's portrait with another face."""
    portrait = astronaut()
    return load_attribute_edit().anonymize(portrait, find_faces(portrait), seed=0).pixels


@pytest.fixture
def album(tmp_path):
    """A folder of pictures of the astronaut, who agreed."""
    (tmp_path / "agreed").mkdir()
    Image.fromarray(astronaut()).save(tmp_path / "agreed/her.png")
    return tmp_path / "agreed"


@pytest.fixture
def exposed(tmp_path, album):
    """Of a video of these shots, who is seen in which frames, by face; and what was noted."""

    def run(shots: list[Shot]):
        write(tmp_path / "in.mp4", [s.pixels for s in shots])
        export = Export(
            tmp_path / "in.mp4", tmp_path / "out.mp4", load_obfuscation(MethodName.BLACKOUT),
            0, 5.0, True, Verifier(detect, "second"), consent=load_consent(album, None),
        )  # fmt: skip
        record, _ = export(copy=False)
        written = frames_of(tmp_path / "out.mp4")
        seen = [
            [_share(s, i, pixels) > SHOWN for i in range(len(s.faces))]
            for s, pixels in zip(shots, written, strict=True)
        ]
        return np.array(seen), record

    return run


def _share(shot: Shot, face: int, shown: np.ndarray) -> float:
    same = np.abs(shown.astype(int) - shot.pixels).max(-1) < 16
    return (same & shot.faces[face]).sum() / shot.areas[face]


def test_who_agreed_is_shown_beside_who_did_not(exposed, somebody):
    looks = [(60,), (60, 0, 1.0, somebody)]
    shots = [shot(ONE, [(80 + i, 120), (240 - i, 110)], looks) for i in range(16)]
    seen, record = exposed(shots)
    assert not seen[:, 1].any()
    assert seen[:, 0].mean() > 0.75  # where the recognizer knew her before and after
    her, other = sorted(record.people.items(), key=lambda item: item[1].shown, reverse=True)
    assert her[1].shown == seen[:, 0].sum() and her[1].shown + her[1].frames == 16
    assert other[1].shown == 0 and other[0].tally.passed


@pytest.fixture
def taken_over(somebody):
    """In the same place, without a cut, somebody else is seen from frame 12 on."""
    looks = [[(60,)] if i < 12 else [(60, 0, 1.0, somebody)] for i in range(27)]
    return [shot(ONE, [(140 + i, 120)], look) for i, look in enumerate(looks)]


def test_who_takes_the_place_of_who_agreed_is_hidden(exposed, taken_over):
    seen, _ = exposed(taken_over)
    assert not seen[12:].any() and seen[:11].mean() > 0.75


def test_verification_takes_back_what_was_shown_wrongly(exposed, taken_over, monkeypatch):
    def deceived(self, track, photos, frames):
        track.distances.update(dict.fromkeys(frames, 0.0))

    monkeypatch.setattr(Permission, "_ask", deceived)
    seen, record = exposed(taken_over)
    (person,) = record.people
    assert person.denied >= set(range(12, 27))
    assert not seen[12:].any()


def test_report_and_certificate_say_who_was_shown(tmp_path, album):
    write(tmp_path / "in.mp4", [shot(ONE, [(140 + i, 120)], [(60,)]).pixels for i in range(13)])
    result = CliRunner().invoke(app, [
        "video", str(tmp_path / "in.mp4"), "-o", str(tmp_path / "out.mp4"),
        "--method", "blackout", "--keep-person", str(album),
        "--report", str(tmp_path / "report.json"), "--certificate", str(tmp_path / "c.json"),
    ])  # fmt: skip
    assert result.exit_code == 0, result.output
    (person,) = json.loads((tmp_path / "report.json").read_text())["people"]
    assert person["shown"] == 13 and person["outcome"] == "--keep-person"
    (file,) = json.loads((tmp_path / "c.json").read_text())["files"]
    assert file["left_as_they_are"] == {"--keep-person": 1} and not file["faces"]


def test_one_recognition_shows_nobody():
    """Nor do two that lie on either side of somebody else, of a gap or of what was denied."""
    track = Track(Person(0), 0, {i: Sighting(np.zeros((68, 2))) for i in range(50)})
    permission = Permission(None, 25)
    track.distances = {0: 0.55, 5: 0.49, 10: 0.55}
    assert not any(permission.shows(track, i) for i in range(50))
    track.distances = {0: 0.55, 5: 0.49, 10: 0.55, 20: 0.4, 30: 0.4, 32: 0.4, 40: 0.7, 45: 0.4}
    shown = [i for i in range(50) if permission.shows(track, i)]
    assert shown == [*range(5, 33)]
    del track.seen[25]
    track.person.denied.add(12)
    assert [i for i in range(50) if permission.shows(track, i)] == [30, 31, 32]
