"""dlib's recognizer as a Keras network: its own weights and values, in a fifth of dlib's CPU time.

ResNet-29 with half the filters (King, 2017).  The file holds the layers from the
input up, each a name and its parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
from elseface.stage1_disentangle.descriptor import CHIP
from elseface.stage1_disentangle.dlib_file import MEAN, SCALE, integers, kernel, tensor
from keras import layers, ops

#: Filters of the residual blocks; those that halve the picture first.
BLOCKS = (
    [(32, False)] * 3
    + [(64, True)] + [(64, False)] * 3
    + [(128, True)] + [(128, False)] * 2
    + [(256, True)] + [(256, False)] * 2
    + [(256, True)]
)  # fmt: skip


def descriptor_network(file: Path) -> keras.Model:
    """Chips (n, CHIP, CHIP, 3), RGB in [0, 255], to descriptors (n, 128), float32.

    `file` is ``dlib_face_recognition_resnet_model_v1.dat``.
    """
    weights = _parameters(file.read_bytes())

    def convolve(x, filters: int, side: int, stride: int):
        folded = _folded(next(weights), next(weights), filters, side)
        padding = "same" if stride == 1 else "valid"
        layer = layers.Conv2D(filters, side, stride, padding, dtype="float32")
        y = layer(x)
        layer.set_weights(folded)
        return y

    def block(x, filters: int, halve: bool):
        y = layers.Activation("relu")(convolve(x, filters, 3, 2 if halve else 1))
        y = convolve(y, filters, 3, 1)
        shortcut = layers.AveragePooling2D(2)(x) if halve else x
        return layers.Activation("relu")(_sum(y, shortcut))

    chip = keras.Input((CHIP, CHIP, 3), dtype="float32")
    x = layers.Activation("relu")(convolve((chip - np.float32(MEAN)) / SCALE, 32, 7, 2))
    x = layers.MaxPooling2D(3, 2)(x)
    for filters, halve in BLOCKS:
        x = block(x, filters, halve)
    last = layers.Dense(128, use_bias=False, dtype="float32")
    described = last(layers.GlobalAveragePooling2D()(x))
    last.set_weights([next(weights).reshape(256, 128)])
    return keras.Model(chip, described, name="descriptor")


def _sum(one, other):
    """As dlib adds: the smaller in height, width or channels is as if it had zeros there."""
    sizes = [max(pair) for pair in zip(one.shape[1:], other.shape[1:])]

    def grown(x):
        missing = [(0, size - own) for size, own in zip(sizes, x.shape[1:])]
        return ops.pad(x, [(0, 0), *missing]) if any(after for _, after in missing) else x

    return grown(one) + grown(other)


def _folded(
    convolution: np.ndarray, affine: np.ndarray, filters: int, side: int
) -> tuple[np.ndarray, np.ndarray]:
    """Kernel and bias of a convolution and the scale and shift that follow it."""
    weights, bias = kernel(convolution, filters, side)
    scale, shift = affine.reshape(2, filters)
    return weights * scale, bias * scale + shift


def _parameters(data: bytes) -> Iterator[np.ndarray]:
    """The parameters, flat, of convolutions, affine layers and the dense one, in their order."""
    for name in re.finditer(rb"con_4|affine_|fc_2", data):
        place = name.end()
        if name.group() == b"fc_2":  # the numbers of its outputs and inputs
            _, place = integers(data, place, 2)
        yield tensor(data, place)[0]
