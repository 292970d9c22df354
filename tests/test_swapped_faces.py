"""Training faces that are somebody else's: chosen alike, fitted, coloured, and compared with."""

import numpy as np
import pytest
from elseface.common.attributes import COUNT, index
from elseface.stage1_disentangle.cache import RECORD, FaceCache
from elseface.stage1_disentangle.mask import face_ellipse
from elseface.stage2_reconstruct import embeddings
from elseface.stage3_generate import policies
from elseface.stage3_generate.edited_faces import VISIBLE, EditedFaces, Editing
from elseface.stage3_generate.load import load_shape_model, load_texture_model
from elseface.stage3_generate.swapped_faces import COVERED, GAIN, Others, swap
from elseface.stage3_generate.texture_model import LATENTS

SIZE = 128
#: Everybody's latents: one of their own.
LATENT = np.eye(4, LATENTS)
YOUNG, HAT, GLASSES = (index(name) for name in ("Young", "Wearing_Hat", "Eyeglasses"))


def record(landmarks: np.ndarray, colour: tuple[int, int, int], number: int = 0) -> np.ndarray:
    row = np.zeros((), RECORD)
    row["crop"], row["landmarks"] = colour, landmarks
    row["identity"], row["name"] = number, f"{number}.jpg"
    return row


@pytest.fixture
def cache(tmp_path, mean_shape) -> FaceCache:
    """Four people to train on, two young and two old; one young person wears a hat."""
    rows = np.stack([record(mean_shape, (90 + 20 * i,) * 3, i) for i in range(4)])
    rows["attributes"] = np.random.default_rng(0).integers(0, 2, (4, COUNT))
    rows["attributes"][:, COVERED] = 0
    rows["attributes"][:, YOUNG] = 1, 1, 0, 0
    rows["attributes"][1, (HAT, GLASSES)] = 1  # glasses go with the face that wore them
    np.save(tmp_path / "00000.npy", rows)
    return FaceCache(tmp_path)


def test_a_face_is_fitted_into_the_ellipse_that_is_there(mean_shape):
    here = record(mean_shape, (120, 90, 60))
    there = record((mean_shape - 0.5) * (0.8, 0.9) + (0.53, 0.48), (100, 100, 100))
    face, landmarks, weight = swap(here, there)
    np.testing.assert_allclose(landmarks, mean_shape, atol=1e-5)
    one, two = face_ellipse(landmarks), face_ellipse(mean_shape)
    np.testing.assert_allclose((*one.centre, *one.axes), (*two.centre, *two.axes), atol=1e-5)
    y, x = (mean_shape[30, ::-1] * SIZE).astype(int)
    np.testing.assert_allclose(face[y, x], (120, 90, 61), atol=1.5)  # the colours of the place
    outside = two.in_crop(SIZE).draw(SIZE, SIZE) == 0
    assert weight.shape == (SIZE, SIZE, 1) and weight[y, x] == 1 and (weight[outside] == 0).all()


def test_pixels_move_with_the_landmarks(mean_shape):
    here, there = (
        record(mean_shape, (100,) * 3),
        record((mean_shape - 0.5) * (0.8, 0.9) + (0.53, 0.48), (100,) * 3),
    )
    column, line = there["landmarks"][30] * SIZE - 0.5
    y, x = np.mgrid[:SIZE, :SIZE]
    there["crop"] += (99 * np.exp(-((x - column) ** 2 + (y - line) ** 2) / 18))[..., None].astype(
        np.uint8
    )
    face, landmarks, _ = swap(here, there)
    bump = face[..., 0] - face[..., 0].min()
    bump *= bump > 20
    centre = np.array([(bump * x).sum(), (bump * y).sum()]) / bump.sum()
    np.testing.assert_allclose((centre + 0.5) / SIZE, landmarks[30], atol=0.003)


def test_skin_is_not_painted_over_to_suit(mean_shape):
    face, *_ = swap(record(mean_shape, (240,) * 3), record(mean_shape, (40,) * 3))
    np.testing.assert_allclose(face, 40 * GAIN[1], atol=0.1)


def test_somebody_else_is_chosen_old_as_often_as_young(cache, random):
    others = Others(cache, 0)
    row = cache[np.array([3])][0]
    met = [others.choose(row, random) for _ in range(60)]
    assert set(met) == {0, 2}  # not the hat, not oneself
    assert 15 < met.count(0) < 45


def test_where_nobody_is_of_the_age_nobody_is_chosen(cache, random):
    others = Others(cache, 0)
    young = cache[np.array([0])][0]
    met = [others.choose(young, random) for _ in range(30)]
    assert any(other is None for other in met) and any(other is not None for other in met)


def test_a_batch_brings_the_other_face_and_keeps_the_surroundings(cache, mean_shape, monkeypatch):
    monkeypatch.setattr("elseface.stage3_generate.edited_faces.SWAPPED", 1.0)
    monkeypatch.setattr("elseface.stage2_reconstruct.cameras.SHARE", 0.0)
    monkeypatch.setattr("elseface.stage2_reconstruct.decoder_batches.SOFTEN", 0.0)
    editing = Editing(policies.none, load_shape_model(), load_texture_model())
    batches = EditedFaces(cache, 0, embeddings.one_hot(), 4, 0, editing, LATENT, 20, False)
    for epoch in range(6):
        batches.begin(epoch)
        batches.order = np.arange(4)
        given, real = batches[0]
        swapped = given["other_weight"].max((1, 2, 3)) == 1
        hidden = given["mask"][:2, ..., 0] == 1
        assert given["other"].shape == real[:2].shape
        np.testing.assert_array_equal(given["context"][:2][~hidden], real[:2][~hidden])
        for i in np.flatnonzero(swapped):
            assert given["repelled"][i] == 1
            wanted, bits = given["wanted"][i], cache[np.arange(4)]["attributes"]
            textures = [
                editing.textures.draw(LATENT[j], mean_shape, SIZE) for j in (0, 2, 3) if j != i
            ]
            assert any(
                (wanted[list(VISIBLE)] == bits[j, VISIBLE]).all() for j in (0, 2, 3) if j != i
            )
            shown = given["texture"][i]
            assert any(
                np.abs(shown - t).max() < 0.01 or np.abs(shown[:, ::-1] - t).max() < 0.01
                for t in textures
            )
            np.testing.assert_array_equal(np.delete(wanted, VISIBLE), np.delete(bits[i], VISIBLE))
            believed = given["other_weight"][i, ..., 0] == 1
            np.testing.assert_allclose(given["other"][i][believed], real[i][believed], atol=0.02)
    assert swapped.any()


def test_a_split_of_one_age_and_a_last_batch_of_one_face(tmp_path, mean_shape, random):
    rows = np.stack([record(mean_shape, (120,) * 3, i) for i in range(3)])
    rows["attributes"][:, YOUNG] = 1
    np.save(tmp_path / "00000.npy", rows)
    cache = FaceCache(tmp_path)
    met = [Others(cache, 0).choose(cache[np.array([0])][0], random) for _ in range(12)]
    assert {other is None for other in met} == {True, False}
    editing = Editing(policies.none, load_shape_model(), load_texture_model())
    batches = EditedFaces(cache, 0, embeddings.one_hot(), 2, 0, editing, LATENT, 20, False)
    given, real = batches[len(batches) - 1]
    assert len(real) == len(given["wanted"]) == 1


def test_a_batch_is_the_same_whoever_makes_it(cache):
    """Of an epoch begun anew, alone, and after others."""
    editing = Editing(policies.flip, load_shape_model(), load_texture_model())
    one, other = (
        EditedFaces(cache, 0, embeddings.one_hot(), 2, 7, editing, LATENT, 20, False)
        for _ in range(2)
    )
    one.begin(3)
    other.begin(3)
    (first, faces), _, (again, same) = one[1], other[0], other[1]
    np.testing.assert_array_equal(faces, same)
    assert first.keys() == again.keys()
    for name in first:
        np.testing.assert_array_equal(first[name], again[name])
    one.begin(4)
    assert not np.array_equal(one[1][1], faces)
