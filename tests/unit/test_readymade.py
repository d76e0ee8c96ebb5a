"""Ready-made activations: order, flattening, and refusal of what cannot be compared."""

import numpy as np
import pytest

from topolens.activations.data.readymade import load_readymade
from topolens.base.errors import InvalidInputError


def layers(n=6):
    random = np.random.default_rng(0)
    return {
        "layer10": random.standard_normal((n, 4)).astype(np.float32),
        "layer2": random.standard_normal((n, 3, 2, 2)),
        "head": np.arange(n * 2).reshape(n, 2),
    }


def saved(tmp_path, form, arrays):
    if form == "archive":
        np.savez(tmp_path / "a.npz", **arrays)
        return tmp_path / "a.npz"
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    return tmp_path


@pytest.fixture(params=["archive", "folder"])
def form(request):
    return request.param


def test_reads_every_layer_as_rows(tmp_path, form):
    given = layers()
    made = load_readymade(saved(tmp_path, form, given))
    assert {name: array.shape for name, array in made.layers.items()} == {
        "layer10": (6, 4),
        "layer2": (6, 12),
        "head": (6, 2),
    }
    assert made.shapes["layer2"] == (3, 2, 2)
    np.testing.assert_array_equal(made.layers["layer2"], given["layer2"].reshape(6, 12))
    assert made.layers["layer10"].dtype == np.float32
    assert made.sample_ids.tolist() == list(range(6))
    assert made.labels is None
    assert made.classes is None
    assert len(made) == 6


def test_an_archive_keeps_its_order_and_a_folder_is_sorted_by_number(tmp_path):
    assert list(load_readymade(saved(tmp_path, "archive", layers())).layers) == [
        "layer10",
        "layer2",
        "head",
    ]
    (tmp_path / "folder").mkdir()
    assert list(load_readymade(saved(tmp_path / "folder", "folder", layers())).layers) == [
        "head",
        "layer2",
        "layer10",
    ]


def test_reads_ids_labels_and_classes(tmp_path, form):
    extra = {
        "sample_ids": np.array([5, 4, 3, 2, 1, 90], np.int32),
        "labels": np.array([0, 1, 0, 1, 0, 1], np.uint8),
        "classes": np.array(["cat", "dog"]),
    }
    made = load_readymade(saved(tmp_path, form, {**layers(), **extra}))
    assert made.sample_ids.tolist() == [5, 4, 3, 2, 1, 90]
    assert made.labels.tolist() == [0, 1, 0, 1, 0, 1]
    assert made.labels.dtype == np.int64
    assert made.classes == ("cat", "dog")
    assert list(made.layers.keys() & extra.keys()) == []


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        (
            {"b": np.zeros((5, 2))},
            "layer `.*` must hold the same samples as `.*` row by row; got . and . rows",
        ),
        ({"b": np.zeros(6)}, r"layer `b` must have shape \(n_samples, n_features, .*\(6,\)"),
        ({"b": np.zeros((6, 0))}, r"layer `b` must have shape .*got shape \(6, 0\)"),
        (
            {"b": np.full((6, 2), "x")},
            "layer `b` must hold real numbers of at most 64 bits; got dtype <U1",
        ),
        (
            {"b": np.zeros((6, 2), complex)},
            "layer `b` must hold real numbers of at most 64 bits; got dtype complex128",
        ),
        ({"sample_ids": np.array([0, 1, 2, 3, 4, 3])}, "must not repeat; 3 occurs more than once"),
        ({"sample_ids": np.arange(5)}, r"`sample_ids` must be 6 integers, .* shape \(5,\)"),
        ({"sample_ids": np.arange(6.0)}, "`sample_ids` must be 6 integers, .* got float64"),
        ({"labels": np.zeros((6, 1), int)}, "`labels` must be 6 integers, one per sample"),
    ],
)
def test_error_sentences(tmp_path, form, extra, sentence):
    path = saved(tmp_path, form, {**layers(), **extra})
    with pytest.raises(InvalidInputError, match=sentence):
        load_readymade(path)


def test_never_runs_a_pickle(tmp_path, form):
    path = saved(tmp_path, form, {"a": np.array([[{}], [{}]], dtype=object)})
    with pytest.raises(InvalidInputError, match="holds Python objects"):
        load_readymade(path)


def test_refuses_an_empty_folder_and_a_missing_file(tmp_path):
    with pytest.raises(InvalidInputError, match="`path` must hold one array per layer"):
        load_readymade(tmp_path)
    with pytest.raises(InvalidInputError, match="`path` must be an existing file"):
        load_readymade(tmp_path / "none.npz")


def test_names_that_cannot_be_printed_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", **{"new\nline\x1b[31m": np.ones((3, 2))})
    with pytest.raises(InvalidInputError, match=r"layer names must be printable; got 'new\\nline"):
        load_readymade(tmp_path / "a.npz")
