"""Somebody else's face in these surroundings: what the decoder is to draw when it is given another
person's landmarks and attributes.

From photos alone it learns that faces go with the hair and the neck about them, and believes those
more than the attributes: asked for age beside young hair it draws youth.  Here they do not go
together, and there is a picture to compare with.
"""

from __future__ import annotations

import cv2
import numpy as np
from elseface.common.attributes import indices
from elseface.stage1_disentangle.cache import FaceCache
from elseface.stage1_disentangle.mask import face_ellipse
from elseface.stage2_reconstruct.skin import typology_angle

#: Whoever has one of these shows less of a face, or something else with it.
COVERED = indices(("Bangs", "Blurry", "Eyeglasses", "Wearing_Hat"))
(YOUNG,) = indices(("Young",))
#: One is chosen among so many who hold their heads most alike and have the most similar skin.
CANDIDATES = 24
#: How far inside the ellipse the other face counts in full, over the crop's side: at its line
#: there may be the other's hair.
DEPTH = 0.08
#: Limits of what a colour channel is multiplied by so that the skin suits the surroundings.
GAIN = (0.6, 1.7)


def uncovered(cache: FaceCache, split: int) -> np.ndarray:
    """The numbers of those faces of a split that are there to be seen."""
    numbers, bits = cache.split(split), cache.column("attributes")
    return numbers[~bits[numbers][:, COVERED].any(1)]


class Others:
    """Whose face may be laid into whose surroundings, among the faces of a split."""

    def __init__(self, cache: FaceCache, split: int) -> None:
        from sklearn.neighbors import KDTree  # a second of import

        self.cache = cache
        bits, clear = cache.column("attributes"), uncovered(cache, split)
        self._names, self._identity = cache.column("name"), cache.column("identity")
        self._by_age = [clear[bits[clear, YOUNG] == age] for age in (0, 1)]
        traits = [self._traits_of(of) for of in self._by_age]
        self._scale = np.maximum(np.concatenate(traits).std(0), 1e-6) if len(clear) else 1
        self._trees = [KDTree(t / self._scale) if len(t) else None for t in traits]

    def _traits_of(self, numbers: np.ndarray) -> np.ndarray:
        traits = [_traits(self.cache[np.array([number])][0]) for number in numbers]
        return np.array(traits).reshape(-1, 3)

    def choose(self, row: np.void, random: np.random.Generator) -> int | None:
        """The number of somebody else, old as often as young; None where there is nobody.

        Parameters
        ----------
        row : a record of the cache
        """
        age = int(random.integers(2))
        tree, numbers = self._trees[age], self._by_age[age]
        if tree is None:
            return None
        count = min(CANDIDATES, len(numbers))
        (nearest,) = tree.query(_traits(row)[None] / self._scale, count, return_distance=False)
        found = numbers[nearest]
        same = self._identity[found] == row["identity"]
        same = (self._names[found] == row["name"]) | same & (row["identity"] >= 0)
        found = found[~same]
        return int(random.choice(found)) if len(found) else None


def swap(row: np.void, other: np.void) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The other's face, moved and scaled into the ellipse of the one there, with its colours.

    Parameters
    ----------
    row, other : records of the cache: ``crop`` (size, size, 3), uint8, RGB; ``landmarks`` (68, 2)

    Returns
    -------
    face : ndarray (size, size, 3), float32 in [0, 255]; outside the ellipse it is the other's too
    landmarks : ndarray (68, 2), frame coordinates
    weight : ndarray (size, size, 1), float32 in [0, 1]: how much each pixel is to be believed
    """
    size = len(row["crop"])
    here, there = face_ellipse(row["landmarks"]), face_ellipse(other["landmarks"])
    scale = np.divide(here.axes, there.axes)
    shift = np.subtract(here.centre, scale * there.centre)
    # Pixel i has its middle at (i + 1/2) / size.
    offset = size * shift + 0.5 * scale - 0.5
    matrix = np.array([[scale[0], 0, offset[0]], [0, scale[1], offset[1]]])
    face = cv2.warpAffine(
        other["crop"], matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    ).astype(np.float32)
    mask = here.in_crop(size).draw(size, size)
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 5) / (DEPTH * size)
    weight = np.minimum(depth, 1)[:, :, None].astype(np.float32)
    inner = weight[:, :, 0] == 1
    gain = (row["crop"][inner].mean(0) + 1) / (face[inner].mean(0) + 1)
    return (
        np.clip(face * np.clip(gain, *GAIN), 0, 255),
        (other["landmarks"] * scale + shift).astype(np.float32),
        weight,
    )


def _traits(row: np.void) -> np.ndarray:
    """How the head is held, sideways and up, and how light the skin is: (3,)."""
    points = row["landmarks"]
    (left, right), (bridge, tip, chin) = points[[0, 16], 0], points[[27, 30, 8], 1]
    yaw = (points[30, 0] - left) / max(right - left, 1e-6)
    pitch = (tip - bridge) / max(chin - bridge, 1e-6)
    return np.array([yaw, pitch, typology_angle(row["crop"], points)])
