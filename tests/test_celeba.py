"""CelebA's layout in all its spellings."""

import gzip

import numpy as np
import pytest
from elseface.common import celeba
from elseface.common.attributes import NAMES
from elseface.common.errors import ElsefaceError

BITS = np.random.default_rng(1).integers(0, 2, (4, 40)).astype(np.uint8)
FILES = [f"{i:06d}.jpg" for i in range(4)]


def layout(root, newline="\n", csv=False, zipped=False, columns=NAMES):
    (root / "img_align_celeba").mkdir()
    for name in FILES[:3]:  # a subset: the last image is not there
        (root / "img_align_celeba" / name).touch()
    order = [NAMES.index(c) for c in columns]
    join = ",".join if csv else " ".join
    rows = [join([f, *("1" if b else "-1" for b in bits[order])]) for f, bits in zip(FILES, BITS)]
    head = [join(["image_id", *columns])] if csv else ["4", join(columns)]
    partition = [join([f, str(i % 3)]) for i, f in enumerate(FILES)]
    suffix = (".csv" if csv else ".txt") + (".gz" if zipped else "")
    for stem, lines in (
        ("list_attr_celeba", head + rows),
        ("list_eval_partition", partition),
        ("identity_CelebA", [join([f, str(7 + i)]) for i, f in enumerate(FILES)]),
    ):
        data = (newline.join(lines) + newline).encode()
        (root / (stem + suffix)).write_bytes(gzip.compress(data) if zipped else data)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("csv", [False, True])
@pytest.mark.parametrize("zipped", [False, True])
def test_every_spelling_reads_the_same(tmp_path, newline, csv, zipped):
    layout(tmp_path, newline, csv, zipped)
    data = celeba.read(tmp_path)
    assert [path.name for path in data.paths] == FILES[:3]
    np.testing.assert_array_equal(data.attributes, BITS[:3])
    np.testing.assert_array_equal(data.partition, [0, 1, 2])
    np.testing.assert_array_equal(data.identity, [7, 8, 9])


def test_columns_in_another_order(tmp_path):
    layout(tmp_path, columns=NAMES[::-1])
    np.testing.assert_array_equal(celeba.read(tmp_path).attributes, BITS[:3])


def test_training_bits_need_no_images(tmp_path):
    layout(tmp_path)
    np.testing.assert_array_equal(celeba.training_bits(tmp_path), BITS[[0, 3]])


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(ElsefaceError, match="img_align_celeba"):
        celeba.read(tmp_path)
    layout(tmp_path)
    (tmp_path / "list_attr_celeba.txt").unlink()
    with pytest.raises(ElsefaceError, match="list_attr_celeba"):
        celeba.read(tmp_path)
