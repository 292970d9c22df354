"""A face taken apart.  What lies under the mask stays behind here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from elseface.common.face import Face
from elseface.stage1_disentangle.attributes import PORTRAIT_FIELD, AttributeClassifier
from elseface.stage1_disentangle.mask import face_ellipse


@dataclass(frozen=True)
class Factors:
    """What stage 1 found.  No pixel from under the mask is in it.

    Attributes
    ----------
    context : ndarray of shape (size, size, 3), uint8, RGB, black under the mask
    mask : ndarray of shape (size, size), uint8, 1 over the face
    landmarks : ndarray of shape (68, 2), float32, frame coordinates
    attributes : ndarray of shape (40,), float32, probabilities
    """

    context: np.ndarray
    mask: np.ndarray
    landmarks: np.ndarray
    attributes: np.ndarray


def masked_context(photo: np.ndarray, face: Face, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The crop around the ellipse and its mask, as in :class:`Factors`.

    The photo's own pixels under the ellipse are dropped before anything is interpolated, so that
    no trace of them is left at the rim either.
    """
    window = face.alignment.window(photo.shape)
    here, alignment = photo[window], face.alignment.within(window)
    ellipse = face_ellipse(face.alignment.to_frame(face.landmarks))
    keep = 1 - ellipse.in_photo(alignment).draw(*here.shape[:2])
    keep = keep.astype(np.float32)[:, :, None]
    share = alignment.crop(keep, size)[:, :, None]
    colour = alignment.crop(here * keep, size) / np.maximum(share, 1e-3)
    mask = ellipse.in_crop(size).draw(size, size)
    context = np.where(mask[:, :, None] == 1, 0, np.clip(colour, 0, 255).round())
    return context.astype(np.uint8), mask


def estimate_attributes(
    photo: np.ndarray, faces: Sequence[Face], classifier: AttributeClassifier
) -> np.ndarray:
    """The 40 probabilities of every face, in one pass: ndarray (n, 40), float32."""
    return classifier.probabilities(
        [face.alignment.crop(photo, classifier.size, PORTRAIT_FIELD) for face in faces]
    )


def disentangle(
    photo: np.ndarray, faces: Sequence[Face], classifier: AttributeClassifier, size: int
) -> list[Factors]:
    """Take every given face of a photo (height, width, 3) uint8 RGB apart."""
    found = []
    for face, attributes in zip(faces, estimate_attributes(photo, faces, classifier)):
        landmarks = face.alignment.to_frame(face.landmarks).astype(np.float32)
        found.append(Factors(*masked_context(photo, face, size), landmarks, attributes))
    return found
