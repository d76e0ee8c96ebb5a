"""Linear CKA, by hand."""

import re

import numpy as np
import pytest

from topolens.base.errors import InvalidInputError
from topolens.comparison import linear_cka


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z")


@pytest.mark.parametrize(
    ("first", "second", "value"),
    [
        # Centred already: inner product -4 and 2, squared over the product of squared norms.
        ([[-1.0], [0.0], [1.0]], [[1.0], [0.0], [-1.0]], 1.0),
        ([[-1.0], [0.0], [1.0]], [[1.0], [-2.0], [1.0]], 0.0),
        # Centred (-2, 1, 1) and (-1, 0, 1): 3^2 / (6 * 2).
        ([[0.0], [3.0], [3.0]], [[4.0], [5.0], [6.0]], 0.75),
        # Features (-2, 1, 1) and (0, 1, -1), orthogonal, against (-1, 0, 1):
        # (3^2 + 1^2) / (2 sqrt(6^2 + 2^2)).
        ([[-2.0, 0.0], [1.0, 1.0], [1.0, -1.0]], [[4.0], [5.0], [6.0]], 5 / np.sqrt(40)),
    ],
)
def test_by_hand(first, second, value):
    assert linear_cka(first, second) == pytest.approx(value, abs=1e-15)
    assert linear_cka(second, first) == pytest.approx(value, abs=1e-15)


def test_more_features_than_points_change_nothing():
    rng = np.random.default_rng(0)
    tall = rng.normal(size=(6, 4))
    # Orthonormal columns: the Gram matrix stays as it is.
    isometry = np.linalg.qr(rng.normal(size=(30, 4)))[0].T
    other = rng.normal(size=(6, 5))
    assert linear_cka(tall @ isometry, other) == pytest.approx(linear_cka(tall, other), rel=1e-12)


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1e30, 1e150])
def test_extreme_scales_are_measured(scale):
    cloud = np.array([[0.0], [3.0], [3.0]])
    assert linear_cka(scale * cloud, [[4.0], [5.0], [6.0]]) == pytest.approx(0.75, rel=1e-12)


@pytest.mark.parametrize("bad", [np.zeros((3, 2)), np.full((3, 1), 0.1, np.float32)])
def test_is_undefined_where_all_rows_coincide(bad):
    rule = "must not be constant: CKA is undefined when all rows coincide"
    with refuses(f"`first` {rule}"):
        linear_cka(bad, np.eye(3))
    with refuses(f"`second` {rule}"):
        linear_cka(np.eye(3), bad)


def test_rows_must_correspond():
    sentence = "`first` and `second` must hold the same samples row by row; got 3 and 4 rows"
    with refuses(sentence):
        linear_cka(np.eye(3), np.eye(4))


def test_says_what_is_wrong_with_which():
    with refuses("`second` must be finite; row 1 holds NaN or infinity"):
        linear_cka(np.eye(2), [[1.0], [np.nan]])
    with refuses("`first` must have shape (n_points, n_features); got shape (2,)"):
        linear_cka([1.0, 2.0], np.eye(2))
