"""The greedy permutation."""

import re

import numpy as np
import pytest

from topolens.base.errors import InvalidInputError
from topolens.clouds import farthest_points

LINE = [[0.0], [1.0], [2.0], [6.0], [10.0]]


def test_a_line_by_hand():
    # The mean is 3.8: 10 is farther from it than 0. Then 0, then 6 (4 from 10), then 2, then 1.
    chosen = farthest_points(LINE, n_points=5)
    assert chosen.rows.tolist() == [4, 0, 3, 2, 1]
    assert chosen.covering_radii.tolist() == [10, 4, 2, 1, 0]
    assert len(chosen) == 5
    assert farthest_points(LINE, n_points=3).covering_radius == 2


def test_the_start_may_be_given():
    assert farthest_points(LINE, n_points=2, start=1).rows.tolist() == [1, 4]


def test_the_smaller_of_equally_far_rows_is_chosen():
    square = [[1.0, 1], [-1, 1], [1, -1], [-1, -1], [0, 0]]
    assert farthest_points(square, n_points=5).rows.tolist() == [0, 3, 1, 2, 4]


def test_rows_that_coincide_are_chosen_once_each_at_last():
    chosen = farthest_points([[2.0], [2.0], [5.0], [2.0]], n_points=4)
    assert chosen.rows.tolist() == [2, 0, 1, 3]
    assert chosen.covering_radii.tolist() == [3, 0, 0, 0]


def test_huge_and_tiny_distances_neither_overflow_nor_vanish():
    for scale in (1e300, 1e-300):
        chosen = farthest_points(np.array(LINE) * scale, n_points=5)
        assert chosen.rows.tolist() == [4, 0, 3, 2, 1]
        np.testing.assert_allclose(chosen.covering_radii / scale, [10, 4, 2, 1, 0])


def test_distances_beyond_float64_are_refused():
    sentence = "`points` must have distances that float64 holds; some overflow"
    with pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z"):
        farthest_points([[1.5e308], [-1.5e308]], n_points=1)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"n_points": 0}, "`n_points` must be an integer from 1 to 5; got 0"),
        ({"n_points": 6}, "`n_points` must be an integer from 1 to 5; got 6"),
        ({"n_points": 2, "start": 5}, "`start` must be an integer from 0 to 4; got 5"),
        ({"n_points": 2, "start": -1}, "`start` must be an integer from 0 to 4; got -1"),
    ],
)
def test_bad_arguments_are_named(settings, sentence):
    with pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z"):
        farthest_points(LINE, **settings)
