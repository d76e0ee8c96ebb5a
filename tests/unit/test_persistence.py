"""Rips persistence by hand, and the sentence for what is refused."""

import re
from importlib import import_module
from importlib.metadata import version

import numpy as np
import pytest

from topolens.base.errors import Cancelled, InvalidInputError
from topolens.descriptors.bars import persistence_bars
from topolens.descriptors.persistence import persistence, persistence_from_distances

SQUARE = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
DIAGONAL = float(np.sqrt(2))
NEVER = np.inf


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z")


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.float64])
def test_a_square_by_hand(dtype):
    diagrams = persistence(np.array(SQUARE, dtype))
    assert diagrams[0].pairs.tolist() == [[0, 1], [0, 1], [0, 1], [0, NEVER]]
    precision = np.float32 if dtype == np.float32 else np.float64
    assert diagrams[1].pairs.tolist() == [[1, float(precision(DIAGONAL))]]


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
    assert joined.tolist() == [[0, 0.1], [0, NEVER]]
    single = np.array(matrix, np.float32)
    assert len(persistence_from_distances(single, threshold=0.1)[0].finite) == 1
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
    known = "`euclidean`, `manhattan`, `chebyshev`, `cosine`, `correlation`, `euclidean_blas`"
    with refuses(f"`metric` must be one of {known}; got 'hamming'"):
        persistence(SQUARE, metric="hamming")


def test_a_row_without_direction_is_refused():
    hint = "the euclidean metric takes such rows"
    with refuses(f"`points` must have no zero row under the cosine metric; row 2 is; {hint}"):
        persistence([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], metric="cosine")
    # Summing three times 0.1 rounds: the mean is not 0.1, but the row is constant.
    rule = "`points` must have no constant row under the correlation metric"
    with refuses(f"{rule}; row 1 is; {hint}"):
        persistence([[1.0, 2.0, 4.0], [0.1, 0.1, 0.1]], metric="correlation")


@pytest.mark.parametrize(
    ("dtype", "largest"), [(np.float32, 3e38), (np.float64, 1e308), (np.float64, 1e200)]
)
def test_a_distance_beyond_the_precision_is_refused(dtype, largest):
    with refuses(
        f"`points` must have distances that {dtype.__name__} holds; "
        "those of rows 0 and 1 are too far apart"
    ):
        persistence(np.array([[-largest], [largest]], dtype))


@pytest.mark.parametrize("size", [1e-30, 1e-20, 1e20, 1e30])
def test_single_precision_loses_nothing_at_extreme_sizes(size):
    cloud = (size * np.array(SQUARE)).astype(np.float32)
    diagrams = persistence(cloud)
    assert diagrams[0].pairs[0, 1] == cloud[1, 1]
    assert diagrams[1].pairs[0, 1] == np.float32(np.float64(cloud[1, 1]) * np.sqrt(2))


def test_directions_do_not_depend_on_lengths():
    tiny = [[1e-200, 0.0], [0.0, 1.0], [-1e200, 0.0], [0.0, -3.0]]
    assert persistence(tiny, metric="cosine")[1].pairs.tolist() == [[1, 2]]


def test_the_matrix_product_is_near_the_differences():
    cloud = np.random.default_rng(0).normal(size=(60, 20))
    exact, product = persistence(cloud), persistence(cloud, metric="euclidean_blas")
    assert product.metric == "euclidean_blas"
    np.testing.assert_allclose(product[0].finite, exact[0].finite, atol=1e-6)


def test_each_bar_has_its_simplices():
    rng = np.random.default_rng(2)
    cloud = rng.normal(size=(60, 3))
    cloud /= np.linalg.norm(cloud, axis=1, keepdims=True)
    matrix = np.linalg.norm(cloud[:, None] - cloud[None], axis=2)
    for degree, bars in enumerate(persistence_bars(matrix, max_dim=2)):
        ends = ((bars.birth_simplices, 0, degree + 1), (bars.death_simplices, 1, degree + 2))
        for simplices, end, n_vertices in ends:
            assert simplices.shape == (len(bars.pairs), n_vertices)
            for simplex, value in zip(simplices, bars.pairs[:, end], strict=True):
                if np.isinf(value):
                    assert (simplex == -1).all()
                    continue
                assert len(set(simplex.tolist())) == n_vertices
                assert matrix[np.ix_(simplex, simplex)].max() == value
        finite = np.isfinite(bars.pairs[:, 1])
        assert (matrix[tuple(bars.birth_positions.T)] == bars.pairs[:, 0]).all()
        deaths = matrix[tuple(bars.death_positions[finite].T)]
        assert (deaths == bars.pairs[finite, 1]).all()


def test_no_simplex_begins_or_ends_two_bars():
    matrix = np.random.default_rng(3).integers(1, 9, (50, 50)).astype(float)
    matrix = np.triu(matrix, 1) + np.triu(matrix, 1).T
    for bars in persistence_bars(matrix, max_dim=2):
        for simplices in (bars.birth_simplices, bars.death_simplices):
            known = {tuple(sorted(s)) for s in simplices.tolist() if s[0] >= 0}
            assert len(known) == (simplices[:, 0] >= 0).sum()


def test_memory_that_is_not_there_is_refused(monkeypatch):
    door = import_module("topolens.kernels.memory")
    monkeypatch.setattr(door, "available_memory", lambda: 1_000_000)
    cloud = np.zeros((2000, 2), np.float32)
    with pytest.raises(
        InvalidInputError, match=r"of 2000 points needs \d+ MB and 1 MB are available"
    ):
        persistence(cloud)


def test_more_points_than_the_engine_numbers_are_refused():
    with refuses("persistence takes at most 65535 points; got 65536; sample the rows first"):
        persistence(np.zeros((65536, 1), np.float32))


def test_progress_is_told_and_can_stop_the_work():
    rng = np.random.default_rng(0)
    cloud = rng.normal(size=(1500, 10)).astype(np.float32)
    shares = []
    persistence(cloud, on_progress=shares.append, max_dim=2)
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)

    def stop(share):
        raise Cancelled(f"at {share:.0%}")

    with pytest.raises(Cancelled):
        persistence(cloud, on_progress=stop, max_dim=2)


@pytest.mark.parametrize("threads", [0, -1, 1.5, "2"])
def test_threads_are_counted_from_one(threads):
    with refuses(f"`threads` must be an integer at least 1; got {threads!r}"):
        persistence(SQUARE, threads=threads)


def test_the_arrays_are_checked():
    with refuses("`points` must hold at least 2 points; got 1"):
        persistence([[0.0]])
    with refuses("`distances` must be symmetric; entry (0, 1) is 1, entry (1, 0) is 2"):
        persistence_from_distances([[0.0, 1.0], [2.0, 0.0]])
