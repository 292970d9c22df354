"""A small face recognizer, used in training only: whom it recognises, the decoder must not draw.

It is never shipped and never judges.  Its embeddings are trained by supervised contrast (Khosla
et al., NeurIPS 2020), since most identities of CelebA have two to four pictures here, too few for
a class each.
"""

from __future__ import annotations

import keras
from keras import layers, ops

DIMENSION = 128
#: Of the softmax over similarities.
TEMPERATURE = 0.1


def embedding_network(widths: tuple[int, ...] = (32, 64, 128, 256)) -> keras.Model:
    """Faces (n, size, size, 3), RGB in [-1, 1], to unit embeddings (n, DIMENSION), float32.

    A residual network (He et al., CVPR 2016) on the face at half its size.
    """
    face = keras.Input((None, None, 3), name="face")
    x = layers.AveragePooling2D(2)(face)
    for width in widths:
        x = _block(x, width, stride=2)
        x = _block(x, width, stride=1)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(DIMENSION)(x)
    x = layers.UnitNormalization(dtype="float32")(x)
    return keras.Model(face, x, name="recognizer")


def _block(x, width: int, stride: int):
    y = layers.Conv2D(width, 3, stride, "same", use_bias=False)(x)
    y = layers.ReLU()(layers.BatchNormalization()(y))
    y = layers.BatchNormalization()(layers.Conv2D(width, 3, padding="same", use_bias=False)(y))
    if stride > 1:
        x = layers.BatchNormalization()(layers.Conv2D(width, 1, stride, use_bias=False)(x))
    return layers.ReLU()(layers.Add()([x, y]))


def supervised_contrast(identity, embeddings):
    """How badly the pictures of one person are told from the batch's others.

    Parameters
    ----------
    identity : (n, 1) or (n,), equal numbers for one person; everybody at least twice
    embeddings : (n, d), unit vectors

    Returns
    -------
    (n,) : mean negative log-likelihood of each picture's partners
    """
    identity = ops.reshape(identity, (-1, 1))
    itself = ops.eye(ops.shape(identity)[0], dtype="float32")
    partner = ops.cast(identity == ops.transpose(identity), "float32") - itself
    similarity = ops.matmul(embeddings, ops.transpose(embeddings)) / TEMPERATURE
    likelihood = ops.log_softmax(similarity - 1e4 * itself)
    return -ops.sum(partner * likelihood, axis=1) / ops.sum(partner, axis=1)
