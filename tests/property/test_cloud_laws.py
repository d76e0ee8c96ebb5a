"""Laws of sampling, scaling and counting rows."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial.distance import pdist

from topolens.clouds import NORMALISATIONS, count_duplicates, half_samples, normalise, sample_rows

laws = settings(derandomize=True, deadline=None, max_examples=80)
seeds = st.integers(0, 10_000)

SCALE_FREE = ("median", "mean", "quantile", "minmax", "zscore", "unit_norm")
PLACE_FREE = ("centred", "median", "mean", "quantile", "minmax", "zscore")


@st.composite
def clouds(draw, dtype=np.float64):
    """Small clouds on a coarse grid, so that ties and duplicate points are common."""
    shape = draw(st.tuples(st.integers(2, 14), st.integers(1, 4)))
    return draw(hnp.arrays(dtype, shape, elements=st.integers(-6, 6).map(float)))


def has_scale(cloud, how="median"):
    """Whether a rule is defined: distances to divide by are not 0, rows to divide are not."""
    if how == "unit_norm":
        return cloud.any(axis=1).all()
    quantile = {"median": 0.5, "quantile": 0.9, "mean": 1}.get(how)
    return quantile is None or np.quantile(pdist(cloud), quantile) > 0


def rotation(n_features, seed):
    normal = np.random.default_rng(seed).normal(size=(n_features, n_features))
    return np.linalg.qr(normal)[0]


@st.composite
def draws(draw):
    n_rows = draw(st.integers(1, 300))
    return n_rows, draw(st.integers(1, n_rows)), draw(seeds)


@laws
@given(draws())
def test_sampled_rows_are_distinct_ascending_and_reproducible(arguments):
    n_rows, n_points, seed = arguments
    rows = sample_rows(n_rows, n_points, seed=seed)
    assert rows.shape == (n_points,)
    assert (np.diff(rows) > 0).all()
    assert rows[0] >= 0
    assert rows[-1] < n_rows
    np.testing.assert_array_equal(sample_rows(n_rows, n_points, seed=seed), rows)


@laws
@given(st.integers(4, 200), st.integers(0, 9), seeds)
def test_half_samples_are_ascending_halves_disjoint_in_pairs(n_points, count, seed):
    samples = half_samples(n_points, count, seed=seed)
    assert len(samples) == count
    for sample in samples:
        assert sample.shape == (n_points // 2,)
        assert (np.diff(sample) > 0).all()
        assert sample[0] >= 0
        assert sample[-1] < n_points
    for first, second in zip(samples[::2], samples[1::2], strict=False):
        assert not np.intersect1d(first, second).size


@laws
@given(st.integers(4, 200), st.integers(0, 6), st.integers(0, 6), seeds)
def test_more_half_samples_begin_with_the_fewer(n_points, fewer, extra, seed):
    some = half_samples(n_points, fewer, seed=seed)
    more = half_samples(n_points, fewer + extra, seed=seed)
    for ours, theirs in zip(some, more, strict=False):
        np.testing.assert_array_equal(ours, theirs)


@laws
@given(clouds())
def test_the_median_distance_becomes_one(cloud):
    assume(has_scale(cloud))
    scaled = normalise(cloud, "median")
    np.testing.assert_allclose(np.median(pdist(scaled)), 1, rtol=1e-12)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-12)


@laws
@given(clouds())
def test_every_feature_fills_the_unit_interval_or_is_zero(cloud):
    scaled = normalise(cloud, "minmax")
    varies = cloud.min(axis=0) < cloud.max(axis=0)
    np.testing.assert_array_equal(scaled.min(axis=0), 0)
    np.testing.assert_array_equal(scaled.max(axis=0), varies)


@laws
@given(clouds(), st.sampled_from(NORMALISATIONS))
def test_scaling_twice_changes_nothing(cloud, how):
    assume(has_scale(cloud, how))
    once = normalise(cloud, how)
    np.testing.assert_allclose(normalise(once, how), once, atol=1e-12)


@laws
@given(clouds(), st.sampled_from(SCALE_FREE), st.sampled_from([0.25, 2.0, 1024.0]))
def test_the_scale_given_does_not_matter(cloud, how, factor):
    assume(has_scale(cloud, how))
    np.testing.assert_array_equal(normalise(factor * cloud, how), normalise(cloud, how))


@laws
@given(clouds(), st.sampled_from(PLACE_FREE), st.integers(-64, 64))
def test_the_place_given_does_not_matter(cloud, how, shift):
    assume(has_scale(cloud, how))
    np.testing.assert_allclose(normalise(cloud + shift, how), normalise(cloud, how), atol=1e-12)


@laws
@given(clouds(np.float32), st.sampled_from(NORMALISATIONS), st.randoms(use_true_random=False))
def test_rows_are_scaled_alike_in_any_order(cloud, how, random):
    assume(has_scale(cloud, how))
    order = list(range(len(cloud)))
    random.shuffle(order)
    scaled = normalise(cloud[order], how)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, normalise(cloud, how)[order], atol=1e-6)


@laws
@given(clouds())
def test_duplicates_are_the_rows_that_are_not_unique(cloud):
    assert count_duplicates(cloud) == len(cloud) - len({tuple(row) for row in cloud.tolist()})
