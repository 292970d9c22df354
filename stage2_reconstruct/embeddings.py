"""Attributes as small maps: word2vec vectors (Mikolov et al., 2013) or one-hot channels.

The source document's idea: an image is a sentence made of the names of its present attributes;
CBOW vectors of the names tell the decoder which attributes go together.  An embedding here is an
array (40, SIDE, SIDE) float32, one map an attribute, of unit mean square.
"""

from __future__ import annotations

import numpy as np
from elseface.common.attributes import COUNT, NAMES

SIDE = 8  # of a map; also of the decoder's bottleneck, where the maps enter


def word2vec(bits: np.ndarray, epochs: int = 5, seed: int = 0) -> np.ndarray:
    """Train gensim's CBOW on attribute bits (n, 40); the same bits and seed, the same maps.

    The window spans the whole sentence, since the order of names means nothing.
    """
    from gensim.models import Word2Vec

    sentences = [[NAMES[i] for i in np.flatnonzero(row)] for row in bits]
    model = Word2Vec(
        sentences,
        vector_size=SIDE * SIDE,
        window=COUNT,
        sg=0,
        min_count=1,
        epochs=epochs,
        seed=seed,
        workers=1,
    )
    # An attribute that no sentence has gets no vector; a null map says nothing, as it should.
    known = model.wv.key_to_index
    vectors = np.stack(
        [model.wv[name] if name in known else np.zeros(SIDE * SIDE, np.float32) for name in NAMES]
    )
    spread = np.sqrt((vectors**2).mean(1, keepdims=True))
    return (vectors / np.maximum(spread, 1e-6)).reshape(COUNT, SIDE, SIDE).astype(np.float32)


def one_hot() -> np.ndarray:
    """Maps of ones: a channel says that its attribute is present and nothing more."""
    return np.ones((COUNT, SIDE, SIDE), np.float32)


def attribute_maps(embedding: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The decoder's attribute channels.

    Parameters
    ----------
    embedding : ndarray of shape (40, SIDE, SIDE)
    values : ndarray of shape (n, 40), bits or probabilities: absent is a null map, a probability
        scales the map; beyond 1 the decoder is asked for more than it has seen

    Returns
    -------
    ndarray of shape (n, SIDE, SIDE, 40), float32
    """
    return (values[:, None, None, :] * embedding.transpose(1, 2, 0)).astype(np.float32)
