"""Counting rows that repeat an earlier one."""

import re

import numpy as np
import pytest

from topolens.base.errors import InvalidInputError
from topolens.clouds import count_duplicates


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        ([[1, 2], [3, 4]], 0),
        ([[1, 2], [3, 4], [1, 2], [1, 2], [3, 4]], 3),
        ([[1, 2], [2, 1]], 0),
        ([[0.0, 1.0], [-0.0, 1.0]], 1),
        ([[0, 0]], 0),
        (np.zeros((5, 3)), 4),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_counts_rows_equal_to_an_earlier_one(rows, count, dtype):
    assert count_duplicates(np.array(rows, dtype)) == count


def test_rows_that_differ_in_the_last_bit_differ():
    assert count_duplicates([[1.0], [np.nextafter(1.0, 2.0)]]) == 0


def test_leaves_the_sign_of_zero_in_its_input():
    cloud = np.array([[-0.0]])
    count_duplicates(cloud)
    assert np.signbit(cloud[0, 0])


def test_says_what_is_wrong():
    with pytest.raises(InvalidInputError, match=re.escape("`points` must be finite; row 1 holds")):
        count_duplicates([[1.0], [np.nan]])
    with pytest.raises(InvalidInputError, match="`points` must hold at least 1 points; got 0"):
        count_duplicates(np.zeros((0, 2)))
