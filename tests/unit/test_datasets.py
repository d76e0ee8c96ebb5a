"""Samples: what is read, how it is laid out, and that a choice is the same everywhere."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topolens.activations.data.datasets import load_samples
from topolens.base.errors import InvalidInputError

HERE = Path()
DIGITS_TRAIN_BEGIN = [0, 2, 5, 6, 7, 9, 10, 11, 12, 14, 15, 16]


@pytest.fixture
def archive(tmp_path):
    random = np.random.default_rng(0)
    np.savez(
        tmp_path / "images.npz",
        x_test=random.integers(0, 256, (12, 5, 4, 3), np.uint8),
        y_test=np.arange(12, dtype=np.uint8) % 3,
        x_train=random.integers(0, 256, (7, 5, 4, 3), np.uint8),
        y_train=np.arange(7) % 3,
        extra=random.standard_normal((12, 6)),
        classes=np.array(["cat", "dog", "eel"]),
    )
    return tmp_path


def test_digits_split_is_stratified_and_complete():
    whole = load_samples("digits", base=HERE)
    train = load_samples("digits", base=HERE, split="train")
    test = load_samples("digits", base=HERE, split="test")
    assert whole.inputs.shape == (1797, 1, 8, 8)
    assert whole.inputs.dtype == np.uint8
    assert whole.inputs.max() == 16
    assert sorted([*train.ids, *test.ids]) == list(range(1797))
    share = np.bincount(train.labels) / np.bincount(whole.labels)
    np.testing.assert_allclose(share, 2 / 3, atol=0.003)
    np.testing.assert_array_equal(test.inputs, whole.inputs[test.ids])
    assert test.classes == tuple("0123456789")


def test_the_digits_split_never_moves():
    train = load_samples("digits", base=HERE, split="train")
    assert train.ids[:12].tolist() == DIGITS_TRAIN_BEGIN
    assert len(train) == 1198


def test_npz_uses_the_arrays_of_the_split(archive):
    samples = load_samples("npz:images.npz", base=archive)
    raw = np.load(archive / "images.npz")
    np.testing.assert_array_equal(samples.inputs, raw["x_test"].transpose(0, 3, 1, 2))
    assert samples.labels.dtype == np.int64
    assert samples.labels.tolist() == raw["y_test"].tolist()
    assert samples.classes == ("cat", "dog", "eel")
    assert load_samples("npz:images.npz", base=archive, split="train").inputs.shape == (7, 3, 5, 4)


def test_npz_uses_the_arrays_it_is_told(archive):
    samples = load_samples("npz:images.npz", base=archive, inputs="extra", labels="y_test")
    assert samples.inputs.shape == (12, 6)
    assert samples.inputs.dtype == np.float64


def test_npz_does_without_labels(tmp_path):
    np.savez(tmp_path / "a.npz", x_test=np.zeros((3, 2)))
    samples = load_samples("npz:a.npz", base=tmp_path)
    assert samples.labels is None
    assert samples.classes is None


def test_npy_takes_labels_from_a_second_file(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((3, 2), np.float32))
    np.save(tmp_path / "y.npy", np.array([1, 0, 1]))
    samples = load_samples("npy:x.npy", base=tmp_path, labels="y.npy")
    assert samples.labels.tolist() == [1, 0, 1]
    assert load_samples(f"npy:{tmp_path}/x.npy", base=HERE).labels is None


def test_expands_environment_variables(archive, monkeypatch):
    monkeypatch.setenv("PICTURES", str(archive))
    assert len(load_samples("npz:${PICTURES}/images.npz", base=HERE)) == 12


def test_names_a_variable_that_is_not_set(monkeypatch):
    monkeypatch.delenv("PICTURES", raising=False)
    with pytest.raises(InvalidInputError, match="the environment has no `PICTURES`"):
        load_samples("npz:${PICTURES}/images.npz", base=HERE)


@pytest.mark.parametrize(
    ("shape", "dtype", "layout", "expected"),
    [
        ((6, 5, 4), np.uint8, "auto", (6, 1, 5, 4)),
        ((6, 5, 4, 1), np.uint8, "auto", (6, 1, 5, 4)),
        ((6, 3, 4, 3), np.uint8, "auto", (6, 3, 4, 3)),
        ((6, 5, 4, 2), np.uint8, "auto", (6, 5, 4, 2)),
        ((6, 5, 4, 3), np.float32, "auto", (6, 5, 4, 3)),
        ((6, 5, 4, 3), np.float32, "nhwc", (6, 3, 5, 4)),
        ((6, 5, 4, 3), np.uint8, "as_is", (6, 5, 4, 3)),
        ((6, 5, 4), np.uint8, "as_is", (6, 5, 4)),
    ],
)
def test_layouts(tmp_path, shape, dtype, layout, expected):
    np.save(tmp_path / "x.npy", np.zeros(shape, dtype))
    assert load_samples("npy:x.npy", base=tmp_path, layout=layout).inputs.shape == expected


@given(
    count=st.integers(1, 200),
    more=st.integers(0, 200),
    order=st.sampled_from(["first", "random", "balanced"]),
    seed=st.integers(0, 5),
)
def test_a_smaller_choice_begins_a_larger_one(count, more, order, seed):
    def chosen(size):
        return load_samples("digits", base=HERE, count=size, order=order, seed=seed).ids

    larger = chosen(count + more)
    np.testing.assert_array_equal(chosen(count), larger[:count])
    assert len(set(larger.tolist())) == len(larger)


@given(count=st.integers(1, 300), seed=st.integers(0, 3))
def test_a_balanced_choice_is_balanced_to_within_one(count, seed):
    samples = load_samples("digits", base=HERE, count=count, order="balanced", seed=seed)
    per_class = np.bincount(samples.labels, minlength=10)
    assert per_class.max() - per_class.min() <= 1


def test_seeds_choose_differently_and_repeat():
    first, again, other = (
        load_samples("digits", base=HERE, count=50, order="random", seed=seed) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.ids, again.ids)
    assert first.ids.tolist() != other.ids.tolist()


def test_the_description_changes_with_the_data_and_names_no_folder(tmp_path):
    descriptions = []
    for folder, value in (("a", 0), ("b", 0), ("c", 1)):
        (tmp_path / folder).mkdir()
        np.save(tmp_path / folder / "x.npy", np.full((3, 2), value))
        descriptions.append(load_samples("npy:x.npy", base=tmp_path / folder).description)
    assert descriptions[0] == descriptions[1]
    assert descriptions[0] != descriptions[2]
    assert str(tmp_path) not in str(descriptions)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"source": "cifar"}, "`source` must be one of `.*npz:PATH`.*; got 'cifar'"),
        ({"source": "npz:"}, "`source` must be one of `.*npz:PATH`.*; got 'npz:'"),
        ({"source": "digits:x"}, "`source` must be one of `.*digits`.*; got 'digits:x'"),
        ({"source": "npz:none.npz"}, "`source` must be an existing file; got `.*none.npz`"),
        ({"source": "npz:x.npy"}, r"`source` must be an \.npz archive"),
        ({"source": "npy:images.npz"}, r"`source` must be one \.npy array"),
        ({"source": "npz:images.npz", "inputs": "x_tset"}, "`x_tset`; did you mean `x_test`"),
        ({"source": "npz:images.npz", "labels": "y"}, "must hold an array `y`;"),
        ({"source": "npz:images.npz", "classes": "names"}, "must hold an array `names`;"),
        ({"source": "npz:images.npz", "count": 13}, "`count` must be at most 12, .* in the source"),
        ({"source": "npz:images.npz", "count": 0}, "`count` must be an integer at least 1; got 0"),
        ({"source": "npz:images.npz", "order": "last"}, "`order` must be one of .*; got 'last'"),
        ({"source": "npz:images.npz", "seed": -1}, "`seed` must be an integer at least 0"),
        ({"source": "npz:images.npz", "layout": "x"}, "`layout` must be one of"),
        (
            {"source": "npz:images.npz", "inputs": "extra", "layout": "nhwc"},
            r"shape \(n, h, w, c\)",
        ),
        ({"source": "npz:images.npz", "labels": "extra"}, "`labels` must be 12 integers, one per"),
        ({"source": "npz:images.npz", "labels": "y_train"}, r"got int64 of shape \(7,\)"),
        ({"source": "npz:images.npz", "inputs": "y_test"}, r"`inputs` must have shape \(n_samples"),
        ({"source": "npz:images.npz", "inputs": "words"}, "must hold an array `words`"),
        ({"source": "npy:x.npy", "order": "balanced"}, "`order` must be `first` or `random`"),
        ({"source": "npy:x.npy", "split": "test"}, "`split` must be left out for `npy:x.npy`"),
        ({"source": "npy:text.npy"}, "`inputs` must be real numbers; got dtype <U1"),
        ({"source": "npy:empty.npy"}, "with a sample at least"),
        ({"source": "npy:object.npy"}, "holds Python objects"),
        ({"source": "npy:junk.npy"}, "holds Python objects .or is no NumPy file"),
        ({"source": "npy:short.npy"}, "is damaged"),
        ({"source": "digits", "split": "valid"}, "`split` must be one of `train`, `test`"),
        ({"source": "digits", "labels": "y"}, "`labels` must be left out for `digits`; got 'y'"),
        ({"source": "digits", "order": "balanced", "count": 1741}, "at most 1740, .* balanced"),
    ],
)
def test_error_sentences(archive, arguments, sentence):
    np.save(archive / "x.npy", np.zeros((3, 2)))
    np.save(archive / "text.npy", np.array([["a"], ["b"]]))
    np.save(archive / "empty.npy", np.zeros((0, 2)))
    np.save(archive / "object.npy", np.array([[{}]], dtype=object), allow_pickle=True)
    (archive / "junk.npy").write_bytes(b"neither one nor the other")
    (archive / "short.npy").write_bytes((archive / "x.npy").read_bytes()[:-8])
    with pytest.raises(InvalidInputError, match=sentence):
        load_samples(base=archive, **arguments)


@pytest.mark.parametrize(("label", "limit"), [(-1, "must be from 0"), (3, "below 3")])
def test_refuses_labels_without_a_class(tmp_path, label, limit):
    np.savez(
        tmp_path / "a.npz",
        x_test=np.zeros((2, 2)),
        y_test=np.array([0, label]),
        classes=np.array(["a", "b", "c"]),
    )
    with pytest.raises(InvalidInputError, match=f"{limit}.*got {label} in row 1"):
        load_samples("npz:a.npz", base=tmp_path)


def test_damaged_and_impossible_arrays_of_an_archive_are_named(tmp_path):
    np.savez_compressed(tmp_path / "flipped.npz", x_test=np.zeros((100, 1000)))
    content = bytearray((tmp_path / "flipped.npz").read_bytes())
    content[90] ^= 255
    (tmp_path / "flipped.npz").write_bytes(content)
    header = io.BytesIO()
    shape = {"descr": "<f4", "fortran_order": False, "shape": (10**9, 10**6)}
    np.lib.format.write_array_header_1_0(header, shape)
    with zipfile.ZipFile(tmp_path / "huge.npz", "w") as archive:
        archive.writestr("x_test.npy", header.getvalue() + b"0" * 100)
    for name in ("flipped", "huge"):
        with pytest.raises(InvalidInputError, match=r"array `x_test` is damaged \("):
            load_samples(f"npz:{name}.npz", base=tmp_path)
