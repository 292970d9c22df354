"""k-same: a face becomes the mean of its k nearest in a gallery of other people.

After Newton, Sweeney and Malin, IEEE TKDE 2005: whoever looks at the mean can tell it from no
fewer than k people.  Unlike theirs the mean does not contain the face itself, of which nothing may
remain, so that who is in the gallery decides what can be learnt.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from elseface.common.anonymizer import NOBODY, Anonymized, Change, Worn
from elseface.common.attributes import COUNT
from elseface.common.errors import ElsefaceError
from elseface.common.face import Face
from elseface.common.photo import read_photo
from elseface.stage1_disentangle.faces import find_faces
from elseface.stage1_disentangle.factors import Factors, masked_context, outside_faces
from elseface.stage3_generate.blending import match_colours, paste

#: Sides in pixels of the crops that are averaged, and of those that are compared.
SIZE, COMPARED = 128, 24


@dataclass(frozen=True)
class MeanFace:
    """An :class:`~elseface.common.anonymizer.Anonymizer`.

    Attributes
    ----------
    gallery : ndarray of shape (n, SIZE, SIZE, 3), uint8, RGB: aligned crops of other people
    k : how many of them are averaged
    """

    gallery: np.ndarray
    k: int = 10
    name: str = "mean-face"

    def __post_init__(self) -> None:
        if len(self.gallery) < self.k:
            few = f"the gallery shows {len(self.gallery)} faces; give {self.k} or more"
            raise ElsefaceError(f"mean-face: {few}")

    @functools.cached_property
    def _thumbnails(self) -> np.ndarray:
        return np.stack([_small(crop) for crop in self.gallery])

    def anonymize(
        self, photo: np.ndarray, faces: Sequence[Face], seed: int, worn: Worn = NOBODY
    ) -> Anonymized:
        """See :class:`~elseface.common.anonymizer.Anonymizer`; the seed changes nothing."""
        result = photo.copy()
        keep = outside_faces(photo, faces)
        for face in faces:
            context, mask = masked_context(photo, keep, face, SIZE)
            points = face.alignment.to_frame(face.landmarks).astype(np.float32)
            factors = Factors(context, mask, points, np.zeros(COUNT, np.float32))
            mean = self._nearest(face.alignment.crop(photo, SIZE), mask).mean(0)
            paste(result, face, match_colours(mean.astype(np.float32), factors))
        return Anonymized(result, tuple(map(Change, faces)))

    def _nearest(self, crop: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """The k crops of the gallery that differ least from `crop` under the mask."""
        under = _small(mask) > 0.5
        apart = (self._thumbnails - _small(crop))[:, under]
        nearest = np.argsort((apart**2).sum((1, 2)), kind="stable")
        return self.gallery[nearest[: self.k]]


def load_mean_face(
    photos: Iterable[Path], faces_of: Callable[[np.ndarray], Sequence[Face]] = find_faces
) -> MeanFace:
    """With every face of some photos as the gallery, as `faces_of` finds them."""
    crops = []
    for path in photos:
        photo = read_photo(path).pixels
        crops += [face.alignment.crop(photo, SIZE) for face in faces_of(photo)]
    return MeanFace(np.stack(crops) if crops else np.empty((0, SIZE, SIZE, 3), np.uint8))


def _small(picture: np.ndarray) -> np.ndarray:
    resized = cv2.resize(picture, (COMPARED, COMPARED), interpolation=cv2.INTER_AREA)
    return resized.astype(np.float32)
