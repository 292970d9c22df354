"""What a recognizer of a file is shown, pixel by pixel: networks that hand on what they get."""

from __future__ import annotations

import cv2
import numpy as np
import onnx
import pytest
from elseface.common.face import Alignment, Face
from elseface.scripts.evaluation.recognizer import load_recognizer
from onnx import TensorProto, helper

#: Where Deng et al. (CVPR 2019) have eyes, nose tip and mouth corners, in 112 by 112 pixels.
POINTS = [
    (38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655),
    (70.7299, 92.2041),
]  # fmt: skip
#: Which of 68 landmarks these are, or lie in the middle of.
PARTS = [slice(36, 42), slice(42, 48), 30, 48, 54]
COLOUR = (200, 100, 50)


def face(to_photo) -> Face:
    """Whose landmarks lie where `to_photo` puts the points of the template."""
    landmarks = np.zeros((68, 2))
    for part, point in zip(PARTS, POINTS):
        landmarks[part] = to_photo(np.array(point))
    return Face((0, 0, 112, 112), landmarks, Alignment(np.eye(2, 3)), 0.0)


@pytest.fixture
def load(tmp_path):
    """A recognizer by its description, of a network with one node."""

    def of(node: onnx.NodeProto, outputs: list, *, size: int = 112, **settings: object):
        layout = settings.get("layout", "NCHW")
        shape = [1, 3, size, size] if layout == "NCHW" else [1, size, size, 3]
        graph = helper.make_graph(
            [node],
            "tiny",
            [helper.make_tensor_value_info("picture", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, outputs)],
        )
        version = helper.make_opsetid("", 13)
        model = helper.make_model(graph, opset_imports=[version], ir_version=8)
        onnx.save(model, tmp_path / "tiny.onnx")
        lines = [f"{key}: {value}" for key, value in settings.items()]
        (tmp_path / "tiny.yaml").write_text("\n".join(["file: tiny.onnx", f"size: {size}", *lines]))
        return load_recognizer(str(tmp_path / "tiny.yaml"))

    return of


@pytest.mark.parametrize(
    ("settings", "seen"),
    [
        ({}, (4, 2, 1)),  # as the colours are to each other: mean 0, deviation 1
        ({"colour": "RGB"}, (4, 2, 1)),
        ({"colour": "BGR"}, (1, 2, 4)),
        ({"mean": [60 / 255, 40 / 255, 20 / 255]}, (140, 60, 30)),  # of 0 to 1, by default
        ({"scale": 1, "mean": [60, 40, 20]}, (140, 60, 30)),
        ({"scale": 0.01, "mean": [1, 0, 0]}, (1, 1, 0.5)),  # scaled before
        ({"deviation": [4, 1, 2]}, (50, 100, 25)),
        ({"scale": 0.01, "mean": [1, 0, 0], "deviation": [1, 2, 0.5]}, (1, 0.5, 1)),
        # By channel in the order of `colour`: blue comes first.
        ({"scale": 0.01, "colour": "BGR", "mean": [0.25, 0, 1]}, (0.25, 1, 1)),
        ({"scale": 0.01, "colour": "BGR", "deviation": [0.5, 1, 4]}, (1, 1, 0.5)),
        ({"layout": "NHWC", "scale": 0.01, "mean": [1, 0, 0]}, (1, 1, 0.5)),
    ],
)
def test_each_colour_is_prepared_as_described(load, settings, seen):
    """A photo of one colour, averaged: three numbers, known beforehand."""
    axes = [1, 2] if settings.get("layout") == "NHWC" else [2, 3]
    node = helper.make_node("ReduceMean", ["picture"], ["embedding"], axes=axes, keepdims=0)
    photo = np.full((112, 112, 3), COLOUR, np.uint8)
    vector = load(node, [1, 3], **settings).embed(photo, face(lambda point: point))
    assert vector == pytest.approx(np.array(seen) / np.linalg.norm(seen), abs=1e-5)


@pytest.mark.parametrize("colour", ["RGB", "BGR"])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_every_pixel_is_where_the_layout_says(load, random, colour, layout):
    """The face lies 20 to the right and 10 down in the photo; the network flattens its input."""
    photo = random.integers(0, 256, (140, 150, 3), dtype=np.uint8)
    crop = photo[10:122, 20:132]
    expected = []
    if layout == "NHWC":
        expected = [[crop[y, x]["RGB".index(c)] for c in colour]
                    for y in range(112) for x in range(112)]  # fmt: skip
    else:
        expected = [crop[y, :, "RGB".index(c)] for c in colour for y in range(112)]
    expected = np.concatenate(expected).astype(float)
    node = helper.make_node("Flatten", ["picture"], ["embedding"])
    recognizer = load(node, [1, 3 * 112 * 112], colour=colour, layout=layout)
    vector = recognizer.embed(photo, face(lambda point: point + np.array([20, 10])))
    np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=1e-6)


def test_a_turned_face_is_laid_on_the_template_of_any_size(load, random):
    """Turned by a quarter; on a template of half the side every second pixel is seen."""
    crop = cv2.resize(random.integers(0, 256, (8, 8, 3), dtype=np.uint8), (112, 112))
    turned = np.rot90(crop)  # x, y comes to y, 111 - x
    node = helper.make_node("Flatten", ["picture"], ["embedding"])
    recognizer = load(node, [1, 3 * 56 * 56], size=56, layout="NHWC")
    vector = recognizer.embed(turned.copy(), face(lambda point: (point[1], 111 - point[0])))
    expected = crop[::2, ::2].astype(float).ravel()
    np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=1e-6)
