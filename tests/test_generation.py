"""Training for generation: edited batches, frozen critics, the recognizer that repels."""

import keras
import numpy as np
import pytest
from elseface.common.attributes import COUNT, NAMES, index, indices
from elseface.stage1_disentangle.attributes import PORTRAIT_FIELD, AttributeClassifier
from elseface.stage1_disentangle.cache import RECORD, FaceCache
from elseface.stage1_disentangle.faces import find_faces
from elseface.stage2_reconstruct import embeddings
from elseface.stage2_reconstruct.conditions import draw_landmarks
from elseface.stage2_reconstruct.decoder import unet
from elseface.stage2_reconstruct.discriminator import patchgan
from elseface.stage3_generate import policies, recognizer_training
from elseface.stage3_generate.critics import Critics, area_matrix, wrong_attributes
from elseface.stage3_generate.edited_faces import EditedFaces, Editing, emphasis
from elseface.stage3_generate.generation_trainer import GenerationTrainer
from elseface.stage3_generate.load import load_shape_model, load_texture_model
from elseface.stage3_generate.recognizer import embedding_network, supervised_contrast
from elseface.stage3_generate.spectacles import PLAIN
from elseface.stage3_generate.texture_model import LATENTS

SIZE, PORTRAIT = 32, 20


@pytest.fixture
def faces(tmp_path, random, mean_shape, monkeypatch) -> FaceCache:
    """Sixteen tinted squares of eight people, two each: six to train on, two to validate."""
    dtype = np.dtype([
        (name, (np.uint8, (SIZE, SIZE, 3)) if name in ("crop", "portrait") else RECORD[name])
        for name in RECORD.names
    ])  # fmt: skip
    monkeypatch.setattr("elseface.stage1_disentangle.cache.RECORD", dtype)
    rows = np.zeros(16, dtype)
    rows["identity"] = np.arange(16) // 2
    tint = 2 * random.integers(10, 115, (8, 1, 1, 3))[rows["identity"]]
    rows["crop"] = rows["portrait"] = np.broadcast_to(tint, (16, SIZE, SIZE, 3))
    rows["crop"][1::2] += 1  # two photos are never quite the same
    rows["landmarks"] = mean_shape
    rows["attributes"] = random.integers(0, 2, (16, COUNT))
    rows["partition"][12:] = 1
    rows["name"] = [f"{i}.jpg" for i in range(16)]
    np.save(tmp_path / "00000.npy", rows)
    return FaceCache(tmp_path)


def edited(
    faces: FaceCache, batch_size: int = 8, policy=policies.none, another_photo: bool = False
) -> EditedFaces:
    editing = Editing(policy, load_shape_model(), load_texture_model())
    maps, latents = embeddings.one_hot(), np.eye(16, LATENTS)
    return EditedFaces(faces, 0, maps, batch_size, 0, editing, latents, PORTRAIT, another_photo)


def test_area_matrix_averages_and_knows_its_field():
    np.testing.assert_allclose(area_matrix(4, 2, 1.0), [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]])
    wide = area_matrix(128, 80, PORTRAIT_FIELD)
    inside = wide.sum(1)
    assert inside[0] == inside[-1] == 0 and inside[40] == pytest.approx(1)
    assert wide.sum() == pytest.approx(80 / PORTRAIT_FIELD, rel=1e-4)
    # A ramp over the frame stays that ramp.
    ramp = wide @ ((np.arange(128) + 0.5) / 128)
    centre = ((np.arange(80) + 0.5) / 80 - 0.5) * PORTRAIT_FIELD + 0.5
    full = inside > 0.999
    np.testing.assert_allclose(ramp[full], centre[full], atol=3e-4)


def test_wrong_attributes_has_known_answers():
    p = np.array([[0.5, 0.99, 0.2]], np.float32)
    wanted = np.array([[1, 1, 0]], np.float32)
    for weight, loss in (
        ([1, 0, 0], np.log(0.7) - np.log(0.5)),
        ([0, 1, 0], 0),  # sure enough
        ([0, 0, 1], 0),
        ([0.5, 0, 0.5], (np.log(0.7) - np.log(0.5)) / 2),
        ([0, 0, 0], 0),
    ):
        got = wrong_attributes(p, wanted, np.array([weight], np.float32))
        assert float(got) == pytest.approx(loss, abs=1e-5)


def test_contrast_is_the_likelihood_of_ones_partner():
    identity = np.array([[3], [5], [3], [5]])
    vectors = np.array([[1, 0], [0, 1], [1, 0], [0, 1]], np.float32)
    loss = np.asarray(supervised_contrast(identity, vectors))
    np.testing.assert_allclose(loss, np.log(1 + 2 * np.exp(-10)), atol=1e-5)
    alike = np.full((4, 2), np.sqrt(0.5), np.float32)
    np.testing.assert_allclose(supervised_contrast(identity, alike), np.log(3), rtol=1e-5)


def test_only_the_first_half_is_changed_and_never_its_context(faces):
    batches = edited(faces)
    batches.order = np.arange(8)
    given, real = batches[0]
    assert given["wanted"].shape == given["weight"].shape == (4, COUNT)
    assert given["portrait"].shape == (4, PORTRAIT, PORTRAIT, 3)
    assert set(np.unique(given["repelled"])) <= {0, 1}
    hidden = given["mask"][..., 0] == 1
    assert (given["context"][hidden] == -1).all()
    np.testing.assert_array_equal(given["context"][~hidden], real[~hidden])
    curves = given["curves"]
    mirrored = curves[:, :, ::-1]
    for i in range(4, 8):  # all have one shape, up to a mirror
        assert (curves[i] == curves[4]).all() or (curves[i] == mirrored[4]).all()
    for own in given["own_curves"]:
        assert (own == curves[4]).all() or (own == mirrored[4]).all()
    assert any((curves[i] != given["own_curves"][i]).any() for i in range(4))
    bits = faces[np.arange(4)]["attributes"]
    kept = given["own_attributes"].max((1, 2))  # one-hot maps, softened
    np.testing.assert_array_equal(kept > 0.5, bits == 1)


def test_textures_are_those_of_the_face_that_is_to_be_drawn(faces, monkeypatch, mean_shape):
    monkeypatch.setattr("elseface.stage3_generate.edited_faces.SWAPPED", 0)
    batches, known, new = edited(faces), [], []
    for epoch in range(8):
        batches.begin(epoch)
        given, _ = batches[0]
        textures = given["texture"]
        for i, number in enumerate(batches.numbers(0)):
            own = load_texture_model().draw(np.eye(16, LATENTS)[number], mean_shape, SIZE)
            plain = draw_landmarks(mean_shape, SIZE) / np.float32(255)
            if i >= 4 and not (given["curves"][i] == plain).all():  # mirrored with its face
                own = own[:, ::-1]
            theirs = np.allclose(textures[i], own, atol=1e-5)
            assert theirs <= (i >= 4)
            # Or nobody's in particular; of a new face in a new shape somebody's who is not there.
            assert theirs or not textures[i].any() or i < 4
            (new if i < 4 else known).append(textures[i].any())
    assert 0 < np.mean(known) < 1 and 0 < np.mean(new) < 1


def test_some_photos_get_spectacles_which_no_context_shows(faces, monkeypatch):
    monkeypatch.setattr("elseface.stage3_generate.edited_faces.SPECTACLED", 1.0)
    monkeypatch.setattr("elseface.stage2_reconstruct.cameras.SHARE", 0.0)
    batches = edited(faces)
    batches.order = np.arange(8)
    rows = faces[np.arange(8)]
    given, real = batches[0]
    plain, without = rows["crop"][:, :1, :1] / 127.5 - 1, rows["attributes"][:, index("Eyeglasses")]
    under = given["mask"] == 1
    drawn = np.abs(real - plain).max(-1, keepdims=True) > 0.05
    for i in range(8):
        assert drawn[i].any() == (i >= 4 and without[i] == 0)
        assert not drawn[i][~under[i]].any()
        maps = given["attributes"][i].max((0, 1))
        if drawn[i].any():
            assert maps[index("Eyeglasses")] > 0.5


def test_spectacles_sit_about_the_eyes(portrait):
    (face,) = find_faces(portrait)
    crop = face.alignment.crop(portrait, 128)
    points = face.alignment.to_frame(face.landmarks)
    y, x = np.nonzero((PLAIN.put_on(crop, points) != crop).any(-1))
    eyes = points[36:48] * 128
    apart = eyes[:, 0].max() - eyes[:, 0].min()
    assert y.min() > eyes[:, 1].min() - apart / 3 and y.max() < eyes[:, 1].max() + apart / 3
    assert x.min() < eyes[:, 0].min() and x.max() > eyes[:, 0].max()
    mirrored = np.c_[1 - points[:, 0], points[:, 1]]
    mirrored = np.r_[mirrored[16::-1], mirrored[17:36], mirrored[42:48], mirrored[36:42]]
    back = PLAIN.put_on(np.ascontiguousarray(crop[:, ::-1]), mirrored[:48])[:, ::-1]
    assert np.abs(back.astype(int) - PLAIN.put_on(crop, points)).mean() < 1


def test_the_photo_is_judged_under_its_own_conditions(faces):
    """The discriminator is never told that a photo shows what was asked of the new face."""
    batch, _ = edited(faces)[0]
    trainer = GenerationTrainer(
        unet(SIZE, (8, 12)),
        unet(SIZE, (8, 12)),
        patchgan(SIZE, (4, 8), (8,)),
        {"fooled": 1.0, "tint": 1.0, "swapped": 1.0},
        None,
    )
    own = trainer.own_conditions(batch)
    for name in ("curves", "attributes"):
        got = np.asarray(own[name])
        np.testing.assert_array_equal(got[:4], batch[f"own_{name}"])
        np.testing.assert_array_equal(got[4:], batch[name][4:])


def test_the_photo_to_be_unlike_is_another_one_of_the_same_person(faces):
    batches = edited(faces, another_photo=True)
    batches.order = np.arange(8)
    crops = faces[np.arange(16)]["crop"][:, 0, 0].astype(int)
    given, _ = batches[0]
    for i, other in enumerate((1, 0, 3, 2)):
        colour = ((given["same_person"][i, 0, 0] + 1) * 127.5).round().astype(int)
        np.testing.assert_array_equal(colour, crops[other])


def test_of_the_other_photos_one_a_face_is_read_and_only_where_wanted(faces, monkeypatch):
    read = []
    get = FaceCache.__getitem__
    monkeypatch.setattr("elseface.stage3_generate.edited_faces.SWAPPED", 0)
    monkeypatch.setattr(
        FaceCache, "__getitem__", lambda cache, rows: read.append(len(rows)) or get(cache, rows)
    )
    without, batches = edited(faces), edited(faces, another_photo=True)
    read.clear()  # of looking for dark skin
    given, _ = without[0]
    assert read == [8] and "same_person" not in given
    given, _ = batches[0]
    assert read == [8, 8, 4] and len(given["same_person"]) == 4


def test_every_hand_edit_is_coherent_and_aimed(faces, random):
    editing = Editing(policies.none, load_shape_model(), load_texture_model())
    points, bits = faces[np.array([0])]["landmarks"][0], np.zeros(COUNT, np.float32)
    changed = []
    for _ in range(200):
        _, after, *_ = editing.change(points, bits, random, SIZE)
        changed.append(after)
        assert after[index("Goatee")] + after[index("No_Beard")] < 2
    shares = dict(zip(NAMES, np.mean(changed, 0)))
    assert shares["Smiling"] > 0.05 and shares["Bangs"] == 0  # hair is copied, not drawn


def test_what_changes_matters_as_much_as_all_that_stays():
    bits = np.zeros((2, COUNT), np.float32)
    values = bits.copy()
    values[0, indices(["Smiling", "Big_Nose"])] = 1
    weight = emphasis(bits, values)
    assert weight[0, index("Smiling")] == weight[0, index("Big_Nose")] == 0.5
    np.testing.assert_allclose(weight.sum(1), [2, 1], rtol=1e-5)
    assert weight[0, index("Blond_Hair")] == 0


def tiny_recognizer() -> keras.Model:
    picture = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(8, 3, 2, "same", activation="relu")(picture)
    x = keras.layers.BatchNormalization()(x)
    return embedding_network(keras.Model(picture, keras.layers.GlobalAveragePooling2D()(x)))


def tiny_backbone() -> keras.Model:
    """Built as the attribute network is: a model of features within a model."""
    picture = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(8, 3, 2, "same", activation="relu")(picture)
    inner = keras.Model(picture, keras.layers.GlobalAveragePooling2D()(x))
    whole = keras.Input((None, None, 3))
    return keras.Model(whole, keras.layers.Dense(COUNT)(inner(whole)))


def tiny_classifier() -> AttributeClassifier:
    portrait = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(8, 3, 2, "same", activation="relu")(
        keras.layers.Rescaling(1 / 127.5, -1)(portrait)
    )
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dense(COUNT, activation="sigmoid")(x)
    return AttributeClassifier(keras.Model(portrait, x), PORTRAIT)


def test_critics_look_at_the_face_laid_into_its_portrait(random, monkeypatch):
    classifier = tiny_classifier()
    critics = Critics(classifier, tiny_recognizer())
    portraits = random.uniform(0, 255, (2, PORTRAIT, PORTRAIT, 3)).astype(np.float32)
    seen = random.uniform(-1, 1, (2, SIZE, SIZE, 3)).astype(np.float32)
    nothing = np.zeros((2, SIZE, SIZE, 1), np.float32)
    untouched = classifier.network.predict_on_batch(portraits)
    monkeypatch.setitem(vars(critics), "glance", lambda shown, training: shown)
    np.testing.assert_allclose(critics.attributes(portraits, seen, nothing), untouched, atol=1e-5)
    everything = critics.attributes(portraits, seen, nothing + 1)
    assert np.abs(np.asarray(everything) - untouched).max() > 1e-4
    np.testing.assert_allclose(critics.likeness(seen, seen), 1, atol=1e-5)


def test_critics_never_glance_twice_alike():
    critics = Critics(tiny_classifier())
    ramp = np.linspace(0, 255, PORTRAIT, dtype=np.float32)
    portraits = np.broadcast_to(ramp[:, None, None], (2, PORTRAIT, PORTRAIT, 3))
    one, two = (np.asarray(critics.glance(portraits, training=True)) for _ in range(2))
    assert np.abs(one - two).mean() > 1
    assert np.abs(one - portraits).mean() < 30


def test_generation_training_listens_to_critics_and_leaves_them_alone(faces):
    keras.utils.set_random_seed(0)
    critics = Critics(tiny_classifier(), tiny_recognizer())
    frozen = [w.copy() for w in critics.recognizer.get_weights()]
    frozen += [w.copy() for w in critics.classifier.network.get_weights()]
    weights_of = {
        "l1": 1.0,
        "ssim": 1.0,
        "fooled": 0.1,
        "features": 1.0,
        "attributes": 40.0,
        "tint": 1.0,
        "swapped": 1.0,
        "likeness": 1.0,
    }
    networks = unet(SIZE, (8, 12)), unet(SIZE, (8, 12)), patchgan(SIZE, (4, 8), (8,))
    trainer = GenerationTrainer(*networks, weights_of, critics)
    trainer.compile(keras.optimizers.Adam(3e-3), keras.optimizers.Adam(1e-4))
    batch = edited(faces, another_photo=True)[0]
    asked = [
        float(trainer.train_on_batch(*batch, return_dict=True)["attributes"]) for _ in range(40)
    ]
    assert np.mean(asked[-10:]) < np.mean(asked[:10])  # each time a random glance
    after = [*critics.recognizer.get_weights(), *critics.classifier.network.get_weights()]
    for old, new in zip(frozen, after):
        np.testing.assert_array_equal(old, new)
    held = {id(w) for w in critics.recognizer.weights + critics.classifier.network.weights}
    assert not held & {id(w) for w in trainer.weights}  # neither trained nor checkpointed


def test_recognizer_training_shows_pairs_and_tells_people_apart(faces, tmp_path):
    pairs = recognizer_training.Pairs(faces, 0, people=3, seed=0)
    pictures, identity = pairs[0]
    assert pictures.shape == (6, SIZE, SIZE, 3) and np.abs(pictures).max() <= 1
    assert (identity[::2] == identity[1::2]).all() and len(set(identity[:, 0])) == 3
    config = recognizer_training.Config(epochs=3, people=3)
    network = recognizer_training.train(faces, tiny_backbone(), tmp_path / "run", config)
    assert (tmp_path / "run/log.csv").exists()

    def perfect(crops):
        tints = ((crops[:, 0, 0] + 1) * 127.5).round() // 2
        return np.eye(16)[np.unique(tints, axis=0, return_inverse=True)[1].ravel()]

    class Perfect:
        predict_on_batch = staticmethod(perfect)

    assert recognizer_training.verify(Perfect(), faces, 1) == {"area under ROC": 1, "rank-1": 1}
    assert 0 <= recognizer_training.verify(network, faces, 1)["area under ROC"] <= 1
