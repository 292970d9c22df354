"""The trained weights: files beside a manifest that says what each is and proves it whole.

A weight file is an ``.npz`` of arrays, those of two or more dimensions in float16.  The manifest,
``manifest.json``, gives the file's sha256 and the facts of its training by the name of the part
(``attributes``, ``embeddings``, ``decoder``, ``shape``, ``texture``, ``population``,
``cells``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pydantic
from elseface.common.errors import ElsefaceError

if TYPE_CHECKING:
    import keras

PACKAGED = Path(__file__).parent / "weights"
#: An attribute network that only measures: another architecture, another seed, in no loss.
JUDGE = PACKAGED / "judge"


class Part(pydantic.BaseModel, extra="forbid", frozen=True):
    """An entry of the manifest.

    Attributes
    ----------
    file : its name beside the manifest
    sha256 : of that file
    facts : of its training
    """

    file: str
    sha256: str
    facts: dict[str, Any]


_PARTS = pydantic.TypeAdapter(dict[str, Part])


def save(folder: Path, name: str, arrays: Mapping[str, np.ndarray], facts: dict[str, Any]) -> None:
    """Write one part into `folder` and enter it in the manifest there."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.npz"
    np.savez(path, **{key: _small(array) for key, array in arrays.items()})
    manifest = _manifest(folder) if (folder / "manifest.json").exists() else {}
    manifest[name] = Part(file=path.name, sha256=file_hash(path), facts=facts)
    parts = {name: part.model_dump() for name, part in manifest.items()}
    (folder / "manifest.json").write_text(json.dumps(parts, indent=1, sort_keys=True) + "\n")


def holder(name: str, folder: Path) -> Path:
    """`folder` where it has the part, or else the shipped weights where they have it."""
    shipped = not has(name, folder) and has(name, PACKAGED)
    return PACKAGED if shipped else folder


def has(name: str, folder: Path) -> bool:
    """Whether `folder` itself has the part."""
    return name in _manifest(folder)


def digest(name: str, folder: Path) -> str:
    """The sha256 of a part that `folder` itself must have; :class:`ElsefaceError` if it has not."""
    entry = _manifest(folder).get(name)
    if entry is None:
        raise ElsefaceError(f"{folder / 'manifest.json'}: lacks weights {name!r}; train them")
    return entry.sha256


def load(name: str, folder: Path = PACKAGED) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read one part: its arrays in float32, and the facts of its training.

    A part that is shipped and that the manifest of `folder` does not name is the shipped one, so
    that the weights of one run can be tried with the others as they are.

    Raises
    ------
    ElsefaceError
        When the part is missing or its bytes are not those of the manifest.
    """
    folder = holder(name, folder)
    wanted = digest(name, folder)
    entry = _manifest(folder)[name]
    path = folder / entry.file
    if not path.is_file():
        raise ElsefaceError(f"{path}: the weight file is missing; install elseface again")
    if file_hash(path) != wanted:
        raise ElsefaceError(f"{path}: not the file of the manifest; install elseface again")
    with np.load(path) as arrays:
        return {key: arrays[key].astype(np.float32) for key in arrays.files}, entry.facts


def network_arrays(network: keras.Model) -> dict[str, np.ndarray]:
    """A network's weights as named arrays, in the network's own order."""
    return {f"{i:04d}": array for i, array in enumerate(network.get_weights())}


def fill_network(network: keras.Model, arrays: Mapping[str, np.ndarray]) -> keras.Model:
    """Put the arrays of :func:`network_arrays` into a network of the same shape."""
    try:
        network.set_weights([arrays[key] for key in sorted(arrays)])
    except ValueError as error:
        raise ElsefaceError(f"weights do not fit the network {network.name!r}: {error}") from None
    return network


def _small(array: np.ndarray) -> np.ndarray:
    """Kernels bear float16; a vector such as a batch variance may leave its range."""
    return array.astype(np.float16 if array.ndim > 1 else np.float32)


def _manifest(folder: Path) -> dict[str, Part]:
    path = folder / "manifest.json"
    try:
        return _PARTS.validate_json(path.read_bytes())
    except OSError:
        raise ElsefaceError(f"{path}: missing; weights cannot be trusted without it") from None
    except pydantic.ValidationError:
        raise ElsefaceError(f"{path}: damaged; install elseface again") from None


def file_hash(path: Path) -> str:
    """The sha256 of a file; OSError where it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
