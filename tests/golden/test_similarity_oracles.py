"""Measures between paired clouds against rsatoolbox."""

import numpy as np
import pytest
from oracles import oracle

import topolens as tl

pytestmark = pytest.mark.full
COMPARISONS = {"spearman": "spearman", "pearson": "corr", "cosine": "cosine", "kendall": "tau-a"}
DISTANCES = {"squared_euclidean": "euclidean", "correlation": "correlation"}


@pytest.fixture(scope="module")
def pair():
    rng = np.random.default_rng(0)
    common = rng.normal(size=(60, 5))
    return [
        np.tanh(common @ rng.normal(size=(5, width))) + 0.3 * rng.normal(size=(60, width))
        for width in (20, 12)
    ]


def matrices(pair, method):
    rsatoolbox = oracle("rsatoolbox")
    return [
        rsatoolbox.rdm.calc_rdm(rsatoolbox.data.Dataset(cloud), method=method) for cloud in pair
    ]


@pytest.mark.parametrize("comparison", COMPARISONS)
@pytest.mark.parametrize("distance", DISTANCES)
def test_rsa(pair, distance, comparison):
    theirs = oracle("rsatoolbox").rdm.compare(
        *matrices(pair, DISTANCES[distance]), method=COMPARISONS[comparison]
    )
    found = tl.rsa(*pair, distance=distance, comparison=comparison)
    assert found == pytest.approx(float(theirs[0, 0]), abs=1e-9)


def test_linear_cka_is_the_cosine_of_whitened_squared_distances(pair):
    """Diedrichsen et al. 2020: why `rsa` has no whitened comparison."""
    theirs = oracle("rsatoolbox").rdm.compare(*matrices(pair, "euclidean"), method="cosine_cov")
    assert tl.linear_cka(*pair) == pytest.approx(float(theirs[0, 0]), abs=1e-9)
