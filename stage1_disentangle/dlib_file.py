"""What is read from dlib's network files, those of the package ``face_recognition_models``."""

from __future__ import annotations

from importlib import metadata

import numpy as np

#: What the networks take from a picture's colours (RGB) first, and divide them by.
MEAN, SCALE = (122.782, 117.001, 104.298), 256.0


def model_path(name: str) -> str:
    """A file of ``face_recognition_models``, which is located but never imported: its import
    wants ``pkg_resources``."""
    package = metadata.distribution("face_recognition_models")
    return str(package.locate_file(f"face_recognition_models/models/{name}"))


def integer(data: bytes, place: int) -> tuple[int, int]:
    """The unsigned integer at `place`, its length first, and where the next value begins."""
    end = place + 1 + data[place]
    return int.from_bytes(data[place + 1 : end], "little"), end


def integers(data: bytes, place: int, count: int) -> tuple[list[int], int]:
    """So many of them, and where the next value begins."""
    found = []
    for _ in range(count):
        value, place = integer(data, place)
        found.append(value)
    return found, place


def tensor(data: bytes, place: int) -> tuple[np.ndarray, int]:
    """The tensor at `place`, flat, float32, and where the next value begins."""
    # The format's version, samples, channels, rows, columns.
    (_, *sizes), place = integers(data, place, 5)
    values = np.frombuffer(data, "<f4", int(np.prod(sizes)), place)
    return values, place + values.nbytes


def kernel(convolution: np.ndarray, filters: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    """A convolution's parameters as Keras has them: (side, side, channels, filters) and biases."""
    weights = convolution[:-filters].reshape(filters, -1, side, side)
    return weights.transpose(2, 3, 1, 0), convolution[-filters:]
