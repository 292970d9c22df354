"""Certificates: what they say, what they must not hold, and that a changed file is told apart."""

import hashlib
import json
import re

import numpy as np
import pytest
from elseface.common.errors import ElsefaceError
from elseface.scripts.release.certificate import Certificate, read
from elseface.scripts.release.certify import certify, issue
from elseface.scripts.release.photos import Released
from elseface.scripts.release.scene import Attempt, Scene, Spared, Step
from PIL import Image
from test_cli import call, complaints, run

FACE = (175, 76, 265, 166)


@pytest.fixture
def export(portrait, tmp_path):
    """A folder of two files, their certificate, and the scene behind the first."""
    scene = Scene(portrait)
    subject = scene.add_box(FACE, "union")
    subject.tried = [Attempt(Step.ASKED, False, 0.41234567, 0.9)]
    subject.ladder, subject.attempt = [Step.MASK], Attempt(Step.MASK, True, 0.7654321, None)
    scene.spared = [Spared((1, 2, 30, 40), "--keep-person", "anna.jpg", 0.31)]
    out = tmp_path / "out"
    (out / "sub").mkdir(parents=True)
    files = []
    for name, who in (("a.png", scene), ("sub/b ü.png", Scene(portrait))):
        Image.fromarray(portrait[:50, :50]).save(out / name)
        digest = hashlib.sha256((out / name).read_bytes()).hexdigest()
        files.append(certify(out / name, out, Released(who, digest)))
    settings = {"method": "pixelate", "strength": None}
    issue(out / "certificate.json", iter(files), "pixelate", ("union", "mtcnn"), settings, None)
    return out, scene


def leaves(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


def test_it_says_what_was_verified_and_with_what(export):
    out, _ = export
    issued = read(out / "certificate.json")
    first, second = issued.files
    assert first.sha256 == hashlib.sha256((out / "a.png").read_bytes()).hexdigest()
    assert (first.name, second.name) == ("a.png", "sub/b ü.png")
    (face,) = first.faces
    assert face.steps == ("as asked", "mask") and face.distance_after == 0.77
    assert face.distance_before < 0.4 and 0 < face.false_accept_rate == face.chance_level < 0.02
    assert first.left_as_they_are == {"--keep-person": 1} and not second.faces
    assert issued.recognizer.threshold == 0.6 and issued.verified_by == "mtcnn"
    assert {"elseface", "numpy", "mtcnn", "python"} <= set(issued.versions)
    for file in ("dlib_face_recognition_resnet_model_v1.dat", "mtcnn/onet.lz4", "elseface/decoder"):
        assert file in issued.weights


def test_it_holds_nothing_of_who_was_there(export, portrait, tmp_path):
    """No pixels, embeddings, landmarks, attributes; not who agreed, no seed, no original's hash."""
    out, scene = export
    text = (out / "certificate.json").read_text()
    numbers = [leaf for leaf in leaves(json.loads(text)["files"]) if isinstance(leaf, (int, float))]
    figures = 4 + 1 + 6 + 1  # box, flag, distances and rates, a count: of the one face
    assert len(numbers) <= figures
    (subject,) = scene.subjects
    secret = [*subject.original, *subject.face.landmarks.ravel()]
    printed = set(re.findall(r"-?\d+\.\d{3,}", text))
    for value in secret:
        assert not any(f"{value:.{digits}f}" in printed for digits in (3, 4, 5))
    Image.fromarray(portrait).save(tmp_path / "original.png")
    original = hashlib.sha256((tmp_path / "original.png").read_bytes()).hexdigest()
    for word in (original, "7351", "anna", str(tmp_path), "Smiling"):
        assert word not in text
    allowed = set(Certificate.model_json_schema()["$defs"]["CertifiedFace"]["properties"])
    assert allowed == {
        "box", "found_by", "landmarks_fit", "steps", "distance_before", "distance_after",
        "nearest_other", "false_accept_rate", "true_accept_rate", "chance_level",
    }  # fmt: skip


def test_files_as_they_were(export, tmp_path):
    out, _ = export
    result = call("check", out / "certificate.json")
    assert result.returncode == 0 and "2 files, 1 face" in result.stdout and not result.stderr
    elsewhere = (out / "certificate.json").rename(tmp_path / "c.json")
    assert call("check", elsewhere, out).returncode == 0


@pytest.mark.parametrize("change", ["byte", "pixel", "missing", "extra", "swapped"])
def test_a_changed_export_is_told_apart(export, change):
    out, _ = export
    picture = out / "a.png"
    if change == "byte":
        data = bytearray(picture.read_bytes())
        data[-1] ^= 1
        picture.write_bytes(data)
    elif change == "pixel":
        pixels = np.array(Image.open(picture))
        pixels[0, 0] ^= 1
        Image.fromarray(pixels).save(picture)
    elif change == "missing":
        picture.unlink()
    elif change == "swapped":
        Image.new("RGB", (50, 50)).save(out / "sub/b ü.png")
    else:
        (out / "sub" / {"extra": "unseen.jpg", "extra video": "unseen.mp4"}[change]).touch()
    result = call("check", out / "certificate.json")
    assert result.returncode == 1 and "NOT as certified" in result.stdout
    verdicts = {"missing": "missing", "extra": "not in the certificate"}
    verdict = verdicts.get(change.removesuffix(" video"), "CHANGED")
    assert verdict in result.stdout and "as certified on" not in result.stdout


@pytest.mark.parametrize("fault", ["text", "cut", "outside", "more", "hash", "absent"])
def test_what_is_no_certificate(export, tmp_path, fault):
    out, _ = export
    path = out / "certificate.json"
    content = json.loads(path.read_text())
    if fault == "outside":
        content["files"][0]["name"] = "../a.png"
    elif fault == "more":
        content["embeddings"] = [0.1]
    elif fault == "hash":
        content["files"][0]["sha256"] = "0" * 63
    text = {"text": "hello", "cut": path.read_text()[:500]}.get(fault, json.dumps(content))
    path.write_text(text)
    path = tmp_path / "absent.json" if fault == "absent" else path
    with pytest.raises(ElsefaceError, match=r"not a whole certificate|cannot be read") as raised:
        read(path)
    assert "\n" not in str(raised.value)


def test_check_explains_mistakes(export, tmp_path):
    out, _ = export
    for arguments in ((out / "a.png",), (out / "certificate.json", tmp_path / "nowhere")):
        result = call("check", *arguments)
        assert result.returncode == 2 and len(complaints(result)) == 1


def test_from_the_photo_to_the_certificate_and_back(portrait, tmp_path):
    """The program: two faces of which one is skipped, a photo without any, then a changed file."""
    photos = tmp_path / "photos"
    photos.mkdir()
    half = portrait[:300, 70:370]
    Image.fromarray(np.hstack([half, half[:, ::-1]])).save(photos / "two.jpg", quality=95)
    box = "405,75,495,170"  # the mirrored one
    result = run(
        "anonymize", photos / "two.jpg", "-o", tmp_path / "out", "--skip-face", box,
        "--report", tmp_path / "report.json", "--certificate", tmp_path / "out/certificate.json",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    (photo,) = json.loads((tmp_path / "report.json").read_text())["photos"]
    (face,), (spared,) = photo["faces"], photo["spared"]
    assert face["box"][2] < 300 < spared["box"][0] and spared["why"] == "--skip-face"
    assert face["verified"] and face["threshold"] == 0.6 <= face["distance_after"]
    assert face["distance_before"] < 0.4 and 0 < face["false_accept_rate"] < 0.02
    assert face["tried"][-1]["step"] == face["outcome"] and face["landmarks_fit"]
    written, original = (
        np.asarray(Image.open(path)).astype(int) for path in (photo["output"], photo["photo"])
    )
    changed = np.abs(written - original).max(-1) > 40
    assert changed[:, :300].mean() > 0.02 and not changed[:, 300:].any()
    assert call("check", tmp_path / "out/certificate.json").returncode == 0
    with open(photo["output"], "ab") as file:
        file.write(b"\0")
    assert call("check", tmp_path / "out/certificate.json").returncode == 1


def test_where_nothing_was_verified_there_is_no_certificate(portrait, tmp_path):
    Image.fromarray(portrait).save(tmp_path / "photo.png")
    Image.new("RGB", (200, 200), "green").save(tmp_path / "nobody.png")
    arguments = ("--method", "pixelate", "--certificate", tmp_path / "c.json")
    runs = {"nobody": "not written, for no photo was verified", "photo": None}
    again = ("nobody", "verified; the one that is there is of an earlier run")
    for name, says in (*runs.items(), again):
        result = call("anonymize", tmp_path / f"{name}.png", "-o", tmp_path / "out", *arguments)
        told = [line for line in complaints(result) if "c.json" in line]
        assert [says in line for line in told] == [True] * bool(says)
        assert (tmp_path / "c.json").exists() == (says is None or "earlier" in says)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--no-verify", "--certificate", "c.json"), "--no-verify"),
        (("--certificate", "photo.png"), "photo.png"),
        (("--certificate", "c.json", "--report", "c.json"), "c.json"),
        (("--boxes", "photo.png"), "photo.png"),
        (("--skip-face", "1,2,3"), "left,top,right,bottom"),
        (("--label", ""), "--label takes the words"),
        (("--key", "k", "--edit", "+Smiling"), "pixelate takes no --edit or --key"),
        (("--keep-person", "absent"), "absent"),
        (("--method", "pixelate", "--certificate", "photo.png/c.json"), "c.json"),
    ],
)
def test_mistakes_get_one_line(portrait, tmp_path, arguments, says):
    Image.fromarray(portrait).save(tmp_path / "photo.png")
    method = () if "--method" in arguments else ("--method", "pixelate")
    result = call("anonymize", "photo.png", "-o", "out", *method, *arguments, cwd=tmp_path)
    assert result.returncode == 2 and not (tmp_path / "out").exists()
    (line,) = complaints(result)
    assert says in line
