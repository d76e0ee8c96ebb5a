"""Content keys and digests: equal for equal content, and nothing else."""

import hashlib

import numpy as np
import pytest

from topolens.base.hashing import BlockDigest, array_digest, content_key, file_digest


def test_content_key_is_the_hash_of_sorted_compact_json():
    digest = hashlib.sha256(b'{"a":[1,2.5],"b":null}').hexdigest()
    assert content_key({"b": None, "a": [1, 2.5]}) == digest[:20]


def test_content_key_writes_text_in_ascii():
    assert content_key({"x": "é"}) == hashlib.sha256(b'{"x":"\\u00e9"}').hexdigest()[:20]


@pytest.mark.parametrize(
    "other", [{"a": 2}, {"b": 1}, {"a": 1.5}, {"a": "1"}, {"a": 1, "b": None}, {}]
)
def test_content_key_tells_records_apart(other):
    assert content_key(other) != content_key({"a": 1})


def test_content_key_refuses_what_json_cannot_say():
    with pytest.raises(TypeError):
        content_key({"a": np.zeros(2)})


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1])
def test_file_digest_is_the_hash_of_the_bytes(tmp_path, size):
    content = bytes(range(256)) * (size // 256 + 1)
    (tmp_path / "file").write_bytes(content[:size])
    assert file_digest(tmp_path / "file") == hashlib.sha256(content[:size]).hexdigest()


@pytest.mark.parametrize("cuts", [[], [1], [0, 2, 2], [1, 2, 3, 4]])
def test_the_digest_of_blocks_is_that_of_the_whole(cuts):
    array = np.arange(20, dtype=np.float32).reshape(5, 4)
    digest = BlockDigest(array.dtype, array.shape)
    for block in np.split(array, cuts):
        digest.update(block)
    assert digest.hexdigest() == array_digest(array) == array_digest(array.T.copy().T)


def test_array_digest_is_the_hash_of_dtype_shape_and_values():
    array = np.array([[1, 2], [3, 4]], np.uint8)
    assert array_digest(array) == hashlib.sha256(b"|u1(2, 2)\x01\x02\x03\x04").hexdigest()


def test_array_digest_ignores_the_layout():
    array = np.arange(12.0).reshape(3, 4)
    assert array_digest(np.asfortranarray(array)) == array_digest(array)
    assert array_digest(np.repeat(array, 2, axis=1)[:, ::2]) == array_digest(array)


@pytest.mark.parametrize(
    "other",
    [
        np.zeros((3, 2), np.float32),
        np.zeros(6, np.float32),
        np.zeros((2, 3), np.int32),
        np.zeros((2, 3), ">f4"),
        np.eye(2, 3, dtype=np.float32),
    ],
    ids=["shape", "dimensions", "dtype", "byte order", "values"],
)
def test_array_digest_tells_arrays_apart(other):
    assert array_digest(other) != array_digest(np.zeros((2, 3), np.float32))
