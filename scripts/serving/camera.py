"""Camera frames: everybody gets a new face and wears it from frame to frame.

A face that is lost for a moment is replaced where it was last.  Where it stays lost, or nobody was
found at all, somebody may be there whom the detector does not see: the whole frame is covered with
squares until the face is back or was away for some time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from elseface.common.anonymizer import Anonymizer, Disguise
from elseface.common.face import Face
from elseface.common.photo import Photo, decode_photo, encode_photo
from elseface.scripts.release.note import note
from elseface.stage1_disentangle.box import Box, overlap
from elseface.stage1_disentangle.faces import face_in_box, find_faces

#: Limits of a frame; the page sends 640x480.
FRAME_BYTES, FRAME_PIXELS = 2 * 2**20, 1_500_000

#: For so many frames a lost face is replaced where it was, and after so many it has left.
BRIDGED, GONE = 2, 12

#: A face that moved by more of its widths from one frame to the next is somebody else's; so is one
#: that does not touch the place where a face was lost before.
REACH = 2.0

#: Squares in a covered frame's width: a face that fills half of it becomes seven by seven.
SQUARES = 14


@dataclass(frozen=True, eq=False)
class Wearer:
    """Somebody before the camera: where last, as whom, and frames since they were found."""

    box: Box
    disguise: Disguise | None
    missed: int = 0


@dataclass(frozen=True)
class Frame:
    """A frame that may be shown: JPEG, who is in it, and whether all of it is covered."""

    data: bytes
    wearers: tuple[Wearer, ...]
    covered: bool


def anonymize_frame(
    data: bytes, anonymizer: Anonymizer, seed: int, wearers: Sequence[Wearer]
) -> Frame:
    """Replace every face of a frame; `wearers` are those of the frame before.

    Raises
    ------
    ElsefaceError
        When it is no picture or too large.
    """
    pixels = decode_photo(data, "camera", FRAME_PIXELS).pixels
    faces = find_faces(pixels)
    known = _matched(faces, wearers)
    lost = [replace(w, missed=w.missed + 1) for w in wearers if w not in known.values()]
    lost = [wearer for wearer in lost if wearer.missed <= GONE]
    if any(w.missed > BRIDGED for w in lost) or not (faces or lost):
        seen = [replace(w, box=faces[i].box, missed=0) for i, w in known.items()]
        return Frame(encode_photo(Photo(covered(pixels)), "camera.jpg"), (*seen, *lost), True)
    for wearer in lost:
        known[len(faces)] = wearer
        faces.append(face_in_box(pixels, wearer.box))
    worn = {i: w.disguise for i, w in known.items() if w.disguise}
    done = anonymizer.anonymize(pixels, faces, seed, worn)
    now = tuple(
        Wearer(change.face.box, change.disguise, known[i].missed if known.get(i) in lost else 0)
        for i, change in enumerate(done.changes)
    )
    kept = encode_photo(Photo(done.pixels), "camera.jpg", note(anonymizer.name))
    return Frame(kept, now, False)


def covered(pixels: np.ndarray) -> np.ndarray:
    """A whole frame (height, width, 3) uint8 as :data:`SQUARES` squares a row."""
    height, width = pixels.shape[:2]
    few = SQUARES, max(1, round(SQUARES * height / width))
    means = cv2.resize(pixels, few, interpolation=cv2.INTER_AREA)
    return cv2.resize(means, (width, height), interpolation=cv2.INTER_NEAREST)


def _matched(faces: Sequence[Face], wearers: Sequence[Wearer]) -> dict[int, Wearer]:
    """Which face is whose: nearest first, within reach; of one that was lost, where it was."""

    def gap(box: Box, other: Box) -> float:
        return float(np.abs(np.subtract(box, other)).max() / max(1, other[2] - other[0]))

    pairs = sorted(
        ((gap(face.box, wearer.box), i, wearer) for i, face in enumerate(faces)
         for wearer in wearers if not wearer.missed or overlap(face.box, wearer.box)),
        key=lambda pair: pair[:2],
    )  # fmt: skip
    known: dict[int, Wearer] = {}
    for distance, i, wearer in pairs:
        if distance < REACH and i not in known and not any(wearer is w for w in known.values()):
            known[i] = wearer
    return known
