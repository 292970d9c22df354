"""Where the faces of a run are: what a detector finds, and what the user knows better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from elseface.common.errors import ElsefaceError
from elseface.common.face import Face
from elseface.scripts.release.boxes import check_inside, parse_box, read_boxes
from elseface.stage1_disentangle.box import SAME, Box, merged, overlap
from elseface.stage1_disentangle.choices import DetectorName
from elseface.stage1_disentangle.detection import Detector
from elseface.stage1_disentangle.detectors import load_detector, second
from elseface.stage1_disentangle.faces import aligned_face, face_in_box

#: A brought box that overlaps a found one so much shows the same face no better.
KNOWN = 0.6


@dataclass(frozen=True)
class Finder:
    """Finds the faces of a photo.

    Attributes
    ----------
    name : of the detector, or "aligned"
    detector : None: every photo is aligned as CelebA's
    verifier : the name of the detector that looks at the result
    boxes : faces that the user brings, by photo
    skipped : boxes in which faces are left as they are
    """

    name: str
    detector: Detector | None
    verifier: DetectorName
    boxes: Mapping[Path, Sequence[Box]] = field(default_factory=dict)
    skipped: Sequence[Box] = ()

    def find(self, source: Path, photo: np.ndarray) -> list[tuple[Face, str]]:
        """The faces of a photo (height, width, 3) uint8 RGB, and who found each.

        Raises
        ------
        ElsefaceError
            When a box of the user lies outside the photo or is to spare several faces, or the photo
            is not aligned.
        """
        brought = self.boxes.get(source, ())
        check_inside([*brought, *self.skipped], photo.shape, "the photo")
        if self.detector is None:
            return [(aligned_face(photo), self.name)]
        found = merged(self.detector(photo))
        added = [box for box in brought if all(overlap(box, other) < KNOWN for other in found)]
        for skipped in self.skipped:
            if (met := sum(overlap(skipped, box) >= SAME for box in [*found, *added])) > 1:
                edges = ",".join(map(str, skipped))
                raise ElsefaceError(f"--skip-face {edges} meets {met} faces; draw it around one")
        return [
            *((face_in_box(photo, box), self.name) for box in found),
            *((face_in_box(photo, box), "boxes") for box in added),
        ]


def load_finder(
    name: str | None, photos: Sequence[Path], boxes: Path | None, skipped: Sequence[str]
) -> Finder:
    """The finder of a run on these photos; no `name`: they are aligned as CelebA's.

    Raises
    ------
    ElsefaceError
        When the user's boxes cannot be understood, or do not go with the photos.
    """
    if name is None and (boxes or skipped):
        raise ElsefaceError("--aligned says where the face is; it takes no --boxes or --skip-face")
    if skipped and len(photos) > 1:
        raise ElsefaceError("--skip-face names a place in one photo; give that photo alone")
    brought = read_boxes(boxes, photos) if boxes else {}
    left = [parse_box(text) for text in skipped]
    if name is None:
        return Finder("aligned", None, second(DetectorName.UNION))
    return Finder(name, load_detector(name), second(name), brought, left)
