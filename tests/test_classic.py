"""Classic methods: inside the ellipse only, and each hides what it says."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from elseface.common.errors import ElsefaceError
from elseface.stage1_disentangle.alignment import align
from elseface.stage1_disentangle.faces import find_faces
from elseface.stage1_disentangle.mask import photo_ellipse
from elseface.stage3_generate.choices import MethodName
from elseface.stage3_generate.classic import load_obfuscation

OTHERS = MethodName.ATTRIBUTE_EDIT, MethodName.MEAN_FACE
CLASSIC = [name for name in MethodName if name not in OTHERS]


@pytest.fixture(scope="module")
def faces(portrait):
    return find_faces(portrait)


@pytest.mark.parametrize("name", CLASSIC)
def test_only_the_ellipse_changes_and_most_of_it(portrait, faces, name):
    before = portrait.copy()
    method = load_obfuscation(name)
    assert method.name == name
    result = method.anonymize(portrait, faces, seed=0)
    np.testing.assert_array_equal(portrait, before)
    under = photo_ellipse(faces[0], (slice(0, None), slice(0, None))).draw(*portrait.shape[:2]) == 1
    changed = (result.pixels != portrait).any(-1)
    assert not changed[~under].any() and changed[under].mean() > 0.5
    assert [change.face for change in result.changes] == faces
    np.testing.assert_array_equal(method.anonymize(portrait, faces, seed=5).pixels, result.pixels)


@pytest.mark.parametrize("name", [MethodName.BLACKOUT, MethodName.INPAINT_NS, MethodName.MASK])
def test_all_or_nothing_takes_no_strength(name):
    with pytest.raises(ElsefaceError, match="strength"):
        load_obfuscation(name, 2.0)


@pytest.mark.parametrize("name", [MethodName.BLUR, MethodName.PIXELATE])
def test_more_strength_leaves_less_detail(portrait, faces, name):
    under = photo_ellipse(faces[0], (slice(0, None), slice(0, None))).draw(*portrait.shape[:2]) == 1
    detail = []
    for strength in (0.02, 0.2, 0.6):
        result = load_obfuscation(name, strength).anonymize(portrait, faces, 0).pixels
        detail.append(result[under].std())
    assert detail[0] > detail[1] > detail[2]
    with pytest.raises(ElsefaceError, match="above 0"):
        load_obfuscation(name, 0)
    with pytest.raises(ElsefaceError, match="above 0"):
        load_obfuscation(name, float("nan"))


def test_inpainting_takes_nothing_from_a_neighbour(portrait, faces):
    """Two overlapping faces: other pixels under the one, the same fill under the other."""
    face = faces[0]
    shift = np.array([0.7 * (face.box[2] - face.box[0]), 0])
    points = face.landmarks + shift.astype(np.float32)
    beside = replace(face, landmarks=points, alignment=align(points))
    under = photo_ellipse(beside, (slice(0, None), slice(0, None))).draw(*portrait.shape[:2]) == 1
    other = portrait.copy()
    other[under] = 255 - other[under]
    method = load_obfuscation(MethodName.INPAINT_TELEA)
    one, two = (method.anonymize(p, [face, beside], 0).pixels for p in (portrait, other))
    np.testing.assert_array_equal(one, two)


def test_nothing_of_the_face_shows_through_where_it_must_not(portrait, faces):
    """Another face under the same ellipse, the same result."""
    ellipse = photo_ellipse(faces[0], (slice(0, None), slice(0, None)))
    under = ellipse.draw(*portrait.shape[:2]) == 1
    other = portrait.copy()
    other[under] = cv2.flip(portrait, 0)[under]
    for name in (MethodName.BLACKOUT, MethodName.INPAINT_TELEA, MethodName.INPAINT_NS):
        method = load_obfuscation(name)
        one, two = (method.anonymize(p, faces, 0).pixels for p in (portrait, other))
        np.testing.assert_array_equal(one, two)
