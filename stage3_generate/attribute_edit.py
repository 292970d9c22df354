"""The three stages as one anonymizer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from elseface.common.anonymizer import Anonymized, Change
from elseface.common.attributes import NAMES, index
from elseface.common.face import Face
from elseface.stage1_disentangle.attributes import AttributeClassifier
from elseface.stage1_disentangle.descriptor import describe
from elseface.stage1_disentangle.factors import Factors, disentangle
from elseface.stage2_reconstruct.reconstruct import Decoder
from elseface.stage3_generate.blending import match_colours, paste
from elseface.stage3_generate.edits import Edit
from elseface.stage3_generate.policies import Policy
from elseface.stage3_generate.rejection import NewFace, unlike
from elseface.stage3_generate.shape import Shape

#: What the decoder is given for glasses that an edit asks for: at 1, which hardly a made-up face
#: has in photos, it overdraws them to a mask.
GLASSES = 0.7


@dataclass(frozen=True)
class AttributeEdit:
    """Take each face apart, change attributes and shape, draw it again, lay it in.

    Parameters
    ----------
    classifier, decoder : the trained networks
    policy : chooses the new attributes
    shape : chooses the new landmarks
    edit : attributes to set whatever the policy says
    keep : indices of attributes that the policy leaves alone
    attempts : how often a face may be drawn until it is unlike the old one; 1 takes the first draw
        as it is
    """

    classifier: AttributeClassifier
    decoder: Decoder
    policy: Policy
    shape: Shape
    edit: Edit
    keep: frozenset[int]
    attempts: int = 1
    name: str = "attribute-edit"

    def anonymize(self, photo: np.ndarray, faces: Sequence[Face], seed: int) -> Anonymized:
        """See :class:`~elseface.common.anonymizer.Anonymizer`."""
        result = photo.copy()
        if not faces:
            return Anonymized(result, ())
        found = disentangle(photo, faces, self.classifier, self.decoder.size)
        chosen = self._new_faces(photo, faces, found, seed)
        for face, new in zip(faces, chosen):
            paste(result, face, new.drawn)
        changes = tuple(
            Change(face, _named(old.attributes), _named(new.factors.attributes), new.distance)
            for face, old, new in zip(faces, found, chosen)
        )
        return Anonymized(result, changes)

    def _new_faces(
        self, photo: np.ndarray, faces: Sequence[Face], found: Sequence[Factors], seed: int
    ) -> list[NewFace]:
        def draw(which: Sequence[int], attempt: int) -> list[NewFace]:
            fresh = [self.regenerate(found[i], _stream(found[i], seed, attempt)) for i in which]
            drawn = self.decoder.draw(fresh)
            return [NewFace(f, match_colours(face, f)) for f, face in zip(fresh, drawn)]

        if self.attempts == 1:
            return draw(range(len(found)), 0)
        old = [
            describe(face.alignment.crop(photo, self.decoder.size), factors.landmarks)
            for face, factors in zip(faces, found)
        ]
        return unlike(old, draw, self.attempts)

    def regenerate(self, factors: Factors, random: np.random.Generator) -> Factors:
        """The factors of the new face."""
        fixed = self.keep | self.edit.present | self.edit.absent
        attributes = self.policy(self.edit.apply(factors.attributes), fixed, random)
        if (glasses := index("Eyeglasses")) in self.edit.present:
            attributes = attributes.copy()
            attributes[glasses] = max(GLASSES, factors.attributes[glasses])
        landmarks = self.shape(factors.landmarks, factors.attributes, attributes, random)
        return replace(factors, attributes=attributes, landmarks=landmarks)


def _stream(factors: Factors, seed: int, attempt: int) -> np.random.Generator:
    """The random stream of one face, from the seed, the context and the number of the attempt.

    The context takes part so that one person's photos get unrelated faces under one seed; what
    lies under the mask does not, so that nothing of the old face decides what is drawn.
    """
    digest = hashlib.sha256(np.ascontiguousarray(factors.context).tobytes()).digest()
    return np.random.default_rng([seed, attempt, int.from_bytes(digest[:16], "little")])


def _named(values: np.ndarray) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in zip(NAMES, values)}
