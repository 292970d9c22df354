"""People who agreed to be seen, known by a few pictures of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from elseface.common.errors import ElsefaceError
from elseface.common.files import list_photos
from elseface.common.photo import read_photo
from elseface.stage1_disentangle.descriptor import embed
from elseface.stage1_disentangle.detection import Detector
from elseface.stage1_disentangle.detectors import union
from elseface.stage1_disentangle.faces import face_in_box
from elseface.stage1_disentangle.fit import fits

#: Closer than this a face is taken for one of these people.  Rather somebody who agreed is replaced
#: than somebody who did not is shown: on the pictures of
#: :data:`~elseface.scripts.release.recognition.SOURCE` 1 in 13,000 strangers is taken for a given
#: picture, and two other pictures of the person out of three.
CERTAIN = 0.5


@dataclass(frozen=True)
class Consent:
    """Knows the people of some pictures.

    Attributes
    ----------
    pictures : their names
    descriptors : ndarray of shape (n, 128)
    """

    pictures: tuple[str, ...]
    descriptors: np.ndarray

    def recognise(self, descriptor: np.ndarray) -> tuple[str, float] | None:
        """The most alike picture and its distance, if that is close enough."""
        picture, distance = self.nearest(descriptor)
        return (picture, distance) if distance < CERTAIN else None

    def nearest(self, descriptor: np.ndarray) -> tuple[str, float]:
        """The most alike picture and its distance, however far."""
        distances = np.linalg.norm(self.descriptors - descriptor, axis=1)
        nearest = int(distances.argmin())
        return self.pictures[nearest], float(distances[nearest])


def load_consent(folder: Path | None, detector: Detector | None) -> Consent | None:
    """From a folder of pictures, each with one face by the detector (None: the union); no folder,
    nobody.

    Raises
    ------
    ElsefaceError
        When it has no pictures, or one does not say whom it means.
    """
    if folder is None:
        return None
    if not folder.is_dir():
        raise ElsefaceError(f"{folder}: no such folder; --keep-person takes one of pictures")
    names, descriptors = [], []
    for path, _ in list_photos([folder]):
        photo = read_photo(path).pixels
        boxes = (detector or union)(photo)
        if len(boxes) != 1:
            how = f"shows {len(boxes)} faces" if boxes else "shows no face"
            raise ElsefaceError(f"{path}: {how}; --keep-person takes pictures of one person")
        face = face_in_box(photo, boxes[0])
        if not fits(photo, face):
            raise ElsefaceError(f"{path}: the face cannot be made out; give a frontal picture")
        names.append(path.name)
        descriptors.append(embed(photo, face))
    return Consent(tuple(names), np.stack(descriptors))
