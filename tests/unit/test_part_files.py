"""Part files: the format is that of safetensors, to the byte."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from safetensors.numpy import load_file, save

from topolens.activations.stores.part_files import header_bytes, read_layout, write_part
from topolens.base.errors import InvalidInputError, StoreError

DTYPES = st.sampled_from([np.int64, np.float64, np.float32, np.float16])
SHAPES = arrays.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=5)
ARRAYS = arrays.arrays(DTYPES, SHAPES, elements=st.integers(0, 9))
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=5).filter("__metadata__".__ne__)


@given(st.dictionaries(NAMES, ARRAYS, max_size=5))
def test_writes_the_bytes_that_safetensors_would(tmp_path_factory, tensors):
    path = tmp_path_factory.mktemp("part") / "part"
    digest, n_bytes = write_part(path, tensors)
    content = path.read_bytes()
    assert content == save(tensors)
    assert (digest, n_bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    shapes = {name: (array.dtype.name, array.shape) for name, array in tensors.items()}
    assert header_bytes(shapes) == n_bytes - sum(array.nbytes for array in tensors.values())


@given(st.dictionaries(NAMES, ARRAYS, max_size=5))
def test_reads_what_was_written(tmp_path_factory, tensors):
    path = tmp_path_factory.mktemp("part") / "part"
    _, n_bytes = write_part(path, tensors)
    layout = read_layout(path, n_bytes)
    for name, array in tensors.items():
        np.testing.assert_array_equal(layout.mapped(name), array)
        assert layout.mapped(name).dtype == array.dtype
        assert not layout.mapped(name).flags.writeable or array.size == 0


def test_arrays_that_do_not_lie_in_order_are_written_in_order(tmp_path):
    array = np.arange(12.0).reshape(3, 4)
    write_part(tmp_path / "part", {"a": array.T, "b": array[:, ::2], "c": array.astype(">f4")})
    found = load_file(tmp_path / "part")
    np.testing.assert_array_equal(found["a"], array.T)
    np.testing.assert_array_equal(found["b"], array[:, ::2])
    np.testing.assert_array_equal(found["c"], array)


@pytest.mark.skipif(np.dtype(np.longdouble).itemsize == 8, reason="long double is double here")
def test_refuses_a_type_that_the_format_lacks(tmp_path):
    with pytest.raises(InvalidInputError, match=r"`a` must be one of int64, .* to be stored; got "):
        write_part(tmp_path / "part", {"a": np.zeros(3, np.longdouble)})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"F32"', b'"F16"'),
        (b'"F32"', b'"XYZ"'),
        (b"[3,4]", b"[4,4]"),
        (b"[3,4]", b"[3,x]"),
        (b"[0,48]", b"[9,57]"),
        (b'{"a"', b'["a"'),
    ],
)
def test_a_header_that_makes_no_sense_is_damage(tmp_path, old, new):
    path = tmp_path / "part"
    _, n_bytes = write_part(path, {"a": np.zeros((3, 4), np.float32)})
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))
    with pytest.raises(StoreError, match=r"part` is missing or damaged \(its header makes no sens"):
        read_layout(path, n_bytes)
