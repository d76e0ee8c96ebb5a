"""Rips persistence by hand, and the sentence for what is refused."""

import re
from importlib.metadata import version

import numpy as np
import pytest

from topolens.base.errors import InvalidInputError
from topolens.descriptors import persistence, persistence_from_distances

SQUARE = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
DIAGONAL = float(np.float32(np.sqrt(2)))
NEVER = np.inf


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z")


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.float64])
def test_a_square_by_hand(dtype):
    diagrams = persistence(np.array(SQUARE, dtype))
    assert diagrams[0].pairs.tolist() == [[0, 1], [0, 1], [0, 1], [0, NEVER]]
    assert diagrams[1].pairs.tolist() == [[1, DIAGONAL]]


def test_what_made_the_diagrams_travels_with_them():
    diagrams = persistence(SQUARE, metric="manhattan", threshold=3)
    assert (diagrams.n_points, diagrams.metric, diagrams.threshold) == (4, "manhattan", 3.0)
    assert diagrams.version == version("topolens")
    assert persistence(SQUARE).threshold == DIAGONAL
    assert persistence_from_distances([[0.0, 2.0], [2.0, 0.0]]).metric == "precomputed"


def test_two_metrics_of_one_square():
    # Under manhattan the diagonal is 2.
    assert persistence(SQUARE, metric="manhattan")[1].pairs.tolist() == [[1, 2]]
    directions = [[1.0, 0.0], [0.0, 3.0], [-5.0, 0.0], [0.0, -1.0]]
    assert persistence(directions, metric="cosine")[1].pairs.tolist() == [[1, 2]]


@pytest.mark.parametrize(("max_dim", "n_degrees"), [(0, 1), (1, 2), (2, 3), (np.int8(1), 2)])
def test_degrees_up_to_the_highest(max_dim, n_degrees):
    assert len(persistence(SQUARE, max_dim=max_dim)) == n_degrees


def test_a_threshold_is_inclusive():
    matrix = [[0.0, 0.1], [0.1, 0.0]]
    joined = persistence_from_distances(matrix, threshold=0.1)[0].pairs
    assert joined.tolist() == [[0, float(np.float32(0.1))], [0, NEVER]]
    apart = persistence_from_distances(matrix, threshold=0.0999)[0].pairs
    assert apart.tolist() == [[0, NEVER], [0, NEVER]]


def test_infinite_entries_never_join():
    pairs = persistence_from_distances([[0, 1, NEVER], [1, 0, NEVER], [NEVER, NEVER, 0]])[0].pairs
    assert pairs.tolist() == [[0, 1], [0, NEVER], [0, NEVER]]


@pytest.mark.parametrize("max_dim", [0, 1, 2])
def test_one_point_is_one_component(max_dim):
    diagrams = persistence_from_distances([[0.0]], max_dim=max_dim)
    assert diagrams[0].pairs.tolist() == [[0, NEVER]]
    assert [len(diagram) for diagram in diagrams] == [1, 0, 0][: max_dim + 1]


def test_equal_points_die_at_once():
    assert persistence(np.zeros((5, 2)))[0].pairs.tolist() == [[0, NEVER]]


DEGREES = "GUDHI and ripser compute higher degrees"


@pytest.mark.parametrize("run", [persistence, persistence_from_distances])
@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"max_dim": 3}, f"`max_dim` must be 0, 1 or 2; got 3; {DEGREES}"),
        ({"max_dim": -1}, f"`max_dim` must be 0, 1 or 2; got -1; {DEGREES}"),
        ({"max_dim": True}, f"`max_dim` must be 0, 1 or 2; got True; {DEGREES}"),
        ({"max_dim": 1.0}, f"`max_dim` must be 0, 1 or 2; got 1.0; {DEGREES}"),
        ({"max_dim": "1"}, f"`max_dim` must be 0, 1 or 2; got '1'; {DEGREES}"),
        ({"threshold": -1}, "`threshold` must not be negative or NaN; got -1"),
        ({"threshold": np.nan}, "`threshold` must not be negative or NaN; got nan"),
        ({"threshold": "2"}, "`threshold` must be a number; got '2'"),
        ({"threshold": True}, "`threshold` must be a number; got True"),
    ],
)
def test_says_what_is_wrong_with_a_parameter(run, params, sentence):
    with refuses(sentence):
        run([[0.0, 1.0], [1.0, 0.0]], **params)


def test_an_unknown_metric_is_refused():
    known = "`euclidean`, `cosine`, `correlation`, `manhattan`"
    with refuses(f"`metric` must be one of {known}; got 'chebyshev'"):
        persistence(SQUARE, metric="chebyshev")


def test_a_row_without_direction_is_refused():
    with refuses("`points` must have no zero row under the cosine metric; row 2 is"):
        persistence([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], metric="cosine")
    # Summing three times 0.1 rounds: the mean is not 0.1, but the row is constant.
    with refuses("`points` must have no constant row under the correlation metric; row 1 is"):
        persistence([[1.0, 2.0, 4.0], [0.1, 0.1, 0.1]], metric="correlation")


@pytest.mark.parametrize(
    ("points", "metric", "apart"),
    [
        ([[0.0], [1e39]], "euclidean", "1e+39"),
        ([[0.0], [1e200]], "euclidean", "inf"),
        ([[1e-200, 0.0], [0.0, 1.0]], "cosine", "nan"),
    ],
)
def test_a_distance_beyond_single_precision_is_refused(points, metric, apart):
    rule = "`points` must have distances that float32 holds, at most 3.4e+38"
    with refuses(f"{rule}; rows 0 and 1 are {apart} apart"):
        persistence(points, metric=metric)


def test_an_entry_beyond_single_precision_is_refused():
    rule = "`distances` must have distances that float32 holds, at most 3.4e+38"
    with refuses(f"{rule}; rows 0 and 1 are 1e+39 apart"):
        persistence_from_distances([[0.0, 1e39], [1e39, 0.0]])


def test_the_arrays_are_checked():
    with refuses("`points` must hold at least 2 points; got 1"):
        persistence([[0.0]])
    with refuses("`distances` must be symmetric; entry (0, 1) is 1"):
        persistence_from_distances([[0.0, 1.0], [2.0, 0.0]])
