"""Textures: what a photo shows beyond what the decoder expects, laid out over one shape."""

import numpy as np
import pytest
from elseface.common.errors import ElsefaceError
from elseface.stage1_disentangle.cache import RECORD, FaceCache
from elseface.stage2_reconstruct import embeddings
from elseface.stage3_generate.load import load_texture_model
from elseface.stage3_generate.texture_model import LATENTS, SIDE, LaidOut, TextureModel

SIZE = 128


def spots(landmarks: np.ndarray, strength: np.ndarray) -> np.ndarray:
    """A picture with a round grey spot on every landmark: (SIZE, SIZE, 3), float32."""
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5
    apart = [(x - SIZE * px) ** 2 + (y - SIZE * py) ** 2 for px, py in landmarks]
    grey = (strength[:, None, None] * np.exp(-np.array(apart) / 18)).sum(0)
    return np.repeat(grey[..., None], 3, -1).astype(np.float32)


@pytest.fixture
def moved(mean_shape) -> np.ndarray:
    return (mean_shape - 0.5) * (0.8, 0.9) + (0.53, 0.48)


def test_a_face_is_laid_out_the_same_whatever_its_shape(mean_shape, moved):
    """What lies on a landmark gets where the shape has it, from wherever it was."""
    strength = np.zeros(68)
    strength[[30, 36, 45]] = 1
    lay_out = LaidOut(mean_shape)
    for shape in (mean_shape, moved):
        laid_out = lay_out(spots(shape, strength), shape)
        assert laid_out.shape == (SIDE, SIDE, 3)
        for x, y in (mean_shape[[30, 36, 45]] * SIDE).astype(int):
            assert laid_out[y, x, 0] > 0.6 * laid_out.max()
        assert (laid_out > 0.3).mean() < 0.03


def test_a_texture_goes_where_the_landmarks_are(mean_shape, moved):
    strength = np.zeros(68)
    strength[[30, 48]] = 1, -1
    basis = np.zeros((LATENTS, SIDE, SIDE, 3))
    basis[3] = LaidOut(mean_shape)(spots(mean_shape, strength), mean_shape)
    model = TextureModel(mean_shape, basis)
    drawn = model.draw(2 * np.eye(LATENTS)[3], moved, SIZE)
    assert drawn.shape == (SIZE, SIZE, 3) and drawn.dtype == np.float32
    expected = 2 * spots(moved, strength)
    assert np.corrcoef(drawn.ravel(), expected.ravel())[0, 1] > 0.9
    assert not model.draw(np.zeros(LATENTS), moved, SIZE).any()


def test_landmarks_of_a_tiny_face_coincide(mean_shape):
    model = load_texture_model()
    coarse = (mean_shape * 8).round() / 8
    assert len(np.unique(coarse, axis=0)) < 40
    assert np.isfinite(model.draw(np.ones(LATENTS), coarse, SIZE)).all()
    assert not model.draw(np.ones(LATENTS), np.full((68, 2), 0.5), SIZE).any()


def test_skin_gets_neither_lighter_nor_darker(mean_shape, random):
    model = load_texture_model()
    latents = random.standard_normal(LATENTS)
    plain = model.untinted(latents)
    drawn, before = (np.tensordot(of, model.basis, 1) for of in (plain, latents))
    shown = np.sqrt((model.basis**2).sum((0, 3)))[..., None]
    assert np.abs((drawn * shown).sum((0, 1)) / shown.sum()).max() < 1e-4
    assert np.abs((before * shown).sum((0, 1)) / shown.sum()).max() > 0.01
    np.testing.assert_allclose(model.untinted(plain), plain, atol=1e-6)
    assert 0.8 < np.linalg.norm(plain) / np.linalg.norm(latents) < 1  # all else stays


def test_everybody_drawn_has_a_texture_of_their_own(mean_shape):
    model = load_texture_model()
    one, again, other = (
        model.somebody(mean_shape, np.random.default_rng(seed), 32) for seed in (0, 0, 1)
    )
    assert (one == again).all() and one.shape == (32, 32, 3)
    assert np.abs(one - other).max() > 0.3
    assert 0.3 < np.square(one[12:20, 12:20]).mean() ** 0.5 < 3


class Blind:
    """A decoder that expects grey."""

    size, embedding = SIZE, embeddings.one_hot()

    class network:
        predict_on_batch = staticmethod(lambda given: np.zeros_like(given["context"]))


def test_textures_tell_people_apart_and_not_their_photos(tmp_path, mean_shape, random):
    """Thirty people with spots of their own, in light that changes from photo to photo."""
    rows = np.zeros(30 * 6, RECORD)
    rows["identity"], rows["landmarks"] = np.repeat(np.arange(30), 6), mean_shape
    person = random.uniform(-90, 90, (30, 68))[rows["identity"]]
    light = random.uniform(-60, 60, 180)
    for row, own, bright in zip(rows, person, light):
        own = own + random.normal(0, 5, 68)
        row["crop"] = np.clip(127.5 + bright + spots(mean_shape, own), 0, 255)
    rows["attributes"][:, 0] = light > 0  # which the decoder is told of
    rows["partition"][-6:] = 1
    np.save(tmp_path / "00000.npy", rows)
    model, latents = TextureModel.fit(Blind, FaceCache(tmp_path), 0)
    assert latents.shape == (180, LATENTS) and not latents[-6:].any()
    assert np.abs(latents).max() <= 3
    known = latents[:-6].reshape(29, 6, LATENTS)
    within = np.square(known - known.mean(1, keepdims=True)).mean((0, 1))
    assert (within[:8] < 0.1).all()
    for of in (light, rows["attributes"][:, 0]):
        assert all(abs(np.corrcoef(of[:-6], k)[0, 1]) < 0.4 for k in latents[:-6, :8].T)
    np.testing.assert_allclose(latents[:-6].std(0), 1, atol=0.1)
    # A face is near to its texture, up to scale.
    lay_out = LaidOut(model.shape)
    shown = lay_out(spots(mean_shape, person[0]), mean_shape)
    drawn = np.tensordot(latents[:6].mean(0), model.basis, 1)
    assert np.corrcoef(shown.ravel(), drawn.ravel())[0, 1] > 0.5


def test_too_few_faces_are_named(tmp_path, mean_shape):
    rows = np.zeros(LATENTS, RECORD)
    rows["landmarks"] = mean_shape
    np.save(tmp_path / "00000.npy", rows)
    with pytest.raises(ElsefaceError, match="too few for textures"):
        TextureModel.fit(Blind, FaceCache(tmp_path), 0)
