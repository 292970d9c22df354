"""The same losses and the same weights under TensorFlow and PyTorch."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest
from elseface.stage1_disentangle.cache import RECORD

torch = pytest.mark.skipif(not importlib.util.find_spec("torch"), reason="PyTorch is not installed")

STEP = """
import sys, numpy as np, keras
from elseface.stage2_reconstruct.decoder import unet
from elseface.stage2_reconstruct.discriminator import patchgan
from elseface.stage2_reconstruct.trainer import AdversarialTrainer
folder = sys.argv[1]
keras.utils.set_random_seed(0)
random = np.random.default_rng(0)
shapes = {"context": (32, 32, 3), "mask": (32, 32, 1), "curves": (32, 32, 4)}
shapes |= {"attributes": (8, 8, 40), "texture": (32, 32, 3)}
given = {k: random.random((4, *s)).astype("float32") for k, s in shapes.items()}
real = random.uniform(-1, 1, (4, 32, 32, 3)).astype("float32")
networks = [unet(32, (8, 12)), unet(32, (8, 12)), patchgan(32, (4, 8), (8,))]
if len(sys.argv) > 2:
    for i in (0, 2):
        networks[i].load_weights(f"{sys.argv[2]}/{i}.weights.h5")
for i in (0, 2):
    networks[i].save_weights(f"{folder}/{i}.weights.h5")
np.save(f"{folder}/drawn.npy", networks[0].predict_on_batch(given))
trainer = AdversarialTrainer(*networks, {"l1": 20.0, "ssim": 5.0, "fooled": 1.0, "features": 1.0})
trainer.compile(keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(1e-3, beta_1=0.5))
losses = [trainer.train_on_batch(given, real, return_dict=True) for _ in range(3)]
names = ("l1", "ssim", "fooled", "critic")
np.save(f"{folder}/losses.npy", [[float(step[k]) for k in names] for step in losses])
"""


FED = """
import sys, numpy as np
from pathlib import Path
from elseface.stage1_disentangle.batches import fed
from elseface.stage1_disentangle.cache import FaceCache
from elseface.stage2_reconstruct import embeddings
from elseface.stage2_reconstruct.decoder_batches import Faces
batches = Faces(FaceCache(Path(sys.argv[1])), 0, embeddings.one_hot(), 2, 7)
loader = fed(batches)
assert loader is not batches and loader.num_workers >= 1
for epoch in (0, 1, 5):
    batches.begin(epoch)
    others = list(loader)
    assert len(others) == len(batches) == 3
    for i, (given, faces) in enumerate(others):
        own, real = batches[i]
        np.testing.assert_array_equal(faces.numpy(), real)
        assert given.keys() == own.keys()
        for name in own:
            np.testing.assert_array_equal(given[name].numpy(), own[name])
"""


def run(backend: str, *folders, program: str = STEP) -> None:
    environment = {**os.environ, "KERAS_BACKEND": backend}
    arguments = [sys.executable, "-c", program, *map(str, folders)]
    subprocess.run(arguments, env=environment, check=True, capture_output=True)


@torch
def test_same_losses_and_weights(tmp_path):
    first, second = tmp_path / "tensorflow", tmp_path / "torch"
    first.mkdir()
    second.mkdir()
    run("tensorflow", first)
    run("torch", second, first)
    drawn = [np.load(folder / "drawn.npy") for folder in (first, second)]
    np.testing.assert_allclose(*drawn, atol=1e-5)
    losses = [np.load(folder / "losses.npy") for folder in (first, second)]
    np.testing.assert_allclose(*losses, rtol=2e-3, atol=2e-3)
    assert losses[0][-1, 0] < losses[0][0, 0]  # and it learns


@torch
@pytest.mark.skipif(os.name == "nt", reason="no process can be forked")
def test_other_processes_make_the_same_batches(tmp_path, mean_shape, random):
    """In each epoch those of that epoch."""
    rows = np.zeros(6, RECORD)
    rows["crop"] = random.integers(0, 256, rows["crop"].shape)
    rows["portrait"] = random.integers(0, 256, rows["portrait"].shape)
    rows["landmarks"] = mean_shape
    np.save(tmp_path / "00000.npy", rows)
    run("torch", tmp_path, program=FED)
