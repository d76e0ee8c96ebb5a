"""Measures between paired clouds: values by hand, and the sentence for each undefined case."""

import re

import numpy as np
import pytest

import topolens as tl
from topolens.base.errors import InvalidInputError

RNG = np.random.default_rng(0)
PAIRED = [
    tl.linear_cka,
    tl.unbiased_cka,
    tl.rbf_cka,
    tl.cca,
    tl.svcca,
    tl.pwcca,
    tl.procrustes,
    tl.shape_distance,
    tl.permutation_distance,
    tl.rsa,
    tl.canonical_correlations,
    tl.cross_validated_shape_distance,
]


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}")


@pytest.mark.parametrize("measure", PAIRED)
def test_rows_must_correspond(measure):
    with refuses("`first` and `second` must hold the same samples row by row; got 40 and 41 rows"):
        measure(RNG.normal(size=(40, 3)), RNG.normal(size=(41, 3)))


@pytest.mark.parametrize("measure", PAIRED)
@pytest.mark.parametrize("flat", [np.zeros((40, 2)), np.full((40, 1), 0.1, np.float32)])
def test_is_undefined_where_all_rows_coincide(measure, flat):
    with refuses("`first` must not be constant"):
        measure(flat, RNG.normal(size=(40, 3)))
    with refuses("`second` must not be constant"):
        measure(RNG.normal(size=(40, 3)), flat)


@pytest.mark.parametrize("measure", PAIRED[:-2])
def test_takes_tensors(measure):
    torch = pytest.importorskip("torch")
    first, second = RNG.normal(size=(2, 40, 3)).astype(np.float32)
    tensors = torch.tensor(first, requires_grad=True), torch.tensor(second)
    assert measure(*tensors) == measure(first, second)


@pytest.mark.parametrize("measure", PAIRED[:-2])
@pytest.mark.parametrize("scale", [1e-150, 1e-30, 1e30])
def test_extreme_scales_are_measured(measure, scale):
    first, second = RNG.normal(size=(2, 40, 3))
    np.testing.assert_allclose(measure(scale * first, second), measure(first, second), rtol=1e-9)


@pytest.mark.parametrize("measure", PAIRED[:-1])
def test_dead_and_repeated_features_make_no_difference_to_the_sense(measure):
    first, second = RNG.normal(size=(2, 60, 3))
    dead = np.hstack([first, np.zeros((60, 4)), np.full((60, 1), 7.0)])
    np.testing.assert_allclose(measure(dead, second), measure(first, second), rtol=1e-9)
    assert np.isfinite(measure(np.hstack([first, first]), second)).all()


class TestUnbiasedCKA:
    def test_four_points_by_hand(self):
        # Centred rows -1 -1 1 1 and -1 1 -1 1: ||Y^T X||^2 = 0, all |x|^2 = |y|^2 = 1, and
        # 0 - 4/2 * 4 + 4 * 4 / 6 over 4^2 - 4/2 * 4 + 4 * 4 / 6 is -(16/3) / (32/3).
        first, second = [[0.0], [0], [2], [2]], [[0.0], [2], [0], [2]]
        assert tl.unbiased_cka(first, second) == pytest.approx(-0.5, rel=1e-12)
        assert tl.linear_cka(first, second) == pytest.approx(0, abs=1e-15)

    def test_needs_four_points(self):
        with refuses("`first` must hold at least 4 points; got 3"):
            tl.unbiased_cka(np.eye(3), np.eye(3))

    def test_is_undefined_at_equal_distances(self):
        with refuses("`second` must have distances that differ: unbiased CKA is undefined"):
            tl.unbiased_cka(RNG.normal(size=(5, 2)), np.eye(5))

    def test_independent_clouds_are_at_zero_where_the_biased_one_is_not(self):
        pairs = RNG.normal(size=(20, 2, 100, 100))
        biased = np.mean([tl.linear_cka(*pair) for pair in pairs])
        unbiased = np.mean([tl.unbiased_cka(*pair) for pair in pairs])
        assert biased == pytest.approx(0.5, abs=0.01)  # d / (d + n)
        assert unbiased == pytest.approx(0, abs=0.01)


class TestRBF:
    def test_three_points_by_hand(self):
        # Distances 1, 1, 2: median 1; kernel values e^-1/2, e^-1/2, e^-2 at a bandwidth of 1.
        a, b = np.exp(-0.5), np.exp(-2.0)
        kernel = np.array([[1, a, b], [a, 1, a], [b, a, 1]])
        centring = np.eye(3) - 1 / 3
        ours = centring @ kernel @ centring
        other = np.eye(3) - 1 / 3  # an equilateral triangle: a multiple of the identity, centred
        expected = np.sum(ours * other) / np.linalg.norm(ours) / np.linalg.norm(other)
        assert tl.rbf_cka([[0.0], [1], [2]], np.eye(3)) == pytest.approx(expected, rel=1e-12)

    def test_wide_kernels_tend_to_linear_cka(self):
        first, second = RNG.normal(size=(2, 50, 4))
        wide = tl.rbf_cka(first, second, bandwidth=300)
        assert wide == pytest.approx(tl.linear_cka(first, second), rel=1e-4)

    def test_the_median_must_not_vanish(self):
        cloud = np.zeros((10, 2))
        cloud[0] = 1
        with refuses("`first` must have a median distance above 0 to set the bandwidth"):
            tl.rbf_cka(cloud, RNG.normal(size=(10, 2)))

    def test_the_bandwidth_has_limits(self):
        first, second = RNG.normal(size=(2, 10, 2))
        with refuses("`bandwidth` must be a finite number above 0; got 0"):
            tl.rbf_cka(first, second, bandwidth=0)
        with refuses("`bandwidth` must be smaller: all kernel values of `first` round to 1"):
            tl.rbf_cka(first, second, bandwidth=1e9)


class TestCCA:
    def test_one_feature_each_is_the_correlation(self):
        first, second = [[0.0], [3.0], [3.0], [1.0]], [[4.0], [5.0], [6.0], [0.0]]
        correlation = abs(np.corrcoef(np.ravel(first), np.ravel(second))[0, 1])
        for measure in (tl.cca, tl.svcca, tl.pwcca):
            assert measure(first, second) == pytest.approx(correlation, rel=1e-12)

    def test_principal_angles_of_known_planes(self):
        # Two planes in four dimensions that share a line and are 0.3 apart in the other direction.
        basis = np.linalg.qr(np.hstack([np.ones((30, 1)), RNG.normal(size=(30, 3))]))[0][:, 1:]
        turned = np.column_stack(
            [basis[:, 0], np.cos(0.3) * basis[:, 1] + np.sin(0.3) * basis[:, 2]]
        )
        found = tl.canonical_correlations(basis[:, :2], turned @ [[3, 1], [0, 2]])
        np.testing.assert_allclose(found, [1, np.cos(0.3)], rtol=1e-12)

    @pytest.mark.parametrize("measure", [tl.cca, tl.pwcca, tl.canonical_correlations])
    def test_full_rank_is_refused(self, measure):
        sentence = (
            "`second` must have fewer independent features than points less one; got 19 for "
            "20 points: every canonical correlation would be 1"
        )
        with refuses(sentence):
            measure(RNG.normal(size=(20, 3)), RNG.normal(size=(20, 50)))

    def test_rounding_of_single_precision_is_no_direction(self):
        # Outputs of a softmax sum to one: ten features, nine of them independent.
        logits = RNG.normal(size=(200, 10))
        outputs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        second = RNG.normal(size=(200, 4))
        found = tl.canonical_correlations(outputs.astype(np.float32), second)
        expected = tl.canonical_correlations(outputs[:, :9], second)
        np.testing.assert_allclose(found, expected, atol=1e-5)

    def test_features_of_any_size_count(self):
        first, second = RNG.normal(size=(2, 50, 3))
        stretched = first * [1e-6, 1, 1e6]
        np.testing.assert_allclose(tl.cca(stretched, second), tl.cca(first, second), rtol=1e-9)

    @pytest.mark.parametrize("bad", [0, 1.5, np.nan])
    def test_the_share_of_variance_has_limits(self, bad):
        with refuses("`variance` must be"):
            tl.svcca(np.eye(4), np.eye(4), variance=bad)

    def test_svcca_leaves_out_what_the_share_does_not_need(self):
        basis = np.linalg.qr(np.hstack([np.ones((50, 1)), RNG.normal(size=(50, 5))]))[0][:, 1:]
        # 0.98 and 0.02 of the variance; the common direction is the wide one.
        first = basis[:, [0, 1]] * np.sqrt([0.98, 0.02])
        second = basis[:, [0, 2]] * np.sqrt([0.98, 0.02])
        assert tl.svcca(first, second, variance=0.98) == pytest.approx(1, rel=1e-12)
        assert tl.svcca(first, second, variance=0.981) == pytest.approx(0.5, rel=1e-12)

    def test_pwcca_weighs_by_the_first(self):
        basis = np.linalg.qr(np.hstack([np.ones((50, 1)), RNG.normal(size=(50, 3))]))[0][:, 1:]
        first, second = basis[:, [0, 1]] * [3, 1], basis[:, [0, 2]]
        # Correlations 1 and 0; the weights are 3 and 1 one way, 1 and 1 the other.
        assert tl.pwcca(first, second) == pytest.approx(0.75, rel=1e-12)
        assert tl.pwcca(second, first) == pytest.approx(0.5, rel=1e-12)


CIRCLE = np.column_stack([f(2 * np.pi * np.arange(60) / 60) for f in (np.cos, np.sin)])


class TestShapes:
    @pytest.mark.parametrize("stretch", [1.0, 1.5, 3.0, 10.0])
    def test_a_circle_and_its_ellipse(self, stretch):
        cosine = (1 + stretch) / np.sqrt(2 * (1 + stretch**2))
        ellipse = CIRCLE * [stretch, 1]
        squared = tl.procrustes(CIRCLE, ellipse, form="squared")
        assert squared == pytest.approx(2 - 2 * cosine, abs=1e-14)
        assert tl.procrustes(CIRCLE, ellipse) == pytest.approx(np.sqrt(2 - 2 * cosine), abs=1e-12)
        for angle in (
            tl.procrustes(CIRCLE, ellipse, form="angular"),
            tl.shape_distance(CIRCLE, ellipse),
        ):
            assert angle == pytest.approx(np.arccos(min(1, cosine)), abs=1e-12)

    @pytest.mark.parametrize("angle", [1e-12, 1e-8, 1e-4, 0.01, 0.014, 0.015, 0.1, 1.0])
    def test_small_angles_keep_their_digits(self, angle):
        # Orthonormal and centred: turning out of the plane by `angle` is that angle.
        basis = np.linalg.qr(np.hstack([np.ones((30, 1)), RNG.normal(size=(30, 4))]))[0][:, 1:]
        turned = np.cos(angle) * basis[:, :2] + np.sin(angle) * basis[:, 2:]
        found = tl.shape_distance(basis[:, :2], turned)
        assert found == pytest.approx(angle, rel=1e-6, abs=1e-15)

    def test_more_features_than_points(self):
        first, second = RNG.normal(size=(20, 5)), RNG.normal(size=(20, 70))
        isometry = np.linalg.qr(RNG.normal(size=(90, 5)))[0].T
        for measure in (tl.procrustes, tl.shape_distance):
            wide = measure(first @ isometry, second)
            assert wide == pytest.approx(measure(first, second), rel=1e-12)

    def test_zeros_change_nothing(self):
        first, second = RNG.normal(size=(20, 3)), RNG.normal(size=(20, 5))
        padded = np.hstack([first, np.zeros((20, 2))])
        for measure in (tl.procrustes, tl.shape_distance, tl.permutation_distance):
            assert measure(padded, second) == pytest.approx(measure(first, second), rel=1e-12)

    @pytest.mark.parametrize("alpha", [-0.1, 1.1])
    def test_alpha_is_a_share(self, alpha):
        with refuses(f"`alpha` must be from 0 to 1; got {alpha}"):
            tl.shape_distance(CIRCLE, CIRCLE, alpha=alpha)

    def test_only_the_linear_end_refuses_full_rank(self):
        first, second = RNG.normal(size=(10, 3)), RNG.normal(size=(10, 30))
        assert 0 < tl.shape_distance(first, second, alpha=0.01) < np.pi / 2
        with refuses("`second` must have fewer independent features than points less one"):
            tl.shape_distance(first, second, alpha=0)

    def test_the_form_is_named(self):
        with refuses("`form` must be one of `chord`, `squared`, `angular`; got 'ding'"):
            tl.procrustes(CIRCLE, CIRCLE, form="ding")

    @pytest.mark.parametrize("turn", [0.0, 0.3, 1.0, np.pi / 2])
    def test_turning_features_into_each_other_separates_them(self, turn):
        c, s = np.cos(turn), np.sin(turn)
        found = tl.permutation_distance(CIRCLE, CIRCLE @ [[c, s], [-s, c]])
        # Past arctan 2 one feature plays the other, and their partners stay alone.
        assert found == pytest.approx(np.arccos(max(c, s / 2)), abs=1e-12)

    def test_negative_features_do_not_correspond(self):
        assert tl.permutation_distance([[0.0], [1.0]], [[1.0], [0.0]]) == pytest.approx(np.pi / 2)


class TestHeldOut:
    def test_a_rotation_is_found_again_on_samples_not_seen(self):
        cloud = RNG.normal(size=(60, 4))
        rotation = np.linalg.qr(RNG.normal(size=(4, 4)))[0]
        for alpha, image in (
            (1.0, rotation),
            (0.5, rotation),
            (0.0, rotation @ np.diag([1, 2, 3, 4])),
        ):
            found = tl.cross_validated_shape_distance(cloud, 3 * cloud @ image + 1, alpha=alpha)
            assert found.value < 1e-10
        order = RNG.permutation(4)
        found = tl.cross_validated_shape_distance(cloud, cloud[:, order], group="permutations")
        assert found.value < 1e-12

    def test_independent_clouds_are_at_right_angles_though_the_fit_says_otherwise(self):
        first, second = RNG.normal(size=(2, 100, 80))
        found = tl.cross_validated_shape_distance(first, second)
        assert found.value == pytest.approx(np.pi / 2, abs=0.05)
        assert found.seen.mean() < 0.8
        assert found.seen.mean() == pytest.approx(tl.shape_distance(first, second), abs=0.1)

    def test_every_sample_is_held_out_once(self):
        # Two folds of two samples each, by hand: the angle of one pair after fitting the other.
        first, second = np.array([[0.0], [1], [2], [5]]), np.array([[0.0], [1], [3], [4]])
        found = tl.cross_validated_shape_distance(first, second, folds=2, seed=0)
        halves = np.array_split(np.random.default_rng(0).permutation(4), 2)
        for held, fitted, value in zip(halves, halves[::-1], found.folds, strict=True):
            ours, theirs = (cloud[held] - cloud[fitted].mean() for cloud in (first, second))
            sign = np.sign(
                np.sum(
                    (first[fitted] - first[fitted].mean())
                    * (second[fitted] - second[fitted].mean())
                )
            )
            cosine = sign * np.sum(ours * theirs) / np.linalg.norm(ours) / np.linalg.norm(theirs)
            assert value == pytest.approx(np.arccos(cosine), abs=1e-9)

    @pytest.mark.parametrize(
        ("group", "alpha"),
        [("rotations", 1.0), ("rotations", 0.5), ("rotations", 0.0), ("permutations", 1.0)],
    )
    def test_on_the_samples_seen_it_is_the_distance_itself(self, group, alpha):
        first, second = RNG.normal(size=(40, 5)), RNG.normal(size=(40, 3))
        found = tl.cross_validated_shape_distance(first, second, alpha=alpha, group=group, folds=4)
        parts = np.array_split(np.random.default_rng(0).permutation(40), 4)
        for part, seen in zip(parts, found.seen, strict=True):
            one, other = (np.delete(cloud, part, axis=0) for cloud in (first, second))
            expected = (
                tl.permutation_distance(one, other)
                if group == "permutations"
                else tl.shape_distance(one, other, alpha=alpha)
            )
            assert seen == pytest.approx(expected, abs=1e-9)

    def test_the_seed_deals_the_samples(self):
        first, second = RNG.normal(size=(2, 30, 2))
        one, again, other = (
            tl.cross_validated_shape_distance(first, second, seed=seed) for seed in (1, 1, 2)
        )
        assert one.value == again.value != other.value
        assert one.standard_error == pytest.approx(one.folds.std(ddof=1) / np.sqrt(10))

    def test_mistakes(self):
        first, second = RNG.normal(size=(2, 10, 2))
        with refuses("`folds` must be an integer from 2 to 5; got 6"):
            tl.cross_validated_shape_distance(first, second, folds=6)
        with refuses("`group` must be one of `rotations`, `permutations`; got 'linear'"):
            tl.cross_validated_shape_distance(first, second, group="linear")
        with refuses("`alpha` must be 1 with permutations"):
            tl.cross_validated_shape_distance(first, second, group="permutations", alpha=0.5)


class TestRSA:
    def test_by_hand(self):
        # Distances 1, 3, 2 and 2, 1, 3: ranks correlate at -0.5; cosine (2 + 3 + 6) / 14.
        first, second = [[0.0], [1.0], [3.0]], [[0.0], [2.0], [-1.0]]
        assert tl.rsa(first, second) == pytest.approx(-0.5)
        assert tl.rsa(first, second, comparison="cosine") == pytest.approx(11 / 14)
        assert tl.rsa(first, second, comparison="kendall") == pytest.approx(-1 / 3)

    def test_the_matrix_is_what_it_says(self):
        cloud = np.array([[1.0, 0], [0, 1], [-1, 0]])
        expected = {
            "euclidean": [np.sqrt(2), 2, np.sqrt(2)],
            "squared_euclidean": [2, 4, 2],
            "manhattan": [2, 2, 2],
            "cosine": [1, 2, 1],
        }
        for distance, values in expected.items():
            matrix = tl.dissimilarities(cloud, distance=distance)
            np.testing.assert_allclose(matrix[np.triu_indices(3, 1)], values, rtol=1e-12)
            np.testing.assert_array_equal(matrix, matrix.T)

    def test_equal_distances_have_no_correlation_but_a_cosine(self):
        cloud = RNG.normal(size=(4, 2))
        with refuses("`second` must have dissimilarities that differ: their spearman correlation"):
            tl.rsa(cloud, np.eye(4))
        assert 0 < tl.rsa(cloud, np.eye(4), comparison="cosine") < 1

    def test_rows_without_direction(self):
        cloud = RNG.normal(size=(4, 3))
        with refuses(
            "`second` must have no zero row under the cosine metric; row 2 is; "
            "the euclidean metric takes such rows"
        ):
            tl.rsa(cloud, cloud * [[1], [1], [0], [1]], distance="cosine")

    def test_names_are_known(self):
        with refuses("`distance` must be one of `euclidean`"):
            tl.rsa(np.eye(3), np.eye(3), distance="mahalanobis")
        with refuses("`comparison` must be one of `spearman`"):
            tl.rsa(np.eye(3), np.eye(3), comparison="tau-b")
