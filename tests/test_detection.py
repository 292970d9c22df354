"""The family of detectors, and what the user knows better than they."""

import itertools
import pickle
from pathlib import Path

import cv2
import dlib
import numpy as np
import pytest
from elseface.common.errors import ElsefaceError
from elseface.scripts.release.boxes import parse_box, read_boxes, read_timed_boxes
from elseface.scripts.release.finder import load_finder
from elseface.scripts.release.recognition import look_again
from elseface.stage1_disentangle import mmod
from elseface.stage1_disentangle.box import merged, overlap
from elseface.stage1_disentangle.choices import DetectorName
from elseface.stage1_disentangle.descriptor import embed
from elseface.stage1_disentangle.detection import detect
from elseface.stage1_disentangle.detectors import load_detector, second
from elseface.stage1_disentangle.dlib_file import model_path
from elseface.stage1_disentangle.faces import face_at, face_in_box
from elseface.stage1_disentangle.fit import UNSTEADY, fits, unsteadiness
from elseface.stage1_disentangle.tilt import tilt

FACE = (175, 76, 265, 166)  # of the portrait


@pytest.mark.parametrize("name", DetectorName)
def test_each_finds_the_face_in_the_same_place_and_nothing_in_nothing(name, portrait):
    find = load_detector(name)
    left, top = 90, 10  # cut out, as the convolutional detector looks at shrunk pictures
    (box,) = find(portrait[top:260, left:340])
    assert overlap(tuple(np.add(box, (left, top, left, top))), FACE) > 0.6
    assert abs(box[2] - box[0] - (box[3] - box[1])) <= 1  # square, as landmarks want it
    for shape in ((1, 1), (8, 300), (60, 60), (300, 7)):
        assert find(np.zeros((*shape, 3), np.uint8)) == []


@pytest.mark.parametrize("name", DetectorName)
def test_verified_by_another(name):
    finders = {DetectorName.UNION: {DetectorName.UNION, DetectorName.FRONTAL, DetectorName.CNN}}
    assert second(name) not in finders.get(name, {name})


def in_the_middle(photo: np.ndarray) -> list[tuple[float, ...]]:
    photo[:] = 0  # what a detector does to its picture is its own affair
    height, width = photo.shape[:2]
    return [(width / 4, height / 4, width / 2 + 0.2, height / 2)]


def upside_down(photo: np.ndarray) -> list[tuple[int, ...]]:
    return [(9, 9, 3, 12)]


def test_a_detector_of_ones_own(portrait):
    find = load_detector(f"{__name__}:in_the_middle")
    before = portrait.copy()
    assert find(portrait) == [(128, 128, 256, 256)]
    np.testing.assert_array_equal(portrait, before)
    assert second(find.name) is DetectorName.MTCNN
    assert pickle.loads(pickle.dumps(find)) == find


@pytest.mark.parametrize(
    "name, says",
    [
        ("haar", "no detector 'haar'; take union"),
        ("nowhere:find", "nowhere:find: cannot be imported: No module named"),
        (f"{__name__}:missing", "missing"),
        (f"{__name__}:FACE", "is no function"),
    ],
)
def test_a_detector_that_is_not_there_is_named(name, says):
    with pytest.raises(ElsefaceError, match=says):
        load_detector(name)


@pytest.mark.parametrize("function", ["upside_down", "load_detector", "np.zeros_like"])
def test_a_detector_that_gives_no_boxes_is_named(function, portrait):
    with pytest.raises(ElsefaceError, match=f"{function}: "):
        load_detector(f"{__name__}:{function}")(portrait)


def test_union_finds_what_the_frontal_detector_passes_over(portrait):
    turn = cv2.getRotationMatrix2D((220, 121), 55, 1)
    tilted = cv2.warpAffine(portrait, turn, (380, 300), borderMode=cv2.BORDER_REPLICATE)
    assert not any(overlap(box, FACE) > 0.3 for box in detect(tilted))
    assert any(overlap(box, FACE) > 0.3 for box in load_detector(DetectorName.UNION)(tilted))


@pytest.fixture(scope="module")
def of_dlib() -> dlib.cnn_face_detection_model_v1:
    return dlib.cnn_face_detection_model_v1(model_path("mmod_human_face_detector.dat"))


@pytest.mark.parametrize("scale", [0.7, 1.0, 1.7])
@pytest.mark.parametrize("degrees", [-50, 0, 30, 120])
def test_the_convolutional_detector_sees_what_dlib_sees(of_dlib, portrait, scale, degrees):
    turn = cv2.getRotationMatrix2D((220, 121), degrees, scale)
    turned = cv2.warpAffine(portrait, turn, (400, 300), borderMode=cv2.BORDER_REPLICATE)
    theirs = [found.rect for found in of_dlib(turned, 0)]
    boxes = [(r.left(), r.top(), r.right() + 1, r.bottom() + 1) for r in theirs]
    found = mmod.find(turned)
    assert len(found) == len(boxes)
    for box, other in zip(found, boxes):
        assert overlap(box, other) > 0.7, (box, other)


def test_the_second_look_finds_small_faces(portrait):
    small = cv2.resize(portrait, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA)
    (box,) = load_detector(DetectorName.MTCNN)(small)
    assert overlap(box, tuple(0.3 * edge for edge in FACE)) > 0.4


def test_one_box_a_face(random):
    boxes = [
        tuple(int(v) for v in (x, y, x + s, y + s)) for x, y, s in random.integers(1, 90, (60, 3))
    ]
    kept = merged([*boxes, *boxes])
    assert set(kept) <= set(boxes) and boxes[0] in kept
    assert [b[2] - b[0] for b in kept] == sorted((b[2] - b[0] for b in kept), reverse=True)
    assert all(overlap(one, other) < 0.3 for one, other in itertools.combinations(kept, 2))
    assert all(any(overlap(box, other) >= 0.3 for other in kept) for box in boxes)


def test_landmarks_fit_a_face_and_nothing_else(portrait, random):
    assert unsteadiness(portrait, FACE) < UNSTEADY / 5
    noise = random.integers(0, 256, (200, 200, 3), dtype=np.uint8)
    for photo, box in (
        (portrait, (20, 350, 110, 440)),  # the suit
        (noise, (50, 50, 150, 150)),
        (np.zeros((50, 50, 3), np.uint8), (-300, -300, -200, -200)),
    ):
        assert not fits(photo, face_in_box(photo, box))


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("degrees", range(-60, 61, 10))
def test_landmarks_lie_on_a_tilted_face_too(portrait, degrees, mirrored):
    """Whether the box is a detector's or reaches around the landmarks."""
    left, top, right, bottom = FACE
    if mirrored:
        left, right = portrait.shape[1] - 1 - right, portrait.shape[1] - 1 - left
        portrait = np.ascontiguousarray(portrait[:, ::-1])
    middle = np.array([left + right, top + bottom]) / 2
    turn = cv2.getRotationMatrix2D(middle, -degrees, 1.0)
    turn[:, 2] += (210, 180) - middle
    turned = cv2.warpAffine(portrait, turn, (420, 400), borderMode=cv2.BORDER_REPLICATE)
    upright = face_in_box(portrait, (left, top, right, bottom)).landmarks
    expected = upright @ turn[:, :2].T + turn[:, 2]
    centre = np.array([210, 180])
    known = face_at(expected, (0, 0, 1, 1))
    for low, high in ((centre - 45, centre + 45), (expected.min(0), expected.max(0))):
        found = face_in_box(turned, tuple(round(edge) for edge in (*low, *high)))
        apart = np.linalg.norm(found.landmarks - expected, axis=1)
        assert apart.mean() < 0.08 * (FACE[2] - FACE[0])
        assert np.linalg.norm(look_again(turned, found) - embed(turned, known), axis=1).max() < 0.45
    assert fits(turned, face_in_box(turned, (165, 135, 255, 225)))


def test_an_upright_face_is_not_turned(portrait, random):
    assert tilt(portrait, FACE) == 0
    assert tilt(random.integers(0, 256, (200, 200, 3), dtype=np.uint8), (50, 50, 150, 150)) == 0
    assert tilt(np.zeros((50, 50, 3), np.uint8), (-300, -300, -200, -200)) == 0


PHOTOS = [Path("in/a.jpg"), Path("in/b.jpg"), Path("in/sub/b.jpg")]


def test_boxes_by_photo(tmp_path):
    (tmp_path / "boxes.json").write_text('{"a.jpg": [[1, 2.4, 30, 40]], "in/b.jpg": []}')
    boxes = read_boxes(tmp_path / "boxes.json", PHOTOS)
    assert boxes == {PHOTOS[0]: [(1, 2, 30, 40)], PHOTOS[1]: []}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Invalid JSON"),
        ("[]", "object"),
        ('{"a.jpg": [[1, 2, 3]]}', "'a.jpg'"),
        ('{"a.jpg": [["left", 2, 3, 4]]}', "number"),
        ('{"a.jpg": [[1, 2, NaN, 4]]}', "'a.jpg'"),
        ('{"a.jpg": [[1, 2, 1e99, 4]]}', "'a.jpg'"),
        ('{"a.jpg": [[30, 2, 1, 40]]}', "empty"),
        ('{"c.jpg": [[1, 2, 30, 40]]}', "no photo"),
        ('{"b.jpg": [[1, 2, 30, 40]]}', "several photos"),
        ('{"a.jpg": [[1, 2, 30, 40]], "a.jpg": []}', "'a.jpg' is there twice"),
    ],
)
def test_wrong_boxes_are_named(tmp_path, text, says):
    path = tmp_path / "boxes.json"
    path.write_text(text)
    with pytest.raises(ElsefaceError, match=says) as raised:
        read_boxes(path, PHOTOS)
    assert str(path) in str(raised.value) and "\n" not in str(raised.value)


def test_boxes_of_one_time_are_joined(tmp_path):
    path = tmp_path / "boxes.json"
    path.write_text('{"1": [[1, 2, 30, 40]], "2": [], "1.0": [[5, 6, 7, 8]]}')
    assert read_timed_boxes(path) == {1.0: [(1, 2, 30, 40), (5, 6, 7, 8)], 2.0: []}
    path.write_text('{"1": [[1, 2, 30, 40]], "1": [[5, 6, 7, 8]]}')
    with pytest.raises(ElsefaceError, match=r"boxes\.json: '1' is there twice"):
        read_timed_boxes(path)


def test_boxes_that_are_not_there(tmp_path):
    with pytest.raises(ElsefaceError, match="cannot be read"):
        read_boxes(tmp_path / "absent.json", PHOTOS)


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,x", "1,2,nan,4", "1,2,inf,4", "5,5,5,9"])
def test_wrong_box_to_skip(text):
    with pytest.raises(ElsefaceError, match="--skip-face"):
        parse_box(text)
    assert parse_box("1,2,30,40") == (1, 2, 30, 40)


def test_brought_boxes_are_added_and_must_lie_in_the_photo(portrait, tmp_path):
    (tmp_path / "b.json").write_text('{"a.jpg": [[180, 80, 260, 160], [400, 400, 480, 480]]}')
    finder = load_finder(DetectorName.FRONTAL, PHOTOS[:1], tmp_path / "b.json", [])
    found = [by for _, by in finder.find(PHOTOS[0], portrait)]
    assert found == ["frontal", "boxes"]
    with pytest.raises(ElsefaceError, match="outside the photo, which is 300x300"):
        finder.find(PHOTOS[0], portrait[:300, :300])


def test_options_that_do_not_go_together(tmp_path):
    with pytest.raises(ElsefaceError, match="--aligned"):
        load_finder(None, PHOTOS, None, ["1,2,30,40"])
    with pytest.raises(ElsefaceError, match="one photo"):
        load_finder(DetectorName.UNION, PHOTOS, None, ["1,2,30,40"])
