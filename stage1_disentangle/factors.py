"""A face taken apart.  What lies under the mask stays behind here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from elseface.common.face import Face
from elseface.stage1_disentangle.attributes import (
    AttributeClassifier,
    portrait,
)
from elseface.stage1_disentangle.mask import face_ellipse, photo_ellipse
from scipy.ndimage import distance_transform_edt


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


def outside_faces(photo: np.ndarray, faces: Sequence[Face]) -> np.ndarray:
    """Where no face of the photo is: ndarray (height, width), uint8, 0 under any ellipse."""
    keep = np.ones(photo.shape[:2], np.uint8)
    for face in faces:
        window = face.alignment.window(photo.shape)
        here = keep[window]
        here[photo_ellipse(face, window).draw(*here.shape) == 1] = 0
    return keep


def masked_context(
    photo: np.ndarray, keep: np.ndarray, face: Face, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """The crop around the ellipse and its mask, as in :class:`Factors`.

    Pixels where `keep` is 0 are dropped before anything is interpolated, so that no trace of this
    face or a neighbour's is left, at the rim either.  Where that or the photo's border leaves
    nothing outside the mask, the nearest colour that is left stands in.
    """
    window = face.alignment.window(photo.shape)
    alignment = face.alignment.within(window)
    known = keep[window].astype(np.float32)[:, :, None]
    share = alignment.crop(known, size)
    colour = alignment.crop(photo[window] * known, size) / np.maximum(share, 1e-3)[:, :, None]
    mask = face_ellipse(face.alignment.to_frame(face.landmarks)).in_crop(size).draw(size, size)
    usable = (share >= 0.5) & (mask == 0)
    if usable.any() and not (usable | (mask == 1)).all():
        nearest = distance_transform_edt(~usable, return_distances=False, return_indices=True)
        colour = colour[tuple(nearest)]
    context = np.where(mask[:, :, None] == 1, 0, np.clip(colour, 0, 255).round())
    return context.astype(np.uint8), mask


def estimate_attributes(
    photo: np.ndarray, faces: Sequence[Face], classifier: AttributeClassifier
) -> np.ndarray:
    """The 40 probabilities of every face, in one pass: ndarray (n, 40), float32."""
    return classifier.probabilities([portrait(photo, face) for face in faces])


def disentangle(
    photo: np.ndarray, faces: Sequence[Face], attributes: Sequence[np.ndarray], size: int
) -> list[Factors]:
    """Take every given face of a photo (height, width, 3) uint8 RGB apart, its attributes known."""
    found = []
    keep = outside_faces(photo, faces)
    for face, values in zip(faces, attributes):
        landmarks = face.alignment.to_frame(face.landmarks).astype(np.float32)
        context, mask = masked_context(photo, keep, face, size)
        found.append(Factors(context, mask, landmarks, values))
    return found
