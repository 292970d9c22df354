"""What a network costs to run."""

from __future__ import annotations

import math

import keras
from elseface.stage2_reconstruct.decoder import Modulate


def gflop(network: keras.Model) -> float:
    """Billions of floating-point operations of one pass, an addition and a multiplication each.

    Counted are convolutions and dense layers of a network of fixed input size, which is nearly all.
    """
    return 2e-9 * sum(map(_multiplications, network.layers))


def _multiplications(layer: keras.Layer) -> float:
    if isinstance(layer, keras.layers.Conv2D):
        _, height, width, _ = layer.output.shape
        return math.prod(layer.kernel.shape) * height * width
    if isinstance(layer, Modulate):
        return _multiplications(layer.affine)
    if isinstance(layer, keras.layers.Dense):
        return math.prod(layer.kernel.shape)
    return 0
