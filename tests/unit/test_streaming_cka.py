"""CKA from batches: what it keeps, what it gives, what it refuses."""

import re

import numpy as np
import pytest

import topolens as tl
from topolens.base.errors import InvalidInputError

RNG = np.random.default_rng(0)


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z")


def test_a_rectified_normal_has_its_known_similarity():
    # cov(x, relu x) = 1/2 and var(relu x) = 1/2 - 1/(2 pi): CKA of independent features.
    stream = tl.StreamingCKA()
    for _ in range(60):
        batch = RNG.normal(size=(500, 4))
        stream.update({"linear": batch, "relu": np.maximum(batch, 0)})
    expected = 0.25 / (0.5 - 1 / (2 * np.pi))
    assert stream.n_points == 30_000
    assert stream.matrix().values[0, 1] == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("estimator", ["linear", "unbiased"])
def test_a_far_mean_costs_no_digits(estimator):
    whole = {"linear": tl.linear_cka, "unbiased": tl.unbiased_cka}[estimator]
    first, second = RNG.normal(size=(2, 100, 3))
    stream = tl.StreamingCKA(estimator=estimator)
    for rows in np.array_split(np.arange(100), 7):
        stream.update({"a": 1e6 + first[rows], "b": second[rows] - 1e3})
    assert stream.matrix().values[0, 1] == pytest.approx(whole(first, second), rel=1e-6)


def test_the_matrix_says_what_it_is():
    stream = tl.StreamingCKA(estimator="unbiased")
    stream.update({"a": RNG.normal(size=(9, 2)), "b": RNG.normal(size=(9, 3))})
    matrix = stream.matrix()
    assert (matrix.metric, matrix.is_similarity) == ("unbiased_cka", True)
    assert matrix.labels == (("a",), ("b",))
    np.testing.assert_allclose(np.diagonal(matrix.values), 1, rtol=1e-12)


def test_the_order_of_layers_in_a_batch_does_not_matter():
    first, second = RNG.normal(size=(2, 20, 3))
    one, other = tl.StreamingCKA(), tl.StreamingCKA()
    for rows in (slice(10), slice(10, 20)):
        one.update({"a": first[rows], "b": second[rows]})
    other.update({"a": first[:10], "b": second[:10]})
    other.update({"b": second[10:], "a": first[10:]})
    np.testing.assert_array_equal(one.matrix().values, other.matrix().values)


@pytest.mark.parametrize("estimator", ["linear", "unbiased", "minibatch"])
def test_a_constant_layer_has_no_value_and_says_so(estimator):
    stream = tl.StreamingCKA(estimator=estimator)
    for _ in range(3):
        stream.update({"live": RNG.normal(size=(8, 2)), "dead": np.full((8, 2), 0.1, np.float32)})
    matrix = stream.matrix()
    assert np.isnan(matrix.values).tolist() == [[False, True], [True, True]]
    assert matrix.notes[0].startswith("dead: CKA is undefined when all rows coincide")


def test_mistakes_change_nothing():
    stream = tl.StreamingCKA()
    with refuses("`update` must have been given at least 2 rows; got 0"):
        stream.matrix()
    with refuses("`batch` must hold at least one layer; got none"):
        stream.update({})
    with refuses("`a` and `b` must hold the same samples row by row; got 4 and 3 rows"):
        stream.update({"a": np.eye(4), "b": np.eye(3)})
    with refuses("`b` must be finite; row 0 holds NaN or infinity"):
        stream.update({"a": np.eye(2), "b": [[np.nan], [1.0]]})
    assert stream.n_points == 0
    stream.update({"a": np.eye(4), "b": np.eye(4)})
    with refuses(
        "`batch` must hold the layers of the first batch, as wide as there; differs in `b`, `c`"
    ):
        stream.update({"a": np.eye(4), "c": np.eye(4)})
    with refuses(
        "`batch` must hold the layers of the first batch, as wide as there; differs in `a`"
    ):
        stream.update({"a": np.ones((4, 5)), "b": np.eye(4)})
    assert stream.n_points == 4


def test_minibatches_need_four_rows():
    with refuses("`a` must hold at least 4 points; got 3"):
        tl.StreamingCKA(estimator="minibatch").update({"a": np.eye(3)})


def test_the_estimator_is_named():
    with refuses("`estimator` must be one of `linear`, `unbiased`, `minibatch`; got 'biased'"):
        tl.StreamingCKA(estimator="biased")
