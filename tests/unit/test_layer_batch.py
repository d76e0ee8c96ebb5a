"""One batch of rows: what it accepts, with equally and unequally many rows per sample."""

import numpy as np
import pytest

from topolens.activations.hooks.layer_batch import LayerBatch, LayerRows
from topolens.base.errors import InvalidInputError


def batch_of(counts, n_rows=6, **fields):
    rows = LayerRows(np.zeros((n_rows, 2), np.float32), counts=counts, **fields)
    return LayerBatch(np.arange(3), {"fc": rows})


def test_samples_may_have_unequally_many_rows():
    counts = np.array([1, 3, 2])
    assert batch_of(counts).layers["fc"].counts is counts
    assert batch_of(None).layers["fc"].counts is None


def test_every_row_has_the_id_of_its_sample():
    assert batch_of(np.array([1, 3, 2])).row_ids("fc").tolist() == [0, 1, 1, 1, 2, 2]
    assert batch_of(None).row_ids("fc").tolist() == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        (np.array([2, 4]), r"counts that are int64 of shape \(3,\); got int64 of shape \(2,\)"),
        (np.array([2.0, 2, 2]), r"counts that are int64 of shape \(3,\); got float64"),
        (np.array([2, 2, 3]), "counts from 1 that add up to its 6 rows; got .* 7, the smallest 2"),
        (np.array([0, 2, 4]), "counts from 1 that add up to its 6 rows; got .* 6, the smallest 0"),
    ],
)
def test_refuses_counts_that_do_not_describe_the_rows(counts, sentence):
    with pytest.raises(InvalidInputError, match=f"layer `fc` must have {sentence}"):
        batch_of(counts)


def test_refuses_an_empty_batch_with_counts():
    rows = LayerRows(np.zeros((0, 2)), counts=np.zeros(0, np.int64))
    with pytest.raises(InvalidInputError, match="layer `fc` must have counts from 1"):
        LayerBatch(np.arange(0), {"fc": rows})


def test_refuses_an_unknown_site():
    with pytest.raises(InvalidInputError, match="must have the site `input` or `output`; got 'in'"):
        batch_of(None, site="in")
