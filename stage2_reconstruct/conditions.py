"""What the decoder is given: context, mask, drawn landmarks, texture and attribute maps."""

from __future__ import annotations

import cv2
import numpy as np
from elseface.stage1_disentangle.mask import face_ellipse
from elseface.stage2_reconstruct.embeddings import attribute_maps

#: Landmark curves by channel: (first, last, closed).
CURVES = (
    ((0, 16, False),),  # jaw
    ((17, 21, False), (22, 26, False), (27, 30, False), (31, 35, False)),  # brows and nose
    ((36, 41, True), (42, 47, True)),  # eyes
    ((48, 59, True), (60, 67, True)),  # lips
)

_SHIFT = 4  # fractional bits of cv2's fixed-point coordinates


def draw_landmarks(landmarks: np.ndarray, size: int) -> np.ndarray:
    """Frame landmarks (68, 2) as smooth curves: ndarray (size, size, 4), uint8, 0 or up to 255."""
    points = np.round((landmarks * size - 0.5) * (1 << _SHIFT)).astype(np.int32)
    image = np.zeros((len(CURVES), size, size), np.uint8)
    for channel, curves in zip(image, CURVES):
        for first, last, closed in curves:
            line = [points[first : last + 1]]
            cv2.polylines(channel, line, closed, 255, 1, cv2.LINE_AA, _SHIFT)
    return image.transpose(1, 2, 0)


def blacken(crop: np.ndarray, landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The crop with the face's ellipse filled black, and the mask (size, size) uint8."""
    size = crop.shape[0]
    mask = face_ellipse(landmarks).in_crop(size).draw(size, size)
    return crop * (1 - mask[:, :, None]), mask


def conditions(
    contexts: np.ndarray,
    masks: np.ndarray,
    curves: np.ndarray,
    values: np.ndarray,
    embedding: np.ndarray,
    textures: np.ndarray,
) -> dict[str, np.ndarray]:
    """Everything in the types and ranges the decoder takes.

    Parameters
    ----------
    contexts : ndarray of shape (n, size, size, 3), uint8, RGB, black under the mask
    masks : ndarray of shape (n, size, size), uint8, 1 over the face
    curves : ndarray of shape (n, size, size, 4), uint8, from :func:`draw_landmarks`
    values : ndarray of shape (n, 40), attribute bits or probabilities
    embedding : ndarray of shape (40, SIDE, SIDE)
    textures : ndarray of shape (n, size, size, 3), who somebody is beside the rest, about 1 where
        it matters; 0 is nobody in particular
    """
    return {
        "context": contexts.astype(np.float32) / 127.5 - 1,
        "mask": masks[..., None].astype(np.float32),
        "curves": curves.astype(np.float32) / 255,
        "attributes": attribute_maps(embedding, values),
        "texture": textures.astype(np.float32),
    }
