"""Measures between paired clouds: each against an independent implementation, and its laws."""

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.stats import ortho_group

import topolens as tl

sys.path.append(str(Path(__file__).parents[1] / "reference"))
import similarities as reference

laws = settings(derandomize=True, deadline=None, max_examples=40)
seeds = st.integers(0, 2**32 - 1)


@st.composite
def paired_clouds(draw, *, points=(14, 30), widest=6, count=2):
    """Clouds of the same samples, correlated to a random degree, of unequal width and scale."""
    rng = np.random.default_rng(draw(seeds))
    n_points = draw(st.integers(*points))
    common = rng.normal(size=(n_points, 3))
    return tuple(
        rng.exponential()
        * (
            common @ rng.normal(size=(3, width)) * rng.uniform(0, 3)
            + rng.normal(size=(n_points, width)) * rng.exponential(size=width)
            + rng.normal(size=width)
        )
        for width in rng.integers(1, widest + 1, size=count)
    )


wide_pairs = paired_clouds(points=(4, 12), widest=30)


def rotation(rng, width):
    return ortho_group.rvs(width, random_state=rng) if width > 1 else -np.eye(1)


@laws
@given(wide_pairs)
def test_linear_cka_in_feature_space_is_that_in_gram_space(pair):
    np.testing.assert_allclose(tl.linear_cka(*pair), reference.gram_space_cka(*pair), rtol=1e-9)


@laws
@given(wide_pairs)
def test_unbiased_cka_is_the_published_formula(pair):
    found, expected = tl.unbiased_cka(*pair), reference.unbiased_cka(*pair)
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9)
    assert -1 - 1e-12 <= found <= 1 + 1e-12


@settings(laws, max_examples=10)
@given(paired_clouds(points=(4, 7)))
def test_unbiased_hsic_is_the_mean_over_all_quadruples(pair):
    first, second = pair
    own = reference.u_statistic_hsic(first, first) * reference.u_statistic_hsic(second, second)
    expected = reference.u_statistic_hsic(first, second) / np.sqrt(own)
    np.testing.assert_allclose(tl.unbiased_cka(first, second), expected, rtol=1e-7, atol=1e-9)


@laws
@given(wide_pairs, st.floats(0.2, 3))
def test_rbf_cka_is_the_definition(pair, bandwidth):
    found = tl.rbf_cka(*pair, bandwidth=bandwidth)
    np.testing.assert_allclose(found, reference.rbf_cka(*pair, bandwidth), rtol=1e-8)


@laws
@given(paired_clouds())
def test_canonical_correlations_are_principal_angles_and_hotellings_roots(pair):
    found = tl.canonical_correlations(*pair)
    np.testing.assert_allclose(found, reference.canonical_correlations(*pair), atol=1e-8)
    by_covariance = reference.canonical_correlations_by_covariance(*pair)
    np.testing.assert_allclose(found, by_covariance, atol=1e-6)
    np.testing.assert_allclose(tl.cca(*pair), found.mean(), rtol=1e-7)


@laws
@given(paired_clouds())
def test_pwcca_is_the_published_formula(pair):
    np.testing.assert_allclose(tl.pwcca(*pair), reference.pwcca(*pair), rtol=1e-6)


@laws
@given(paired_clouds(), st.floats(0.3, 1))
def test_svcca_is_cca_of_principal_components(pair, variance):
    kept = [tl.pca(cloud, keep=variance).points if variance < 1 else cloud for cloud in pair]
    np.testing.assert_allclose(tl.svcca(*pair, variance=variance), tl.cca(*kept), rtol=1e-7)


@laws
@given(wide_pairs)
def test_procrustes_is_what_scipys_rotation_leaves(pair):
    chord = reference.rotation_residual(*pair)
    np.testing.assert_allclose(tl.procrustes(*pair), chord, rtol=1e-7)
    np.testing.assert_allclose(tl.procrustes(*pair, form="squared"), chord**2, rtol=1e-7)
    angle = 2 * np.arcsin(chord / 2)
    np.testing.assert_allclose(tl.procrustes(*pair, form="angular"), angle, rtol=1e-7)


@laws
@given(paired_clouds(), st.sampled_from([0.0, 0.3, 0.9, 1.0]))
def test_shape_distance_is_the_published_formula(pair, alpha):
    expected = reference.shape_distance(*pair, alpha)
    np.testing.assert_allclose(tl.shape_distance(*pair, alpha=alpha), expected, rtol=1e-6)


@laws
@given(paired_clouds())
def test_shape_distance_at_zero_is_made_of_canonical_correlations(pair):
    correlations = tl.canonical_correlations(*pair)
    cosine = correlations.sum() / np.sqrt(pair[0].shape[1] * pair[1].shape[1])
    np.testing.assert_allclose(np.cos(tl.shape_distance(*pair, alpha=0)), cosine, atol=1e-9)


@settings(laws, max_examples=20)
@given(paired_clouds(widest=3))
def test_permutation_distance_is_the_best_of_all_pairings(pair):
    found, expected = tl.permutation_distance(*pair), reference.permutation_distance(*pair)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


DISTANCES = ["euclidean", "squared_euclidean", "manhattan", "cosine", "correlation"]


@laws
@given(paired_clouds(widest=7), st.sampled_from(DISTANCES))
def test_rsa_compares_the_dissimilarities_of_scipy(pair, distance):
    if distance == "correlation" and min(cloud.shape[1] for cloud in pair) < 3:
        return  # two features correlate fully or not at all
    ours, theirs = (reference.dissimilarities(cloud, distance) for cloud in pair)
    expected = {
        "pearson": stats.pearsonr(ours, theirs).statistic,
        "spearman": stats.spearmanr(ours, theirs).statistic,
        "cosine": ours @ theirs / np.linalg.norm(ours) / np.linalg.norm(theirs),
    }
    for comparison, value in expected.items():
        found = tl.rsa(*pair, distance=distance, comparison=comparison)
        np.testing.assert_allclose(found, value, atol=1e-4 if comparison == "spearman" else 1e-9)


@settings(laws, max_examples=10)
@given(seeds)
def test_kendalls_tau_counts_pairs_of_pairs_with_ties(seed):
    clouds = np.random.default_rng(seed).integers(0, 4, size=(2, 8, 2)).astype(float)
    lists = [reference.dissimilarities(cloud, "manhattan") for cloud in clouds]
    found = tl.rsa(*clouds, distance="manhattan", comparison="kendall")
    assert found == pytest.approx(reference.tau_a(*lists), abs=1e-12)


ALIGNED_BY_ROTATION = {
    "procrustes": tl.procrustes,
    "shape_distance": tl.shape_distance,
    "between": lambda one, other: tl.shape_distance(one, other, alpha=0.4),
}


# netrep, tests/test_metrics.py: the same properties, on fewer points.
@laws
@given(paired_clouds(), seeds)
@pytest.mark.parametrize("name", ALIGNED_BY_ROTATION)
def test_a_rotated_scaled_shifted_copy_is_at_no_distance(name, pair, seed):
    rng, cloud = np.random.default_rng(seed), pair[0]
    copy = rng.exponential() * cloud @ rotation(rng, cloud.shape[1]) + rng.normal()
    assert ALIGNED_BY_ROTATION[name](cloud, copy) < 1e-12


@laws
@given(paired_clouds(), seeds)
def test_a_linear_image_is_at_no_distance_at_zero(pair, seed):
    rng, cloud = np.random.default_rng(seed), pair[0]
    width = cloud.shape[1]
    copy = cloud @ (rotation(rng, width) * rng.uniform(0.3, 3, width)) @ rotation(rng, width)
    assert tl.shape_distance(cloud, copy, alpha=0) < 1e-9


@laws
@given(paired_clouds(count=3))
@pytest.mark.parametrize(
    "distance",
    [
        tl.procrustes,
        lambda one, other: tl.procrustes(one, other, form="angular"),
        lambda one, other: tl.shape_distance(one, other, alpha=0.5),
        lambda one, other: tl.shape_distance(one, other, alpha=0),
        tl.permutation_distance,
    ],
    ids=["chord", "angular", "half", "linear", "permutations"],
)
def test_the_triangle_inequality_at_unequal_widths(distance, clouds):
    first, second, third = clouds
    direct = distance(first, third)
    assert direct <= distance(first, second) + distance(second, third) + 1e-9


def test_the_square_of_a_distance_is_no_metric():
    clouds = [np.array([[-1.0, 0], [1, 0], [0, -h], [0, h]]) for h in (0.0, 0.5, 1.0)]
    one, two, three = clouds
    direct = tl.procrustes(one, three, form="squared")
    detour = tl.procrustes(one, two, form="squared") + tl.procrustes(two, three, form="squared")
    assert direct > 1.2 * detour


@st.composite
def fed_in_batches(draw):
    clouds = draw(paired_clouds(points=(12, 40), count=3))
    cuts = draw(st.lists(st.integers(1, len(clouds[0]) - 1), max_size=4))
    return clouds, sorted({0, *cuts, len(clouds[0])})


@laws
@given(fed_in_batches())
@pytest.mark.parametrize(
    ("estimator", "whole"), [("linear", tl.linear_cka), ("unbiased", tl.unbiased_cka)]
)
def test_what_is_fed_in_batches_gives_what_the_whole_gives(estimator, whole, fed):
    clouds, ends = fed
    stream = tl.StreamingCKA(estimator=estimator)
    for start, stop in pairwise(ends):
        stream.update({str(k): cloud[start:stop] for k, cloud in enumerate(clouds)})
    expected = [[whole(one, other) for other in clouds] for one in clouds]
    np.testing.assert_allclose(stream.matrix().values, expected, rtol=1e-7, atol=1e-9)
    assert stream.n_points == len(clouds[0])


@laws
@given(fed_in_batches())
def test_minibatches_average_their_unbiased_hsic(fed):
    clouds, _ = fed
    thirds = [np.array_split(cloud, 3) for cloud in clouds]
    stream = tl.StreamingCKA(estimator="minibatch")
    for parts in zip(*thirds, strict=True):
        stream.update({str(k): part for k, part in enumerate(parts)})
    means = np.array(
        [
            [np.mean([reference.unbiased_hsic(*p) for p in zip(a, b, strict=True)]) for b in thirds]
            for a in thirds
        ]
    )
    scale = np.sqrt(np.diagonal(means))
    expected = means / scale / scale[:, None]
    np.testing.assert_allclose(stream.matrix().values, expected, rtol=1e-7, atol=1e-9)
