"""What the decoder draws as it learns."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from PIL import Image


class SampleGrid(keras.callbacks.Callback):
    """Each epoch, the same faces as a PNG: original, context, reconstruction, one row a face."""

    def __init__(self, folder: Path, samples: tuple[dict[str, np.ndarray], np.ndarray]) -> None:
        super().__init__()
        self.folder, (self.given, self.real) = folder, samples
        self.folder.mkdir(exist_ok=True)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        drawn = keras.ops.convert_to_numpy(self.model.average(self.given))
        mask = self.given["mask"]
        columns = (self.real, self.given["context"], mask * drawn + (1 - mask) * self.real)
        grid = np.concatenate([np.concatenate(column) for column in columns], axis=1)
        pixels = np.clip((grid + 1) * 127.5, 0, 255).round().astype(np.uint8)
        Image.fromarray(pixels).save(self.folder / f"epoch-{epoch + 1:03d}.png")
