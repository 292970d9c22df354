"""Embeddings, conditions, decoder, losses and the adversarial trainer."""

import cv2
import numpy as np
import pytest
from elseface.common.errors import ElsefaceError
from elseface.stage1_disentangle.cache import RECORD, FaceCache
from elseface.stage2_reconstruct import decoder_batches, embeddings, sample_grid, training
from elseface.stage2_reconstruct.cameras import retaken
from elseface.stage2_reconstruct.conditions import blacken, conditions, draw_landmarks
from elseface.stage2_reconstruct.decoder import unet
from elseface.stage2_reconstruct.discriminator import patchgan
from elseface.stage2_reconstruct.losses import (
    feature_matching,
    hinge,
    hinge_generator,
    masked_dissimilarity,
    masked_l1,
    tint,
)
from elseface.stage2_reconstruct.skin import typology_angle
from skimage.metrics import structural_similarity

SIZE, WIDTHS = 32, (8, 12)


def given(n: int, random: np.random.Generator, shape: np.ndarray) -> dict[str, np.ndarray]:
    crops = random.integers(0, 256, (n, SIZE, SIZE, 3), dtype=np.uint8)
    contexts, masks = map(np.stack, zip(*(blacken(crop, shape) for crop in crops)))
    curves = np.stack([draw_landmarks(shape, SIZE)] * n)
    values = random.random((n, 40))
    textures = random.standard_normal(crops.shape)
    return conditions(contexts, masks, curves, values, embeddings.one_hot(), textures)


def test_word2vec_is_repeatable_and_knows_who_goes_together(random):
    kind = random.random(3000) < 0.5
    bits = np.zeros((3000, 40), np.uint8)
    bits[:, :4] = (random.random((3000, 4)) < 0.8) & kind[:, None]
    bits[:, 4:8] = (random.random((3000, 4)) < 0.8) & ~kind[:, None]
    first, again = (embeddings.word2vec(bits, epochs=10, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert first.shape == (40, 8, 8)
    likeness = first.reshape(40, -1) @ first[0].ravel()
    assert set(np.argsort(-likeness)[:4]) == {0, 1, 2, 3}
    np.testing.assert_allclose((first[:8] ** 2).mean((1, 2)), 1, rtol=1e-4)
    assert not first[8:].any()  # never seen: a null map


def test_maps_scale_with_probability(random):
    embedding = random.standard_normal((40, 8, 8)).astype(np.float32)
    values = np.zeros((1, 40))
    values[0, 7], values[0, 9] = 1, 0.5
    maps = embeddings.attribute_maps(embedding, values)
    np.testing.assert_array_equal(maps[0, :, :, 7], embedding[7])
    np.testing.assert_allclose(maps[0, :, :, 9], embedding[9] / 2)
    assert not np.delete(maps, [7, 9], axis=-1).any()


def test_landmarks_are_drawn_where_they_are(mean_shape):
    drawn = draw_landmarks(mean_shape, 128)
    assert drawn.shape == (128, 128, 4)
    for channel, point in ((0, 8), (1, 30), (2, 36), (3, 48)):
        x, y = (mean_shape[point] * 128 - 0.5).round().astype(int)
        assert drawn[y - 1 : y + 2, x - 1 : x + 2, channel].max() > 100


def test_decoder_within_its_limit_and_shape(random, mean_shape):
    assert unet().count_params() <= 12_000_000
    network = unet(SIZE, WIDTHS)
    faces = network.predict_on_batch(given(2, random, mean_shape))
    assert faces.shape == (2, SIZE, SIZE, 3) and faces.dtype == np.float32
    assert np.abs(faces).max() <= 1


def test_a_face_does_not_depend_on_its_batch(random, mean_shape):
    network, batch = unet(SIZE, WIDTHS), given(3, random, mean_shape)
    alone = network.predict_on_batch({name: array[:1] for name, array in batch.items()})
    np.testing.assert_allclose(network.predict_on_batch(batch)[:1], alone, atol=1e-5)


def test_every_condition_matters(random, mean_shape):
    """But textures only to who has learnt of them."""
    network, batch = unet(SIZE, WIDTHS), given(1, random, mean_shape)

    def heeded() -> set[str]:
        before = network.predict_on_batch(batch)
        changed = {name: {**batch, name: batch[name] + 0.5} for name in batch}
        apart = {name: network.predict_on_batch(of) - before for name, of in changed.items()}
        return {name for name, gap in apart.items() if np.abs(gap).max() > 1e-4}

    assert heeded() == set(batch) - {"texture"}
    for kernel in network.trainable_weights:
        if len(kernel.shape) == 4:
            kernel.assign(np.asarray(kernel) + random.normal(0, 0.01, kernel.shape))
    assert heeded() == set(batch)


def test_discriminator_judges_patches(random, mean_shape):
    batch = given(2, random, mean_shape)
    del batch["context"], batch["texture"]
    batch["face"] = np.zeros((2, SIZE, SIZE, 3), np.float32)
    judged = patchgan(SIZE, (4, 8), (8,)).predict_on_batch(batch)
    verdict, weight = judged["verdict"], judged["weight"]
    assert verdict.shape == weight.shape == (2, 8 * 8 + 4 * 4)
    assert [f.shape for f in judged["features"]] == [(2, 16, 16, 4), (2, 8, 8, 8), (2, 4, 4, 8)]
    np.testing.assert_allclose(weight.sum(1), 1, rtol=1e-5)
    np.testing.assert_allclose(weight[:, :64].sum(1), 0.5, rtol=1e-5)
    share = batch["mask"].reshape(2, 8, 4, 8, 4).mean((2, 4)).reshape(2, 64)
    np.testing.assert_allclose(weight[:, :64], share / share.sum(1, keepdims=True) / 2, rtol=1e-4)
    assert (weight[:, :64] == 0).any()  # a patch beside the face says nothing


def test_losses_have_known_answers():
    real, fake = np.zeros((1, 2, 2, 3), np.float32), np.ones((1, 2, 2, 3), np.float32)
    mask = np.zeros((1, 2, 2, 1), np.float32)
    mask[0, 0, 0] = 1
    fake[0, 0, 0] = 0.5
    assert float(masked_l1(real, fake, mask)) == pytest.approx((0.5 + 0.1 * 3) / 1.3)
    assert float(masked_l1(real, fake, mask, known=0.0)) == pytest.approx(1)
    verdict, weight = np.array([[2.0, 0.5], [0.0, -3.0]]), np.array([[0.5, 0.5], [1.0, 0.0]])
    assert float(hinge(verdict, weight, 1)) == (0.5 * 0.5 + 1) / 2
    assert float(hinge(verdict, weight, -1)) == (0.5 * 3 + 0.5 * 1.5 + 1) / 2
    assert float(hinge_generator(verdict, weight)) == -(1.25 + 0) / 2
    photo, drawn = np.full((1, 2, 2, 3), -2.0), np.full((1, 2, 2, 3), 1.0)
    matched = feature_matching([photo, photo], [drawn, photo])
    assert float(matched) == pytest.approx(3 / 2 / 2, rel=1e-5)  # relative, over two layers


def test_tint_sees_colour_alone_and_under_the_mask_alone():
    real = np.zeros((1, 32, 32, 3), np.float32)
    mask = np.zeros((1, 32, 32, 1), np.float32)
    mask[:, :, :20] = 1
    assert float(tint(real, real + 0.4, mask)) == pytest.approx(0, abs=1e-6)
    redder = real + np.array([0.3, 0, 0], np.float32)  # chroma 0.2, -0.1, -0.1
    assert float(tint(real, redder, mask)) == pytest.approx(0.4 / 3, rel=1e-5)
    assert float(tint(real, np.where(mask == 1, real, redder), mask)) == 0


def test_dissimilarity_is_scikit_images(random):
    """Away from the border, where the two treat the window differently."""
    real = random.uniform(-1, 1, (1, 24, 24, 3)).astype(np.float32)
    fake = np.clip(real + random.normal(0, 0.3, real.shape), -1, 1).astype(np.float32)
    mask = np.zeros((1, 24, 24, 1), np.float32)
    mask[:, 4:-4, 4:-4] = 1
    _, full = structural_similarity(
        real[0] + 1, fake[0] + 1, win_size=7, data_range=2, channel_axis=-1, full=True,
        use_sample_covariance=False,
    )  # fmt: skip
    wanted = 1 - full[5:-4:2, 5:-4:2].mean()
    assert float(masked_dissimilarity(real, fake, mask)) == pytest.approx(wanted, abs=1e-4)
    assert float(masked_dissimilarity(real, real, mask)) == pytest.approx(0, abs=1e-6)
    # A little lighter about middle grey, which is 0 here, is hardly another picture.
    grey = real - real.mean()
    assert float(masked_dissimilarity(grey, grey + 0.05, mask)) < 0.01


@pytest.fixture
def faces(tmp_path, random, mean_shape, monkeypatch) -> FaceCache:
    """A cache of eight tinted squares, small enough to train on."""
    dtype = np.dtype([
        (name, (np.uint8, (SIZE, SIZE, 3)) if name in ("crop", "portrait") else RECORD[name])
        for name in RECORD.names
    ])  # fmt: skip
    monkeypatch.setattr("elseface.stage1_disentangle.cache.RECORD", dtype)
    rows = np.zeros(8, dtype)
    rows["crop"] = random.integers(60, 200, (8, 1, 1, 3))
    rows["landmarks"] = mean_shape
    rows["attributes"] = random.integers(0, 2, (8, 40))
    rows["partition"][6:] = 1
    (tmp_path / "cache").mkdir()
    np.save(tmp_path / "cache/00000.npy", rows)
    monkeypatch.setattr(training, "unet", lambda size: unet(size, WIDTHS))
    monkeypatch.setattr(training, "patchgan", lambda size: patchgan(size, (4, 8), (8,)))
    return FaceCache(tmp_path / "cache")


@pytest.fixture
def untraced():
    """Step by step: of few steps, tracing the networks takes longer than taking them."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def config(epochs: int) -> training.Config:
    return training.Config(epochs=epochs, batch_size=2, learning_rate=2e-3, precision="float32")


def last_l1(run) -> list[float]:
    lines = [line.split(",") for line in (run / "log.csv").read_text().splitlines()]
    return [float(line[lines[0].index("l1")]) for line in lines[1:]]


def test_training_draws_better_faces_and_leaves_a_record(faces, tmp_path):
    run = tmp_path / "run"
    trainer = training.train(faces, embeddings.one_hot(), run, config(9))
    losses = last_l1(run)
    assert len(losses) == 9 and losses[-1] < 0.6 * losses[0]
    assert len(list((run / "samples").glob("*.png"))) == 9
    for name in ("config.json", "tensorboard", "checkpoint"):
        assert (run / name).exists()
    assert not trainer.average.trainable  # the moving average, not what the gradient moves


def test_interrupted_training_ends_as_if_it_had_not_been(faces, tmp_path, monkeypatch):
    class Killed(Exception):
        pass

    def kill(self, epoch, logs=None):
        if epoch == 1:
            raise Killed

    cut, whole = tmp_path / "cut", tmp_path / "whole"
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(sample_grid.SampleGrid, "on_epoch_begin", kill)
        training.train(faces, embeddings.one_hot(), cut, config(2))
    for run in (cut, whole):
        training.train(faces, embeddings.one_hot(), run, config(2))
    np.testing.assert_allclose(last_l1(cut), last_l1(whole), rtol=1e-3)


def test_training_that_diverges_ends_before_it_is_saved(faces, tmp_path, untraced):
    wrong = embeddings.one_hot()
    wrong[0] = np.nan
    with pytest.raises(ElsefaceError, match="no number after batch 1"):
        training.train(faces, wrong, tmp_path, config(1))
    assert not [*(tmp_path / "checkpoint").glob("*.h5")]


def test_mirrored_faces_keep_their_landmarks(faces):
    """Curves, mask and context are mirrored with the crop."""
    batches = decoder_batches.Faces(faces, 0, embeddings.one_hot(), 6, seed=1)
    plain = decoder_batches.Faces(faces, 0, embeddings.one_hot(), 6, seed=None)[0][0]
    given, real = batches[0]
    for i in range(6):
        views = [(plain[k][0], plain[k][0][:, ::-1]) for k in ("mask", "curves")]
        assert any(
            all((given[k][i] == view[side]).all() for k, view in zip(("mask", "curves"), views))
            for side in (0, 1)
        )
        hidden = given["mask"][i][:, :, 0] == 1
        assert (given["context"][i][hidden] == -1).all()
        np.testing.assert_array_equal(given["context"][i][~hidden], real[i][~hidden])


def test_most_faces_are_shown_as_other_cameras_would(random):
    kind = [("crop", "u1", (32, 32, 3)), ("portrait", "u1", (32, 32, 3)), ("identity", "<i8")]
    rows = np.zeros(200, kind)
    rows["crop"] = rows["portrait"] = random.integers(60, 180, (200, 32, 32, 3))
    rows["identity"] = np.arange(200)
    before = rows.copy()
    new = retaken(rows, np.random.default_rng(0))
    assert (rows == before).all() and (new["identity"] == rows["identity"]).all()
    assert (new["crop"] == new["portrait"]).all()  # one camera took both
    changed = (new["crop"] != rows["crop"]).any((1, 2, 3))
    assert 0.6 < changed.mean() < 0.8
    shift = new["crop"][changed].mean((1, 2)) - rows["crop"][changed].mean((1, 2))
    assert (shift.mean(1) > 5).any() and (shift.mean(1) < -5).any()  # lighter and darker
    assert np.ptp(shift, axis=1).max() > 10  # and of another colour
    again = retaken(rows, np.random.default_rng(0))
    assert (again == new).all()


def skin(light: float, yellow: float) -> np.ndarray:
    """A crop of one colour of the CIELAB space, without red or green."""
    lab = np.full((64, 64, 3), (light, 0, yellow), np.float32)
    return (cv2.cvtColor(lab, cv2.COLOR_LAB2RGB) * 255).round().astype(np.uint8)


def test_skin_is_dark_by_its_lighter_cheek(mean_shape):
    for light, yellow, angle in ((70, 20, 45), (50, 15, 0), (40, 10, -45)):
        assert typology_angle(skin(light, yellow), mean_shape) == pytest.approx(angle, abs=4)
    shaded = skin(70, 20)
    shaded[:, :32] = 0
    assert typology_angle(shaded, mean_shape) == pytest.approx(45, abs=4)
    assert typology_angle(shaded[:, ::-1], mean_shape) == pytest.approx(45, abs=4)


def test_dark_skin_comes_more_often_in_training_only(faces, monkeypatch):
    monkeypatch.setattr(decoder_batches.Faces, "_is_dark", lambda self, number: number % 2 == 0)
    seen = decoder_batches.Faces(faces, 0, embeddings.one_hot(), 6, seed=1)
    numbers, counts = np.unique(seen.order, return_counts=True)
    assert numbers.tolist() == sorted(faces.split(0))
    assert counts.tolist() == [decoder_batches.OFTEN if n % 2 == 0 else 1 for n in numbers]
    plain = decoder_batches.Faces(faces, 0, embeddings.one_hot(), 6, seed=None)
    assert sorted(plain.order) == sorted(faces.split(0))
