"""Frozen networks that training listens to: is the edit seen, is the person still recognised.

Neither measures anything that is reported: success is judged by networks that no loss has seen.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import keras
import numpy as np
from elseface.stage1_disentangle.attributes import PORTRAIT_FIELD, AttributeClassifier
from keras import ops

#: The certainty that is asked of the classifier.
SURE = 0.7
#: How far a portrait is moved and scaled at random before the classifier sees it, as a share of its
#: side, and the noise that is laid over it, of the range: what pleases the network only to the
#: pixel is no attribute.
MOVED, NOISE = 0.06, 0.03


@dataclass(frozen=True)
class Critics:
    """The attribute classifier and the recognizer of training.

    A plain object, so that a trainer that holds it neither trains nor checkpoints the networks.
    """

    classifier: AttributeClassifier
    recognizer: keras.Model | None = None

    @functools.cached_property
    def glance(self) -> keras.Sequential:
        """The random change of what the classifier is shown."""
        layers, full = keras.layers, {"dtype": "float32"}
        return keras.Sequential([
            layers.Rescaling(1 / 255, **full),
            layers.RandomTranslation(MOVED, MOVED, "nearest", **full),
            layers.RandomZoom(MOVED, fill_mode="nearest", **full),
            layers.GaussianNoise(NOISE, **full),
            layers.Rescaling(255, **full),
        ])  # fmt: skip

    def __post_init__(self) -> None:
        self.classifier.network.trainable = False
        if self.recognizer:
            self.recognizer.trainable = False

    def attributes(self, portraits, seen, mask):
        """Probabilities (n, 40) of faces laid into their portraits, at a random glance.

        Parameters
        ----------
        portraits : (n, s, s, 3) in [0, 255], s the classifier's size, the photo's own
        seen : (n, size, size, 3) in [-1, 1], the new picture of the frame
        mask : (n, size, size, 1), 1 over the face
        """
        rows = area_matrix(mask.shape[1], self.classifier.size, PORTRAIT_FIELD)
        under = _resampled(mask, rows)
        drawn = _resampled(mask * (seen + 1) * 127.5, rows)
        shown = self.glance(portraits * (1 - under) + drawn, training=True)
        return self.classifier.network(shown, training=False)

    def likeness(self, first, second):
        """Cosine similarity (n,) of the recognizer's embeddings of faces in [-1, 1]."""
        pair = (self.recognizer(face, training=False) for face in (first, second))
        return ops.sum(ops.multiply(*pair), axis=-1)


def wrong_attributes(probabilities, wanted, weight):
    """Weighted binary cross-entropy; `weight` (n, 40) counts what, and as much as, it matters.

    Beyond SURE nothing is gained: what is left to gain there are patterns that please the one
    network and look like nothing (asked for 95 %, the decoder drew red eyes and grey lips).
    """
    p = ops.clip(probabilities, 1e-7, 1 - 1e-7)
    loss = -ops.log(ops.where(wanted > 0.5, p, 1 - p))
    excess = ops.relu(loss + float(np.log(SURE)))
    return ops.sum(weight * excess) / ops.maximum(ops.sum(weight), 1e-6)


def area_matrix(size: int, out: int, field: float) -> np.ndarray:
    """Resampling of one axis by area: ndarray (out, size), float32.

    `out` pixels span `field` times what `size` pixels span, about the same centre; a row sums to
    the share of its pixel that lies inside.
    """
    edges = ((np.arange(out + 1) / out - 0.5) * field + 0.5) * size
    pixel = np.arange(size)
    low = np.maximum(edges[:-1, None], pixel)
    high = np.minimum(edges[1:, None], pixel + 1)
    return (np.maximum(high - low, 0) / (edges[1] - edges[0])).astype(np.float32)


def _resampled(pictures, rows: np.ndarray):
    return ops.einsum("oi,nijc,pj->nopc", rows, pictures, rows)
