"""What a capture will write: told in advance, to the byte where samples have equal rows."""

import shutil

import numpy as np
import pytest

from topolens.activations.hooks.layer_batch import LayerBatch, LayerRows
from topolens.activations.stores.storage_forecast import batch_sizes, check_room, forecast_bytes
from topolens.activations.stores.store import ActivationStore
from topolens.base.errors import StoreError
from topolens.base.sizes import size_text


def batch_of(n_samples, first=0, counts=None):
    n_rows = n_samples * 3 if counts is None else sum(counts)
    layers = {
        "layer1.0.conv": LayerRows(np.zeros((n_samples, 5), np.float32)),
        "tokens": LayerRows(
            np.zeros((n_rows, 7)),
            np.arange(n_rows),
            counts=None if counts is None else np.array(counts),
        ),
    }
    return LayerBatch(np.arange(first, first + n_samples), layers, np.zeros(n_samples, np.int64))


@pytest.mark.parametrize("n_samples", [1, 40, 95, 100, 101, 237])
def test_is_exact_for_equal_numbers_of_rows(tmp_path, n_samples):
    sizes = batch_sizes(n_samples, 20)
    assert sum(sizes) == n_samples
    with ActivationStore.create(tmp_path, {}) as store:
        store.extend(batch_of(size, first=20 * index) for index, size in enumerate(sizes))
        assert forecast_bytes(batch_of(2), sizes) == store.n_bytes
    on_disk = sum(file.stat().st_size for file in tmp_path.glob("part-*"))
    assert forecast_bytes(batch_of(2), sizes) == on_disk


def test_takes_the_mean_of_unequal_numbers(tmp_path):
    counts = [[2, 4, 3], [1, 5, 3], [3, 2, 4]]
    with ActivationStore.create(tmp_path, {}) as store:
        store.extend(batch_of(3, first=3 * i, counts=each) for i, each in enumerate(counts))
        assert forecast_bytes(batch_of(3, counts=[4, 2, 3]), [3] * 3) == store.n_bytes


def test_refuses_what_does_not_fit(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=200_000_000)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    check_room(tmp_path, 190_000_000)
    sentence = (
        r"must have room for 1\.5 TB of activations; 200\.0 MB are free: free some space, choose "
        r"another folder, or keep less \(`pool` = \"mean\", fewer layers or fewer samples\)"
    )
    with pytest.raises(StoreError, match=sentence):
        check_room(tmp_path, 1_512_345_678_901)


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (999_949, "999.9 kB"),
     (999_999, "1.0 MB"), (2_500_000_000, "2.5 GB"), (9e18, "9000.0 PB")],
)  # fmt: skip
def test_sizes_read_well(n_bytes, text):
    assert size_text(n_bytes) == text
