"""The decoder: a U-Net from context, landmarks, texture and attribute maps to a face.

Ronneberger et al., MICCAI 2015.  The attribute maps join the features at the bottleneck, and
their projection scales and shifts every block after it (FiLM, Perez et al., AAAI 2018), so that
an edit reaches each resolution.  Batch normalisation learned several times faster here than RMS or
group normalisation, whose features lose the overall colour; at run time its statistics are fixed,
so that a face does not depend on its batch.
"""

from __future__ import annotations

import keras
from elseface.common.attributes import COUNT
from elseface.stage2_reconstruct.conditions import CURVES
from elseface.stage2_reconstruct.embeddings import SIDE
from keras import layers, ops

#: Of the batch statistics; the averaged generator smooths them once more.
MOMENTUM = 0.9


@keras.saving.register_keras_serializable("elseface")
class Modulate(layers.Layer):
    """x (n, h, w, c) and style (n, s) to normalised x, scaled and shifted per channel by style."""

    def build(self, shapes: list[tuple[int | None, ...]]) -> None:
        features, style = shapes
        self.norm = layers.BatchNormalization(
            momentum=MOMENTUM, center=False, scale=False, dtype=self.dtype_policy
        )
        self.norm.build(features)
        self.affine = layers.Dense(
            2 * features[-1], kernel_initializer="zeros", dtype=self.dtype_policy
        )
        self.affine.build(style)

    def call(self, inputs: list[keras.KerasTensor]) -> keras.KerasTensor:
        x, style = inputs
        scale, shift = ops.split(self.affine(style)[:, None, None, :], 2, axis=-1)
        return self.norm(x) * (1 + scale) + shift

    def compute_output_shape(self, shapes: list[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        return shapes[0]


def _conv(x, width: int, stride: int = 1, kernel: int = 3, initializer="he_normal"):
    return layers.Conv2D(width, kernel, stride, "same", kernel_initializer=initializer)(x)


def _untextured(shape: tuple[int, ...], dtype: str | None = None):
    """He's, but for the last three channels, a texture: whoever never saw one does not heed it."""
    kernel = keras.initializers.HeNormal()(shape, dtype)
    heeded = ops.arange(shape[2]) < shape[2] - 3
    return kernel * ops.cast(heeded, kernel.dtype)[:, None]


def _norm(x):
    return layers.BatchNormalization(momentum=MOMENTUM)(x)


def _encode(x, width: int, initializer="he_normal"):
    """Halve the picture and add one residual convolution."""
    x = _conv(x, width, stride=2, kernel=4, initializer=initializer)
    x = layers.LeakyReLU(0.2)(_norm(x))
    y = layers.LeakyReLU(0.2)(_norm(_conv(x, width)))
    return layers.Add()([x, y])


def _decode(x, style, width: int):
    """A modulated convolution and a modulated residual one."""
    x = layers.LeakyReLU(0.2)(Modulate()([_conv(x, width), style]))
    y = layers.LeakyReLU(0.2)(Modulate()([_conv(x, width), style]))
    return layers.Add()([x, y])


def unet(size: int = 128, widths: tuple[int, ...] = (48, 96, 192, 384)) -> keras.Model:
    """The generator.

    Parameters
    ----------
    size : side of the face in pixels: ``SIDE * 2 ** len(widths)``
    widths : channels at each halving

    Returns
    -------
    keras.Model taking the dict of :func:`~elseface.stage2_reconstruct.conditions.conditions` and
    giving faces (n, size, size, 3), float32, RGB in [-1, 1].  It draws the whole crop, also
    outside the mask, where its picture serves to match colours.
    """
    context = keras.Input((size, size, 3), name="context")
    mask = keras.Input((size, size, 1), name="mask")
    curves = keras.Input((size, size, len(CURVES)), name="curves")
    texture = keras.Input((size, size, 3), name="texture")
    maps = keras.Input((SIDE, SIDE, COUNT), name="attributes")
    style = layers.Dense(128)(layers.Flatten()(maps))
    style = layers.LeakyReLU(0.2)(style)

    picture = layers.Concatenate()([context, mask, curves, texture])
    skips, x = [picture], picture
    for width in widths:
        x = _encode(x, width, "he_normal" if skips[1:] else _untextured)
        skips.append(x)
    x = layers.Concatenate()([skips.pop(), maps])
    x = _decode(x, style, widths[-1])
    for width in reversed(widths[:-1]):
        x = layers.UpSampling2D(interpolation="bilinear")(_conv(x, width, kernel=1))
        x = _decode(layers.Concatenate()([x, skips.pop()]), style, width)
    x = layers.UpSampling2D(interpolation="bilinear")(_conv(x, widths[0] // 2, kernel=1))
    x = _conv(layers.Concatenate()([x, picture]), widths[0] // 2, initializer=_untextured)
    x = layers.LeakyReLU(0.2)(Modulate()([x, style]))
    face = layers.Conv2D(3, 3, padding="same")(x)
    face = layers.Activation("tanh", dtype="float32")(face)
    inputs = (context, mask, curves, texture, maps)
    return keras.Model({tensor.name: tensor for tensor in inputs}, face, name="decoder")
