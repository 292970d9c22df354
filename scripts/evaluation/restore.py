"""An attacker who runs the method on his own pictures and learns to undo it.

A small U-Net is shown what the method makes of his pictures and asked for what was there, with an
L1 loss.  What it gives back of somebody else is then recognised among clean pictures.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import keras
import numpy as np
from elseface.common.errors import ElsefaceError
from elseface.common.face import Face
from elseface.scripts.evaluation.pictures import Result
from elseface.stage1_disentangle.mask import face_ellipse
from elseface.stage3_generate.blending import paste
from keras import layers, ops

#: Side of the crops, channels at each halving, and the training.
SIZE, WIDTHS, EPOCHS, BATCH, RATE = 96, (32, 64, 128, 192), 12, 16, 1e-3
#: Steps of the control at least: enough to give back what a pixel says of itself.
CONTROL = 60


def network(precision: str = "float32") -> keras.Model:
    """Crop (n, SIZE, SIZE, 4), RGB in [-1, 1] and the mask, to what was there, RGB in [-1, 1].

    It sees two by two pixels as channels of one (Shi et al., CVPR 2016): on pairs of 1000 pictures
    that learnt as well as layers of full size, in six tenths of the time.  Its layers follow
    `precision`, a Keras dtype policy; those of others made later do not.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        return _network()
    finally:
        keras.config.set_dtype_policy(before)


def _network() -> keras.Model:
    crop = keras.Input((SIZE, SIZE, 4))
    skips, x = [], _gathered(crop)
    for number, width in enumerate(WIDTHS):
        x = _block(x, width, 2 if number else 1)
        skips.append(x)
    skips.pop()
    for width in reversed(WIDTHS[:-1]):
        x = layers.UpSampling2D(interpolation="bilinear")(x)
        x = _block(layers.Concatenate()([x, skips.pop()]), width)
    # A method that leaves nothing to undo is undone by an identity; from there it can only learn.
    change = layers.Conv2D(4 * 3, 3, padding="same", kernel_initializer="zeros")(x)
    restored = layers.Add(dtype="float32")([crop[..., :3], _spread(change)])
    return keras.Model(crop, restored, name="restore")


def train(
    pairs: Iterable[Result], weights: Path, precision: str = "float32", seed: int = 0
) -> keras.Model:
    """The network trained on the attacker's pairs, or the one whose weights are kept already."""
    keras.utils.set_random_seed(seed)
    restorer = network(precision)
    if weights.exists():
        restorer.load_weights(weights)
        return restorer
    _fit(restorer, Pairs([(r.photo, r.pixels, r.faces[0]) for r in pairs if r.faces], seed), EPOCHS)
    weights.parent.mkdir(parents=True, exist_ok=True)
    new = weights.with_name(f"new-{weights.name}")  # Keras wants the end of the name
    restorer.save_weights(new)
    os.replace(new, weights)
    return restorer


def control(
    pictures: Iterable[Result], precision: str = "float32", seed: int = 0
) -> tuple[float, float]:
    """Whether training learns: how far negatives of the attacker's own pictures lie from those, by
    the loss, before and after a short training.

    On pictures that nobody changed there is nothing to learn, and an identity is perfect.

    Raises
    ------
    ElsefaceError
        When no face is found in any of them.
    """
    shown = [(r.photo, 255 - r.photo, r.faces[0]) for r in pictures if r.faces]
    if not shown:
        raise ElsefaceError(
            "no face is found in the pictures for tuning: leave `restore` out of --attacks"
        )
    keras.utils.set_random_seed(seed)
    restorer, batches = network(precision), Pairs(shown, seed)
    _fit(restorer, batches, -(-CONTROL // len(batches)))
    given, wanted = batches[0]
    drawn = (given[..., :3], restorer.predict_on_batch(given))
    untrained, trained = (float(_masked_l1(wanted, faces)) for faces in drawn)
    return untrained, trained


def _fit(restorer: keras.Model, batches: Pairs, epochs: int) -> None:
    rate = keras.optimizers.schedules.CosineDecay(RATE, epochs * len(batches))
    restorer.compile(keras.optimizers.Adam(rate), loss=_masked_l1)
    restorer.fit(batches, epochs=epochs, verbose=0)


class Pairs(keras.utils.PyDataset):
    """Batches of what the method made and what was there, with the mask for the loss; the crops
    are kept as bytes, a quarter of what the network takes."""

    def __init__(self, found: list[tuple[np.ndarray, np.ndarray, Face]], seed: int) -> None:
        super().__init__()
        self.given = [_given(pixels, face) for _, pixels, face in found]
        self.wanted = [face.alignment.crop(photo, SIZE) for photo, _, face in found]
        self.random = np.random.default_rng(seed)
        self.order = self.random.permutation(len(found))

    def __len__(self) -> int:
        return -(-len(self.order) // BATCH)

    def __getitem__(self, batch: int) -> tuple[np.ndarray, np.ndarray]:
        rows = self.order[batch * BATCH : (batch + 1) * BATCH]
        given = _scaled(np.stack([self.given[i] for i in rows]))
        wanted = np.stack([self.wanted[i] for i in rows]) / np.float32(127.5) - 1
        return given, np.concatenate([wanted, given[..., 3:]], -1)

    def on_epoch_end(self) -> None:
        self.random.shuffle(self.order)


def restored(restorer: keras.Model, pixels: np.ndarray, face: Face) -> np.ndarray:
    """The picture (height, width, 3) uint8 RGB with the face as the network gives it back."""
    crop = np.asarray(restorer.predict_on_batch(_scaled(_given(pixels, face)[None])))[0]
    result = pixels.copy()
    paste(result, face, np.clip((crop + 1) * 127.5, 0, 255).astype(np.float32))
    return result


def _masked_l1(target, drawn):
    mask = target[..., 3:]
    return keras.ops.sum(mask * keras.ops.abs(target[..., :3] - drawn)) / (
        3 * keras.ops.maximum(keras.ops.sum(mask), 1.0)
    )


def _given(pixels: np.ndarray, face: Face) -> np.ndarray:
    """Crop and mask (SIZE, SIZE, 4), uint8."""
    ellipse = face_ellipse(face.alignment.to_frame(face.landmarks)).in_crop(SIZE)
    crop = face.alignment.crop(pixels, SIZE)
    return np.concatenate([crop, ellipse.draw(SIZE, SIZE)[:, :, None]], -1)


def _scaled(given: np.ndarray) -> np.ndarray:
    colours = given[..., :3] / np.float32(127.5) - 1
    return np.concatenate([colours, given[..., 3:].astype(np.float32)], -1)


def _block(x, width: int, stride: int = 1):
    x = layers.Conv2D(width, 3, stride, "same", use_bias=False)(x)
    x = layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(x))
    x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
    return layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(x))


def _gathered(x):
    """(n, 2 h, 2 w, c) to (n, h, w, 4 c)."""
    height, width, channels = x.shape[1] // 2, x.shape[2] // 2, x.shape[3]
    x = ops.reshape(x, (-1, height, 2, width, 2, channels))
    return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, height, width, 4 * channels))


def _spread(x):
    """And back."""
    height, width, channels = x.shape[1], x.shape[2], x.shape[3] // 4
    x = ops.reshape(x, (-1, height, width, 2, 2, channels))
    return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, 2 * height, 2 * width, channels))
