"""CIFAR's binary files and IDX: read exactly, and refused when cut, swapped or something else."""

import gzip
import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

from topolens.activations.data.datasets import load_samples
from topolens.base.errors import InvalidInputError

RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 256, (60, 3, 32, 32), np.uint8)
GREY = RANDOM.integers(0, 256, (12, 5, 4), np.uint8)
LABELS = np.arange(12, dtype=np.uint8) % 10


def records(rows, *labels):
    return b"".join(
        bytes(int(column[row]) for column in labels) + PIXELS[row].tobytes() for row in rows
    )


@pytest.fixture
def cifar10(tmp_path):
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    labels = np.arange(60) % 10
    for number in range(5):
        rows = range(number * 10, number * 10 + 10)
        (folder / f"data_batch_{number + 1}.bin").write_bytes(records(rows, labels))
    (folder / "test_batch.bin").write_bytes(records(range(50, 60), labels))
    (folder / "batches.meta.txt").write_text("\n".join("abcdefghij") + "\n\n")
    return folder


@pytest.fixture
def cifar100(tmp_path):
    coarse, fine = np.arange(60) % 20, np.arange(60) % 100
    (tmp_path / "train.bin").write_bytes(records(range(40), coarse, fine))
    (tmp_path / "test.bin").write_bytes(records(range(40, 60), coarse, fine))
    (tmp_path / "coarse_label_names.txt").write_text("\n".join(f"c{n}" for n in range(20)))
    return tmp_path


def idx(array):
    head = struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.tobytes()


@pytest.fixture
def mnist(tmp_path):
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx(GREY))
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx(LABELS))
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(GREY[:7])))
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(LABELS[:7])))
    return tmp_path


def test_cifar10(cifar10):
    test = load_samples("cifar10:cifar-10-batches-bin", base=cifar10.parent)
    np.testing.assert_array_equal(test.inputs, PIXELS[50:])
    assert test.labels.tolist() == list(range(10))
    assert test.classes == tuple("abcdefghij")
    train = load_samples("cifar10:.", base=cifar10.parent, split="train")
    np.testing.assert_array_equal(train.inputs, PIXELS[:50])
    assert train.ids.tolist() == list(range(50))
    assert load_samples("cifar10:.", base=cifar10, split="train").description == train.description


def test_cifar100_has_two_kinds_of_labels(cifar100):
    fine = load_samples("cifar100:.", base=cifar100, split="test")
    np.testing.assert_array_equal(fine.inputs, PIXELS[40:])
    assert fine.labels.tolist() == list(range(40, 60))
    assert fine.classes is None
    coarse = load_samples("cifar100:.", base=cifar100, split="train", labels="coarse")
    assert coarse.labels.tolist() == [n % 20 for n in range(40)]
    assert coarse.classes[3] == "c3"


@pytest.mark.parametrize(
    ("name", "content", "options", "sentence"),
    [
        ("test_batch.bin", b"", {}, "`test_batch.bin` must be a multiple of 3073 bytes, .* got 0"),
        ("test_batch.bin", bytes(3072), {}, "multiple of 3073 bytes, one record per image; got"),
        (
            "test_batch.bin",
            bytes([10]) + bytes(3072),
            {},
            "labels of CIFAR must be below 10; .* 10",
        ),
        ("test_batch.bin", None, {}, "`source` must hold `test_batch.bin`"),
        ("data_batch_3.bin", None, {"split": "train"}, "`source` must hold `data_batch_3.bin`"),
        ("test_batch.bin", bytes(3073), {"split": "val"}, "`split` must be one of `train`, `test`"),
        (
            "test_batch.bin",
            bytes(3073),
            {"labels": "fine"},
            "`labels` must be left out for `cifar1",
        ),
    ],
)
def test_cifar10_that_is_refused(cifar10, name, content, options, sentence):
    if content is None:
        (cifar10 / name).unlink()
    else:
        (cifar10 / name).write_bytes(content)
    with pytest.raises(InvalidInputError, match=sentence):
        load_samples("cifar10:.", base=cifar10, **options)


def test_files_of_cifar100_are_no_cifar10(cifar100):
    (cifar100 / "test_batch.bin").write_bytes((cifar100 / "test.bin").read_bytes())
    with pytest.raises(InvalidInputError, match="must be a multiple of 3073 bytes"):
        load_samples("cifar10:.", base=cifar100)


class Trap:
    def __reduce__(self):
        return os.system, ("touch run.txt",)


@pytest.mark.parametrize(
    ("scheme", "place", "binary"),
    [
        ("cifar10", "cifar-10-batches-py/data_batch_1", "cifar-10-binary.tar.gz"),
        ("cifar10", "test_batch", "cifar-10-binary.tar.gz"),
        ("cifar100", "cifar-100-python/train", "cifar-100-binary.tar.gz"),
    ],
)
def test_pickles_are_never_opened(tmp_path, monkeypatch, scheme, place, binary):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "data" / place
    path.parent.mkdir(parents=True)
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(
        InvalidInputError, match=f"`data` holds the Python version, pickles, .*: get {binary}"
    ):
        load_samples(f"{scheme}:data", base=tmp_path)
    assert not Path("run.txt").exists()


def test_idx_plain_and_packed(mnist):
    test = load_samples("idx:.", base=mnist)
    np.testing.assert_array_equal(test.inputs, GREY[:, None])
    assert test.labels.tolist() == LABELS.tolist()
    train = load_samples("idx:.", base=mnist, split="train", count=5)
    np.testing.assert_array_equal(train.inputs, GREY[:5, None])


def test_idx_under_other_names(tmp_path, mnist):
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "emnist-letters-test-images-idx3-ubyte").write_bytes(idx(GREY))
    (folder / "emnist-letters-test-labels.idx1-ubyte").write_bytes(idx(LABELS))
    assert len(load_samples("idx:other", base=tmp_path)) == 12


IMAGES, NAMES = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        (IMAGES, idx(GREY)[:-1], f"`{IMAGES}` must hold the 240 values that it declares; .* 239"),
        (IMAGES, idx(GREY) + b"x", "must hold the 240 values that it declares; it holds more"),
        (
            IMAGES,
            idx(GREY)[:9],
            "must be an IDX file of bytes in 3 dimensions; it begins with 00 00",
        ),
        (IMAGES, b"", "it begins with nothing"),
        (IMAGES, idx(LABELS), "an IDX file of bytes in 3 dimensions; it begins with 00 00 08 01"),
        (NAMES, idx(GREY), "an IDX file of bytes in 1 dimensions; it begins with 00 00 08 03"),
        (NAMES, idx(LABELS[:5]), "has 12 images and 5 labels"),
        (NAMES, None, f"must hold one file like `{NAMES}` or `{NAMES}.gz`; got none"),
        (
            IMAGES,
            struct.pack(">BBBBIII", 0, 0, 8, 3, 2**31, 2**31, 2**31),
            "must declare at most 4,294,967,296 values; got 9,903,520",
        ),
        ("a-" + IMAGES, idx(GREY), f"; got `a-{IMAGES}`, `{IMAGES}`"),
    ],
)
def test_idx_that_is_refused(mnist, name, content, sentence):
    if content is None:
        (mnist / name).unlink()
    else:
        (mnist / name).write_bytes(content)
    with pytest.raises(InvalidInputError, match=sentence):
        load_samples("idx:.", base=mnist)


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.95])
def test_a_cut_packed_file_is_damaged(mnist, keep):
    path = mnist / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    with pytest.raises(InvalidInputError, match=r"train-images-idx3-ubyte.gz` must be"):
        load_samples("idx:.", base=mnist, split="train")


def test_a_packed_file_is_unpacked_no_further_than_it_declares(mnist, monkeypatch):
    bomb = gzip.compress(idx(GREY[:7]) + bytes(1 << 22))
    (mnist / "train-images-idx3-ubyte.gz").write_bytes(bomb)
    with pytest.raises(InvalidInputError, match="140 values that it declares; it holds more"):
        load_samples("idx:.", base=mnist, split="train")
