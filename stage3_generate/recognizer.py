"""A face recognizer, used in training only: whom it recognises, the decoder must not draw.

It is never shipped and never judges.  It starts from the attribute network, which knows much of
what tells people apart, and is trained by supervised contrast (Khosla et al., NeurIPS 2020), since
most identities of CelebA have two to four pictures here, too few for a class each.
"""

from __future__ import annotations

import keras
from keras import layers, ops

DIMENSION = 128
#: Of the softmax over similarities.
TEMPERATURE = 0.1


def embedding_network(backbone: keras.Model) -> keras.Model:
    """Faces (n, size, size, 3), RGB in [-1, 1], to unit embeddings (n, DIMENSION), float32.

    `backbone` gives features (n, d) of pictures in [-1, 1], whose weights are trained with it; it
    sees the face at half its size, about as large as it is in the attribute network's portraits.
    """
    face = keras.Input((None, None, 3), name="face")
    features = backbone(layers.AveragePooling2D(2)(face))
    embedding = layers.UnitNormalization(dtype="float32")(layers.Dense(DIMENSION)(features))
    return keras.Model(face, embedding, name="recognizer")


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
