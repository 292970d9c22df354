"""Where a detector says that a face is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

#: Left, top, right, bottom in pixels; it may reach over the picture's border.
Box = tuple[int, int, int, int]
#: Boxes that overlap so much, intersection over union, are of one face.
SAME = 0.3


def overlap(one: Box, other: Box) -> float:
    """Intersection over union, 0 to 1."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(0, width) * max(0, height)
    return shared / max(_area(one) + _area(other) - shared, 1e-9)


def nearest(box: Box, others: Sequence[Box], same: float = SAME) -> int | None:
    """The place among `others` of the one that overlaps `box` most, if by `same` or more."""
    place = max(range(len(others)), key=lambda i: overlap(box, others[i]), default=None)
    return place if place is not None and overlap(box, others[place]) >= same else None


def distinct(boxes: Iterable[Box], same: float = SAME) -> list[Box]:
    """Of boxes that overlap by `same` or more the first alone, in their order."""
    kept: list[Box] = []
    for box in boxes:
        if all(overlap(box, other) < same for other in kept):
            kept.append(box)
    return kept


def merged(boxes: Iterable[Box]) -> list[Box]:
    """Of boxes of one face the first alone; largest first."""
    return largest_first(distinct(boxes))


def largest_first(boxes: Iterable[Box]) -> list[Box]:
    """Boxes by their width."""
    return sorted(boxes, key=lambda box: box[0] - box[2])


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
