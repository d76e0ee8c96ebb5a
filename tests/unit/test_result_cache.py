"""Results are whole or not there, and equal results are equal bytes."""

import numpy as np
import pytest

from topolens.base.errors import StoreError
from topolens.study.cache import Result, ResultCache

RESULT = Result({"b": np.arange(3.0), "a": np.empty((0, 2))}, {"z": 1, "text": "é", "none": None})


def test_reads_back_what_was_put(tmp_path):
    cache = ResultCache(tmp_path)
    cache.put("key", RESULT)
    found = cache.get("key")
    assert found.record == RESULT.record
    assert {name: array.tolist() for name, array in found.arrays.items()} == {
        "a": [],
        "b": [0.0, 1.0, 2.0],
    }
    assert found.arrays["a"].shape == (0, 2)


def test_equal_results_are_equal_bytes_whatever_their_order(tmp_path):
    turned = Result(dict(reversed(RESULT.arrays.items())), dict(reversed(RESULT.record.items())))
    ResultCache(tmp_path / "1").put("key", RESULT)
    ResultCache(tmp_path / "2").put("key", turned)
    files = [(tmp_path / name / "key.safetensors").read_bytes() for name in "12"]
    assert files[0] == files[1]


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b"", lambda b: b[:4] + b[9:]])
def test_a_damaged_result_counts_as_missing(tmp_path, damage):
    cache = ResultCache(tmp_path)
    cache.put("key", RESULT)
    assert cache.has("key")
    path = tmp_path / "key.safetensors"
    path.write_bytes(damage(path.read_bytes()))
    assert not cache.has("key")
    with pytest.raises(StoreError, match="is missing or damaged"):
        cache.get("key")


def test_a_result_without_arrays_is_a_result(tmp_path):
    cache = ResultCache(tmp_path)
    cache.put("key", Result(record={"values": [1.0, None]}))
    assert cache.get("key").record == {"values": [1.0, None]}
