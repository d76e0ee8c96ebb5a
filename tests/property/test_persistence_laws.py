"""Laws that Rips persistence obeys on every cloud."""

import gudhi
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import pdist, squareform

from topolens import persistence, persistence_from_distances
from topolens.kernels.distances import pairwise_distances

laws = settings(derandomize=True, deadline=None, max_examples=60)
powers_of_two = st.sampled_from([2.0**-10, 0.5, 4.0, 2.0**20])


@st.composite
def grid_clouds(draw, dtype=np.float64):
    """Small clouds on a coarse grid, so that ties and duplicate points are common."""
    shape = draw(st.tuples(st.integers(2, 14), st.integers(1, 3)))
    return draw(hnp.arrays(dtype, shape, elements=st.integers(-6, 6).map(float)))


@st.composite
def random_clouds(draw):
    """Clouds in general position."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return rng.normal(size=(draw(st.integers(2, 18)), draw(st.integers(1, 4))))


def clouds():
    return st.one_of(grid_clouds(), random_clouds())


def moved(cloud, furthest, seed):
    """The cloud with every point moved by `furthest` in a random direction."""
    steps = np.random.default_rng(seed).normal(size=cloud.shape)
    norms = np.linalg.norm(steps, axis=1, keepdims=True)
    return cloud + furthest * steps / norms


def bottleneck(first, second):
    """The exact distance, computed outside."""
    return gudhi.bottleneck_distance(first.pairs, second.pairs)


def assert_same_pairs(first, second):
    assert len(first) == len(second)
    for ours, theirs in zip(first, second, strict=True):
        np.testing.assert_array_equal(ours.pairs, theirs.pairs)


@laws
@given(clouds(), st.floats(1e-3, 2), st.integers(0, 10_000))
def test_moving_points_by_e_moves_diagrams_by_at_most_2e(cloud, furthest, seed):
    before, after = persistence(cloud), persistence(moved(cloud, furthest, seed))
    rounding = 1e-6 * (np.abs(cloud).max() + furthest)
    for degree in (0, 1):
        assert bottleneck(before[degree], after[degree]) <= 2 * furthest + rounding


def test_moving_points_by_e_can_move_diagrams_by_2e():
    before, after = persistence([[0.0], [8.0]]), persistence([[-0.5], [8.5]])
    assert bottleneck(before[0], after[0]) == 1


@laws
@given(clouds(), st.randoms(use_true_random=False))
def test_the_order_of_points_does_not_matter(cloud, random):
    order = list(range(len(cloud)))
    random.shuffle(order)
    assert_same_pairs(persistence(cloud[order]), persistence(cloud))


@laws
@given(clouds(), powers_of_two)
def test_bars_scale_with_the_cloud_exactly(cloud, factor):
    whole, scaled = persistence(cloud), persistence(factor * cloud)
    for before, after in zip(whole, scaled, strict=True):
        np.testing.assert_array_equal(after.pairs, factor * before.pairs)
    assert scaled.threshold == factor * whole.threshold


@laws
@given(grid_clouds(), st.randoms(use_true_random=False), st.integers(-50, 50))
def test_a_lattice_isometry_changes_no_bit(cloud, random, shift):
    axes = list(range(cloud.shape[1]))
    random.shuffle(axes)
    signs = [random.choice([-1, 1]) for _ in axes]
    assert_same_pairs(persistence(cloud[:, axes] * signs + shift), persistence(cloud))


@laws
@given(random_clouds(), st.integers(0, 10_000))
def test_an_isometry_changes_no_more_than_rounding(cloud, seed):
    rng = np.random.default_rng(seed)
    rotation = np.linalg.qr(rng.normal(size=(cloud.shape[1] + 2, cloud.shape[1])))[0].T
    before, after = persistence(cloud), persistence(cloud @ rotation + rng.normal())
    for degree in (0, 1):
        assert bottleneck(before[degree], after[degree]) <= 1e-6 * np.abs(cloud).max()


@laws
@given(clouds())
def test_components_die_at_the_heights_of_single_linkage(cloud):
    heights = linkage(pdist(cloud), "single")[:, 2]
    deaths = persistence(cloud, max_dim=0)[0].pairs[:, 1]
    np.testing.assert_allclose(deaths, [*heights[heights > 0], np.inf], rtol=1e-14)


@laws
@given(clouds())
def test_every_birth_and_death_is_a_distance(cloud):
    matrix = pairwise_distances(cloud)
    diagrams = persistence_from_distances(matrix)
    assert_same_pairs(diagrams, persistence(cloud))
    entries = {*matrix.astype(np.float64).ravel().tolist(), np.inf}
    for diagram in diagrams:
        assert {*diagram.pairs.ravel().tolist()} <= entries
        assert (diagram.pairs[:, 0] < diagram.pairs[:, 1]).all()
        assert (np.lexsort((diagram.pairs[:, 1], diagram.pairs[:, 0])) == range(len(diagram))).all()
    assert (diagrams[0].n_essential, diagrams[1].n_essential) == (1, 0)


@laws
@given(clouds())
def test_nothing_changes_after_the_enclosing_radius(cloud):
    matrix = squareform(pdist(cloud)).astype(np.float32)
    diagrams = persistence_from_distances(matrix)
    assert diagrams.threshold == matrix.max(axis=1).min()
    assert_same_pairs(persistence_from_distances(matrix, threshold=np.inf), diagrams)


@laws
@given(clouds(), st.floats(0, 1))
def test_a_threshold_leaves_what_is_born_and_cuts_what_dies_later(cloud, share):
    matrix = squareform(pdist(cloud)).astype(np.float32)
    threshold = float(np.quantile(matrix, share, method="lower"))
    whole = persistence_from_distances(matrix, threshold=np.inf)
    cut = persistence_from_distances(matrix, threshold=threshold)
    for all_bars, found in zip(whole, cut, strict=True):
        expected = all_bars.pairs[all_bars.pairs[:, 0] <= threshold]
        expected[expected[:, 1] > threshold, 1] = np.inf
        order = np.lexsort((expected[:, 1], expected[:, 0]))
        np.testing.assert_array_equal(found.pairs, expected[order])


@laws
@given(grid_clouds(), st.integers(1, 5))
def test_repeating_points_changes_nothing(cloud, copies):
    assert_same_pairs(persistence(np.repeat(cloud, copies, axis=0)), persistence(cloud))


@laws
@given(grid_clouds(np.float32))
def test_single_and_double_precision_agree_where_both_are_exact(cloud):
    wide = persistence(cloud.astype(np.float64), metric="manhattan")
    assert_same_pairs(persistence(cloud, metric="manhattan"), wide)


@laws
@given(random_clouds(), st.sampled_from(["euclidean", "manhattan", "cosine", "correlation"]))
def test_a_metric_is_that_of_its_name(cloud, metric):
    if metric in ("cosine", "correlation"):
        cloud = np.hstack([cloud, cloud[:, :1] ** 2 + 1, cloud[:, :1] ** 3])
    formulas = {
        "euclidean": lambda a, b: np.sqrt(np.square(a - b).sum()),
        "manhattan": lambda a, b: np.abs(a - b).sum(),
        "cosine": lambda a, b: 1 - a @ b / np.sqrt((a @ a) * (b @ b)),
        "correlation": lambda a, b: 1 - np.corrcoef(a, b)[0, 1],
    }
    matrix = np.array([[formulas[metric](a, b) for b in cloud] for a in cloud])
    np.fill_diagonal(matrix, 0)
    expected = persistence_from_distances(np.maximum((matrix + matrix.T) / 2, 0))
    found = persistence(cloud, metric=metric)
    assert found.metric == metric
    for degree in (0, 1):
        assert bottleneck(found[degree], expected[degree]) <= 1e-6 * matrix.max()


@pytest.mark.parametrize("max_dim", [0, 1, 2])
def test_lower_degrees_do_not_depend_on_the_highest(max_dim):
    cloud = np.random.default_rng(4).normal(size=(40, 3))
    diagrams = persistence(cloud, max_dim=max_dim)
    assert [diagram.dimension for diagram in diagrams] == list(range(max_dim + 1))
    for ours, theirs in zip(diagrams, persistence(cloud, max_dim=2), strict=False):
        np.testing.assert_array_equal(ours.pairs, theirs.pairs)
