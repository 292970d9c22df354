"""One uploaded picture: its faces, which of them are kept, and what is made of it.

Everything here is in memory: the file as it came, a small version of it, and the faces.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import cv2
import numpy as np
from elseface.common.anonymizer import Anonymizer
from elseface.common.errors import ElsefaceError
from elseface.common.face import Face
from elseface.common.photo import FORMATS, Photo, decode_photo, encode_photo
from elseface.scripts.release.label import Label
from elseface.scripts.release.painter import Painter
from elseface.scripts.release.scene import Scene, Spared, Step
from elseface.scripts.release.verify import Verifier, verified
from elseface.stage1_disentangle.box import merged
from elseface.stage1_disentangle.detectors import union
from elseface.stage1_disentangle.faces import face_in_box

#: A file of more bytes, or a picture of more pixels, is refused.
MAX_BYTES, MAX_PIXELS = 48 * 2**20, 50_000_000

#: Longest side of what the page shows, and the grey that transparent pixels are shown on.
SHOWN, GROUND = 1600, 255

#: The page says which faces came out closer than this to the old ones, by dlib's descriptor; of
#: strangers of the same gender, age, skin and hair 15 % do.
ALIKE = 0.72
#: Shortest side of a box that is drawn by hand, in pixels.
SMALLEST_BOX = 12


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture and what is to become of it; a change makes a new one.

    Attributes
    ----------
    name : path as its owner has it, with the suffix of the result
    data : the file
    shown : a small version of it, JPEG
    size : width and height, upright
    faces : those found, then those drawn by hand
    by_hand : how many of them were drawn by hand
    kept : indices of faces that stay as they are
    seed : another one, other new faces
    unchanged : whether it may be released although it has no face
    """

    name: str
    data: bytes
    shown: bytes
    size: tuple[int, int]
    faces: tuple[Face, ...]
    by_hand: int = 0
    kept: frozenset[int] = frozenset()
    seed: int = 0
    unchanged: bool = False

    @property
    def released(self) -> bool:
        """Whether there is a result: where no face is known, the owner has to ask for it."""
        return bool(self.faces) or self.unchanged

    def with_face(self, face: Face) -> Picture:
        """Also with a face drawn by hand."""
        return replace(self, faces=(*self.faces, face), by_hand=self.by_hand + 1)

    def keeping(self, kept: Collection[int]) -> Picture:
        """With these faces as they are; one drawn by hand that is to be kept is taken away."""
        found = len(self.faces) - self.by_hand
        if not {*kept} <= {*range(len(self.faces))}:
            raise ElsefaceError(f"{self.name}: has no such face; load the page again")
        faces = [face for i, face in enumerate(self.faces) if i < found or i not in kept]
        return replace(
            self, faces=tuple(faces), by_hand=len(faces) - found,
            kept=frozenset(i for i in kept if i < found),
        )  # fmt: skip


@dataclass(frozen=True)
class Rendered:
    """A result that passed.

    Attributes
    ----------
    data : the file
    shown : a small JPEG of it
    alike : faces that came out rather like the old ones
    covered : faces that could be told whatever was drawn, and were covered
    """

    data: bytes
    shown: bytes
    alike: tuple[int, ...]
    covered: tuple[int, ...]


def take(name: str, data: bytes, verifier: Verifier) -> Picture:
    """Read an uploaded file and find its faces, those too that only the verifier sees: so that
    their owner can keep them.

    Raises
    ------
    ElsefaceError
        When it is no picture that can be read, or too large.
    """
    path = _harmless(name)
    photo = decode_photo(data, str(path), MAX_PIXELS)
    if path.suffix.lower() not in FORMATS:
        path = path.with_suffix(".png")
    size = (photo.pixels.shape[1], photo.pixels.shape[0])
    detectors = union, verifier.detector
    boxes = merged(box for view in photo.views for find in detectors for box in find(view))
    faces = [face_in_box(photo.pixels, box) for box in boxes]
    return Picture(str(path), data, small(photo.over(GROUND)), size, tuple(faces))


def face_by_hand(picture: Picture, box: tuple[int, int, int, int]) -> Face:
    """A face that was not found, in a box (left, top, right, bottom) somebody drew around it.

    The detector's boxes are square, so the smallest square around this one is looked at.

    Raises
    ------
    ElsefaceError
        When the box is tiny or not in the picture.
    """
    left, top = max(0, box[0]), max(0, box[1])
    right, bottom = min(picture.size[0], box[2]), min(picture.size[1], box[3])
    if min(right - left, bottom - top) < SMALLEST_BOX:
        raise ElsefaceError(f"{picture.name}: draw the box around the whole face")
    side = max(right - left, bottom - top)
    x, y = (left + right - side) // 2, (top + bottom - side) // 2
    pixels = decode_photo(picture.data, picture.name, MAX_PIXELS).pixels
    return face_in_box(pixels, (x, y, x + side, y + side))


def render(
    picture: Picture, anonymizer: Anonymizer, verifier: Verifier, label: Label | None
) -> Rendered:
    """Replace all faces that are not kept, write the label where there is one, and look whether
    they are replaced; where landmarks fail a face is pixelated.

    Raises
    ------
    ElsefaceError
        When it is not to be released, does not pass, is too small for the label, or its kind of
        file cannot hold it.
    """
    if not picture.released:
        raise ElsefaceError(f"{picture.name}: no face found, so it is not given out")
    photo = decode_photo(picture.data, picture.name, MAX_PIXELS)
    kept = [Spared(picture.faces[i].box, "page") for i in picture.kept]
    scene = Scene(photo.pixels, spared=kept)
    hidden = {
        i: scene.add(face, "page") for i, face in enumerate(picture.faces) if i not in picture.kept
    }
    painter = Painter(anonymizer, picture.seed, label)
    try:
        data = verified(photo, scene, painter, verifier, picture.name)
    except ElsefaceError as error:
        raise ElsefaceError(f"{picture.name}: {error}") from None
    covered = [i for i, subject in hidden.items() if subject.step in (Step.MASK, Step.BLACKOUT)]
    alike = [
        i
        for i, subject in hidden.items()
        if i not in covered and subject.distance is not None and subject.distance < ALIKE
    ]
    shown = decode_photo(data, picture.name, MAX_PIXELS).over(GROUND)
    return Rendered(data, small(shown, painter.note(scene)), tuple(alike), tuple(covered))


def small(pixels: np.ndarray, xmp: bytes = b"") -> bytes:
    """JPEG of pixels (height, width, 3) uint8 RGB, at most :data:`SHOWN` pixels a side."""
    height, width = pixels.shape[:2]
    if (shrink := max(height, width) / SHOWN) > 1:
        size = max(1, round(width / shrink)), max(1, round(height / shrink))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return encode_photo(Photo(np.ascontiguousarray(pixels)), "picture.jpg", xmp)


def _harmless(name: str) -> PurePosixPath:
    """A relative path that leads nowhere else on whatever system the results are unpacked."""
    parts = [
        "".join("_" if c in '<>:"|?*' or not c.isprintable() else c for c in part)[-100:].strip()
        for part in name.replace("\\", "/").split("/")[-8:]
    ]
    return PurePosixPath(*[part for part in parts if part.strip(".")] or ["picture.png"])
