"""The ellipse covers the face, whatever the pose."""

import numpy as np
from elseface.stage1_disentangle.alignment import align
from elseface.stage1_disentangle.faces import face_at
from elseface.stage1_disentangle.landmarks import INNER
from elseface.stage1_disentangle.mask import Ellipse, face_ellipse
from hypothesis import given
from hypothesis import strategies as st


def posed(shape: np.ndarray, yaw: float, pitch: float, roll: float, size: float) -> np.ndarray:
    """A head seen from somewhere: the mean shape on an ellipsoid with a nose, turned in space."""
    flat = shape - shape.mean(0)
    depth = 0.35 * np.sqrt(np.clip(1 - (flat[:, 0] / 0.5) ** 2 - (flat[:, 1] / 0.7) ** 2, 0, 1))
    depth[27:36] += 0.08
    x, y = flat.T
    x, z = x * np.cos(yaw) + depth * np.sin(yaw), depth * np.cos(yaw) - x * np.sin(yaw)
    y = y * np.cos(pitch) - z * np.sin(pitch)
    x, y = x * np.cos(roll) - y * np.sin(roll), x * np.sin(roll) + y * np.cos(roll)
    return np.stack([x, y], axis=1) * size + 300


poses = {
    "yaw": st.floats(-1.2, 1.2),
    "pitch": st.floats(-0.6, 0.6),
    "roll": st.floats(-3.1, 3.1),
    "size": st.floats(40, 800),
}


@given(**poses, open_mouth=st.floats(0, 0.15))
def test_no_inner_landmark_outside(mean_shape, yaw, pitch, roll, size, open_mouth):
    shape = mean_shape.copy()
    shape[[*range(55, 60), *range(65, 68), *range(5, 12)], 1] += open_mouth
    landmarks = posed(shape, yaw, pitch, roll, size)
    alignment = align(landmarks)
    ellipse = face_ellipse(alignment.to_frame(landmarks))
    assert ellipse.radius(alignment.to_frame(landmarks)[INNER]).max() < 1
    assert ellipse.in_photo(alignment).radius(landmarks[INNER]).max() < 1


@given(**poses, open_mouth=st.floats(0, 0.15))
def test_the_frame_holds_the_whole_ellipse(mean_shape, yaw, pitch, roll, size, open_mouth):
    """What lies beyond the frame could not be replaced."""
    shape = mean_shape.copy()
    shape[[*range(55, 60), *range(65, 68), *range(5, 12)], 1] += open_mouth
    landmarks = posed(shape, yaw, pitch, roll, size)
    face = face_at(landmarks, (0, 0, 1, 1))
    bounds = face_ellipse(face.alignment.to_frame(landmarks)).bounds()
    assert bounds.min() > 0 and bounds.max() < 1


@given(**poses)
def test_every_pixel_of_an_inner_landmark_is_masked(mean_shape, yaw, pitch, roll, size):
    landmarks = posed(mean_shape, yaw, pitch, roll, size)
    alignment = align(landmarks)
    ellipse = face_ellipse(alignment.to_frame(landmarks)).in_photo(alignment)
    x, y = landmarks[INNER].round().astype(int).T
    drawn = ellipse.draw(1400, 1400)
    seen = (x >= 0) & (y >= 0) & (x < 1400) & (y < 1400)
    assert drawn[y[seen], x[seen]].all()


def test_covers_cheek_to_cheek_and_brow_to_chin(mean_shape):
    ellipse = face_ellipse(mean_shape)
    (left, _), (right, chin) = mean_shape.min(0), mean_shape.max(0)
    (x, y), (across, down) = ellipse.centre, ellipse.axes
    assert x - across <= left and x + across >= right
    assert y + down >= chin and y - down < mean_shape[17:27, 1].min()


def test_drawn_ellipse_agrees_with_its_formula():
    ellipse = Ellipse((60.3, 48.7), (22.0, 35.0), 0.7)
    drawn = ellipse.draw(100, 120)
    y, x = np.indices(drawn.shape)
    radius = ellipse.radius(np.stack([x, y], axis=-1).reshape(-1, 2)).reshape(drawn.shape)
    clear = np.abs(radius - 1) > 0.06
    y, x = np.nonzero(drawn)
    np.testing.assert_allclose(ellipse.bounds(), [(x.min(), y.min()), (x.max(), y.max())], atol=1)
    np.testing.assert_array_equal(drawn[clear], (radius < 1)[clear])
