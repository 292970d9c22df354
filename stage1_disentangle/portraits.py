"""Training faces beside CelebA's: photos of people who do not exist, without labels.

CelebA's pictures are soft and show few people with dark skin; a decoder that saw no others draws
dark skin grey in sharp photos.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from elseface.common.celeba import TRAIN
from elseface.common.errors import ElsefaceError
from elseface.common.files import list_photos
from elseface.common.photo import read_photo
from elseface.stage1_disentangle.attributes import AttributeClassifier
from elseface.stage1_disentangle.cache import RECORD, record
from elseface.stage1_disentangle.faces import find_faces
from elseface.stage1_disentangle.factors import estimate_attributes

#: Identity of those of whom nothing is known.
UNKNOWN = -1


def read_portraits(folder: Path, classifier: AttributeClassifier) -> np.ndarray:
    """The largest face of every photo in a folder: ndarray (n,) of
    :data:`~elseface.stage1_disentangle.cache.RECORD`, in the training split, by name.

    What `classifier` sees stands for labels.

    Raises
    ------
    ElsefaceError
        When there is no photo, one cannot be read, or no face is found in any.
    """
    rows = []
    for path, _ in list_photos([folder]):
        photo = read_photo(path).pixels
        faces = find_faces(photo)[:1]
        if not faces:
            print(f"left out: {path}: no face found")
            continue
        (seen,) = estimate_attributes(photo, faces, classifier)
        rows.append(record(photo, faces[0], seen > 0.5, TRAIN, UNKNOWN, path.name))
    if not rows:
        raise ElsefaceError(f"{folder}: no face in any of its photos")
    return np.array(rows, RECORD)
