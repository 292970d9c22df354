"""A training command that is killed, and given again."""

import subprocess
import time

import keras
import numpy as np
import pytest
from elseface.common.training import run_callbacks
from test_cli import PROGRAM, call

EPOCHS = 2


def lines(log) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def test_killed_training_goes_on_where_it_was(layout, tmp_path):
    """Kill -9 in the middle: no epoch is lost that was finished, none is done twice."""
    run = tmp_path / "run"
    command = [
        "train", "attributes", "--celeba", str(layout), "--run", str(run),
        "--phases", f"{EPOCHS}:32", "--batch-size", "1", "--backbone", "resnet18",
    ]  # fmt: skip
    log = run / "log.csv"
    started = [PROGRAM, *command]
    with subprocess.Popen(started, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as first:
        while len(lines(log)) < 2 and first.poll() is None:
            time.sleep(0.05)
        first.kill()
    finished = lines(log)
    assert 2 <= len(finished) <= EPOCHS
    assert call(*command).returncode == 0
    rows = lines(log)
    assert [row.split(",")[0] for row in rows[1:]] == [str(i) for i in range(EPOCHS)]
    assert rows[: len(finished) - 1] == finished[:-1]
    assert (run / "weights/attributes.npz").exists()


class KilledAt(keras.callbacks.Callback):
    """Stops training in the middle of an epoch."""

    def __init__(self, epoch: int) -> None:
        super().__init__()
        self.at, self.epoch = epoch, -1

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.epoch == self.at and batch == 2:
            raise KeyboardInterrupt


def test_a_run_killed_twice_does_not_start_over(tmp_path, random):
    """Keras' own callback does: it forgets which epoch it restored."""
    data = random.random((8, 3)), random.random((8, 1))

    def fit(*more: keras.callbacks.Callback) -> None:
        network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        network.compile("sgd", "mse")
        callbacks = [*run_callbacks(tmp_path, save_every=1), *more]
        network.fit(*data, epochs=3, batch_size=2, verbose=0, callbacks=callbacks)

    for epoch in (1, 1, 2):
        with pytest.raises(KeyboardInterrupt):
            fit(KilledAt(epoch))
    fit()
    epochs = np.loadtxt(tmp_path / "log.csv", delimiter=",", skiprows=1, usecols=0)
    np.testing.assert_array_equal(epochs, [0, 1, 2])
