"""The attribute network: ResNet-50 with 40 sigmoid outputs.

He et al., CVPR 2016; the source document replaces its top by a dense layer of 40 units trained
with binary cross-entropy.  Global average pooling stands where the source flattens, so that one
set of weights takes any picture size.
"""

from __future__ import annotations

import keras
from elseface.common.attributes import COUNT


def resnet50() -> keras.Model:
    """Portrait (n, size, size, 3), RGB in [0, 255], to 40 probabilities (n, 40), float32."""
    portrait = keras.Input((None, None, 3), name="portrait")
    backbone = keras.applications.ResNet50(
        include_top=False, weights=None, pooling="avg", input_shape=(None, None, 3)
    )
    features = backbone(keras.layers.Rescaling(1 / 127.5, -1)(portrait))
    probabilities = keras.layers.Dense(
        COUNT, activation="sigmoid", dtype="float32", name="probabilities"
    )(features)
    return keras.Model(portrait, probabilities, name="attributes")


def backbone(network: keras.Model) -> keras.Model:
    """What :func:`resnet50` puts its dense layer on: pictures (n, h, w, 3) in [-1, 1] to features
    (n, 2048).  It shares its weights with `network`."""
    return next(layer for layer in network.layers if isinstance(layer, keras.Model))
