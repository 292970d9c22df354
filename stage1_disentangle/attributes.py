"""The attribute classifier: ResNet-50 with 40 sigmoid outputs.

He et al., CVPR 2016; the source document replaces its top by a dense layer of 40 units trained
with binary cross-entropy.  Global average pooling stands where the source flattens, so that one
set of weights takes any picture size.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import keras
import numpy as np
from elseface.common.attributes import COUNT

#: The classifier sees more than the decoder's crop: hair, hat, neck.  Side over the frame's.
PORTRAIT_FIELD = 1.3
#: Side of a portrait in pixels, in the training cache and at run time alike.
PORTRAIT_SIZE = 128


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


def shrink(portrait: np.ndarray, size: int) -> np.ndarray:
    """A portrait at the network's size.

    One function for training and run time: the network is sensitive to how a picture was resized.
    """
    return cv2.resize(portrait, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32)


class AttributeClassifier:
    """Probabilities of the 40 attributes from portraits.

    Parameters
    ----------
    network : keras.Model, as :func:`resnet50` makes it
    size : side in pixels of the pictures it was trained on
    """

    def __init__(self, network: keras.Model, size: int) -> None:
        self.network = network
        self.size = size

    def probabilities(self, portraits: Sequence[np.ndarray]) -> np.ndarray:
        """Portraits, each (PORTRAIT_SIZE, PORTRAIT_SIZE, 3) uint8 RGB, to (n, 40) float32."""
        batch = np.stack([shrink(portrait, self.size) for portrait in portraits])
        return np.asarray(self.network.predict_on_batch(batch), np.float32)
