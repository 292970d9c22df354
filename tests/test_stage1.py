"""Detection, landmarks, factors, the cache and the classifier."""

import keras
import numpy as np
import pytest
from elseface.common import celeba
from elseface.common.attributes import index
from elseface.common.errors import ElsefaceError
from elseface.stage1_disentangle import attribute_training, cache
from elseface.stage1_disentangle.attribute_network import attribute_network
from elseface.stage1_disentangle.attributes import AttributeClassifier
from elseface.stage1_disentangle.faces import aligned_face, find_faces
from elseface.stage1_disentangle.factors import (
    disentangle,
    estimate_attributes,
    masked_context,
    outside_faces,
)
from elseface.stage1_disentangle.mask import face_ellipse
from elseface.stage1_disentangle.portraits import UNKNOWN, read_portraits
from PIL import Image


def test_one_face_and_no_badge(portrait):
    (face,) = find_faces(portrait)
    left, top, right, bottom = face.box
    assert left < 222 < right and top < 120 < bottom
    assert face.landmarks.shape == (68, 2)
    assert 100 < face.alignment.pixels < 200


def test_every_face_of_a_photo(portrait):
    half = portrait[::2, ::2]
    photo = np.vstack([np.hstack([half, half[:, ::-1]]), np.hstack([half, np.zeros_like(half)])])
    faces = find_faces(photo)
    assert len(faces) == 3
    widths = [face.box[2] - face.box[0] for face in faces]
    assert widths == sorted(widths, reverse=True)


def test_turned_face_is_found_with_its_turn(portrait):
    import cv2

    turn = cv2.getRotationMatrix2D((222, 130), 20, 1)
    (face,) = find_faces(cv2.warpAffine(portrait, turn, (512, 512)))
    angle = np.degrees(np.arctan2(face.alignment.matrix[0, 1], face.alignment.matrix[0, 0]))
    assert abs(abs(angle) - 20) < 6


def test_no_face(random):
    assert find_faces(random.integers(0, 256, (300, 300, 3), dtype=np.uint8)) == []
    assert find_faces(np.zeros((8, 8, 3), np.uint8)) == []


def test_aligned_takes_one_size(portrait):
    with pytest.raises(ElsefaceError, match="178x218"):
        aligned_face(portrait)


def test_context_holds_no_pixel_from_under_the_mask(portrait, random):
    """Bit for bit: replace all that lies under the ellipse, and the context does not change."""
    (face,) = find_faces(portrait)
    ellipse = face_ellipse(face.alignment.to_frame(face.landmarks)).in_photo(face.alignment)
    under = ellipse.draw(*portrait.shape[:2]).astype(bool)

    def seen(photo: np.ndarray) -> np.ndarray:
        return masked_context(photo, outside_faces(photo, [face]), face, 128)[0]

    context, mask = masked_context(portrait, outside_faces(portrait, [face]), face, 128)
    assert not context[mask == 1].any()
    for noise in (0, 255, random.integers(0, 256, (under.sum(), 3))):
        changed = portrait.copy()
        changed[under] = noise
        np.testing.assert_array_equal(seen(changed), context)
    outside = portrait.copy()
    outside[~under] = 0
    assert (seen(outside) != context).any()


def test_factors(portrait):
    classifier = AttributeClassifier(tiny_classifier(), 32)
    faces = find_faces(portrait)
    attributes = estimate_attributes(portrait, faces, classifier)
    (factors,) = disentangle(portrait, faces, attributes, 64)
    assert factors.context.shape == (64, 64, 3) and factors.mask.shape == (64, 64)
    assert factors.landmarks.min() > 0 and factors.landmarks.max() < 1
    assert factors.attributes.shape == (40,)


def tiny_classifier() -> keras.Model:
    portrait = keras.Input((None, None, 3))
    features = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(portrait))
    return keras.Model(portrait, keras.layers.Dense(40, activation="sigmoid")(features))


def test_cache_counts_resumes_and_rebuilds(layout, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cache, "SHARD", 3)
    built = cache.build(layout, tmp_path)
    assert len(built) == 6 and "none found in 1 of 7" in capsys.readouterr().out
    first = built[np.arange(6)]
    found = [0, 1, 2, 4, 5, 6]
    assert [name.decode() for name in first["name"]] == [f"{i:06d}.png" for i in found]
    np.testing.assert_array_equal(first["attributes"], celeba.read(layout).attributes[found])
    np.testing.assert_array_equal(built.split(1), [4, 5])

    times = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.npy")}
    (tmp_path / "00001.npy").unlink()  # as if killed
    again = cache.build(layout, tmp_path)
    np.testing.assert_array_equal(again[np.arange(6)], first)
    assert (tmp_path / "00000.npy").stat().st_mtime_ns == times["00000.npy"]

    settings = tmp_path / "settings.json"  # as if written by a version with another frame
    settings.write_text(settings.read_text().replace('"side": 3.5', '"side": 4.0'))
    np.save(tmp_path / "00000.npy", again[np.arange(6)][::-1][:3])
    np.testing.assert_array_equal(cache.build(layout, tmp_path)[np.arange(6)], first)


def test_cached_crop_shows_the_face_upright_and_whole(layout, tmp_path):
    rows = cache.build(layout, tmp_path)[np.arange(6)]
    eyes = rows["landmarks"][:, 36:48].mean(1)
    assert np.abs(eyes[:, 0] - 0.5).max() < 0.1 and np.abs(eyes[:, 1] - 0.4).max() < 0.1
    assert rows["landmarks"][:, :, 1].max() < 1


@pytest.mark.parametrize("backbone", ["resnet50", "resnet18"])
def test_attribute_network_takes_any_size(backbone):
    network = attribute_network(backbone)
    for size in (32, 64):
        guess = AttributeClassifier(network, size).probabilities(
            [np.zeros((size, size, 3), np.uint8)]
        )
        assert guess.shape == (1, 40) and guess.min() >= 0 and guess.max() <= 1


def test_training_learns_resumes_and_keeps_its_config(layout, tmp_path, monkeypatch):
    monkeypatch.setattr(attribute_training, "attribute_network", lambda _: tiny_classifier())
    faces = cache.build(layout, tmp_path / "cache")
    config = attribute_training.Config(phases=((2, 16), (1, 32)), batch_size=2)
    attribute_training.train(faces, tmp_path / "run", config)
    log = (tmp_path / "run/log.csv").read_text().splitlines()
    assert len(log) == 4
    for name in ("config.json", "best.weights.h5", "tensorboard", "checkpoint"):
        assert (tmp_path / "run" / name).exists()
    attribute_training.train(faces, tmp_path / "run", config)  # finished: nothing is done twice
    assert (tmp_path / "run/log.csv").read_text().splitlines() == log
    with pytest.raises(ElsefaceError, match="another config"):
        attribute_training.train(faces, tmp_path / "run", attribute_training.Config(seed=1))


def test_scores_have_known_answers():
    truth = np.zeros((10, 40), np.uint8)
    truth[:2, 0] = 1  # two of ten show it, one of them is seen, one other is seen wrongly
    guess = np.zeros((10, 40))
    guess[[0, 5], 0] = 0.9
    truth[:5, 1:] = 1
    guess[:5, 1:] = 0.8
    *rows, mean = attribute_training.score(truth, guess)
    assert rows[0]["accuracy"] == pytest.approx(0.8)
    assert rows[0]["balanced"] == pytest.approx((1 / 2 + 7 / 8) / 2)
    assert rows[0]["majority"] == pytest.approx(0.8)
    assert mean["accuracy"] == pytest.approx((0.8 + 39) / 40)


def test_augmentation_keeps_the_range(layout, tmp_path):
    faces = cache.build(layout, tmp_path)
    portraits, bits = attribute_training.Portraits(faces, celeba.TRAIN, 24, 4, seed=0)[0]
    assert portraits.shape == (4, 24, 24, 3) and portraits.min() >= 0 and portraits.max() <= 255
    assert set(np.unique(bits)) <= {0, 1}


def test_portraits_without_labels_are_trained_on_beside_the_cache(
    layout, portrait, anonymizer, tmp_path, capsys
):
    photos = tmp_path / "portraits"
    photos.mkdir()
    Image.fromarray(portrait).save(photos / "somebody.png")
    Image.fromarray(np.zeros((200, 200, 3), np.uint8)).save(photos / "nothing.png")
    found = read_portraits(photos, anonymizer.classifier)
    assert "nothing.png" in capsys.readouterr().out
    assert found["name"].tolist() == [b"somebody.png"] and found["identity"].tolist() == [UNKNOWN]
    assert found["attributes"][0, index("Smiling")] and not found["attributes"][0, index("Bald")]
    built = cache.build(layout, tmp_path / "cache")
    more = built.extended(found, 3)
    assert len(more) == len(built) + 3 and len(more.split(0)) == len(built.split(0)) + 3
    assert (more[np.arange(len(built), len(more))] == found[[0, 0, 0]]).all()
    assert (more[np.arange(len(built))] == built[np.arange(len(built))]).all()
    assert more.digest() != built.digest()


@pytest.mark.parametrize("content", [None, "text", "black"])
def test_a_folder_without_portraits_is_named(content, anonymizer, tmp_path):
    folder = tmp_path / "portraits"
    if content:
        folder.mkdir()
        (folder / "a.png").write_bytes(b"no picture")
        if content == "black":
            Image.fromarray(np.zeros((200, 200, 3), np.uint8)).save(folder / "a.png")
    with pytest.raises(ElsefaceError, match="portraits"):
        read_portraits(folder, anonymizer.classifier)
