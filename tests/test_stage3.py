"""Shapes, blending and the information flow of the whole pipeline."""

from dataclasses import replace

import numpy as np
import pytest
from elseface.common.attributes import COUNT, index, indices
from elseface.common.face import Face
from elseface.common.weights import load
from elseface.stage1_disentangle.alignment import align
from elseface.stage1_disentangle.faces import find_faces
from elseface.stage1_disentangle.factors import (
    Factors,
    disentangle,
    estimate_attributes,
    masked_context,
    outside_faces,
)
from elseface.stage1_disentangle.mask import face_ellipse, photo_ellipse
from elseface.stage3_generate import attribute_edit, policies
from elseface.stage3_generate.attribute_edit import LESS, MORE, AttributeEdit
from elseface.stage3_generate.blending import match_colours, paste
from elseface.stage3_generate.choices import ShapeName
from elseface.stage3_generate.edits import Edit
from elseface.stage3_generate.load import load_attribute_edit, load_shape
from elseface.stage3_generate.shape import REPLACED
from scipy.ndimage import binary_erosion


def drawn_factors(random, size: int = 64) -> Factors:
    points = load("shape")[0]["mean"].reshape(68, 2)
    mask = face_ellipse(points).in_crop(size).draw(size, size)
    context = np.full((size, size, 3), 120, np.uint8) * (1 - mask[:, :, None])
    return Factors(context, mask, points, np.zeros(COUNT, np.float32))


def test_colours_meet_at_the_rim(random):
    factors = drawn_factors(random)
    matched = match_colours(np.full((64, 64, 3), 90.0, np.float32), factors)
    outline = factors.mask.astype(bool)
    rim = outline & ~binary_erosion(outline)
    assert np.abs(matched[rim] - 120).max() < 6  # 30 apart before
    assert np.abs(matched[32, 32] - 90).max() < 3  # the middle stays as drawn


def test_nothing_outside_the_ellipse_changes(portrait):
    (face,) = find_faces(portrait)
    photo = portrait.copy()
    paste(photo, face, np.full((128, 128, 3), 7.0, np.float32))
    inside = (photo != portrait).any(-1)
    ellipse = face_ellipse(face.alignment.to_frame(face.landmarks)).in_photo(face.alignment)
    assert not inside[ellipse.draw(*portrait.shape[:2]) == 0].any()
    assert (photo[ellipse.draw(*portrait.shape[:2]) == 1] == 7).all()


def test_no_pixel_under_the_mask_reaches_the_new_face(anonymizer, portrait, random):
    """Information flow, bit-exact: attributes and landmarks held, pixels under the mask replaced.

    The shipped networks, the real pipeline; only the classifier's answer is pinned, and the first
    draw taken, since what sees the face besides is what says which draw is too like it.
    """
    (face,) = find_faces(portrait)
    (values,) = estimate_attributes(portrait, [face], anonymizer.classifier)
    held = replace(anonymizer, classifier=Pinned(values), attempts=1)
    ellipse = face_ellipse(face.alignment.to_frame(face.landmarks)).in_photo(face.alignment)
    under = ellipse.draw(*portrait.shape[:2]).astype(bool)
    before = held.anonymize(portrait, [face], seed=1).pixels
    for pixels in (0, 255, random.integers(0, 256, (under.sum(), 3))):
        changed = portrait.copy()
        changed[under] = pixels
        np.testing.assert_array_equal(held.anonymize(changed, [face], seed=1).pixels, before)
    context = portrait.copy()
    context[~under] //= 2
    after = held.anonymize(context, [face], seed=1).pixels
    assert (after[under] != before[under]).any()  # the context does reach it


class Pinned:
    """A classifier that has made up its mind."""

    size = 64

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def probabilities(self, portraits) -> np.ndarray:
        return np.stack([self.values] * len(portraits))


def test_no_pixel_of_a_neighbour_reaches_the_new_face(anonymizer, portrait, random):
    """Two faces close enough that each one's crop shows the other."""
    half = portrait[20:250, 140:300]
    photo = np.hstack([half[:, 20:140], half[:, 20:140]])
    faces = find_faces(photo)
    assert len(faces) == 2
    first, second = faces
    under = photo_ellipse(second, (slice(0, None), slice(0, None))).draw(*photo.shape[:2]) == 1
    changed = photo.copy()
    changed[under] = random.integers(0, 256, (under.sum(), 3))
    contexts = [masked_context(p, outside_faces(p, faces), first, 128)[0] for p in (photo, changed)]
    alone = [masked_context(p, outside_faces(p, [first]), first, 128)[0] for p in (photo, changed)]
    assert (alone[0] != alone[1]).any()  # they are close enough for the test to mean something
    np.testing.assert_array_equal(*contexts)


def test_a_face_at_the_border_gets_no_black_rim(portrait):
    photo = np.ascontiguousarray(portrait[:, 190:])
    (face,) = find_faces(portrait)
    moved = Face(face.box, face.landmarks - (190, 0), align(face.landmarks - (190, 0)))
    context, mask = masked_context(photo, outside_faces(photo, [moved]), moved, 128)
    assert (context[mask == 0].max(-1) > 8).mean() > 0.97  # hair is dark, nothing is this black


def test_a_new_face_is_drawn(anonymizer, portrait):
    faces = find_faces(portrait)
    result = anonymizer.anonymize(portrait, faces, seed=0)
    inside = (result.pixels != portrait).any(-1)
    assert 0.02 < inside.mean() < 0.15
    assert len(find_faces(result.pixels)) == 1
    (change,) = result.changes
    before, after = change.disguise.before, change.disguise.after
    assert before.shape == after.shape == (40,)
    assert before[index("Male")] == after[index("Male")]


def test_a_disguise_is_worn_again(anonymizer, portrait):
    """On the next picture of a person, whatever its seed; others there get their own."""
    (face,) = find_faces(portrait)
    first = anonymizer.anonymize(portrait, [face], seed=0)
    disguise = first.changes[0].disguise
    again = anonymizer.anonymize(portrait, [face], seed=5, worn={0: disguise})
    np.testing.assert_array_equal(again.pixels, first.pixels)
    moved = np.roll(portrait, 9, axis=1)
    (there,) = find_faces(moved)
    both = np.hstack([moved, portrait])
    right = face.landmarks + np.array([512, 0])
    beside = Face(face.box, right, align(right))
    changes = anonymizer.anonymize(both, [there, beside], seed=5, worn={0: disguise}).changes
    assert changes[0].disguise is disguise
    assert changes[1].disguise.stream != disguise.stream
    shapes = [
        anonymizer.shape.model.coordinates(anonymizer.put_on(factors, disguise).landmarks)
        for factors in disentangle(both, [there, face], [disguise.before] * 2, 128)
    ]
    np.testing.assert_allclose(shapes[0][:REPLACED], shapes[1][:REPLACED], atol=0.05)


def test_spectacles_are_put_on_the_same_face(anonymizer, portrait, monkeypatch):
    """Dark rims reach from beside one eye to beside the other; who is drawn anew gets another pair,
    and who wears a disguise again the same."""
    (face,) = find_faces(portrait)
    plain = replace(anonymizer, attempts=1, shape=load_shape(ShapeName.OWN), policy=policies.none)
    wearing = replace(plain, edit=Edit.parse("+Eyeglasses"))
    with monkeypatch.context() as undressed:
        undressed.setattr(attribute_edit, "_dressed", lambda face, *_: face)
        without = wearing.anonymize(portrait, [face], 0)
    first, other = (wearing.anonymize(portrait, [face], seed) for seed in (0, 1))
    darker = without.pixels.astype(int).max(-1) - first.pixels.max(-1)
    rows, columns = np.nonzero(darker > 60)
    eyes, mouth = face.landmarks[36:48], face.landmarks[48:]
    assert rows.max() < mouth[:, 1].min() and rows.min() > eyes[:, 1].min() - 20
    assert columns.min() < eyes[:, 0].min() and columns.max() > eyes[:, 0].max()
    assert (first.pixels != other.pixels).any()
    again = wearing.anonymize(portrait, [face], 5, worn={0: first.changes[0].disguise})
    np.testing.assert_array_equal(again.pixels, first.pixels)


class Listening:
    """A decoder that notes what it is given."""

    def __init__(self, decoder) -> None:
        self.decoder, self.size = decoder, decoder.size
        self.factors, self.textures = [], []

    def draw(self, factors, textures):
        self.factors.extend(factors)
        self.textures.append(textures)
        return self.decoder.draw(factors, textures)


def test_an_edit_against_the_context_is_overdone_for_the_decoder_alone(anonymizer, portrait):
    (face,) = find_faces(portrait)
    listening = Listening(anonymizer.decoder)
    asked = listening.factors
    edited = replace(
        anonymizer, decoder=listening, attempts=1, edit=Edit.parse("+Male,+Smiling,-Young")
    )
    (change,) = edited.anonymize(portrait, [face], 0).changes
    male, young = index("Male"), index("Young")

    def before(**bits):
        values = np.full(COUNT, 0.2)
        values[indices(bits)] = [*bits.values()]
        return replace(change.disguise, before=values)

    asked.clear()
    edited.anonymize(portrait, [face], 0, worn={0: before(Male=0, Young=1)})
    edited.anonymize(portrait, [face], 0, worn={0: before(Male=1, Young=0)})
    given, told = asked[0].attributes, change.disguise.after
    assert given[male] == np.float32(1 + MORE) > 1 == told[male]
    assert given[young] == np.float32(-LESS) < 0 == told[young]
    others = [i for i in range(COUNT) if i not in indices(["Male", "Young", "Eyeglasses"])]
    np.testing.assert_array_equal(given[others], told[others])
    # Surroundings of an old man say so too.
    assert asked[1].attributes[male] == 1 and asked[1].attributes[young] == 0


def test_the_texture_is_the_disguises(anonymizer, portrait):
    """Whoever is drawn again in the same disguise has the same texture, in other ones others,
    in their own shape, too."""
    (face,) = find_faces(portrait)
    listening = Listening(anonymizer.decoder)
    first = replace(anonymizer, decoder=listening, attempts=1)
    (change,) = first.anonymize(portrait, [face], 0).changes
    first.anonymize(portrait, [face], 5, worn={0: change.disguise})
    first.anonymize(portrait, [face], 1)
    replace(first, shape=load_shape(ShapeName.OWN)).anonymize(portrait, [face], 0)
    one, again, other, own = listening.textures
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 0.3 and np.abs(one).max() > 0.3 and np.abs(own).max() > 0.3
    plain = replace(first, textures=Smooth())
    with_it, without = (
        of.anonymize(portrait, [face], 0).pixels.astype(int) for of in (first, plain)
    )
    assert np.abs(with_it - without).max() > 8  # and the decoder heeds it


class Smooth:
    def somebody(self, landmarks, random, size):
        return np.zeros((size, size, 3), np.float32)


def test_seeds_policies_and_shapes_make_different_faces(anonymizer, portrait):
    faces = find_faces(portrait)
    own = replace(
        anonymizer, shape=load_shape(ShapeName.OWN), policy=lambda values, keep, random: values
    )
    smile = replace(own, edit=Edit.parse("-Smiling,+Eyeglasses"))
    pictures = [
        maker.anonymize(portrait, faces, seed).pixels
        for maker, seed in ((anonymizer, 0), (anonymizer, 1), (own, 0), (smile, 0))
    ]
    for i, one in enumerate(pictures):
        for other in pictures[:i]:
            assert (one != other).any()
    smooth = replace(own, textures=Smooth())  # that is all a seed chooses in their own shape
    one, other = (smooth.anonymize(portrait, faces, seed).pixels for seed in (0, 9))
    np.testing.assert_array_equal(one, other)


def test_defaults_protect_gender(anonymizer):
    assert isinstance(anonymizer, AttributeEdit)
    assert set(indices(["Male", "No_Beard", "Heavy_Makeup"])) <= anonymizer.fixed


def test_mistakes_show_before_networks_are_loaded():
    from elseface.common.errors import ElsefaceError

    with pytest.raises(ElsefaceError, match="Smilling"):
        load_attribute_edit(edit="+Smilling")
