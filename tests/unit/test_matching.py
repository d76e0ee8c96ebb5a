"""Wasserstein and bottleneck distance by hand."""

import re

import numpy as np
import pytest

from topolens.base.errors import InvalidInputError
from topolens.comparison import bottleneck, wasserstein

EMPTY = np.empty((0, 2))
INF = np.inf


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z")


@pytest.mark.parametrize(
    ("ground", "value"), [("l1", 4.0), ("l2", np.sqrt(8)), ("linf", 2.0)], ids=str
)
def test_one_bar_goes_to_the_diagonal(ground, value):
    assert wasserstein([[1, 5]], EMPTY, ground=ground) == pytest.approx(value, rel=1e-15)


def test_powers_add_up():
    # Steps of 3 and 4 straight up.
    first, second = [[0, 20], [50, 70]], [[0, 23], [50, 74]]
    assert wasserstein(first, second) == 7
    assert wasserstein(first, second, order=2) == pytest.approx(5, rel=1e-15)
    assert wasserstein(first, second, order=1000) == pytest.approx(4, rel=1e-12)
    assert bottleneck(first, second) == 4


def test_at_higher_order_common_bars_may_have_to_move():
    # 0 -> 1 -> 2 in two steps of 1 beats one step of 2 at order 2.
    first, second = [[0, 100], [1, 101]], [[1, 101], [2, 102]]
    assert wasserstein(first, second, order=2, ground="linf") == pytest.approx(np.sqrt(2))


def test_bars_that_never_die_are_matched_in_order_of_birth():
    first, second = [[0, INF], [5, INF], [1, 3]], [[6, INF], [0.5, INF], [1, 3]]
    assert wasserstein(first, second) == 1.5
    assert wasserstein(first, second, order=2) == pytest.approx(np.sqrt(1.25))
    assert bottleneck(first, second) == 1


def test_different_numbers_of_bars_that_never_die_are_infinitely_far():
    assert wasserstein([[0, INF]], EMPTY) == INF
    assert bottleneck([[0, INF]], EMPTY) == INF


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_extreme_scales(scale):
    bars = np.array([[0.0, 1.0], [0.25, 0.5]])
    for order in (1, 2, 50):
        assert wasserstein(scale * bars, EMPTY, order=order) == pytest.approx(
            scale * wasserstein(bars, EMPTY, order=order), rel=1e-12
        )


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"order": 0.5}, "`order` must be a finite number at least 1; got 0.5"),
        ({"order": INF}, "`order` must be a finite number; got inf"),
        ({"ground": "l3"}, "`ground` must be one of `l1`, `l2`, `linf`; got 'l3'"),
        (
            {"relative_error": -0.1},
            "`relative_error` must be a finite number at least 0; got -0.1",
        ),
    ],
)
def test_says_what_is_wrong(changed, sentence):
    with refuses(sentence):
        wasserstein(EMPTY, EMPTY, **changed)
