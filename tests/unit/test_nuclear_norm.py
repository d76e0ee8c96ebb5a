"""The sum of singular values, the fast way where it is accurate and the slow way elsewhere."""

import numpy as np
import pytest

from topolens.comparison import nuclear_norm as module
from topolens.comparison.nuclear_norm import nuclear_norm


def with_singular_values(values, shape, seed=0):
    rng = np.random.default_rng(seed)
    left, right = (np.linalg.qr(rng.normal(size=(side, len(values))))[0] for side in shape)
    return left * values @ right.T


@pytest.mark.parametrize("shape", [(30, 30), (50, 30), (30, 50)])
@pytest.mark.parametrize("smallest", [1.0, 1e-3, 1e-6, 1e-9, 1e-14])
def test_is_the_sum_of_singular_values(shape, smallest):
    values = np.geomspace(1, smallest, 30)
    found = nuclear_norm(with_singular_values(values, shape))
    assert found == pytest.approx(values.sum(), rel=1e-8)


def test_zeros_come_out_as_zeros():
    values = np.r_[1.0, np.zeros(39)]
    assert nuclear_norm(with_singular_values(values, (40, 40))) == pytest.approx(1, rel=1e-13)


@pytest.mark.parametrize(("smallest", "slow"), [(1e-4, False), (1e-9, True)])
def test_small_singular_values_take_the_slow_way(smallest, slow, monkeypatch):
    taken = []
    svd = np.linalg.svd
    monkeypatch.setattr(module.np.linalg, "svd", lambda *a, **k: taken.append(True) or svd(*a, **k))
    matrix = with_singular_values(np.geomspace(1, smallest, 20), (20, 20))
    nuclear_norm(matrix)
    assert bool(taken) is slow


def test_one_number():
    assert nuclear_norm(np.array([[-3.0]])) == 3
