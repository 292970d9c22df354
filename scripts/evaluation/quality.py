"""Likeness to the original and to real faces as a whole."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.linalg
from elseface.stage1_disentangle.attribute_network import backbone
from elseface.stage1_disentangle.attributes import AttributeClassifier, shrink
from skimage.metrics import structural_similarity

#: Rows and columns of the face in a picture aligned as CelebA's are.
FACE_BOX = (slice(75, 188), slice(39, 140))


def similarity(photo: np.ndarray, result: np.ndarray) -> tuple[float, float]:
    """SSIM of two aligned pictures (218, 178, 3) uint8: whole, and in the face box."""
    pairs = (photo, result), (photo[FACE_BOX], result[FACE_BOX])
    whole, box = (float(structural_similarity(*pair, channel_axis=-1)) for pair in pairs)
    return whole, box


def features(judge: AttributeClassifier, portraits: Sequence[np.ndarray]) -> np.ndarray:
    """Features (n, d) of portraits (size, size, 3) uint8 RGB: what the judge, a network kept for
    measuring, puts its dense layer on."""
    extract = backbone(judge.network)
    parts = np.array_split(np.arange(len(portraits)), max(1, len(portraits) // 64))
    seen = (np.stack([shrink(portraits[i], judge.size) for i in part]) for part in parts)
    return np.concatenate([np.asarray(extract.predict_on_batch(p / 127.5 - 1)) for p in seen])


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
