"""The figures, on data whose answer is known."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from elseface.common.attributes import COUNT, PROTECTED, index, indices
from elseface.common.errors import ElsefaceError
from elseface.common.weights import PACKAGED
from elseface.scripts import ablation, measure, plots
from elseface.scripts.evaluation import controls, cost, edit_success, privacy, quality, utility
from elseface.scripts.evaluation.people import People
from elseface.scripts.evaluation.pictures import Result
from elseface.stage1_disentangle.attribute_network import attribute_network
from elseface.stage1_disentangle.attributes import AttributeClassifier
from elseface.stage1_disentangle.faces import find_faces
from elseface.stage1_disentangle.mask import photo_ellipse
from elseface.stage2_reconstruct.decoder import Modulate
from elseface.stage3_generate.edits import Edit
from elseface.stage3_generate.load import load_attribute_edit
from elseface.stage3_generate.policies import none
from PIL import Image
from scipy.ndimage import binary_erosion
from sklearn.metrics import roc_curve


def people(random, count: int, pictures: int, noise: float, d: int = 64):
    identity = np.repeat(np.arange(count), pictures)
    centres = random.standard_normal((count, d))
    vectors = centres[identity] + noise * random.standard_normal((len(identity), d))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), identity


def test_rank1_of_the_clear_and_of_the_unrelated(random):
    clean, identity = people(random, 40, 5, 0.1)
    assert privacy.rank1(clean, clean, identity).all()
    other, _ = people(random, 40, 5, 0.1)
    assert privacy.rank1(other, clean, identity).mean() < 0.15
    assert privacy.chance(identity) == pytest.approx(4 / 199)
    permuted = [privacy.rank1(clean, clean, random.permutation(identity)).mean() for _ in range(50)]
    assert np.mean(permuted) == pytest.approx(4 / 199, abs=0.005)


def test_who_has_no_other_picture_is_not_asked_about(random):
    clean, identity = people(random, 40, 5, 0.1)
    identity[:5] = 100 + np.arange(5)  # of the first person now five people
    hit = privacy.rank1(clean, clean, identity)
    assert np.isnan(hit[:5]).all() and (hit[5:] == 1).all()
    assert privacy.with_interval(hit, identity)["mean"] == 1


def test_threshold_accepts_the_rate_of_strangers_that_scikit_learn_says(random):
    clean, identity = people(random, 60, 4, 0.8)
    strict, threshold = privacy.accept_thresholds(clean, identity)
    assert strict < threshold
    above = np.triu_indices(len(clean), 1)
    same = (identity[:, None] == identity)[above]
    apart = privacy.distances(clean, clean)[above]
    false, true, at = roc_curve(same, -apart, drop_intermediate=False)
    nearest = np.searchsorted(false, 0.01)
    assert threshold == pytest.approx(-at[nearest], abs=0.01)
    accepted = privacy.true_accepts(clean, clean, identity, threshold)
    assert accepted.mean() == pytest.approx(true[nearest], abs=0.02)
    assert privacy.self_match(clean, clean, threshold).all()
    assert not privacy.self_match(-clean, clean, threshold).any()


def test_interval_is_over_people_not_pictures(random):
    """Twenty people of fifty pictures, each all hit or all missed: a wide interval."""
    identity = np.repeat(np.arange(20), 50)
    by_person = (identity % 2).astype(bool)
    low, high = privacy.with_interval(by_person, identity)["interval"]
    deviation = np.sqrt(0.25 / 20)
    assert high - low == pytest.approx(2 * 1.96 * deviation, rel=0.2)
    scattered = privacy.with_interval(random.random(1000) < 0.5, identity)["interval"]
    assert scattered[1] - scattered[0] < 0.1


def test_frechet_distance_of_two_normal_distributions(random):
    first = random.standard_normal((20000, 3)) * (1, 2, 1)
    second = random.standard_normal((20000, 3)) * (1, 3, 1) + (2, 0, 0)
    assert quality.frechet(first, second) == pytest.approx(2**2 + (3 - 2) ** 2, rel=0.03)
    assert quality.frechet(first, first) == pytest.approx(0, abs=1e-6)


def test_features_tell_a_soft_picture_from_a_sharp_one(random):
    judge = AttributeClassifier(attribute_network("resnet18"), 64)
    noise = random.integers(0, 256, (4, 64, 64, 3), dtype=np.uint8)
    flat = np.full_like(noise, 128)
    sharp, soft = (quality.features(judge, list(pictures)) for pictures in (noise, flat))
    assert sharp.shape == (4, 256) and np.abs(sharp - soft).max() > 1e-3


def test_similarity_of_a_picture_with_itself(random):
    photo = random.integers(0, 256, (218, 178, 3), dtype=np.uint8)
    assert quality.similarity(photo, photo) == (1, 1)
    changed = photo.copy()
    changed[quality.FACE_BOX] = 0
    whole, box = quality.similarity(photo, changed)
    assert box < 0.1 < whole


def test_landmarks_of_an_unchanged_portrait_are_where_they_were(portrait):
    (face,) = find_faces(portrait)
    assert utility.landmark_error(utility.as_seen(portrait, face), face) < 0.01
    black = controls.black_ellipse(portrait, face)
    assert utility.landmark_error(utility.as_seen(black, face), face) > 0.02
    under = photo_ellipse(face, (slice(0, None), slice(0, None))).draw(*portrait.shape[:2]) == 1
    assert not black[under].any() and (black[~under] == portrait[~under]).all()


def test_a_strangers_face_in_place_of_ones_own(portrait):
    """Nothing of the face is left, everything around it, and the other's face is there."""
    (face,) = find_faces(portrait)
    swapped = controls.swap_face(portrait, face, 255 - portrait, face)
    under = photo_ellipse(face, (slice(0, None), slice(0, None))).draw(*portrait.shape[:2]) == 1
    assert (swapped[~under] == portrait[~under]).all()
    hidden = np.where(under[:, :, None], 9, portrait).astype(np.uint8)
    again = controls.swap_face(hidden, face, 255 - portrait, face)
    np.testing.assert_array_equal(again, swapped)
    middle = binary_erosion(under, iterations=20)
    likeness = [np.corrcoef(swapped[middle].ravel(), p[middle].ravel())[0, 1]
                for p in (portrait, 255 - portrait)]  # fmt: skip
    assert likeness[1] > likeness[0] + 0.5


def test_strangers_are_of_the_same_kind(random):
    bits, others = random.integers(0, 2, (2, 500, COUNT))
    chosen = controls.strangers(bits[:50], others)
    differ = (bits[:50, controls.KIND] != others[chosen][:, controls.KIND]).sum(1)
    best = (bits[:50, None, controls.KIND] != others[None][:, :, controls.KIND]).sum(-1).min(1)
    np.testing.assert_array_equal(differ, best)


def test_a_stranger_has_a_face_and_is_the_same_in_both_controls(monkeypatch, portrait):
    """Of three people, one of another kind and one whose face nobody found, the third."""
    bits = np.zeros((3, COUNT), np.uint8)
    bits[0, controls.KIND[0]] = 1
    others = People(tuple(map(Path, "abc")), np.arange(3), tuple("abc"), bits, aligned=False)
    pictures = SimpleNamespace(people=others, originals=lambda: None)
    met = np.array([[0.0, 0], [np.nan, np.nan], [2, 2]])
    monkeypatch.setattr(controls, "embeddings", lambda *_: {"one": met})
    (face,) = find_faces(portrait)
    monkeypatch.setattr(People, "faces", lambda *_: [face])
    shown = {Path("c"): 255 - portrait}  # whoever else is asked for is not there
    monkeypatch.setattr(controls, "read_photo", lambda path: SimpleNamespace(pixels=shown[path]))
    judged = People((Path("x"),), np.zeros(1, int), ("x",), np.zeros((1, COUNT)), aligned=False)
    chosen = controls.Strangers(judged, pictures, None)
    np.testing.assert_array_equal(chosen.embedded()["one"][0], [[2, 2]])
    (swapped,) = chosen.swapped([Result(portrait, portrait, [face], {})])
    expected = controls.swap_face(portrait, face, 255 - portrait, face)
    np.testing.assert_array_equal(swapped.pixels, expected)
    met[:] = np.nan
    with pytest.raises(ElsefaceError, match="no face is found"):
        controls.Strangers(judged, pictures, None).embedded()


def test_what_an_edit_names_does_not_count_as_lost():
    before = np.zeros((2, COUNT), bool)
    after = before.copy()
    after[0, indices(["Heavy_Makeup"])] = True
    assert utility.protected_kept(before, after, indices(["Heavy_Makeup"]))["mean"] == 1
    kept = utility.protected_kept(before, after)
    assert kept["Heavy_Makeup"] == 0.5 and kept["mean"] == pytest.approx(1 - 0.5 / len(PROTECTED))


def test_how_often_an_edit_is_seen_and_could_be(tmp_path, portrait):
    """A judge who takes bright faces for young: of two edited pictures one is, of the same two with
    a young face laid in both are."""
    (face,) = find_faces(portrait)
    dark, bright = portrait // 4, 255 - portrait // 4
    paths = [tmp_path / f"{i}.png" for i in range(4)]
    for path, pixels in zip(paths, (dark, dark, bright, dark)):
        Image.fromarray(pixels).save(path)
    attributes = np.zeros((4, COUNT), int)
    attributes[2, index("Young")] = 1

    def probabilities(portraits):
        middle = np.array([p[48:80, 48:80].mean() for p in portraits])
        return np.where(np.arange(COUNT) == index("Young"), (middle > 128)[:, None], 0.0)

    edits = []

    def anonymized(by, which):
        edits.append(by.edit)
        return [dark, bright if by.edit.present else dark]

    bench = SimpleNamespace(
        data=SimpleNamespace(
            paths=paths, attributes=attributes, partition=np.array([2, 2, 1, 1])
        ),
        rows=np.arange(2), photos=[dark] * 2, faces=[face] * 2, identity=np.arange(2),
        seen=np.zeros((2, COUNT), bool), judge=SimpleNamespace(probabilities=probabilities),
        anonymized=anonymized,
    )  # fmt: skip
    plain = dataclasses.make_dataclass("Plain", ["edit"])(Edit())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(edit_success, "aligned_face", lambda photo: face)
        found = edit_success.success(bench, ["+Young", "-Young"], plain, 5)
    assert edits == [Edit(), Edit.parse("+Young")] and found["-Young"] == {"faces": 0}
    shown = {by: found["+Young"]["shown" + by]["mean"] for by in plots.SHOWN_BY}
    assert shown == {"": 0.5, " unedited": 0, " by real faces": 1}


def test_cost_of_a_network_counted_by_hand():
    picture = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, 2, "same", use_bias=False)(picture)
    x = Modulate()([x, keras.layers.Dense(5)(keras.layers.GlobalAveragePooling2D()(x))])
    wanted = 3 * 3 * 3 * 4 * 16 + 4 * 5 + 5 * 8
    assert cost.gflop(keras.Model(picture, x)) == pytest.approx(2e-9 * wanted)


def test_tables_say_what_was_measured():
    score = {"mean": 0.1234, "interval": [0.1, 0.15]}
    attacks = {privacy.NAIVE: score, privacy.SELF_MATCH: score, privacy.PARROT: score}
    utility_of = {
        "SSIM whole": 0.9, "SSIM face box": 0.66, "Frechet distance, x": 1.5,
        "face found by MTCNN": 0.99, "landmark error": 0.05, "expression kept": 0.8,
        "protected kept": {"mean": 0.95},
    }  # fmt: skip
    found = {
        "images": 10,
        "identities": 2,
        "attributes": {"accuracy": 0.9, "balanced": 0.7, "majority": 0.8},
        "decoder": {"parameters": 8.2e6, "GFLOP": 3.36},
        "controls": {"chance": 0.5, "unchanged": attacks | utility_of, "stranger": attacks},
        "methods": {"own/none": attacks | utility_of},
        "edits": {
            "+Smiling": {
                "faces": 5, "shown": score, "shown unedited": score,
                "shown by real faces": score, "protected kept": 0.9,
            },
            "+Young": {"faces": 0},
        },
    }  # fmt: skip
    text = plots.tables(found)
    assert "| own/none | 0.123 (0.100 to 0.150) |" in text and "| chance | 0.500 |" in text
    assert "| +Smiling | 5 |" in text and "+Young" not in text
    rows = [line.count("|") for line in text.splitlines() if line.startswith("|")]
    assert len(set(rows)) == 3  # three tables, each of one width


def test_rows_are_compared_on_the_same_pictures_only():
    score = {"mean": 0.25, "interval": [0.1, 0.4]}
    plain = dict.fromkeys(ablation.FIGURES, 0.5) | {privacy.NAIVE: score, privacy.PARROT: score}
    edits = {name: {"faces": 5, "shown": score} for name in ablation.EDITS}
    row = {
        "images": 10, "identities": 2, "judge": "a", "edits": edits,
        "decoder": {"parameters": 8.2e6, "GFLOP": 3.36}, "methods": {ablation.PLAIN: plain},
    }  # fmt: skip
    text = ablation.table({"one": row, "other": row})
    assert text.count("| 8.2 | 3.36 | 0.500 |") == 2 and "0.250 (0.100 to 0.400)" in text
    with pytest.raises(ElsefaceError, match="not measured on the same pictures"):
        ablation.table({"one": row, "other": row | {"images": 11}})
    with pytest.raises(ElsefaceError, match="other: was not measured"):
        ablation.table({"one": row, "other": row | {"methods": {}}})
    with pytest.raises(ElsefaceError, match="other: its edits"):
        ablation.table({"one": row, "other": row | {"edits": {}}})


def test_methods_to_measure_by_name():
    default = load_attribute_edit()
    wide = measure.method("new:18/none", default, PACKAGED)
    assert (wide.shape.replaced, wide.attempts) == (18, 1) and wide.policy is none
    assert measure.method("default", default, PACKAGED) is default
    for name in ("new", "new:x/none", "own:3/none", "new:99/none", "old/none", "new/some"):
        with pytest.raises(ElsefaceError, match="--methods"):
            measure.method(name, default, PACKAGED)


def test_how_often_more_is_counted_over_the_same_people(random):
    """Each of 40 people is hit as often after as their own share says: 1 to 3 times before."""
    who = np.repeat(np.arange(40), 30)
    before = (np.tile(np.arange(30), 40) < 5).astype(float)
    times = random.integers(1, 4, 40)
    after = (np.tile(np.arange(30), 40) < 5 * times[who]).astype(float)
    quotient = privacy.quotient(after, before, who)
    assert quotient["mean"] == pytest.approx(times.mean())
    doubt = 1.96 * times.std() / np.sqrt(40)  # of a mean of 40
    expected = [times.mean() - doubt, times.mean() + doubt]
    assert quotient["interval"] == pytest.approx(expected, abs=0.05)
    unknown = np.where(who == 7, np.nan, 1)
    assert privacy.quotient(after, before * unknown, who)["mean"] == np.delete(times, 7).mean()
    assert np.isnan(privacy.quotient(after, 0 * before, who)["mean"])


def test_where_nothing_is_hit_there_is_doubt_left():
    """Clopper and Pearson's interval has a closed form there; by people, not by pictures.  One hit
    leaves no less."""
    identity = np.repeat(np.arange(120), 5)
    nothing, everything = (privacy.with_interval(np.full(600, n), identity) for n in (0.0, 1.0))
    assert nothing["interval"] == pytest.approx([0, 1 - 0.025 ** (1 / 120)])
    assert everything["interval"] == pytest.approx([0.025 ** (1 / 120), 1])
    highs = [
        privacy.with_interval((np.arange(600) < 5 * n) * 1.0, identity)["interval"][1]
        for n in range(12)
    ]
    assert highs == sorted(highs) and highs[1] == highs[0] < highs[-1]


def test_of_nothing_there_is_no_interval():
    nothing = privacy.with_interval(np.full(3, np.nan), np.arange(3))
    assert np.isnan([nothing["mean"], *nothing["interval"]]).all()


def test_intervals_of_degrees_are_no_shares():
    degrees, who = np.r_[np.full(300, 5.0), np.full(300, 4.9)], np.arange(600) // 5
    low, high = privacy.bootstrap(degrees, who)
    assert 4.9 < low < degrees.mean() < high < 5


def test_measured_chance_is_that_of_a_blind_guess(random):
    vectors, identity = people(random, 30, 4, 0.1)
    measured = privacy.permuted(vectors, identity)
    assert measured == pytest.approx(privacy.chance(identity), abs=0.005)
