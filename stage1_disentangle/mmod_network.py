"""dlib's convolutional detector as a Keras network: its own weights, in a seventh of the time."""

from __future__ import annotations

import re
from pathlib import Path

import keras
import numpy as np
from elseface.stage1_disentangle.dlib_file import MEAN, SCALE, integers, kernel, tensor
from keras import layers

#: Filters, side and stride of the convolutions; all but the last have batch normalisation and ReLU.
CONVOLUTIONS = (
    (16, 5, 2), (32, 5, 2), (32, 5, 2), (45, 5, 1), (45, 5, 1), (45, 5, 1), (1, 9, 1),
)  # fmt: skip
#: What dlib adds to a variance.
EPSILON = 1e-4


def mmod_network(file: Path) -> keras.Model:
    """Pictures (n, height, width, 3), RGB in [0, 255], to scores (n, rows, columns, 1): above zero
    where the middle of a face is.  `file` is dlib's ``mmod_human_face_detector.dat``."""
    picture = keras.Input((None, None, 3), dtype="float32")
    x = (picture - np.float32(MEAN)) / SCALE
    folded = _folded(file.read_bytes())
    for weights, (filters, side, stride) in zip(folded, CONVOLUTIONS, strict=True):
        padding = "same" if stride == 1 else "valid"
        activation = "relu" if filters > 1 else None
        layer = layers.Conv2D(
            filters, side, stride, padding, activation=activation, dtype="float32"
        )
        x = layer(x)
        layer.set_weights(weights)
    return keras.Model(picture, x, name="mmod")


def _folded(data: bytes) -> list[tuple[np.ndarray, np.ndarray]]:
    """Kernel and bias of each convolution, the batch normalisation that follows it included."""
    found: list[tuple[np.ndarray, np.ndarray]] = []
    sizes = iter(CONVOLUTIONS)
    for name in re.finditer(rb"con_4|bn_con2", data):
        values, place = tensor(data, name.end())
        if name.group() == b"con_4":
            filters, side, _ = next(sizes)
            found.append(kernel(values, filters, side))
            continue
        gain, offset = values.reshape(2, -1)
        _, place = integers(data, place, 10)  # how the tensor is cut in these two
        for _ in range(2):  # the last batch's means and deviations
            _, place = tensor(data, place)
        mean, place = tensor(data, place)
        variance, _ = tensor(data, place)
        gain = gain / np.sqrt(variance + EPSILON)
        weights, bias = found[-1]
        found[-1] = weights * gain, (bias - mean) * gain + offset
    return found
