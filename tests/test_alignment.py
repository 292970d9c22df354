"""The frame: a similarity transform there and back, and the crop it cuts."""

import numpy as np
from elseface.common.face import Alignment
from elseface.stage1_disentangle.alignment import align, usual_box
from elseface.stage1_disentangle.box import overlap
from elseface.stage1_disentangle.faces import find_faces
from elseface.stage1_disentangle.fit import UNSTEADY, unsteadiness
from hypothesis import given
from hypothesis import strategies as st

angles = st.floats(-3.1, 3.1)
sizes = st.floats(20, 2000)
places = st.floats(-500, 3000)


def placed(shape: np.ndarray, angle: float, size: float, x: float, y: float) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    return (shape - 0.5) @ np.array([[cos, sin], [-sin, cos]]) * size + (x, y)


@given(angles, sizes, places, places)
def test_frame_does_not_depend_on_where_the_face_is(mean_shape, angle, size, x, y):
    landmarks = placed(mean_shape, angle, size, x, y)
    plain = placed(mean_shape, 0, 100, 0, 0)
    upright = align(plain).to_frame(plain)
    np.testing.assert_allclose(align(landmarks).to_frame(landmarks), upright, atol=1e-6)


@given(angles, sizes, places, places)
def test_there_and_back(mean_shape, angle, size, x, y):
    alignment = align(placed(mean_shape, angle, size, x, y))
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.3, 0.7]])
    np.testing.assert_allclose(alignment.to_frame(alignment.to_photo(points)), points, atol=1e-6)
    side = np.hypot(*np.diff(alignment.to_photo(points[:2]), axis=0)[0])
    np.testing.assert_allclose(side, alignment.pixels, rtol=1e-6)


def test_crop_of_an_exact_square_is_the_square(random):
    photo = random.integers(0, 256, (40, 50, 3), dtype=np.uint8)
    alignment = Alignment(np.array([[1 / 16, 0, -(9.5 / 16)], [0, 1 / 16, -(4.5 / 16)]]))
    np.testing.assert_array_equal(alignment.crop(photo, 16), photo[5:21, 10:26])
    laid = alignment.uncrop(photo[5:21, 10:26], photo.shape)
    np.testing.assert_array_equal(laid[5:21, 10:26], photo[5:21, 10:26])


def test_large_face_is_averaged_not_sampled():
    photo = np.indices((512, 512)).sum(0).astype(np.uint8)[:, :, None] % 2 * 255
    photo = np.repeat(photo, 3, axis=2)
    alignment = Alignment(np.array([[1 / 512, 0, 0.5 / 512], [0, 1 / 512, 0.5 / 512]]))
    assert np.abs(alignment.crop(photo, 64).astype(int) - 127).max() <= 1


def test_a_wider_field_keeps_the_centre(random):
    photo = np.repeat(np.arange(100, dtype=np.uint8)[None, :, None], 100, 0).repeat(3, 2)
    alignment = Alignment(np.array([[1 / 40, 0, -(29.5 / 40)], [0, 1 / 40, -(29.5 / 40)]]))
    tight, wide = alignment.crop(photo, 40), alignment.crop(photo, 60, field=1.5)
    np.testing.assert_array_equal(wide[10:50, 10:50], tight)


@given(angles, sizes, places, places)
def test_window_holds_what_the_frame_shows(mean_shape, angle, size, x, y):
    alignment = align(placed(mean_shape, angle, size, x, y))
    rows, columns = window = alignment.window((300, 400))
    assert 0 <= rows.start < rows.stop <= 300 and 0 <= columns.start < columns.stop <= 400
    point = np.array([[0.4, 0.6]])
    origin = np.array([columns.start, rows.start])
    np.testing.assert_allclose(
        alignment.within(window).to_photo(point) + origin, alignment.to_photo(point), atol=1e-5
    )


def test_the_usual_box_is_the_detectors(portrait):
    """Landmarks fit in it as well as in that; in the box that they fill they would not."""
    (face,) = find_faces(portrait)
    usual = usual_box(align(face.landmarks))
    assert overlap(usual, face.box) > 0.7
    assert unsteadiness(portrait, usual) < UNSTEADY / 2
