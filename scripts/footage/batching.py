"""Several frames at once, so that the networks run on batches whatever the method.

An anonymizer takes one photo.  The frames are stacked to a tall one, far enough apart that no
face's frame reaches into the next picture, their borders repeated between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import cv2
import numpy as np
from elseface.common.anonymizer import Anonymizer, Disguise
from elseface.common.face import Alignment, Face


def anonymize_frames(
    anonymizer: Anonymizer,
    frames: Sequence[np.ndarray],
    faces: Sequence[Sequence[Face]],
    worn: Sequence[Mapping[int, Disguise]],
    seed: int,
) -> list[np.ndarray]:
    """New frames for frames (height, width, 3) of one shape, uint8 RGB, with their faces and who
    each becomes, as :meth:`Anonymizer.anonymize` takes them for one."""
    busy = [i for i, here in enumerate(faces) if here]
    result = list(frames)
    if not busy:
        return result
    height = frames[0].shape[0]
    gap = max(_overhang(face, height) for i in busy for face in faces[i])
    tall = np.concatenate(
        [cv2.copyMakeBorder(frames[i], gap, gap, 0, 0, cv2.BORDER_REPLICATE) for i in busy]
    )
    together: list[Face] = []
    disguises: dict[int, Disguise] = {}
    for n, i in enumerate(busy):
        disguises |= {len(together) + k: disguise for k, disguise in worn[i].items()}
        together += [_lowered(face, gap + n * (height + 2 * gap)) for face in faces[i]]
    pixels = anonymizer.anonymize(tall, together, seed, disguises).pixels
    for n, i in enumerate(busy):
        top = gap + n * (height + 2 * gap)
        result[i] = pixels[top : top + height]
    return result


def _overhang(face: Face, height: int) -> int:
    """Rows by which a face's frame reaches over the upper or lower border, and some to spare."""
    rows = face.alignment.to_photo(np.array([[0, 0], [1, 0], [0, 1], [1, 1]]))[:, 1]
    return int(max(0, -rows.min(), rows.max() - height)) + 8


def _lowered(face: Face, rows: int) -> Face:
    matrix = face.alignment.matrix
    moved = Alignment(np.c_[matrix[:, :2], matrix[:, 2] - rows * matrix[:, 1]])
    left, top, right, bottom = face.box
    landmarks = face.landmarks + np.array([0, rows], face.landmarks.dtype)
    return replace(
        face, box=(left, top + rows, right, bottom + rows), landmarks=landmarks, alignment=moved
    )
