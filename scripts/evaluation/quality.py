"""Likeness to the original and to real faces as a whole."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import scipy.linalg
from elseface.stage1_disentangle.attribute_network import backbone
from skimage.metrics import structural_similarity

#: Rows and columns of the face in a picture aligned as CelebA's are.
FACE_BOX = (slice(75, 188), slice(39, 140))
#: The layer of a ResNet-50 whose pooled 512 channels are compared: deep enough to know parts of
#: a face, shallow enough to see grain and softness, and fewer channels than there are pictures.
LAYER = "conv3_block4_out"


def similarity(photo: np.ndarray, result: np.ndarray) -> tuple[float, float]:
    """SSIM of two aligned pictures (218, 178, 3) uint8: whole, and in the face box."""
    pairs = (photo, result), (photo[FACE_BOX], result[FACE_BOX])
    whole, box = (float(structural_similarity(*pair, channel_axis=-1)) for pair in pairs)
    return whole, box


def features(network: keras.Model, crops: Sequence[np.ndarray]) -> np.ndarray:
    """Pooled features (n, 512) of crops (size, size, 3) uint8 RGB, at the size they were drawn:
    what the eye sees as grain would be lost at the size the network was trained on.

    `network` is an attribute network kept for measuring, as
    :func:`~elseface.stage1_disentangle.attributes.resnet50` makes it.
    """
    whole = backbone(network)
    scaled = keras.layers.Rescaling(1 / 127.5, -1)
    picture = keras.Input((None, None, 3))
    early = keras.Model(whole.inputs, whole.get_layer(LAYER).output)
    pooled = keras.layers.GlobalAveragePooling2D(dtype="float32")(early(scaled(picture)))
    extract = keras.Model(picture, pooled)
    parts = np.array_split(np.arange(len(crops)), max(1, len(crops) // 64))
    return np.concatenate(
        [
            np.asarray(extract.predict_on_batch(np.stack([crops[i] for i in part]).astype("f4")))
            for part in parts
        ]
    )


def frechet(first: np.ndarray, second: np.ndarray) -> float:
    """Frechet distance of two sets of features (n, d), taken as normal distributions.

    |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)), as Heusel et al., NIPS 2017, use it.
    """
    means = first.mean(0), second.mean(0)
    covariances = np.cov(first.T), np.cov(second.T)
    # The trace of the root is the sum of the roots of the eigenvalues, which are real and >= 0.
    product = scipy.linalg.eigvals(covariances[0] @ covariances[1]).real
    traces = sum(np.trace(c) for c in covariances)
    root = np.sqrt(np.clip(product, 0, None)).sum()
    return float(((means[0] - means[1]) ** 2).sum() + traces - 2 * root)
