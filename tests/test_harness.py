"""``elseface evaluate``: the harness, its gates, and what it writes."""

import base64
import contextlib
import csv
import io
import json
import re
import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import onnx
import pytest
from elseface.common.attributes import COUNT
from elseface.common.errors import ElsefaceError
from elseface.common.photo import read_photo
from elseface.common.weights import PACKAGED
from elseface.scripts.evaluate import _prepared
from elseface.scripts.evaluation import (
    assessor,
    controls,
    gates,
    paired,
    people,
    pictures,
    pose,
    privacy,
    report,
    restore,
    score,
    trained,
)
from elseface.scripts.evaluation.attacker import Attacker
from elseface.scripts.evaluation.compare import differences
from elseface.scripts.evaluation.memory import Memory
from elseface.scripts.evaluation.methods import load_method
from elseface.scripts.evaluation.people import People, Role
from elseface.scripts.evaluation.pictures import Pictures
from elseface.scripts.evaluation.recognizer import load_recognizer
from elseface.stage1_disentangle.faces import find_faces
from elseface.stage1_disentangle.mask import photo_ellipse
from elseface.stage3_generate.choices import MethodName
from elseface.stage3_generate.classic import load_obfuscation
from elseface.stage3_generate.shape import New, Own
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from scipy.spatial.transform import Rotation
from test_cli import PROGRAM, call, complaints
from test_evaluation import people as embedded


def known(identity: np.ndarray) -> People:
    names = tuple(map(str, range(identity.max() + 1)))
    bits = np.arange(len(identity))[:, None] % 2 * np.ones((1, COUNT), np.uint8)
    paths = tuple(Path(f"{i}.png") for i in range(len(identity)))
    return People(paths, identity, names, bits, aligned=True)


def test_attack_takes_the_worse_way_and_counts_the_missed(random):
    clean, identity = embedded(random, 30, 4, 0.1)
    lost = random.standard_normal(clean.shape)
    missed = np.zeros(len(clean), bool)
    missed[:12] = True  # three people

    def hits(vectors):
        return privacy.rank1(vectors, clean, identity)

    nobody = score.attack([lost], hits, known(identity), np.zeros(len(clean), bool))
    assert nobody["mean"] < 0.15
    some = score.attack([lost], hits, known(identity), missed)
    assert some["mean"] >= 0.1 and some["worst identity"]["mean"] == 1
    both = score.attack([lost, clean], hits, known(identity), missed)
    assert both["mean"] == 1 and both["by attribute"]["Male"] == {"with": 1, "without": 1}


def test_faces_that_nobody_found_are_like_nobody(random):
    clean, identity = embedded(random, 20, 4, 0.1)
    clean[:4] = np.nan
    hit = privacy.rank1(clean, clean, identity)
    assert hit[4:].all()
    assert np.isnan(privacy.true_accepts(clean[:1], clean[:1], identity[:1], 1.0)).all()


def test_blocks_change_no_score(random, monkeypatch):
    clean, identity = embedded(random, 30, 4, 0.7)
    whole = privacy.rank1(clean, clean, identity), privacy.true_accepts(clean, clean, identity, 1.0)
    monkeypatch.setattr(privacy, "BLOCK", 7)
    blocks = privacy.rank1(clean, clean, identity), privacy.true_accepts(clean, clean, identity, 1)
    np.testing.assert_array_equal(whole[0], blocks[0])
    np.testing.assert_allclose(whole[1], blocks[1])


def test_threshold_from_some_of_the_pairs_is_near_that_from_all(random, monkeypatch):
    clean, identity = embedded(random, 100, 4, 0.8)
    of_all = privacy.accept_thresholds(clean, identity, (0.05,))
    monkeypatch.setattr(privacy, "PAIRS", 40_000)
    np.testing.assert_allclose(
        privacy.accept_thresholds(clean, identity, (0.05,)), of_all, rtol=0.02
    )


def test_trained_attacker_finds_what_the_method_left(random):
    """Identity hides in a fifth of the directions; the rest is noise that training takes away."""

    def group(count):
        identity = np.repeat(np.arange(count), 6)
        vectors = random.standard_normal((len(identity), 40))
        vectors *= np.r_[np.full(8, 0.2), np.full(32, 1.0)]
        vectors[:, :8] += random.standard_normal((count, 8))[identity]
        return vectors, identity

    head = trained.train_head(group(80), group(20))
    vectors, identity = group(40)
    before = privacy.rank1(vectors, vectors, identity).mean()
    after = privacy.rank1(head(vectors), head(vectors), identity).mean()
    assert before < 0.4 and after > 0.9


def test_training_on_noise_learns_nothing(random):
    identity = np.repeat(np.arange(20), 6)
    first, second, third = random.standard_normal((3, 120, 20))
    head = trained.train_head((first, identity), (second, identity))
    assert privacy.rank1(head(third), head(third), identity).mean() < 0.15


@pytest.mark.parametrize(
    ("gate", "passes", "breaks", "says"),
    [
        (gates.unchanged_scores_as_clean, (0.98, 0.985), (0.9, 0.98), "damaged"),
        (gates.knows_people, ("one", 0.5, 0.1), ("one", 0.49, 0.1), "one knows 0.490"),
        (gates.training_helps, (0.98, 0.98), (0.979, 0.98), "training is broken"),
        (gates.training_learns, (0.8, 0.2, 0.5), (0.8, 0.2, 0.3), "brings it to 0.300 only"),
        (gates.restoring_harms_nothing, (0.97, 0.98), (0.9, 0.98), "after restoring"),
        (
            gates.everybody_embedded,
            ("one", (np.array([[1.0], [np.nan]]),), np.array([False, True])),
            ("one", (np.array([[1.0], [np.nan]]),), np.array([False, False])),
            "no numbers for 1",
        ),
        (gates.detector_sees, (0.99,), (0.0,), "too few"),
        (
            gates.something_changed,
            ("blur", np.array([True, False]), np.array([True, False])),
            ("blur", np.array([True, False]), np.array([False, False])),
            "1 faces under blur",
        ),
        (gates.missed_counts, ("naive", 0.1, 0.1), ("naive", 0.05, 0.1), "though 0.100 of"),
        (gates.restoring_learns, (0.8, 0.4), (0.8, 0.41), "0.800 off before"),
    ],
)
def test_gates_fail_loudly(gate, passes, breaks, says):
    gate(*passes)
    with pytest.raises(ElsefaceError, match=says):
        gate(*breaks)
    gates.something_changed("unchanged", np.array([True]), np.array([False]))


def test_memory_computes_once_and_outlives_the_process(tmp_path, random):
    picture, calls = random.integers(0, 256, (4, 4, 3)), []

    def compute():
        calls.append(1)
        return np.arange(3)

    for _ in range(2):
        memory = Memory(tmp_path / "memory.sqlite")
        for by in ("one", "two"):
            np.testing.assert_array_equal(memory.recall(by, (picture,), compute), [0, 1, 2])
    assert len(calls) == 2
    memory.recall("one", (picture[::-1],), compute)
    assert len(calls) == 3


def test_pose_of_a_turned_head():
    shape = (480, 640, 3)
    camera = np.array([[640, 0, 320], [0, 640, 240], [0, 0, 1.0]])
    for degrees in ((0, 0, 0), (10, 0, 0), (0, -20, 0), (0, 0, 15)):
        turned = pose.HEAD @ Rotation.from_euler("xyz", degrees, degrees=True).as_matrix().T
        seen = (turned + np.array([0, 0, 900])) @ camera.T
        points = np.zeros((68, 2))
        points[pose.POINTS] = seen[:, :2] / seen[:, 2:]
        np.testing.assert_allclose(pose.head_pose(points, shape), degrees, atol=0.5)


def test_people_of_folders_have_one_role_each(tmp_path):
    for who in range(20):
        for picture in range(3):
            (tmp_path / f"person {who}").mkdir(exist_ok=True)
            Image.new("RGB", (8, 8)).save(tmp_path / f"person {who}/{picture}.png")
    roles = people.read(tmp_path)
    names = [set(roles[role].identity) for role in Role]
    assert [len(n) for n in names] == [8, 2, 10] and len(set.union(*names)) == 20
    few = people.limited(roles[Role.JUDGED], 7)
    assert len(few) == 6 and len(set(few.identity)) == 2
    for count, expected, persons in ((20, 20, 10), (25, 20, 10), (7, 6, 3), (30, 30, 10)):
        some = people.spread(roles[Role.JUDGED], count)
        assert len(some) == expected and len(set(some.identity)) == persons
        assert set(np.unique(some.identity, return_counts=True)[1]) == {expected // persons}
    with pytest.raises(ElsefaceError, match="neither CelebA"):
        people.read(tmp_path / "person 1")


def test_of_few_pictures_two_of_somebody_remain():
    names = np.r_[np.arange(8), np.repeat([8, 9], 5)]
    everybody = known(names)
    everybody = People(tuple(map(str, names)), names, everybody.names, None, aligned=True)
    for count in (4, 6, 12):
        kept = people.spread(everybody, count).identity
        assert sum(np.unique(kept, return_counts=True)[1] > 1) == 2 and len(kept) <= count


RECOGNIZER = """
file: tiny.onnx
size: 16
colour: BGR
mean: [0.5, 0.5, 0.5]
"""


@pytest.fixture
def recognizer(tmp_path):
    """A network of one random matrix, and its description."""
    matrix = np.random.default_rng(0).standard_normal((3 * 16 * 16, 8)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["picture"], ["flat"]),
            helper.make_node("MatMul", ["flat", "matrix"], ["embedding"]),
        ],
        "tiny",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, 16, 16])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, 8])],
        [numpy_helper.from_array(matrix, "matrix")],
    )
    version = helper.make_opsetid("", 13)
    onnx.save(
        helper.make_model(graph, opset_imports=[version], ir_version=8), tmp_path / "tiny.onnx"
    )
    (tmp_path / "tiny.yaml").write_text(RECOGNIZER)
    return tmp_path / "tiny.yaml"


def test_recognizer_of_a_file(recognizer, portrait):
    (face,) = find_faces(portrait)
    loaded = load_recognizer(str(recognizer))
    vector = loaded.embed(portrait, face)
    assert vector.shape == (8,) and np.linalg.norm(vector) == pytest.approx(1)
    recognizer.write_text(RECOGNIZER.replace("BGR", "RGB"))
    other = load_recognizer(str(recognizer))
    assert other.digest != loaded.digest
    assert np.abs(other.embed(portrait, face) - vector).max() > 1e-3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("file: none.onnx", "none.onnx"),
        ("file: tiny.onnx\ncolour: HSV", "colour"),
        ("file: tiny.onnx\nsise: 112", "sise"),
        ("[", "not YAML"),
    ],
)
def test_wrong_recognizer_files_are_named(tmp_path, text, says):
    (tmp_path / "wrong.yaml").write_text(text)
    (tmp_path / "tiny.onnx").write_bytes(b"nothing")
    with pytest.raises(ElsefaceError, match=says):
        load_recognizer(str(tmp_path / "wrong.yaml"))


@pytest.mark.parametrize("other", ["size: 20", "size: 16\nlayout: NHWC"])
def test_a_network_of_another_input_is_named_before_the_work(recognizer, other):
    recognizer.write_text(f"file: tiny.onnx\n{other}")
    with pytest.raises(ElsefaceError, match=r"tiny.onnx: .*not of that input"):
        load_recognizer(str(recognizer))
    with pytest.raises(ElsefaceError, match="neither `dlib` nor"):
        load_recognizer(str(recognizer.with_name("tiny.onnx")))


def test_whose_picture_it_is_must_be_found(portrait, monkeypatch):
    """A bystander who is found excuses nobody."""
    small = np.zeros_like(portrait)
    small[:256, :256] = portrait[::2, ::2]
    both = np.hstack([portrait, small])
    somebody = replace(known(np.zeros(1, int)), aligned=False)
    assert len(somebody.faces(both)) == 2
    found = find_faces(both)
    monkeypatch.setattr(people, "find_faces", lambda photo, by: found[1:])
    assert somebody.faces(both) == []
    monkeypatch.setattr(people, "find_faces", lambda photo, by: found[:1])
    assert somebody.faces(both) == found[:1]


def test_no_attacker_learns_from_those_whom_faces_become(random):
    for persons, count, chosen, others in ((30, 1000, 26, 4), (400, 300, 60, 40), (2, 9, 1, 1)):
        attacker, gallery = people.parted(known(np.repeat(np.arange(persons), 5)), count)
        assert len(set(attacker.identity)) == chosen and len(set(gallery.identity)) == others
        assert not {*attacker.identity} & {*gallery.identity}


@pytest.fixture(scope="module")
def album(tmp_path_factory, portrait):
    """Six people of three pictures each: one face, more or less stretched and tinted."""
    root = tmp_path_factory.mktemp("album")
    crop = Image.fromarray(portrait[0:300, 90:360])
    for who in range(6):
        (root / f"person {who}").mkdir()
        for i in range(3):
            picture = np.asarray(crop.resize((230 + 15 * who, 300 - 12 * who)))
            picture = np.clip(picture * (0.8 + 0.1 * i) + 4 * who, 0, 255).astype(np.uint8)
            Image.fromarray(picture).save(root / f"person {who}/{i}.png")
    return root


def test_a_killed_run_is_gone_on_with_and_writes_everything(album, tmp_path, monkeypatch):
    monkeypatch.setattr(assessor, "EPOCHS", 2)  # what it learns is tested by itself
    monkeypatch.setattr(assessor, "LEAST", 1)
    out = tmp_path / "out"
    command = [
        "evaluate", album, "-o", out, "--methods", "blur,pixelate:0.5",
        "--attacks", "naive,parrot,linkage,trained,assessor",  # with too few pictures to train on
    ]  # fmt: skip
    done = []
    with subprocess.Popen([PROGRAM, *map(str, command)], stderr=subprocess.DEVNULL) as first:
        while "blackout" not in done and first.poll() is None:
            time.sleep(0.05)
            with contextlib.suppress(FileNotFoundError):
                done = list(json.loads((out / "results.json").read_text())["methods"])
        first.kill()
    assert done[:2] == ["unchanged", "blackout"]
    gone_on = call(*command, "--resume")
    assert gone_on.returncode == 0, gone_on.stderr
    results = json.loads((out / "results.json").read_text())
    always = ["unchanged", "blackout", "stranger", "stranger-face"]
    assert list(results["methods"]) == [*always, "blur", "pixelate:0.5"]
    swapped = results["methods"]["stranger-face"]
    assert {privacy.NAIVE, privacy.PARROT} <= swapped["privacy"]["dlib"].keys()
    assert 0 < swapped["quality"]["Frechet distance, dlib"] < 1
    assert "| stranger-face |" in (out / "figures.md").read_text().split("good for")[1]
    assert privacy.PARROT not in results["methods"]["stranger"]["privacy"]["dlib"]
    assert results["images"] == 9 and results["chance"] == pytest.approx(2 / 8)
    unchanged = results["methods"]["unchanged"]
    assert unchanged["utility"]["background untouched"] == 1
    assert unchanged["privacy"]["dlib"][privacy.SELF_MATCH]["mean"] == 1
    assert results["methods"]["blur"]["utility"]["SSIM in mask"] < 0.9
    assert "assessor" not in unchanged["privacy"]  # three pictures of each were too few
    assert results["methods"]["blur"]["privacy"]["assessor"]["closed-set rank-1"]["mean"] >= 0
    assert 0.1 < results["peak memory, GB"] < 20
    rows = list(csv.DictReader((out / "results.csv").open()))
    assert {row["method"] for row in rows} == set(results["methods"])
    page = (out / "report.html").read_text()
    assert page.count("<svg") == 3 and "pixelate:0.5" in page
    sheets = re.findall(r'<img src="data:image/jpeg;base64,(.+?)" alt="pictures under (.+?)"', page)
    assert [of for _, of in sheets] == ["unchanged", "blackout", "blur", "pixelate:0.5"]
    assert page.count("<img") == page.count(";base64,") == len({sheet for sheet, _ in sheets}) == 4
    for sheet, _ in sheets:  # nine pictures side by side
        with Image.open(io.BytesIO(base64.b64decode(sheet))) as image:
            assert image.height == report.HEIGHT and image.width > 9 * 60
    page = re.sub(';base64,[^"]+', "", page)
    assert not re.findall(r'(?:src|href)="(?!data:|#)|url\((?!#)|@import|[" ]//', page)  # no fetch
    named = set(re.findall(r"[a-z]+://[^\s\"'<>)]+", page))
    assert named == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}  # namespaces
    figures = (out / "figures.md").read_text()
    assert len(re.findall(r"^\| pixelate:0.5 \|", figures, re.M)) == 5
    assert len(re.findall(r"^\| blackout \|", figures, re.M)) == 4  # not set against itself
    naive = results["methods"]["blur"]["privacy"]["dlib"][privacy.NAIVE]
    assert all(f"over {other}" in naive for other in paired.REFERENCES)
    more = naive["over blackout"]
    low, high = more["interval"]
    bold = "**" if low > 0 or high < 0 else ""
    assert f"{bold}{more['mean']:+.3f}{bold} ({low:+.3f} to {high:+.3f})" in figures
    tables = re.findall(r"(?:^\|.*\n)+", figures, re.M)
    for table in tables:  # every row has the columns of its head
        assert len({row.count("|") for row in table.splitlines()}) == 1
    for name in ("privacy.svg", "likeness.svg", "roc.svg"):
        assert name in figures and (out / name).read_text().startswith("<svg")
    low, high = results["methods"]["blur"]["utility intervals"]["SSIM in mask"]
    assert f"({low:.3f} to {high:.3f})" in figures
    assert f"{low:.3f}\N{EN DASH}{high:.3f}" in page
    listed = list(csv.DictReader((out / "pictures.csv").open()))
    assert (out / "pictures/blur" / f"{listed[0]['picture']}.png").exists()

    assert "is not empty" in complaints(call(*command))[0]
    first = (out / "pictures/blur" / f"{listed[0]['picture']}.png").stat().st_mtime_ns
    del results["methods"]["blur"]
    results["methods"]["unchanged"]["by hand"] = True  # what is done is not done again
    (out / "results.json").write_text(json.dumps(results))
    assert call(*command, "--resume").returncode == 0
    again = json.loads((out / "results.json").read_text())
    assert again["methods"]["unchanged"]["by hand"]
    assert list(again["methods"]) == [*always, "blur", "pixelate:0.5"]
    assert (out / "pictures/blur" / f"{listed[0]['picture']}.png").stat().st_mtime_ns == first
    (out / "report.html").unlink()  # as of a run that was killed before it could write
    assert call(*command, "--resume").returncode == 0 and (out / "report.html").exists()
    same = call("evaluate", "--compare", out / "results.json", out / "results.json")
    assert "no difference" in same.stdout
    assert "other settings" in complaints(call(*command, "--resume", "--limit", "3"))[0]
    again["pictures"]["judged"] = "of a folder as it was"
    (out / "results.json").write_text(json.dumps(again))
    assert "other pictures" in complaints(call(*command, "--resume"))[0]
    again["made with"]["elseface/code"] = "of another day"
    (out / "results.json").write_text(json.dumps(again))
    assert "versions" in complaints(call(*command, "--resume"))[0]


@pytest.fixture(scope="module")
def with_missed(album, tmp_path_factory):
    """The album with a grey picture of everybody, an evaluation of it, and its output folder."""
    root = tmp_path_factory.mktemp("missed")
    shutil.copytree(album, root / "album")
    for person in (root / "album").iterdir():
        Image.new("RGB", (240, 300), "grey").save(person / "grey.png")
    command = ["evaluate", root / "album", "--methods", "blur", "--attacks", "naive,parrot", "-o"]
    done = call(*command, root / "out")
    assert done.returncode == 0, done.stderr
    return command, root / "out"


def test_pictures_without_a_face_are_recognised_under_every_method(with_missed):
    results = json.loads((with_missed[1] / "results.json").read_text())
    assert results["images"] == 12
    methods = results["methods"]
    for name in ("unchanged", "blackout", "blur"):
        assert methods[name]["utility"]["missed by the pipeline"] == pytest.approx(3 / 12)
    for name in ("unchanged", "blackout", "stranger-face", "blur"):
        scores = methods[name]["privacy"]["dlib"]
        for attack in (privacy.NAIVE, privacy.PARROT):
            hits = 12 * scores[attack]["mean"]  # of all twelve, three of them missed
            assert hits >= 3 - 1e-9 and hits == pytest.approx(round(hits))
    # Of blacked-out faces none is like its original: what is recognised are the missed ones.
    black = methods["blackout"]["privacy"]["dlib"]
    assert black[privacy.SELF_MATCH]["mean"] == pytest.approx(3 / 12)
    assert methods["unchanged"]["privacy"]["dlib"][privacy.SELF_MATCH]["mean"] == 1


def test_a_run_killed_within_a_method_makes_no_picture_twice(with_missed, tmp_path):
    command, whole = with_missed
    out, made = tmp_path / "out", []
    arguments = [PROGRAM, *map(str, command), out]
    with subprocess.Popen(arguments, stderr=subprocess.DEVNULL) as first:
        while len(made) < 3 and first.poll() is None:
            time.sleep(0.01)
            made = [*(out / "pictures/blur").glob("*.json")]  # a picture that has it is whole
        first.kill()  # SIGKILL
    made = [path for note in (out / "pictures/blur").glob("*.json")
            for path in (note, note.with_suffix(".png"))]  # fmt: skip
    assert 3 <= len(made) / 2 < 12
    assert "blur" not in json.loads((out / "results.json").read_text())["methods"]
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in made}
    gone_on = call(*command, out, "--resume")
    assert gone_on.returncode == 0, gone_on.stderr
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in made} == before
    assert len([*(out / "pictures/blur").glob("*.png")]) == 12
    for picture in (out / "pictures").glob("*/*.png"):
        assert picture.read_bytes() == (whole / picture.relative_to(out)).read_bytes()
    assert figures_of(out) == figures_of(whole)


def test_every_attack_on_new_faces(album, tmp_path, monkeypatch):
    """From the command, all but the assessor (above): what is learnt from so few is tested by
    itself."""
    monkeypatch.setattr(trained, "LEAST", 1)
    monkeypatch.setattr(restore, "EPOCHS", 1)
    monkeypatch.setattr(Attacker, "control", lambda self: (0.8, 0.1))
    out = tmp_path / "out"
    attacks = "naive,parrot,linkage,trained,restore"
    done = call(
        "evaluate", album, "-o", out, "--methods", "attribute-edit:none", "--attacks", attacks
    )
    assert done.returncode == 0, done.stderr
    results = json.loads((out / "results.json").read_text())
    scores = results["methods"]["attribute-edit:none"]["privacy"]
    ours, black = scores["dlib"], results["methods"]["blackout"]["privacy"]["dlib"]
    rates = [f"TAR at FAR {rate:g}" for rate in privacy.FALSE_ACCEPTS]
    assert ours.keys() == black.keys() == {
        privacy.NAIVE, privacy.SELF_MATCH, *(f"naive {rate}" for rate in rates), privacy.PARROT,
        *(f"linkage {rate}" for rate in rates), privacy.TRAINED,
        *(f"trained linkage {rate}" for rate in rates), privacy.RESTORED,
        f"restored {privacy.SELF_MATCH}", *(f"restored {rate}" for rate in rates),
    }  # fmt: skip
    for attack, score_ in ours.items():
        more = score_["over blackout"]["mean"]
        assert more == pytest.approx(score_["mean"] - black[attack]["mean"], abs=1e-3)
    assert "edits" not in results["methods"]["attribute-edit:none"]  # nothing was asked to change


def figures_of(folder: Path) -> dict:
    """All that was found out but how long it took."""
    results = json.loads((folder / "results.json").read_text())
    for figures in results["methods"].values():
        for name in ("seconds an image", "seconds a face"):
            figures.get("utility", {}).pop(name, None)
    del results[report.PEAK]
    return results


def test_compared_runs_say_what_became_better_or_worse(tmp_path):
    def kept(name, limit, error=0.1, found=0.9, of="some", tallies=None, **means):
        scores = {who: {"mean": m, "interval": [m - 0.1, m + 0.1]} for who, m in means.items()}
        utility = {"landmark error": error, "SSIM whole": found, "expression kept": 0.5}
        doubt = {name: [utility[name] - 0.05, utility[name] + 0.05] for name in [*utility][:2]}
        blur = {"privacy": {"dlib": scores}, "utility": utility, "utility intervals": doubt}
        methods = {"blur": blur}
        settings = {"limit": limit, "dataset": name}
        results = {"images": limit, "identities": 2, "settings": settings, "judges": {}}
        results["pictures"] = {"judged": of}
        if tallies:
            for who, score in scores.items():
                score["by person"] = tallies[who]
        (tmp_path / name).write_text(json.dumps({**results, "methods": methods}))
        return tmp_path / name

    first = kept("a", 9, naive=0.5, parrot=0.5, other=0.5)
    second = kept("b", 9, naive=0.2, parrot=0.8, other=0.6)
    assert differences(first, second) == [
        "better: blur / dlib / naive: 0.500 -> 0.200",
        "worse: blur / dlib / parrot: 0.500 -> 0.800",
    ]
    worse = kept("d", 9, error=0.3, found=0.5, naive=0.5, other=0.5, more=0.5)
    assert differences(first, worse) == [
        "worse: blur / utility / landmark error: 0.100 -> 0.300",
        "worse: blur / utility / SSIM whole: 0.900 -> 0.500",
        f"only in {first}: blur / dlib / parrot",
        f"only in {worse}: blur / dlib / more",
    ]
    # Of the same people each once more: beyond doubt, though the intervals overlap.
    before, after, same = (
        kept(name, 9, tallies={"naive": of * 40}, naive=mean)
        for name, of, mean in (("f", "1/4 ", 0.25), ("g", "2/4 ", 0.3), ("h", "1/4 ", 0.25))
    )
    (line,) = differences(before, after)
    assert line.startswith("worse: blur / dlib / naive: 0.250 -> 0.300 (by +0.2")
    assert differences(before, same) == []
    for other in (kept("c", 8, naive=0.5), kept("e", 9, of="others", naive=0.5)):
        assert "other pictures, settings or judges" in differences(first, other)[0]


@pytest.mark.parametrize(
    ("name", "attempts", "shape"),
    [("attribute-edit", 16, New), ("attribute-edit:ppas", 1, New),
     ("attribute-edit:own/none", 1, Own)],
)  # fmt: skip
def test_a_row_with_a_policy_takes_the_first_draw(name, attempts, shape):
    made = load_method(name, None, PACKAGED)
    assert made.attempts == attempts and isinstance(made.shape, shape)
    assert (made.policy(np.zeros(COUNT), (), np.random.default_rng(0)) == 0).all() == (
        name.endswith("none")
    )


def test_a_folder_that_is_none_and_damaged_results_are_named(album, tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "out").mkdir()
    kept = tmp_path / "out" / "results.json"
    kept.write_text("{")
    for output, says in (("file", "cannot be a folder"), ("out", "damaged")):
        arguments = (album, "-o", tmp_path / output, "--methods", "blur", "--resume")
        (line,) = complaints(call("evaluate", *arguments))
        assert says in line and output in line


@pytest.mark.parametrize("of", ["[]", "3", "null", '"text"', '{"methods": []}', '{"settings": 1}'])
def test_json_of_something_else_is_no_run(of, tmp_path):
    kept = tmp_path / "results.json"
    kept.write_text(of)
    with pytest.raises(ElsefaceError, match=r"results\.json: is damaged"):
        _prepared(tmp_path, {}, True, PACKAGED)
    with pytest.raises(ElsefaceError, match="not the results"):
        differences(kept, kept)


def test_faces_of_one_person_alone_set_no_threshold():
    with pytest.raises(ElsefaceError, match="fewer than two people"):
        privacy.accept_thresholds(np.eye(3), np.zeros(3, int))


def test_a_figure_that_a_stranger_has_not_is_left_out(tmp_path):
    """Nobody runs a method on a stranger's picture: without the naive attack that row is empty."""
    score = {
        "mean": 0.5, "interval": [0.4, 0.6], "worst identity": {"name": "1", "mean": 1.0},
        "by attribute": {"Male": {"with": 0.4, "without": 0.6}},
    }  # fmt: skip
    unchanged = {
        "privacy": {"dlib": {privacy.PARROT: score}},
        "utility": {"SSIM whole": 1.0},
        "quality": {"Frechet distance, dlib": 0.0},
    }
    methods = {"unchanged": unchanged, "stranger": {"privacy": {"dlib": {}}}}
    about = {"images": 4, "identities": 2, "chance": 0.3, "elseface": "0"}
    unchanged["chance"] = {"dlib": 0.31}
    report.write(tmp_path, {**about, "methods": methods})
    for name in ("figures.md", "report.html"):
        assert "0.400" in (tmp_path / name).read_text()
    times = {privacy.OVER_NAIVE: {"mean": 4.9, "interval": [3.25, 8]}}
    unchanged["privacy"]["dlib"]["restored rank-1"] = score | times
    report.write(tmp_path, {**about, "methods": methods})
    known = "0.500 (0.400 to 0.600), 4.9 times naive (3.2 to 8.0) |"
    assert known in (tmp_path / "figures.md").read_text()
    rows = list(csv.reader((tmp_path / "results.csv").open()))
    assert ["unchanged", "dlib", "restored rank-1, over naive", "4.9", "3.25", "8"] in rows
    unchanged["privacy"] = {"dlib": {}, "assessor": {"closed-set rank-1": score}}
    report.write(tmp_path, {**about, "methods": methods})
    for name in ("figures.md", "report.html"):
        text = (tmp_path / name).read_text()
        assert "By assessor" in text and "By dlib" not in text and "<svg" not in text


@pytest.mark.parametrize("counted", [True, False])
def test_the_assessors_table_counts_the_pictures_he_was_asked_about(tmp_path, counted):
    """Results of before he counted them have no counts there, and others' counts are not his."""
    score = {
        "mean": 0.5, "interval": [0.4, 0.6], "worst identity": {"name": "1", "mean": 1.0},
        "by attribute": {"Male": {"with": 0.4, "without": 0.6}},
    }  # fmt: skip

    def groups(pictures):
        return {"Male": {word: {"pictures": pictures, "people": 5} for word in ("with", "without")}}

    his = score | ({"groups": groups(7)} if counted else {})
    unchanged = {
        "privacy": {"dlib": {privacy.NAIVE: score}, "assessor": {"closed-set rank-1": his}},
        "utility": {"SSIM whole": 1.0},
        "quality": {"Frechet distance, dlib": 0.0},
        "chance": {"dlib": 0.31},
    }
    about = {"images": 66, "identities": 5, "chance": 0.3, "elseface": "0", "groups": groups(33)}
    report.write(tmp_path, {**about, "methods": {"unchanged": unchanged}})
    by_dlib, by_assessor = (tmp_path / "figures.md").read_text().split("## By assessor")
    assert "| pictures | 33 of 5 people | 33 of 5 people |" in by_dlib
    rows = re.findall(r"^\| pictures \|.*$", by_assessor, re.M)
    assert rows == (["| pictures | 7 of 5 people | 7 of 5 people |"] if counted else [])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "give a DATASET"),
        (("nowhere", "-o", "out"), "nowhere"),
        (("{album}", "-o", "out", "--methods", "smear"), "smear"),
        (("{album}", "-o", "out", "--methods", "attribute-edit:flop"), "SHAPE/"),
        (("{album}", "-o", "out", "--methods", "blur:much"), "no number"),
        (("{album}", "-o", "out", "--attacks", "bribe"), "bribe"),
        (
            ("{album}", "-o", "out", "--methods", "blur", "--recognizers", "dlib,dlib"),
            "two are called dlib",
        ),
        (
            ("{album}", "-o", "out", "--methods", "blur", "--recognizers", "utility.yaml"),
            "utility means something else",
        ),
        (("{album}", "-o", "out", "--methods", "blur", "--judge", str(PACKAGED)), "its judge"),
        (("{album}", "-o", "out", "--weights", "nothing"), "manifest.json: missing"),
        (("{album}", "-o", "out", "--recognizers", ","), "--recognizers"),
        (("--compare", "a.json", "b.json"), "a.json"),
    ],
)
def test_mistakes_are_named(album, recognizer, tmp_path, monkeypatch, arguments, says):
    shutil.copy(recognizer, tmp_path / "utility.yaml")
    monkeypatch.chdir(tmp_path)
    (line,) = complaints(call("evaluate", *(a.format(album=album) for a in arguments)))
    assert says in line
    assert not [*tmp_path.glob("out/*")]  # nor is the next run kept from starting


def test_what_can_be_undone_is_undone(portrait, tmp_path, monkeypatch):
    """A method that swaps light and dark under the mask, learnt from shifted portraits."""
    monkeypatch.setattr(restore, "EPOCHS", 30)
    (face,) = find_faces(portrait)
    everything = (slice(0, None), slice(0, None))
    under = photo_ellipse(face, everything).draw(*portrait.shape[:2])[:, :, None] == 1
    photos = [np.clip(portrait * (0.6 + 0.05 * i), 0, 255).astype(np.uint8) for i in range(9)]
    pairs = [pictures.Result(p, np.where(under, 255 - p, p), [face], {}) for p in photos]
    restorer = restore.train(pairs[:8], tmp_path / "kept.weights.h5")
    last = pairs[8]
    again = restore.restored(restorer, last.pixels, face)

    def error(picture):
        return np.abs(picture.astype(float) - last.photo)[under[:, :, 0]].mean()

    assert error(again) < 0.5 * error(last.pixels)
    np.testing.assert_array_equal(again[~under[:, :, 0]], last.photo[~under[:, :, 0]])
    kept = restore.train([], tmp_path / "kept.weights.h5")  # by a run that goes on
    np.testing.assert_array_equal(restore.restored(kept, last.pixels, face), again)


def test_restoring_learns_what_anybody_could_undo(portrait):
    (face,) = find_faces(portrait)
    shown = [pictures.Result(portrait // i, portrait // i, [face], {}) for i in (1, 2)]
    untrained, trained = restore.control(shown)
    assert untrained > 0.5 and trained < 0.5 * untrained


def test_the_restoring_attacker_learns_from_his_own_people(album, tmp_path, monkeypatch):
    monkeypatch.setattr(restore, "EPOCHS", 1)
    shown = []
    train = restore.train
    monkeypatch.setattr(restore, "train", lambda pairs, *more: train(see(pairs), *more))

    def see(pairs):
        for pair in pairs:
            shown.append(pair.photo)
            yield pair

    roles, blur = people.read(album), load_obfuscation(MethodName.BLUR)
    attacker = Attacker(roles, tmp_path, None)
    judged = [*Pictures(roles[Role.JUDGED], tmp_path / "pictures").results("blur", blur)]
    undone = [*attacker.restored("blur", blur, judged)]
    assert len(shown) == len(roles[Role.BACKGROUND]) == 6 and len(undone) == len(judged) == 9
    own = [read_photo(path).pixels for path in roles[Role.BACKGROUND].paths]
    assert all(np.array_equal(photo, mine) for photo, mine in zip(shown, own))
    for old, new in zip(judged, undone):
        changed = (old.pixels != new.pixels).any(-1)
        assert 0 < changed.mean() < 0.5 and new.faces == old.faces
    again = [*attacker.restored("blur", blur, judged[:1])]  # what he learnt is kept
    np.testing.assert_array_equal(again[0].pixels, undone[0].pixels)


def test_precision_is_the_restorers_alone():
    network = restore.network("mixed_bfloat16")
    assert network.layers[-1].dtype == "float32"
    assert any(layer.compute_dtype == "bfloat16" for layer in network.layers)
    assert keras.config.dtype_policy().name == "float32"


def test_assessor_knows_people_by_what_is_theirs_alone(random, monkeypatch):
    monkeypatch.setattr(assessor, "EPOCHS", 12)
    identity = np.repeat(np.arange(6), 10)
    tints = random.integers(0, 256, (6, 1, 1, 3))[identity]
    noise = random.integers(-20, 21, (60, assessor.SIZE, assessor.SIZE, 3))
    told = assessor.recognised(np.clip(tints + noise, 0, 255).astype(np.uint8), identity)
    assert len(told) == 12 and np.mean(list(told.values())) > 0.8
    alike = assessor.recognised((128 + noise).astype(np.uint8), identity)
    assert np.mean(list(alike.values())) < 0.6


def test_assessor_sees_the_face_and_little_else(portrait):
    (face,) = find_faces(portrait)
    shown = assessor.view(portrait, face)
    assert shown.shape == (assessor.SIZE, assessor.SIZE, 3) and shown.dtype == np.uint8
    hidden = assessor.view(controls.black_ellipse(portrait, face), face)
    assert 0.7 < (hidden == 0).all(-1).mean() < 1


def test_nobody_has_two_roles(layout):
    with pytest.raises(ElsefaceError, match="2 people are both background and tuning"):
        people.read(layout)


def test_other_content_and_other_labels_are_other_pictures(tmp_path):
    """Of the same names and sizes."""

    def digest(colour, bit=0):
        Image.new("RGB", (8, 8), colour).save(tmp_path / "a.bmp")
        bits = np.full((1, COUNT), bit, np.uint8)
        return People((tmp_path / "a.bmp",), np.zeros(1, int), ("a",), bits, True).digest()

    assert digest("red") == digest("red")
    assert len({digest("red"), digest("blue"), digest("red", 1)}) == 3


def test_stems_of_two_folders_do_not_meet(album, tmp_path):
    roles = people.read(album)
    made = pictures.Pictures(roles[Role.JUDGED], tmp_path / "pictures")
    assert len(set(made.stems)) == len(made.stems) == 9
