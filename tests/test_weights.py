"""A weight file that is not what it should be is an error, never a random network."""

import json
import shutil

import keras
import numpy as np
import pytest
from elseface.common import weights
from elseface.common.errors import ElsefaceError
from elseface.scripts import train_average
from elseface.scripts.evaluation.judge import load_judge
from elseface.stage3_generate.load import load_attribute_edit, load_classifier, load_decoder

PARTS = ("attributes", "embeddings", "decoder", "shape", "texture", "population", "cells")


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(weights.PACKAGED, tmp_path / "weights")


def test_all_parts_are_shipped_within_80_megabytes():
    for name in PARTS:
        weights.load(name)
    assert sum(path.stat().st_size for path in weights.PACKAGED.rglob("*.npz")) <= 80e6


def test_the_shipped_judge_is_another_network_than_it_judges():
    judge = load_judge(weights.JUDGE, weights.PACKAGED)
    own = load_classifier()
    assert judge.network.count_params() < own.network.count_params() / 5
    _, facts = weights.load("attributes", weights.JUDGE)
    _, judged = weights.load("attributes")
    assert facts["config"]["seed"] != judged["config"]["seed"] and not facts["config"]["start"]
    with pytest.raises(ElsefaceError, match="cannot be its judge"):
        load_judge(weights.PACKAGED, weights.PACKAGED)


@pytest.mark.parametrize("name", PARTS)
def test_a_changed_byte_is_refused(folder, name, tmp_path):
    key = tmp_path / "key"
    key.write_bytes(bytes(32) + b"1" * 32)
    path = folder / f"{name}.npz"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ElsefaceError, match=rf"{name}\.npz.*install"):
        load_attribute_edit(folder=folder, key=key)


@pytest.mark.parametrize("name", ["decoder.npz", "manifest.json"])
def test_a_missing_file_is_refused(folder, name):
    (folder / name).unlink()
    with pytest.raises(ElsefaceError, match=name):
        load_attribute_edit(folder=folder)


@pytest.mark.parametrize("text", ["{", "[]", '{"decoder": {}}'])
def test_a_manifest_that_is_none(folder, text):
    (folder / "manifest.json").write_text(text)
    with pytest.raises(ElsefaceError, match=r"manifest\.json: damaged"):
        load_attribute_edit(folder=folder)


def test_weights_of_another_network(folder):
    arrays, facts = weights.load("decoder", folder)
    arrays.popitem()
    weights.save(folder, "decoder", arrays, facts)
    with pytest.raises(ElsefaceError, match="do not fit"):
        load_decoder(folder)


def test_there_and_back(tmp_path, random):
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(2)])
    weights.save(tmp_path, "net", weights.network_arrays(network), {"size": 3})
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(2)])
    arrays, facts = weights.load("net", tmp_path)
    weights.fill_network(other, arrays)
    x = random.random((5, 3)).astype(np.float32)
    np.testing.assert_allclose(other(x), network(x), atol=5e-3)  # float16 on disk
    assert facts == {"size": 3}


def test_what_a_folder_lacks_is_the_shipped(tmp_path):
    arrays, facts = weights.load("shape")
    weights.save(tmp_path, "shape", arrays, {**facts, "mine": True})
    assert weights.load("shape", tmp_path)[1]["mine"]
    assert weights.load("embeddings", tmp_path)[1] == weights.load("embeddings")[1]
    with pytest.raises(ElsefaceError, match="nonesuch"):
        weights.load("nonesuch", tmp_path)
    assert weights.digest("shape", tmp_path) == weights.file_hash(tmp_path / "shape.npz")
    with pytest.raises(ElsefaceError, match="lacks weights 'decoder'"):
        weights.digest("decoder", tmp_path)  # for what must be one's own


def test_manifest_states_the_facts():
    manifest = json.loads((weights.PACKAGED / "manifest.json").read_text())
    assert set(manifest) == set(PARTS)
    for entry in manifest.values():
        assert len(entry["sha256"]) == 64 and entry["facts"]
    assert manifest["attributes"]["facts"]["validation"]["accuracy"] > 0.5


def test_average_of_two_decoders(tmp_path, random):
    arrays, facts = weights.load("decoder")
    folders = [tmp_path / name for name in ("before", "after")]
    for folder, factor in zip(folders, (0.0, 1.0)):
        weights.save(folder, "decoder", {k: factor * a for k, a in arrays.items()}, facts)
        weights.save(folder, "embeddings", *weights.load("embeddings"))
    weights.save(folders[1], "texture", {"shape": np.ones((68, 2))}, {"of": "after"})
    train_average.command(*folders, run=tmp_path, share=0.25)
    mean, said = weights.load("decoder", tmp_path / "weights")
    for key, array in arrays.items():
        np.testing.assert_allclose(mean[key], 0.75 * array, atol=2e-3, rtol=1e-2)
    assert said["share before"] == 0.25
    assert weights.load("texture", tmp_path / "weights")[1] == {"of": "after"}
    assert said["after"]["decoder"] == weights.digest("decoder", folders[1])
    weights.save(folders[0], "embeddings", {"maps": np.zeros((40, 8, 8))}, {})
    with pytest.raises(SystemExit):
        train_average.command(*folders, run=tmp_path, share=0.25)
