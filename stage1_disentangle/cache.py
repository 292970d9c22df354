"""The training cache: stage 1 run once over a data set, written as memory-mapped shards.

A shard is a ``.npy`` file of :data:`RECORD` rows; every processor core writes shards of its own.
Building resumes with those that are missing, leaves out faces the detector does not find, and
starts afresh when the settings changed.
"""

from __future__ import annotations

import copy
import functools
import hashlib
import json
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from elseface.common import celeba
from elseface.common.errors import ElsefaceError
from elseface.common.face import Face
from elseface.common.photo import read_photo
from elseface.stage1_disentangle import alignment
from elseface.stage1_disentangle.attributes import PORTRAIT_FIELD, PORTRAIT_SIZE, portrait
from elseface.stage1_disentangle.box import Box
from elseface.stage1_disentangle.detection import CANDIDATE, DOUBLE_UP_TO, SURE, detect
from elseface.stage1_disentangle.faces import RIM, face_at
from elseface.stage1_disentangle.landmarks import predict
from rich.progress import track

SIZE = 128
SHARD = 512

#: One face: crops in RGB, landmarks in frame coordinates ([0, 1] over the crop), attribute bits.
RECORD = np.dtype(
    [
        ("crop", np.uint8, (SIZE, SIZE, 3)),
        ("portrait", np.uint8, (PORTRAIT_SIZE, PORTRAIT_SIZE, 3)),
        ("landmarks", np.float32, (68, 2)),
        ("attributes", np.uint8, (40,)),
        ("partition", np.uint8),
        ("identity", np.int64),
        ("name", "S64"),
    ]
)


class FaceCache:
    """Random access to the rows of a built cache.

    ``cache[indices]`` is a structured array of :data:`RECORD`; ``len(cache)`` counts the faces.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shards = sorted(folder.glob("*.npy"))
        if not shards:
            raise ElsefaceError(f"{folder}: no training cache here; build it first")
        self._hold([np.load(shard, mmap_mode="r") for shard in shards])

    def extended(self, records: np.ndarray, times: int) -> FaceCache:
        """These rows and after them, so many times, `records` (n,) of :data:`RECORD`."""
        more = copy.copy(self)
        more._hold([*self._shards, *[records] * times])
        return more

    def _hold(self, shards: list[np.ndarray]) -> None:
        self._shards = shards
        self._ends = np.cumsum([len(shard) for shard in shards])
        self.partition = self.column("partition")

    def __len__(self) -> int:
        return int(self._ends[-1])

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        shard = np.searchsorted(self._ends, indices, side="right")
        start = np.r_[0, self._ends[:-1]][shard]
        rows = np.empty(len(indices), RECORD)
        for i, (s, row) in enumerate(zip(shard, indices - start)):
            rows[i] = self._shards[s][row]
        return rows

    def column(self, name: str) -> np.ndarray:
        """One field of every row, read into memory."""
        return np.concatenate([shard[name] for shard in self._shards])

    def digest(self) -> str:
        """Of the names of its faces, in their order."""
        return hashlib.sha256(self.column("name").tobytes()).hexdigest()

    def split(self, partition: int) -> np.ndarray:
        """The row numbers of one split (0 train, 1 validation, 2 test).

        Raises
        ------
        ElsefaceError
            When the split is empty: nothing can be trained or chosen on it.
        """
        rows = np.flatnonzero(self.partition == partition)
        if not len(rows):
            raise ElsefaceError(
                f"{self.folder}: no face in split {partition} (0 train, 1 val, 2 test)"
            )
        return rows


def build(root: Path, folder: Path) -> FaceCache:
    """Run stage 1 over the CelebA layout `root`, into `folder`; only what is missing is done."""
    data = celeba.read(root)
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "size": SIZE,
        "side": alignment.SIDE,
        "centre": alignment.CENTRE,
        "portrait": [PORTRAIT_SIZE, PORTRAIT_FIELD],
        "detector": [DOUBLE_UP_TO, CANDIDATE, SURE],
        "rim": RIM,
        "tables": _digest(data),
    }
    written = folder / "settings.json"
    if not written.exists() or json.loads(written.read_text()) != settings:
        for old in folder.glob("*.npy"):
            old.unlink()
        written.write_text(json.dumps(settings, indent=1))
    ends = range(SHARD, len(data.paths) + SHARD, SHARD)
    shards = [range(end - SHARD, min(end, len(data.paths))) for end in ends]
    paths = {folder / f"{rows.start // SHARD:05d}.npy": rows for rows in shards}
    missing = {path: rows for path, rows in paths.items() if not path.exists()}
    write = functools.partial(_write_shard, data)
    # Spawned, because a forked copy of a process that runs TensorFlow or dlib may hang.
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        over = pool.map if len(missing) > 1 else map
        done = over(write, missing.keys(), missing.values())
        for _ in track(done, "training cache", len(missing), disable=not missing):
            pass
    cache = FaceCache(folder)
    lost = len(data.paths) - len(cache)
    print(f"{len(cache)} faces; none found in {lost} of {len(data.paths)} images")
    return cache


def _write_shard(data: celeba.CelebA, path: Path, rows: range) -> None:
    with open(temporary := path.with_suffix(".tmp"), "wb") as file:
        np.save(file, np.array(list(_records(data, rows)), RECORD))
    os.replace(temporary, path)


def _records(data: celeba.CelebA, rows: range) -> Iterator[np.void]:
    for i in rows:
        try:
            photo = read_photo(data.paths[i]).pixels
        except ElsefaceError as error:
            print(f"left out: {error}")
            continue
        boxes = detect(photo)
        if not boxes:
            continue
        box = _most_central(boxes, photo.shape)
        face = face_at(predict(photo, box), box)  # CelebA's people hold their heads upright
        name, identity = data.paths[i].name, data.identity[i]
        yield record(photo, face, data.attributes[i], data.partition[i], identity, name)


def record(
    photo: np.ndarray, face: Face, attributes: np.ndarray, partition: int, identity: int, name: str
) -> np.void:
    """A row of the cache: a face of a photo (height, width, 3), uint8, RGB; -1 is nobody's
    identity."""
    row = np.zeros((), RECORD)
    row["crop"] = face.alignment.crop(photo, SIZE)
    row["portrait"] = portrait(photo, face)
    row["landmarks"] = face.alignment.to_frame(face.landmarks)
    row["attributes"], row["partition"] = attributes, partition
    row["identity"], row["name"] = identity, name
    return row[()]


def _digest(data: celeba.CelebA) -> str:
    """Of everything the tables say about the images, so that other labels make another cache."""
    names = "\n".join(path.name for path in data.paths).encode()
    digest = hashlib.sha256(names)
    for table in (data.attributes, data.partition, data.identity):
        digest.update(table.tobytes())
    return digest.hexdigest()


def _most_central(boxes: list[Box], shape: tuple[int, ...]) -> Box:
    """The labels speak about the face in the middle; others may stand beside it."""
    middle = np.array([shape[1], shape[0]]) / 2
    return min(boxes, key=lambda b: np.hypot(*((b[0] + b[2]) / 2, (b[1] + b[3]) / 2) - middle))
