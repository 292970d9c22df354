"""The three stages as one anonymizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from elseface.common.anonymizer import NOBODY, Anonymized, Change, Disguise, Worn
from elseface.common.attributes import PROTECTED, indices
from elseface.common.face import Face
from elseface.stage1_disentangle.attributes import AttributeClassifier
from elseface.stage1_disentangle.descriptor import embed_crop
from elseface.stage1_disentangle.factors import Factors, disentangle, estimate_attributes
from elseface.stage2_reconstruct.reconstruct import Decoder
from elseface.stage3_generate.blending import match_colours, paste
from elseface.stage3_generate.casting import Casting, by_picture
from elseface.stage3_generate.edits import Edit
from elseface.stage3_generate.film import drawn_by_turns
from elseface.stage3_generate.policies import Policy
from elseface.stage3_generate.rejection import NewFace, unlike
from elseface.stage3_generate.shape import Shape
from elseface.stage3_generate.spectacles import GLASSES, chosen
from elseface.stage3_generate.texture_model import TextureModel

#: What hair and neck, which are copied, say otherwise of, and how far the decoder is asked for more
#: than 1 of what an edit adds and for less than 0 of what it takes away.  On validation people the
#: shipped attribute network saw +Male in 13 % of 24 faces, with .6 more in 46 %, +Young in 88 % of
#: 32 with .3 and in 94 % with .6; -Young in 13 % of 32, with .3 less in 38 %, with .65 in 69 %, but
#: in thin lines; -Male in 29 and 38 % of 24.  Of other attributes the eye had enough at 1: grins,
#: black brows.
CONTRADICTED = frozenset(indices(("Male", "Young")))
MORE, LESS = 0.6, 0.3


@dataclass(frozen=True)
class AttributeEdit:
    """Take each face apart, change attributes and shape, draw it again, lay it in.

    Parameters
    ----------
    classifier, decoder : the trained networks
    policy : chooses the new attributes
    shape : chooses the new landmarks
    textures : has a texture for every face, whatever its shape: without one it would be smooth
    edit : attributes to set whatever the policy says
    keep : indices of attributes that stay as they are
    attempts : how often a face may be drawn until it is unlike the old one; 1 takes the first draw
        as it is
    casting : says what a face's disguise is drawn from
    film : whether faces that wear one disguise are a person's in frames in a row, of which every
        second is drawn
    """

    classifier: AttributeClassifier
    decoder: Decoder
    policy: Policy
    shape: Shape
    textures: TextureModel
    edit: Edit
    keep: frozenset[int]
    attempts: int = 1
    casting: Casting = by_picture
    film: bool = False
    name: str = "attribute-edit"

    def anonymize(
        self, photo: np.ndarray, faces: Sequence[Face], seed: int, worn: Worn = NOBODY
    ) -> Anonymized:
        """See :class:`~elseface.common.anonymizer.Anonymizer`."""
        result = photo.copy()
        if not faces:
            return Anonymized(result, ())
        found = self._disentangled(photo, faces, worn)
        chosen = self._new_faces(photo, faces, found, seed, worn)
        for face, new in zip(faces, chosen):
            paste(result, face, new.drawn)
        changes = tuple(
            Change(face, new.disguise, new.distance) for face, new in zip(faces, chosen)
        )
        return Anonymized(result, changes)

    def _disentangled(self, photo: np.ndarray, faces: Sequence[Face], worn: Worn) -> list[Factors]:
        """Attributes are estimated of those alone who have no disguise yet."""
        seen = [face for i, face in enumerate(faces) if i not in worn]
        estimated = iter(estimate_attributes(photo, seen, self.classifier) if seen else ())
        attributes = [worn[i].before if i in worn else next(estimated) for i in range(len(faces))]
        return disentangle(photo, faces, attributes, self.decoder.size)

    def _new_faces(
        self,
        photo: np.ndarray,
        faces: Sequence[Face],
        found: Sequence[Factors],
        seed: int,
        worn: Worn,
    ) -> list[NewFace]:
        def draw(disguises: Mapping[int, Disguise]) -> list[NewFace]:
            fresh = [self.put_on(found[i], disguise) for i, disguise in disguises.items()]
            if not fresh:
                return []
            asked = [self._asked(*pair) for pair in zip(fresh, disguises.values())]
            whose = [*disguises.values()]

            def texture(i: int) -> np.ndarray:
                return self._texture(fresh[i], whose[i])

            if self.film:
                bare = drawn_by_turns(self.decoder, asked, texture, [*map(id, whose)])
            else:
                bare = self.decoder.draw(asked, np.stack([*map(texture, range(len(asked)))]))
            return [
                NewFace(factors, _dressed(match_colours(f, factors), factors, disguise), disguise)
                for disguise, factors, f in zip(whose, fresh, bare)
            ]

        free = [i for i in range(len(faces)) if i not in worn]
        cast = self.casting(photo, [faces[i] for i in free], [found[i] for i in free], seed)
        parts = dict(zip(free, cast))

        def attempt(which: Sequence[int], number: int) -> list[NewFace]:
            return draw({i: self.disguise(found[i], parts[i].stream(number)) for i in which})

        new = dict(zip(worn, draw(worn)))
        if self.attempts == 1:
            new |= zip(free, attempt(free, 0))
        else:
            old = {
                i: embed_crop(faces[i].alignment.crop(photo, self.decoder.size), found[i].landmarks)
                for i in free
            }
            new |= unlike(old, attempt, self.attempts)
        return [new[i] for i in range(len(faces))]

    @property
    def fixed(self) -> frozenset[int]:
        """Attributes that the policy leaves alone."""
        return self.keep | frozenset(indices(PROTECTED)) | self.edit.present | self.edit.absent

    def disguise(self, factors: Factors, stream: tuple[int, ...]) -> Disguise:
        """Somebody new, drawn from the stream, for the face taken apart into `factors`."""
        before = factors.attributes
        edited = self.edit.apply(before, self.keep)
        after = self.policy(edited, self.fixed, _streams(stream)[0])
        return Disguise(before, after, stream)

    def put_on(self, factors: Factors, disguise: Disguise) -> Factors:
        """The factors of the new face, in the place and pose of `factors`."""
        landmarks = self.shape(factors.landmarks, disguise, _streams(disguise.stream)[1])
        return replace(factors, attributes=disguise.after, landmarks=landmarks)

    def _texture(self, factors: Factors, disguise: Disguise) -> np.ndarray:
        random = _streams(disguise.stream)[3]
        return self.textures.somebody(factors.landmarks, random, self.decoder.size)

    def _asked(self, factors: Factors, disguise: Disguise) -> Factors:
        """What the decoder is given: more than 1 of what the edit adds against the context, less
        than 0 of what it takes away, and of whoever wears glasses the face without them."""
        attributes, before = factors.attributes.copy(), disguise.before
        attributes[[i for i in self.edit.present & CONTRADICTED if before[i] < 0.5]] += MORE
        attributes[[i for i in self.edit.absent & CONTRADICTED if before[i] >= 0.5]] -= LESS
        attributes[GLASSES] *= attributes[GLASSES] < 0.5
        return replace(factors, attributes=attributes)


def _dressed(face: np.ndarray, factors: Factors, disguise: Disguise) -> np.ndarray:
    """The drawn face, with their spectacles on."""
    if disguise.after[GLASSES] < 0.5:
        return face
    return chosen(_streams(disguise.stream)[2]).put_on(face, factors.landmarks)


def _streams(stream: tuple[int, ...]) -> list[np.random.Generator]:
    """One for the attributes, one for the shape, which is drawn anew for every picture, one for
    spectacles, and one for the texture."""
    return [np.random.default_rng(s) for s in np.random.SeedSequence(stream).spawn(4)]
