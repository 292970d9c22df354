"""Training batches with faces that are to become somebody else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from elseface.common.anonymizer import Disguise
from elseface.common.attributes import CONTEXT, COUNT, PROTECTED, indices
from elseface.stage1_disentangle.attributes import shrink
from elseface.stage1_disentangle.cache import FaceCache
from elseface.stage2_reconstruct.decoder_batches import Faces, flipped, nobodys
from elseface.stage3_generate.edits import Edit
from elseface.stage3_generate.policies import Policy
from elseface.stage3_generate.shape import New, Own
from elseface.stage3_generate.shape_model import ShapeModel
from elseface.stage3_generate.spectacles import GLASSES, PLAIN
from elseface.stage3_generate.swapped_faces import Others, swap
from elseface.stage3_generate.texture_model import TextureModel

#: Attributes that are seen under the mask; of the context's, glasses cover most of it.
VISIBLE: tuple[int, ...] = tuple(
    i for i in range(COUNT) if i not in indices(CONTEXT) or i == GLASSES
)
#: Of those, what the classifier sees well enough to be listened to; to ask for an oval face, which
#: it cannot tell in photos either, would ask for patterns.  So did asking for glasses: what pleased
#: it was dazzle about the eyes.  They are left to the discriminator.
TRUSTED: tuple[int, ...] = tuple(
    indices(
        ("Smiling", "Mouth_Slightly_Open", "Young", "Male", "Heavy_Makeup", "Wearing_Lipstick",
         "No_Beard", "Goatee", "Bushy_Eyebrows", "Big_Nose")
    )
)  # fmt: skip
#: Of a batch's faces this share is changed, and of those that become somebody who is shown.
CHANGED, SWAPPED = 1 / 2, 1 / 2
#: Of the unchanged faces that wear no glasses, as many are drawn some.
SPECTACLED = 0.15
#: Of the unchanged faces this share is drawn without its texture.
UNKNOWN = 1 / 3
#: Half of the trained edits are of these, which users ask for.
FREQUENT: tuple[int, ...] = tuple(indices(("Smiling", "Young", "Eyeglasses")))
#: Coordinates that a new shape replaces, fewest and most: the decoder learns to reconcile a
#: context with a shape that fits it worse than the one it will be asked for.
REPLACED = (12, 26)


@dataclass(frozen=True)
class Editing:
    """How a face is changed: by policy or by hand, in its own shape or a new one."""

    policy: Policy
    model: ShapeModel
    textures: TextureModel

    def change(
        self, landmarks: np.ndarray, bits: np.ndarray, random: np.random.Generator, size: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool]:
        """New landmarks (68, 2), new attribute values (40,), the texture (size, size, 3), nothing
        where the shape stays, and whether it is new."""
        by_policy, by_hand, reshaped = random.random(3) < 0.5
        by_hand |= not (by_policy or reshaped)  # something is always changed
        after = self.policy(bits, indices(PROTECTED), random) if by_policy else bits
        if by_hand:
            pool = FREQUENT if random.random() < 0.5 else VISIBLE
            chosen = frozenset(random.choice(pool, random.integers(1, 3), replace=False).tolist())
            present = frozenset(i for i in chosen if after[i] < 0.5)
            after = Edit(present, chosen - present).apply(after)
        replaced = int(random.integers(*REPLACED, endpoint=True))
        shape = New(self.model, replaced, truncation=1) if reshaped else Own(self.model)
        landmarks = shape(landmarks, Disguise(bits, after, ()), random)
        texture = np.zeros((size, size, 3), np.float32)
        if reshaped:
            texture = self.textures.somebody(landmarks, random, size)
        return landmarks, after, texture, bool(reshaped)


class EditedFaces(Faces):
    """Batches of :class:`~elseface.stage2_reconstruct.decoder_batches.Faces` whose first half is
    changed, and some of whose others wear spectacles that no context shows.

    For that half the dict has also ``own_curves`` and ``own_attributes``, the conditions before
    the change; ``portrait`` (m, s, s, 3) in [0, 255]; ``wanted`` and ``weight`` (m, 40); and
    ``repelled`` (m,), 1 where the person must not be recognised; and of those that become somebody
    who is there to be seen ``other`` (m, size, size, 3) in [-1, 1], that face, and ``other_weight``
    (m, size, size, 1), how much it is to be believed, 0 for all else.

    Textures are those of the face that is to be drawn, by the latents (len(cache), LATENTS) that
    the texture model found in the photos, or of nobody.

    With `another_photo` there is ``same_person`` (m, size, size, 3) in [-1, 1] too, another photo
    of the person where there is one, since the same photo's copied context would resemble whatever
    is drawn; it is for a recognizer to judge by.
    """

    def __init__(
        self,
        cache: FaceCache,
        split: int,
        embedding: np.ndarray,
        batch_size: int,
        seed: int,
        editing: Editing,
        latents: np.ndarray,
        portrait_size: int,
        another_photo: bool,
    ) -> None:
        super().__init__(cache, split, embedding, batch_size, seed)
        self.editing, self.latents, self.portrait_size = editing, latents, portrait_size
        self.others = Others(cache, split)
        self.people = _photos_by_person(cache, split) if another_photo else None

    def __getitem__(self, batch: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        rows = self.rows(batch)
        landmarks, bits = rows["landmarks"].copy(), rows["attributes"].astype(np.float32)
        values = bits.copy()
        new = int(np.ceil(CHANGED * len(rows)))
        size, textures, numbers = rows["crop"].shape[1], nobodys(rows), self.numbers(batch)
        repelled = np.zeros(new, np.float32)
        other = np.zeros((new, *rows["crop"].shape[1:]), np.float32)
        believed = np.zeros((*other.shape[:3], 1), np.float32)
        for i in range(new):
            somebody = None
            if self.random.random() < SWAPPED:
                somebody = self.others.choose(rows[i], self.random)
            if somebody is None:
                landmarks[i], values[i], textures[i], repelled[i] = self.editing.change(
                    landmarks[i], bits[i], self.random, size
                )
            else:
                (record,) = self.cache[np.array([somebody])]
                face, landmarks[i], believed[i] = swap(rows[i], record)
                values[i, VISIBLE], repelled[i] = record["attributes"][list(VISIBLE)], 1
                other[i], textures[i] = (
                    face / 127.5 - 1,
                    self._texture(somebody, landmarks[i], size),
                )
        for i, number in enumerate(numbers[new:], new):
            if self.random.random() >= UNKNOWN:
                textures[i] = self._texture(number, landmarks[i], size)
        worn = self._chosen_for_spectacles(bits, new)
        values[worn, GLASSES] = 1
        given, faces = self.given(rows, landmarks, values, textures)
        own, _ = self.given(rows[:new], rows["landmarks"][:new], bits[:new], textures[:new])
        self._put_spectacles_on(given["mask"], rows, worn, faces)
        portraits = np.stack([shrink(p, self.portrait_size) for p in rows["portrait"][:new]])
        extra = {
            "own_curves": own["curves"],
            "own_attributes": own["attributes"],
            "portrait": portraits,
            "wanted": np.round(values[:new]),
            "weight": emphasis(bits[:new], values[:new]),
            "repelled": repelled,
            "other": other,
            "other_weight": believed,
        }
        if self.people is not None:
            others = self.cache[self._other_photos(numbers[:new], rows["identity"])]
            extra["same_person"] = others["crop"].astype(np.float32) / 127.5 - 1
        return flipped(self.random, {**given, **extra}, faces)

    def _texture(self, number: int, landmarks: np.ndarray, size: int) -> np.ndarray:
        latents = self.latents[number]
        if not latents.any():
            return np.zeros((size, size, 3), np.float32)
        return self.editing.textures.draw(latents, landmarks, size)

    def _chosen_for_spectacles(self, bits: np.ndarray, new: int) -> np.ndarray:
        """Rows after the changed ones whose photos show no glasses, one in some."""
        without = np.flatnonzero(bits[new:, GLASSES] == 0) + new
        return without[self.random.random(len(without)) < SPECTACLED]

    def _put_spectacles_on(
        self, mask: np.ndarray, rows: np.ndarray, worn: np.ndarray, faces: np.ndarray
    ) -> None:
        """In place, under the mask only: the context that the decoder is given shows none."""
        for i in worn:
            pair = PLAIN.put_on(rows["crop"][i], rows["landmarks"][i]).round() / 127.5 - 1
            faces[i] = np.where(mask[i] == 1, pair, faces[i])

    def _other_photos(self, numbers: np.ndarray, identity: np.ndarray) -> np.ndarray:
        """For each row number that of another photo of the person, or its own if there is none."""
        chosen = numbers.copy()
        for i, (number, person) in enumerate(zip(numbers, identity.tolist())):
            photos = self.people.get(person, numbers[:0])
            others = photos[photos != number]
            chosen[i] = self.random.choice(others) if len(others) else number
        return chosen


def _photos_by_person(cache: FaceCache, split: int) -> dict[int, np.ndarray]:
    """The row numbers of everybody known in a split, by identity."""
    rows, identity = cache.split(split), cache.column("identity")
    rows = rows[identity[rows] >= 0]
    rows = rows[np.argsort(identity[rows], kind="stable")]
    people, starts = np.unique(identity[rows], return_index=True)
    return dict(zip(people.tolist(), np.split(rows, starts[1:])))


def emphasis(bits: np.ndarray, values: np.ndarray) -> np.ndarray:
    """How much each trusted attribute matters (n, 40): what changes as much as all that stays."""
    trusted = np.isin(np.arange(COUNT), TRUSTED)
    changed = trusted & (np.round(values) != bits)
    stays = trusted & ~changed
    weight = changed / np.maximum(changed.sum(1, keepdims=True), 1)
    return (weight + stays / np.maximum(stays.sum(1, keepdims=True), 1)).astype(np.float32)
