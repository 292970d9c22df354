"""What every training run does: a folder with its config, logs, and checkpoints to resume from."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import keras
from elseface.common.errors import ElsefaceError


def open_run(folder: Path, config: Any) -> None:
    """Create the run folder and write `config` (a dataclass) into it.

    Raises
    ------
    ElsefaceError
        When the folder holds a run with another config: its checkpoints would not fit.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(dataclasses.asdict(config), indent=1, default=str)
    written = folder / "config.json"
    if written.exists() and written.read_text() != text:
        raise ElsefaceError(f"{folder}: holds a run with another config; choose another --run")
    written.write_text(text)


class Backup(keras.callbacks.BackupAndRestore):
    """Keras' own forgets the epoch of a run it restored, and a second kill would start from 0."""

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._current_epoch = epoch


class Diverged(keras.callbacks.Callback):
    """Ends training with an :class:`ElsefaceError` where a loss is no number, before that is saved:
    Keras' own goes on to the end of the epoch."""

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if lost := [name for name, loss in (logs or {}).items() if not math.isfinite(loss)]:
            raise ElsefaceError(
                f"training: {lost[0]} is no number after batch {batch + 1}; begin anew, in another"
                " --run, with a lower --learning-rate"
            )


def run_callbacks(folder: Path, save_every: int) -> list[keras.callbacks.Callback]:
    """Checkpoints every `save_every` batches and each epoch, CSV and TensorBoard logs.

    ``fit`` called again with the same folder goes on from the last checkpoint; an epoch that was
    cut short is begun again with the weights it had reached.
    """
    callbacks: list[keras.callbacks.Callback] = [
        Diverged(),
        *(
            Backup(
                folder / "checkpoint",
                save_freq=often,
                double_checkpoint=True,  # killed while writing one, there is the one before
                delete_checkpoint=False,
            )
            for often in (save_every, "epoch")
        ),
        keras.callbacks.CSVLogger(folder / "log.csv", append=True),
    ]
    if keras.backend.backend() == "tensorflow":
        callbacks.append(keras.callbacks.TensorBoard(folder / "tensorboard"))
    return callbacks
