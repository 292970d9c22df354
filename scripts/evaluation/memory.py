"""What was computed about a picture once, kept on disk and found again by the picture itself."""

from __future__ import annotations

import functools
import hashlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np


class Memory:
    """Arrays by the content they were computed from, in an SQLite file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @functools.cached_property
    def _file(self) -> sqlite3.Connection:
        # Each is written at once: whoever kills the run loses none.  That a power cut may lose some
        # is no harm, they are computed again.
        file = sqlite3.connect(self._path, isolation_level=None)
        file.execute("PRAGMA journal_mode=WAL")
        file.execute("PRAGMA synchronous=OFF")
        file.execute("CREATE TABLE IF NOT EXISTS memory (key BLOB PRIMARY KEY, array BLOB)")
        return file

    def recall(
        self, by: str, about: tuple[np.ndarray, ...], compute: Callable[[], np.ndarray]
    ) -> np.ndarray:
        """``compute()`` as a float32 vector, or what it gave for the same content before.

        Parameters
        ----------
        by : names the computation and everything it depends on but its input
        about : arrays of any shape, its input
        """
        content = hashlib.sha256(by.encode())
        for array in about:
            content.update(f"{array.dtype}{array.shape}".encode())
            content.update(np.ascontiguousarray(array).tobytes())
        key = content.digest()
        kept = self._file.execute("SELECT array FROM memory WHERE key = ?", (key,)).fetchone()
        if kept:
            return np.frombuffer(kept[0], np.float32)
        vector = np.asarray(compute(), np.float32).ravel()
        self._file.execute("INSERT OR IGNORE INTO memory VALUES (?, ?)", (key, vector.tobytes()))
        return vector
