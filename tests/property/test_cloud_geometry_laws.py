"""Laws of outliers, farthest points, principal components and projections."""

from itertools import combinations

import gudhi
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial.distance import cdist, pdist

import topolens as tl
from topolens.clouds import farthest_points, local_outlier_factor, pca, random_projection

laws = settings(derandomize=True, deadline=None, max_examples=60)
seeds = st.integers(0, 10_000)


@st.composite
def clouds(draw, dtype=np.float64, most=14):
    """Small clouds on a coarse grid, so that ties and duplicate points are common."""
    shape = draw(st.tuples(st.integers(2, most), st.integers(1, 4)))
    return draw(hnp.arrays(dtype, shape, elements=st.integers(-6, 6).map(float)))


def rotation(n_features, seed):
    normal = np.random.default_rng(seed).normal(size=(n_features, n_features))
    return np.linalg.qr(normal)[0]


# Local Outlier Factor


@laws
@given(clouds(), st.integers(1, 20), seeds)
def test_factors_follow_the_points_in_any_order(cloud, n_neighbors, seed):
    order = np.random.default_rng(seed).permutation(len(cloud))
    scores = local_outlier_factor(cloud, n_neighbors=n_neighbors).scores
    shuffled = local_outlier_factor(cloud[order], n_neighbors=n_neighbors).scores
    np.testing.assert_array_equal(shuffled, scores[order])


@laws
@given(clouds(), st.integers(1, 6), st.sampled_from([2.0**-900, 0.25, 1024.0, 2.0**900]))
def test_factors_see_neither_scale_nor_place(cloud, n_neighbors, factor):
    scores = local_outlier_factor(cloud, n_neighbors=n_neighbors).scores
    assert np.isfinite(scores).all()
    scaled = local_outlier_factor(factor * cloud, n_neighbors=n_neighbors).scores
    np.testing.assert_allclose(scaled, scores, rtol=1e-12)
    moved = local_outlier_factor(cloud + 40, n_neighbors=n_neighbors).scores
    np.testing.assert_allclose(moved, scores, rtol=1e-12)


@laws
@given(st.integers(5, 30), st.integers(1, 4), seeds)
def test_factors_see_no_rotation(n, d, seed):
    cloud = np.random.default_rng(seed).normal(size=(n, d))
    turned = local_outlier_factor(cloud @ rotation(d, seed)).scores
    np.testing.assert_allclose(turned, local_outlier_factor(cloud).scores, rtol=1e-9)


@laws
@given(clouds(np.float32), st.integers(1, 6))
def test_single_and_double_precision_have_the_same_factors(cloud, n_neighbors):
    single = local_outlier_factor(cloud, n_neighbors=n_neighbors).scores
    double = local_outlier_factor(cloud.astype(float), n_neighbors=n_neighbors).scores
    np.testing.assert_allclose(single, double, rtol=1e-12)


@laws
@given(clouds(), st.integers(1, 6), st.integers(2, 4))
def test_doubling_every_point_moves_no_factor_far(cloud, n_neighbors, copies):
    """Copies weigh alike everywhere but at the point itself, which gains its own copies."""
    assume(len(np.unique(cloud, axis=0)) > 1)
    repeated = local_outlier_factor(np.repeat(cloud, copies, axis=0), n_neighbors=n_neighbors)
    by_point = repeated.scores.reshape(len(cloud), copies)
    np.testing.assert_array_equal(by_point, by_point[:, :1].repeat(copies, axis=1))
    assert np.isfinite(by_point).all()


@laws
@given(clouds(), st.sampled_from([0.1, 0.25, 0.5]))
def test_kept_rows_and_outliers_are_all_rows(cloud, contamination):
    found = local_outlier_factor(cloud, n_neighbors=2, contamination=contamination)
    both = np.sort(np.r_[found.kept, np.flatnonzero(found.is_outlier)])
    np.testing.assert_array_equal(both, np.arange(len(cloud)))
    assert found.is_outlier.sum() <= np.ceil(contamination * len(cloud))


# Farthest points


@laws
@given(clouds(), st.data())
def test_a_choice_is_the_obvious_one(cloud, data):
    """Against the definition, with ties going to the smaller row number."""
    start = data.draw(st.integers(0, len(cloud) - 1))
    chosen = farthest_points(cloud, n_points=len(cloud), start=start)
    distances = cdist(cloud, cloud)
    rows = [start]
    for _ in range(len(cloud) - 1):
        reach = distances[:, rows].min(axis=1)
        reach[rows] = -1
        rows.append(int(np.argmax(reach)))
    assert chosen.rows.tolist() == rows
    radii = [distances[:, rows[: k + 1]].min(axis=1).max() for k in range(len(rows))]
    np.testing.assert_allclose(chosen.covering_radii, radii, rtol=1e-12)


@laws
@given(st.integers(2, 60), st.integers(1, 5), seeds)
def test_fewer_points_begin_the_choice_of_more_and_cover_worse(n, d, seed):
    cloud = np.random.default_rng(seed).normal(size=(n, d))
    whole = farthest_points(cloud, n_points=n)
    fewer = farthest_points(cloud, n_points=1 + n // 2)
    np.testing.assert_array_equal(fewer.rows, whole.rows[: len(fewer)])
    np.testing.assert_array_equal(fewer.covering_radii, whole.covering_radii[: len(fewer)])
    assert (np.diff(whole.covering_radii) <= 0).all()
    assert whole.covering_radius == 0
    assert sorted(whole.rows) == list(range(n))


@laws
@given(clouds(most=9), st.integers(1, 4))
def test_no_choice_of_as_many_points_covers_twice_as_well(cloud, n_points):
    n_points = min(n_points, len(cloud))
    distances = cdist(cloud, cloud)
    best = min(
        distances[:, list(rows)].min(axis=1).max()
        for rows in combinations(range(len(cloud)), n_points)
    )
    ours = farthest_points(cloud, n_points=n_points).covering_radius
    assert ours <= 2 * best * (1 + 1e-12)


@laws
@given(st.integers(4, 40), st.integers(1, 4), seeds)
def test_farthest_points_are_the_same_ones_elsewhere(n, d, seed):
    rng = np.random.default_rng(seed)
    cloud = rng.normal(size=(n, d))
    chosen = farthest_points(cloud, n_points=n // 2)
    order = rng.permutation(n)
    np.testing.assert_array_equal(
        order[farthest_points(cloud[order], n_points=n // 2).rows], chosen.rows
    )
    scaled = farthest_points(4 * cloud, n_points=n // 2)
    np.testing.assert_array_equal(scaled.rows, chosen.rows)
    np.testing.assert_array_equal(scaled.covering_radii, 4 * chosen.covering_radii)
    turned = farthest_points(cloud @ rotation(d, seed) + 7, n_points=n // 2)
    np.testing.assert_array_equal(turned.rows, chosen.rows)


@settings(laws, max_examples=40)
@given(st.integers(6, 30), st.integers(2, 3), st.integers(2, 20), seeds)
def test_diagrams_of_the_chosen_lie_within_twice_the_covering_radius(n, d, n_points, seed):
    cloud = np.random.default_rng(seed).normal(size=(n, d))
    chosen = farthest_points(cloud, n_points=min(n_points, n))
    whole, part = tl.persistence(cloud), tl.persistence(cloud[chosen.rows])
    for degree in (0, 1):
        gap = gudhi.bottleneck_distance(whole[degree].pairs, part[degree].pairs)
        assert gap <= 2 * chosen.covering_radius * (1 + 1e-6) + 1e-9


# Principal components and projections


@laws
@given(clouds(), st.booleans())
def test_all_components_keep_all_distances(cloud, centred):
    found = pca(cloud, centred=centred)
    np.testing.assert_allclose(pdist(found.points), pdist(cloud), atol=1e-9)
    frame = found.directions @ found.directions.T
    np.testing.assert_allclose(frame, np.eye(len(frame)), atol=1e-12)
    np.testing.assert_allclose(found.points @ found.directions + found.origin, cloud, atol=1e-9)
    assert (np.diff(found.variances) <= 0).all()


@laws
@given(clouds(), st.integers(1, 4))
def test_variances_are_those_of_the_coordinates(cloud, keep):
    keep = min(keep, *cloud.shape)
    found = pca(cloud, keep=keep)
    np.testing.assert_allclose(found.points.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(found.points.var(axis=0), found.variances[:keep], atol=1e-9)
    np.testing.assert_allclose(found.variances.sum(), cloud.var(axis=0).sum(), atol=1e-9)
    assert 0 <= found.explained <= 1 + 1e-12


@laws
@given(st.integers(5, 30), st.integers(1, 4), seeds)
def test_components_follow_the_cloud(n, d, seed):
    rng = np.random.default_rng(seed)
    cloud = rng.normal(size=(n, d)) * 2.0 ** np.arange(d)
    points = pca(cloud).points
    order = rng.permutation(n)
    np.testing.assert_allclose(pca(cloud[order]).points, points[order], atol=1e-9)
    np.testing.assert_allclose(pca(cloud + 5).points, points, atol=1e-9)
    np.testing.assert_allclose(pca(8 * cloud).points, 8 * points, atol=1e-8)
    turned = pca(cloud @ rotation(d, seed)).points
    np.testing.assert_allclose(np.abs(turned), np.abs(points), atol=1e-8)


@laws
@given(clouds(), st.integers(1, 6), seeds)
def test_a_projection_is_linear(cloud, n_components, seed):
    moved = random_projection(cloud, n_components=n_components, seed=seed)
    assert moved.shape == (len(cloud), n_components)
    differences = random_projection(cloud - cloud[:1], n_components=n_components, seed=seed)
    np.testing.assert_allclose(moved - moved[:1], differences, atol=1e-12)
    np.testing.assert_array_equal(
        random_projection(4 * cloud, n_components=n_components, seed=seed), 4 * moved
    )


@pytest.mark.parametrize("n_components", [16, 64])
def test_squared_distances_are_right_on_average(n_components):
    gap = np.zeros((2, 100))
    gap[1, ::7] = 1
    kept = [
        np.sum(np.diff(random_projection(gap, n_components=n_components, seed=s), axis=0) ** 2)
        for s in range(400)
    ]
    # Chi-squared over n_components: variance 2 / n_components per draw.
    assert np.mean(kept) / 15 == pytest.approx(1, abs=4 * (2 / n_components / 400) ** 0.5)
    assert np.var(kept) / 15**2 == pytest.approx(2 / n_components, rel=0.35)
