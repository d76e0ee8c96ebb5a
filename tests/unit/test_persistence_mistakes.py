"""What every door of persistence refuses: the argument, the rule, the place and what came."""

import re

import numpy as np
import pytest

from topolens.base.errors import InvalidInputError
from topolens.descriptors.bars import persistence_bars, persistence_cycles
from topolens.descriptors.batches import persistence_of_clouds, persistence_of_subsets
from topolens.descriptors.forecasts import persistence_forecast_from_distances
from topolens.descriptors.persistence import persistence, persistence_from_distances

SQUARE = np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 1.0], [2.0, 1.0, 0.0]])
MATRIX_DOORS = [
    persistence_from_distances,
    persistence_bars,
    persistence_cycles,
    persistence_forecast_from_distances,
]


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z")


def with_entry(place, value):
    matrix = SQUARE.copy()
    matrix[place] = value
    return matrix


@pytest.mark.parametrize("run", MATRIX_DOORS)
@pytest.mark.parametrize(
    ("distances", "sentence"),
    [
        (with_entry((1, 2), np.nan), "must not hold NaN; entry (1, 2) is nan"),
        (with_entry((2, 0), -0.5), "must not be negative; entry (2, 0) is -0.5"),
        (with_entry((2, 2), 0.25), "must have a zero diagonal; entry (2, 2) is 0.25"),
        (
            with_entry((2, 1), 1.5),
            "must be symmetric; entry (1, 2) is 1, entry (2, 1) is 1.5",
        ),
        (SQUARE[:2], "must be a square matrix (n_points, n_points); got shape (2, 3)"),
        (SQUARE[0], "must be a square matrix (n_points, n_points); got shape (3,)"),
        (np.zeros((0, 0)), "must hold at least 1 point; got 0"),
        (SQUARE.astype(complex), "must be real numbers of at most 64 bits; got dtype complex128"),
        (SQUARE > 0, "must be real numbers of at most 64 bits; got dtype bool"),
        (None, "must be real numbers of at most 64 bits; got dtype object"),
        (
            np.ma.masked_greater(SQUARE, 1.5),
            "must not be masked; fill or leave out what is hidden",
        ),
    ],
)
def test_a_matrix_that_is_none(run, distances, sentence):
    with refuses(f"`distances` {sentence}"):
        run(distances)


@pytest.mark.parametrize("run", MATRIX_DOORS)
@pytest.mark.parametrize(
    ("threshold", "sentence"),
    [
        (-1e-9, "must not be negative or NaN; got -1e-09"),
        (-np.inf, "must not be negative or NaN; got -inf"),
        (np.float32(np.nan), "must not be negative or NaN; got nan"),
        ("1", "must be a number; got '1'"),
        ([1], "must be a number; got [1]"),
        (1j, "must be a number; got 1j"),
    ],
)
def test_a_threshold_that_is_none(run, threshold, sentence):
    with refuses(f"`threshold` {sentence}"):
        run(SQUARE, threshold=threshold)


@pytest.mark.parametrize("run", MATRIX_DOORS[:3])
def test_one_point_is_no_mistake(run):
    run([[0.0]])


def test_a_threshold_is_looked_at_before_the_distances_are_computed():
    cloud = np.full((4, 2), [[-1e200], [1e200], [0], [1]])
    with refuses("`threshold` must not be negative or NaN; got -1"):
        persistence(cloud, threshold=-1)


@pytest.mark.parametrize(
    "run",
    [
        persistence,
        persistence_from_distances,
        persistence_cycles,
        lambda cloud, on_progress: persistence_of_clouds([cloud], on_progress=on_progress),
        lambda cloud, on_progress: persistence_of_subsets(cloud, [[0]], on_progress=on_progress),
    ],
)
def test_progress_must_be_a_function(run):
    with refuses("`on_progress` must be a function; got 3"):
        run(SQUARE, on_progress=3)


@pytest.mark.parametrize(("clouds", "kind"), [(None, "NoneType"), (5, "int"), ({"a": 1}, "dict")])
def test_clouds_must_be_a_sequence(clouds, kind):
    with refuses(f"`clouds` must be a sequence of clouds; got {kind}"):
        persistence_of_clouds(clouds)
    with refuses(f"`subsets` must be a sequence of lists of row numbers; got {kind}"):
        persistence_of_subsets(SQUARE, clouds)


def test_a_subset_must_be_one_list():
    with refuses("`subsets[1]` must be a list of row numbers; got lists of unequal lengths"):
        persistence_of_subsets(SQUARE, [[0], [[0], [1, 2]]])
