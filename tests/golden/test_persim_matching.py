"""persim, test/test_distances.py: bottleneck and Wasserstein distance of its published cases."""

import numpy as np
import pytest

from topolens.comparison import bottleneck, wasserstein

EMPTY = np.empty((0, 2))


@pytest.mark.parametrize(
    ("first", "second", "value"),
    [
        ([[0.5, 1]], [[0.5, 1.1]], 0.1),
        ([[0.5, 1], [0.6, 1.1]], [[0.5, 1.1], [0.6, 1.3]], 0.2),
        (EMPTY, [[1, 2]], 0.5),
        ([[6, 9], [6, 8]], [[4, 10], [9, 10]], 2),
        ([[0.5, 0.5], [0.6, 0.6]], [[0.5, 1], [0.6, 1.2], [0.3, 0.7]], 0.3),
        ([[0, 10]], [[5, 5]], 5),
    ],
)
def test_bottleneck(first, second, value):
    assert bottleneck(first, second) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize(
    ("first", "second", "value"),
    [
        ([[0.5, 1]], [[0.5, 1.1]], 0.1),
        ([[0.5, 1], [0.6, 1.1]], [[0.5, 1.1], [0.6, 1.3]], 0.3),
        (EMPTY, [[1, 2]], np.sqrt(2) / 2),
    ],
)
def test_wasserstein(first, second, value):
    assert wasserstein(first, second) == pytest.approx(value, rel=1e-14)
