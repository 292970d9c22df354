"""The recognizer's network is dlib's."""

from __future__ import annotations

from pathlib import Path

import dlib
import numpy as np
import pytest
from elseface.stage1_disentangle.descriptor import CHIP, SIDE, embed
from elseface.stage1_disentangle.descriptor_network import descriptor_network
from elseface.stage1_disentangle.dlib_file import model_path
from elseface.stage1_disentangle.faces import find_faces

FILE = model_path("dlib_face_recognition_resnet_model_v1.dat")


@pytest.fixture(scope="module")
def of_dlib() -> dlib.face_recognition_model_v1:
    return dlib.face_recognition_model_v1(FILE)


def test_the_network_says_what_dlib_says(of_dlib):
    noise = np.random.default_rng(0).integers(0, 256, (2, CHIP, CHIP, 3), dtype=np.uint8)
    described = np.asarray(descriptor_network(Path(FILE)).predict_on_batch(noise.astype("float32")))
    theirs = np.array([of_dlib.compute_face_descriptor(chip) for chip in noise])
    np.testing.assert_allclose(described, theirs, atol=1e-5)
    assert np.linalg.norm(theirs[0] - theirs[1]) > 0.05  # and not anything for anything


def test_a_face_of_a_photo_is_cut_out_as_dlib_does(of_dlib, portrait):
    (face,) = find_faces(portrait)
    crop = face.alignment.crop(portrait, SIDE)
    points = np.round(face.alignment.to_frame(face.landmarks) * SIDE - 0.5).astype(int)
    shape = dlib.full_object_detection(
        dlib.rectangle(0, 0, SIDE, SIDE), [dlib.point(*point) for point in points]
    )
    theirs = np.array(of_dlib.compute_face_descriptor(crop, shape))
    np.testing.assert_allclose(embed(portrait, face), theirs, atol=1e-4)
