"""The attribute network: a ResNet with 40 sigmoid outputs.

He et al., CVPR 2016; the source document replaces the top of a ResNet-50 by a dense layer of 40
units trained with binary cross-entropy.  Global average pooling stands where the source flattens,
so that one set of weights takes any picture size.
"""

from __future__ import annotations

import keras
from elseface.common.attributes import COUNT
from keras import layers

#: Channels of the four stages of the small one, half of what a ResNet-18 has.
WIDTHS = 32, 64, 128, 256


def attribute_network(backbone: str = "resnet50") -> keras.Model:
    """Portrait (n, size, size, 3), RGB in [0, 255], to 40 probabilities (n, 40), float32.

    `backbone` is ``resnet50``, or ``resnet18``, a small one: an eighth of the operations.
    """
    portrait = keras.Input((None, None, 3), name="portrait")
    features = {"resnet50": _resnet50, "resnet18": _resnet18}[backbone]()
    probabilities = layers.Dense(
        COUNT, activation="sigmoid", dtype="float32", name="probabilities"
    )(features(layers.Rescaling(1 / 127.5, -1)(portrait)))
    return keras.Model(portrait, probabilities, name="attributes")


def backbone(network: keras.Model) -> keras.Model:
    """What :func:`attribute_network` puts its dense layer on: pictures (n, h, w, 3) in [-1, 1] to
    features (n, d).  It shares its weights with `network`."""
    return next(layer for layer in network.layers if isinstance(layer, keras.Model))


def _resnet50() -> keras.Model:
    return keras.applications.ResNet50(
        include_top=False, weights=None, pooling="avg", input_shape=(None, None, 3)
    )


def _resnet18() -> keras.Model:
    picture = keras.Input((None, None, 3))
    x = layers.Activation("relu")(_convolved(picture, WIDTHS[0], 7, 2))
    x = layers.MaxPooling2D(3, 2, "same")(x)
    for stage, width in enumerate(WIDTHS):
        x = _block(_block(x, width, 2 if stage else 1), width)
    pooled = layers.GlobalAveragePooling2D(dtype="float32")(x)
    return keras.Model(picture, pooled, name="resnet18")


def _block(x, width: int, stride: int = 1):
    y = layers.Activation("relu")(_convolved(x, width, 3, stride))
    y = _convolved(y, width, 3)
    if x.shape[-1] != width:
        x = _convolved(x, width, 1, stride)
    return layers.Activation("relu")(layers.Add()([x, y]))


def _convolved(x, width: int, side: int, stride: int = 1):
    return layers.BatchNormalization()(
        layers.Conv2D(width, side, stride, "same", use_bias=False)(x)
    )
