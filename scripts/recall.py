"""How many faces are found, by how far they are turned and how small they are.

    python -m elseface.scripts.recall CELEBA -o recall.md

CelebA's alignment says where each face is, whatever a detector makes of it.  Pose is told from
dlib's landmarks there, which turn less than a profile does: of faces from 52 degrees on most are
profiles, or near.  No detector was trained by us, so pictures of every split count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from elseface.common import celeba
from elseface.common.output import write_whole
from elseface.common.photo import read_photo
from elseface.scripts.console import explained, silent_start
from elseface.scripts.evaluation.pose import head_pose
from elseface.stage1_disentangle.box import Box, nearest
from elseface.stage1_disentangle.choices import DetectorName
from elseface.stage1_disentangle.detectors import load_detector, second
from elseface.stage1_disentangle.faces import ALIGNED_BOX, face_in_box
from elseface.stage1_disentangle.fit import fits
from elseface.stage1_disentangle.landmarks import predict
from rich.progress import track
from scipy.stats import binomtest

#: Degrees of yaw from which each row reaches to the next.
TURNS = (0, 15, 30, 45, 52)
#: Widths of a detector's box, in pixels, to which pictures of faces that look ahead are shrunk.
WIDTHS = (60, 40, 30, 20)
#: What is asked of each picture; the last two: by either detector, and so that landmarks fit.
FOUND, VERIFIER, EITHER, DRAWN = "found", "found by the verifier", "by either", "landmarks fit"


@dataclass(frozen=True)
class Row:
    """Some pictures, and how many of them each thing can be said of."""

    name: str
    pictures: int
    counts: Mapping[str, int]

    def cells(self) -> list[str]:
        """As text: name, number, and shares with their 95 % intervals, Wilson's."""
        shares = []
        for count in self.counts.values():
            low, high = binomtest(count, self.pictures).proportion_ci(0.95, method="wilson")
            shares.append(f"{count / self.pictures:.3f} ({low:.3f} to {high:.3f})")
        return [self.name, str(self.pictures), *shares]


@explained
def main(
    root: Annotated[Path, typer.Argument(help="Folder laid out as CelebA is.")],
    output: Annotated[Path, typer.Option("-o", help="Table as Markdown.")],
    most: Annotated[int, typer.Option(min=1, help="Pictures a row at most.")] = 300,
    seed: Annotated[int, typer.Option(help="Of which pictures are taken.")] = 0,
) -> None:
    """Write the table."""
    paths = celeba.read(root).paths
    yaws = np.array([turned(read_photo(path).pixels) for path in track(paths, "pose")])
    random = np.random.default_rng(seed)

    def sample(first: float, end: float) -> list[Path]:
        here = np.flatnonzero((yaws >= first) & (yaws < end))
        return [paths[i] for i in sorted(random.permutation(here)[:most])]

    rows = []
    for first, end in zip(TURNS, [*TURNS[1:], 180]):
        name = f"turned by {first}° to {end}°" if end < 180 else f"turned by {first}° or more"
        rows.append(look(name, sample(first, end), 1.0))
    ahead = sample(0, TURNS[1])
    side = ALIGNED_BOX[2] - ALIGNED_BOX[0]
    rows += [look(f"{width} pixels wide", ahead, width / side) for width in WIDTHS]
    lines = [["faces", "pictures", FOUND, VERIFIER, EITHER, DRAWN], ["---"] * 6]
    lines += [row.cells() for row in rows if row.pictures]
    write_whole(output, "".join(f"| {' | '.join(line)} |\n" for line in lines).encode())


def look(name: str, paths: Iterable[Path], scale: float) -> Row:
    """Ask the detectors about aligned pictures, each brought to a scale."""
    with silent_start():
        first = load_detector(DetectorName.UNION)
        verifier = load_detector(second(DetectorName.UNION))
    counts, pictures = dict.fromkeys((FOUND, VERIFIER, EITHER, DRAWN), 0), 0
    for path in track(list(paths), name):
        photo, there = shrunk(read_photo(path).pixels, scale)
        boxes, others = first(photo), verifier(photo)
        place = nearest(there, boxes)
        again = nearest(there, others) is not None
        counts[FOUND] += place is not None
        counts[VERIFIER] += again
        counts[EITHER] += place is not None or again
        counts[DRAWN] += place is not None and fits(photo, face_in_box(photo, boxes[place]))
        pictures += 1
    return Row(name, pictures, counts)


def shrunk(photo: np.ndarray, scale: float) -> tuple[np.ndarray, Box]:
    """An aligned picture brought to a scale of at most 1, and the box of the face in it."""
    box: Box = tuple(round(edge * scale) for edge in ALIGNED_BOX)
    size = [round(n * scale) for n in photo.shape[1::-1]]
    return cv2.resize(photo, size, interpolation=cv2.INTER_AREA), box


def turned(photo: np.ndarray) -> float:
    """Degrees by which the head of an aligned picture is turned aside."""
    return abs(float(head_pose(predict(photo, ALIGNED_BOX), photo.shape)[1]))


if __name__ == "__main__":
    typer.run(main)
