"""Median, quantile and mean of all distances: those of the whole list, to the bit."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from topolens.clouds import pair_distances
from topolens.clouds.pair_distances import mean_distance, median_distance, quantile_distance

SHARES = (0.001, 0.1, 1 / 3, 0.5, 0.9, 0.9999, 1.0)


def check_against_the_whole_list(cloud):
    distances = pdist(cloud)
    assert median_distance(cloud) == np.median(distances)
    for share in SHARES:
        assert quantile_distance(cloud, share) == np.quantile(distances, share)
    assert mean_distance(cloud) == pytest.approx(distances.mean(), rel=1e-13)


@pytest.fixture
def small_memory(monkeypatch):
    """Few distances at a time, so that small clouds go through brackets and blocks."""
    monkeypatch.setattr(pair_distances, "_AT_ONCE", 500)
    monkeypatch.setattr(pair_distances, "_SAMPLED", 20)


def test_a_large_cloud_is_not_held_at_once():
    cloud = np.random.default_rng(0).normal(size=(2300, 3))
    largest = max(len(some) for some in pair_distances._blocks(cloud))
    assert largest <= pair_distances._AT_ONCE + len(cloud)
    check_against_the_whole_list(cloud)


@pytest.mark.usefixtures("small_memory")
@pytest.mark.parametrize("n", [33, 34, 35, 100, 101])
def test_blocks_give_the_same_bits(n):
    rng = np.random.default_rng(n)
    check_against_the_whole_list(rng.normal(size=(n, 4)))
    check_against_the_whole_list(rng.integers(0, 3, size=(n, 2)).astype(float))
    check_against_the_whole_list(np.ones((n, 2)))


@pytest.mark.usefixtures("small_memory")
def test_a_bracket_that_misses_is_opened(monkeypatch):
    cloud = np.random.default_rng(1).normal(size=(60, 2))
    distances = np.sort(pdist(cloud))
    for low, high in ((distances[-3], distances[-2]), (distances[2], distances[3]), (9e9, 9e9)):
        bracket = (np.nextafter(low, np.inf), high)
        monkeypatch.setattr(pair_distances, "_bracket", lambda *_, bracket=bracket: bracket)
        check_against_the_whole_list(cloud)
    # The wanted one is the last below the bracket.
    rank = (len(distances) - 1) // 2
    bracket = (np.nextafter(distances[rank], np.inf), distances[rank + 2])
    monkeypatch.setattr(pair_distances, "_bracket", lambda *_: bracket)
    assert median_distance(cloud) == np.median(distances)
