"""Preprocessing: the formula, per channel, and its refusals."""

import numpy as np
import pytest

from topolens.activations.data.preprocess import preprocess
from topolens.base.errors import InvalidInputError


def test_is_the_formula_per_channel():
    inputs = np.array([[[[0, 255]], [[51, 102]]]], np.uint8)
    result = preprocess(inputs, mean=(0.5, 0.2), std=(0.25, 2.0))
    np.testing.assert_allclose(result, [[[[-2, 2]], [[0, 0.1]]]], atol=1e-6)
    assert result.dtype == np.float32


def test_by_default_scales_bytes_to_one():
    np.testing.assert_array_equal(preprocess(np.array([[0, 255]], np.uint8)), [[0, 1]])


def test_by_default_leaves_the_scale_of_floats():
    np.testing.assert_array_equal(preprocess(np.array([[0.0, 0.5]])), [[0, 0.5]])


def test_token_ids_pass_unchanged_unless_something_is_asked_of_them():
    ids = np.array([[3, 70000]], np.int32)
    assert preprocess(ids).dtype == np.int64
    np.testing.assert_array_equal(preprocess(ids), ids)
    assert preprocess(ids, scale=10.0).dtype == np.float32


def test_one_value_serves_all_channels_and_the_input_stays():
    inputs = np.ones((2, 3), np.float32)
    np.testing.assert_allclose(preprocess(inputs, mean=3.0, std=0.5, scale=1.0), -4.0)
    assert (inputs == 1).all()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"mean": (0.1, 0.2)},
            r"`mean` must be one finite value, or one per channel of inputs of sh",
        ),
        ({"std": (0.1, np.nan, 1)}, "`std` must be one finite value, or one per channel"),
        ({"mean": [[0.5]]}, "`mean` must be one finite value"),
        ({"std": 0.0}, r"`std` must be positive; got \[0.0\]"),
        ({"scale": 0}, "`scale` must be a finite number above 0; got 0"),
        ({"scale": 10**400}, "`scale` must be a finite number above 0; got 1000"),
        ({"scale": 1e-300}, "`scale` must be a number that float32 holds; got 1e-300"),
        ({"scale": 1e300}, r"`scale` must be a number that float32 holds; got 1e\+300"),
    ],
)
def test_error_sentences(options, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        preprocess(np.zeros((2, 3, 4, 4), np.uint8), **options)
