"""Forecasts of memory against the peak that comes; of time only that there is one."""

import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from topolens.base.errors import InvalidInputError
from topolens.descriptors.forecasts import (
    persistence_forecast,
    persistence_forecast_from_distances,
)
from topolens.kernels.distances import pairwise_distances

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "forecast.py"


def test_the_memory_forecast_is_within_ten_per_cent():
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("the system has no peak of memory that can be reset")
    command = [sys.executable, str(BENCHMARK), "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=250)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len({(row["n"], row["max_dim"], row["dtype"], row["door"]) for row in rows}) >= 6
    shares = {
        tuple(row[key] for key in ("cloud", "n", "dtype", "max_dim", "door")): row["forecast_bytes"]
        / row["peak_bytes"]
        for row in rows
    }
    assert {case: share for case, share in shares.items() if not 0.9 < share < 1.1} == {}


def test_a_small_cloud_is_measured_whole():
    cloud = np.random.default_rng(0).normal(size=(200, 8))
    forecast = persistence_forecast(cloud)
    assert 8 * 200**2 < forecast.memory_bytes < 3 * 8 * 200**2
    assert 0 < forecast.seconds < 60


def test_points_and_their_matrix_are_foretold_alike():
    cloud = np.random.default_rng(0).normal(size=(1200, 8)).astype(np.float32)
    of_points = persistence_forecast(cloud, max_dim=2)
    of_matrix = persistence_forecast_from_distances(pairwise_distances(cloud), max_dim=2)
    assert of_matrix.memory_bytes == pytest.approx(of_points.memory_bytes, rel=0.01)
    angular = persistence_forecast(cloud, max_dim=2, metric="cosine")
    assert angular.memory_bytes > 4 * 1200**2 + cloud.nbytes


def test_more_degrees_need_more_and_a_threshold_less():
    cloud = np.random.default_rng(0).normal(size=(600, 8))
    needed = [persistence_forecast(cloud, max_dim=degree).memory_bytes for degree in (0, 1, 2)]
    assert needed == sorted(needed)
    cut = persistence_forecast(cloud, max_dim=2, threshold=0.1).memory_bytes
    assert cut < needed[2]


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"max_dim": 3}, "`max_dim` must be 0, 1 or 2; got 3; GUDHI and ripser compute higher"),
        ({"threshold": -1}, "`threshold` must not be negative or NaN; got -1"),
    ],
)
def test_says_what_is_wrong(params, sentence):
    for foretell in (persistence_forecast, persistence_forecast_from_distances):
        with pytest.raises(InvalidInputError, match=re.escape(sentence)):
            foretell([[0.0, 1.0], [1.0, 0.0]], **params)


def test_a_product_of_matrices_has_no_forecast():
    with pytest.raises(InvalidInputError, match="`metric` must be one of"):
        persistence_forecast([[0.0], [1.0]], metric="euclidean_blas")


def test_what_must_be_there_is_little_more_than_the_matrix():
    door = import_module("topolens.kernels.memory")
    for n_points, max_dim in ((1000, 1), (3000, 2), (20_000, 1)):
        needed = door.matrix_bytes(n_points, 4) + door.engine_bytes(n_points, 4, max_dim)
        assert 4 * n_points**2 < needed < 6.5 * n_points**2
