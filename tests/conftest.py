"""What the tests share.  They run on the installed package, on synthetic or public-domain data."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pytest
from elseface.common.weights import load
from skimage.data import astronaut


@pytest.fixture(scope="session")
def portrait() -> np.ndarray:
    """NASA's public-domain portrait of Eileen Collins, with one face."""
    return astronaut()


@pytest.fixture(scope="session")
def mean_shape() -> np.ndarray:
    """The mean of 68 landmarks in frame coordinates."""
    return load("shape")[0]["mean"].reshape(68, 2).astype(np.float64)


@pytest.fixture(scope="session")
def anonymizer():
    """The shipped anonymizer with its defaults."""
    from elseface.stage3_generate.load import load_attribute_edit

    return load_attribute_edit()


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)
