"""What the tests share.  They run on the installed package, on synthetic or public-domain data."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pytest
from elseface.common.attributes import NAMES
from elseface.common.weights import load
from hypothesis import settings
from PIL import Image
from skimage.data import astronaut

# How long an example takes says how busy the machine is.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


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


@pytest.fixture(scope="session")
def layout(tmp_path_factory, portrait):
    """Six aligned pictures of the portrait, mirrored and tinted, and one without a face."""
    root = tmp_path_factory.mktemp("celeba")
    (root / "img_align_celeba").mkdir()
    crop = portrait[18:236, 133:311]
    attributes, partition, identity = ["7", " ".join(NAMES)], [], []
    for i in range(7):
        picture = (crop[:, ::-1] if i % 2 else crop) * (0.7 + 0.05 * i)
        picture = picture if i != 3 else np.full_like(picture, 90)
        name = f"{i:06d}.png"
        Image.fromarray(picture.astype(np.uint8)).save(root / "img_align_celeba" / name)
        attributes.append(" ".join([name, *("1" if (i + j) % 3 == 0 else "-1" for j in range(40))]))
        partition.append(f"{name} {0 if i < 5 else 1}")
        identity.append(f"{name} {i % 2}")
    (root / "list_attr_celeba.txt").write_text("\n".join(attributes))
    (root / "list_eval_partition.txt").write_text("\n".join(partition))
    (root / "identity_CelebA.txt").write_text("\n".join(identity))
    return root
