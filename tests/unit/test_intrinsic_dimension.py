"""TwoNN, Gride and maximum likelihood: laws, closed forms, duplicates, and what they refuse."""

import re

import numpy as np
import pytest
from oracles import oracle
from scipy.optimize import minimize_scalar
from scipy.spatial.distance import pdist, squareform
from scipy.special import betaln

from topolens import TopolensWarning, gride, local_pca_dimension, mle_dimension, two_nn
from topolens.base.errors import InvalidInputError
from topolens.descriptors import gride as gride_function
from topolens.descriptors.gride import _most_likely
from topolens.descriptors.twonn import _likelihood, _line

ESTIMATORS = [two_nn, gride, mle_dimension, local_pca_dimension]


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z")


def torus(n_points, dimension, seed=0):
    """A flat torus in twice as many coordinates: no boundary, equal density."""
    angles = (
        2 * np.pi * np.random.default_rng([seed, dimension]).uniform(size=(n_points, dimension))
    )
    return np.hstack([np.cos(angles), np.sin(angles)])


def sorted_rows(cloud):
    """Distances to all others, nearest first, by sorting."""
    return np.sort(squareform(pdist(cloud)), axis=1)[:, 1:]


def pareto_logarithms(dimension, n_ratios, seed):
    """log mu of independent ratios: exponential of rate d."""
    return np.sort(np.random.default_rng(seed).exponential(1 / dimension, n_ratios))


def gride_ratios(dimension, n1, n2, n_ratios, seed):
    """log r_n2 / r_n1 of a Poisson process: the n-th volume is a sum of n exponentials."""
    rng = np.random.default_rng(seed)
    near = rng.gamma(n1, size=n_ratios)
    return np.log1p(rng.gamma(n2 - n1, size=n_ratios) / near) / dimension


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("dimension", [1, 2, 4])
def test_a_torus_has_its_dimension(estimator, dimension):
    if estimator is local_pca_dimension and dimension == 4:
        return  # thirty points of a torus in four dimensions already turn round
    found = estimator(torus(2000, dimension))
    assert found.value == pytest.approx(dimension, rel=0.12)
    assert (found.n_points, found.n_used, found.n_duplicates) == (2000, 2000, 0)


def test_two_nn_by_hand():
    cloud = np.random.default_rng(1).normal(size=(50, 3))
    rows = sorted_rows(cloud)
    x = np.sort(np.log(rows[:, 1] / rows[:, 0]))[:45]
    y = -np.log(1 - np.arange(1, 46) / 50)
    assert two_nn(cloud).value == pytest.approx(np.sum(x * y) / np.sum(x * x), rel=1e-9)
    censored = 44 / (x.sum() + 5 * x[-1])
    assert two_nn(cloud, fit="likelihood").value == pytest.approx(censored, rel=1e-9)


@pytest.mark.parametrize("discard", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("dimension", [2.0, 7.5])
def test_pareto_ratios_give_their_dimension_and_error(dimension, discard):
    """The estimate of many samples of independent ratios has the mean and spread it claims."""
    n_ratios, n_fitted = 400, int(400 * (1 - discard)) - (discard == 0)
    fits = {
        "line": lambda x: _line(x, n_ratios, 0),
        "likelihood": lambda x: _likelihood(x, n_ratios),
    }
    for name, fit in fits.items():
        samples = [pareto_logarithms(dimension, n_ratios, seed)[:n_fitted] for seed in range(400)]
        values, errors = np.transpose([fit(sample) for sample in samples])
        assert values.mean() == pytest.approx(dimension, rel=0.015), name
        assert errors.mean() == pytest.approx(values.std(ddof=1), rel=0.12), name


def test_the_line_of_exact_quantiles_is_exact():
    heights = -np.log(1 - np.arange(1, 90) / 100)
    value, _ = _line(heights / 3.5, 100, 0)
    assert value == pytest.approx(3.5, rel=1e-12)


@pytest.mark.parametrize(("n1", "n2"), [(1, 2), (2, 4), (3, 5), (16, 32)])
@pytest.mark.parametrize("n_extra", [0, 1])
def test_gride_maximises_its_likelihood(n1, n2, n_extra):
    x = gride_ratios(3.0, n1, n2, 80, seed=2)

    def unlikely(d):
        powers = (n2 - n1 - 1) * np.log(np.expm1(d * x))
        likelihood = powers - ((n2 - 1) * d + 1) * x - betaln(n2 - n1, n1)
        return -likelihood.sum() - (len(x) - n_extra) * np.log(d)

    best = minimize_scalar(unlikely, bounds=(0.1, 30), method="bounded", options={"xatol": 1e-10})
    assert _most_likely(x, n1, n2, n_extra) == pytest.approx(best.x, rel=1e-6)


def test_gride_of_poisson_distances_has_its_dimension_and_error():
    values = [_most_likely(gride_ratios(5.0, 4, 8, 500, seed), 4, 8, 1) for seed in range(200)]
    assert np.mean(values) == pytest.approx(5, rel=0.01)


def test_gride_at_one_and_two_is_two_nn():
    cloud = torus(500, 3)
    found = gride(cloud, n1=1)
    two = two_nn(cloud, fit="likelihood", discard=0)
    assert found.value == pytest.approx(two.value, rel=1e-12)
    assert found.scale_values[0] == found.value
    plain = gride(cloud, n1=1, numerator="N")
    assert plain.value == pytest.approx(found.value * 500 / 499, rel=1e-12)


def test_the_curve_of_gride_is_its_values_at_every_scale():
    cloud = torus(300, 2)
    curve = gride(cloud, farthest=20)
    assert curve.scales.tolist() == [2, 4, 8, 16]
    for n2, value, error in zip(curve.scales, curve.scale_values, curve.scale_errors, strict=True):
        alone = gride(cloud, n1=int(n2) // 2, farthest=2)
        assert (alone.value, alone.standard_error) == pytest.approx((value, error), rel=1e-12)
    rows = sorted_rows(cloud)
    np.testing.assert_allclose(
        curve.scale_distances, [rows[:, [k // 2 - 1, k - 1]].mean() for k in (2, 4, 8, 16)]
    )
    assert gride(cloud[:10]).scales.tolist() == [2, 4, 8]


@pytest.mark.parametrize("average", ["mackay-ghahramani", "levina-bickel"])
def test_likelihood_by_hand(average):
    cloud = np.random.default_rng(1).normal(size=(60, 3))
    rows = sorted_rows(cloud)[:, :7]
    of_points = 6 / np.log(rows[:, -1:] / rows).sum(axis=1)
    means = {"levina-bickel": of_points.mean(), "mackay-ghahramani": 1 / np.mean(1 / of_points)}
    found = mle_dimension(cloud, n_neighbors=7, average=average)
    assert found.value == pytest.approx(means[average], rel=1e-9)


def test_noise_of_nearly_nothing_changes_nearly_nothing():
    cloud = torus(300, 2)
    clean = mle_dimension(cloud).value
    assert mle_dimension(cloud, noise=1e-9).value == pytest.approx(clean, rel=1e-6)


def test_noise_that_is_known_is_taken_off():
    cloud = np.hstack([torus(2000, 1), np.zeros((2000, 3))])
    noisy = cloud + 0.01 * np.random.default_rng(0).normal(size=cloud.shape)
    plain, aware = mle_dimension(noisy), mle_dimension(noisy, noise=0.01)
    assert abs(aware.value - 1) < abs(plain.value - 1)


@pytest.mark.parametrize(
    ("estimator", "params", "low"),
    [
        (two_nn, {}, 0.75),  # for independent ratios
        (gride, {"farthest": 4}, 0.88),
        (mle_dimension, {}, 0.88),
    ],
)
def test_the_error_is_that_of_clouds_drawn_again(estimator, params, low):
    found = [estimator(torus(300, 2, seed), **params) for seed in range(100)]
    spread = np.std([one.value for one in found], ddof=1)
    claimed = np.mean([one.standard_error for one in found])
    assert low < claimed / spread < 1.25  # 0.7 and 0.8 where overlap is not allowed for


def test_one_outlier_does_not_destroy_the_local_eigenvalues():
    cloud = np.hstack([torus(500, 1), np.zeros((500, 5))])
    far = np.vstack([cloud, np.full((1, 7), 1e6)])
    assert local_pca_dimension(far).value == local_pca_dimension(cloud).value == 1
    whole = local_pca_dimension(far, n_neighbors=None)
    assert whole.value == 1  # the direction of the outlier
    assert local_pca_dimension(cloud, n_neighbors=None).value == 2


@pytest.mark.parametrize(
    ("rule", "value"),
    [("fukunaga-olsen", 3), ("maxgap", 3), ("ratio", 3), ("kaiser", 3), ("participation", 2.6)],
)
def test_a_plane_has_its_dimension(rule, value):
    plane = np.random.default_rng(0).uniform(size=(400, 3)) @ np.eye(3, 12)
    assert local_pca_dimension(plane, rule=rule).value == pytest.approx(value, abs=0.2)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_rows_that_repeat_are_left_out_and_told(estimator):
    cloud = torus(200, 2)
    with pytest.warns(TopolensWarning, match=r"\A41 rows repeat an earlier one and are left out\Z"):
        found = estimator(np.vstack([cloud, cloud[:40], cloud[:1]]))
    assert (found.n_points, found.n_duplicates, found.n_used) == (241, 41, 200)
    assert found.value == estimator(cloud).value
    assert found.warnings == ("41 rows repeat an earlier one and are left out",)


@pytest.mark.parametrize("estimator", [two_nn, gride, mle_dimension])
def test_dead_points_do_not_become_a_dimension(estimator):
    cloud = np.vstack([torus(300, 2), np.zeros((300, 4))])
    with pytest.warns(TopolensWarning, match="299 rows repeat"):
        assert estimator(cloud).value == pytest.approx(2, rel=0.2)


@pytest.mark.parametrize("estimator", [two_nn, gride, mle_dimension])
def test_differences_lost_in_the_precision_are_left_out_and_told(estimator):
    cloud = torus(300, 2)
    close = np.vstack([cloud, [[1e-200, 0, 0, 0], [0, 0, 0, 0], [0, 1e-200, 0, 0]]])
    with pytest.warns(TopolensWarning, match=r"\A\d points at distance 0 of another are left out"):
        found = estimator(close)
    assert 300 <= found.n_used < 303
    assert np.isfinite([found.value, found.standard_error]).all()


@pytest.mark.parametrize("estimator", [two_nn, gride, mle_dimension])
def test_no_dimension_where_all_neighbours_tie(estimator):
    sentence = (
        "`points` must have neighbours at different distances; here they tie, as on a grid, so no "
        "dimension is defined"
    )
    with refuses(sentence):
        estimator(np.eye(40))


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_threads_change_nothing(estimator):
    cloud = torus(700, 3)
    assert estimator(cloud, threads=2).value == estimator(cloud).value


@pytest.mark.parametrize("estimator", [two_nn, gride, mle_dimension])
def test_angles_can_be_the_distance(estimator):
    rng = np.random.default_rng(0)
    cone = rng.normal(size=(500, 3))
    found = estimator(cone, metric="cosine")
    # Cosine distance is half a squared one: a sphere of dimension 2 counts as 1.
    assert found.value == pytest.approx(1, rel=0.15)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda x: two_nn(x, discard=1), "`discard` must be from 0 to below 1; got 1.0"),
        (
            lambda x: two_nn(x, discard=0.99),
            "`discard` must leave at least 3 ratios; 0.99 leaves 1 of 100",
        ),
        (
            lambda x: two_nn(x, plotting_position="x"),
            "`plotting_position` must be one of `i/N`, `(i-1)/N`; got 'x'",
        ),
        (lambda x: two_nn(x, fit="x"), "`fit` must be one of `line`, `likelihood`; got 'x'"),
        (lambda x: gride(x, n1=0), "`n1` must be an integer at least 1; got 0"),
        (lambda x: gride(x, n1=3, n2=3), "`n2` must be an integer at least 4; got 3"),
        (
            lambda x: gride(x, n1=50),
            "`n2` must ask for fewer neighbours than there are distinct points; "
            "100 are needed, and there are 100 points",
        ),
        (lambda x: gride(x, error="x"), "`error` must be one of `overlap`, `information`; got 'x'"),
        (lambda x: gride(x, numerator="x"), "`numerator` must be one of `N-1`, `N`; got 'x'"),
        (
            lambda x: mle_dimension(x, n_neighbors=100),
            "`n_neighbors` must ask for fewer neighbours than there are distinct points; "
            "100 are needed, and there are 100 points",
        ),
        (
            lambda x: mle_dimension(x, n_neighbors=2, unbiased=True),
            "`n_neighbors` must be an integer at least 3; got 2",
        ),
        (lambda x: mle_dimension(x, noise=-1), "`noise` must not be negative; got -1.0"),
        (
            lambda x: local_pca_dimension(x[:2], n_neighbors=None),
            "`points` must hold at least 3 distinct points; got 2",
        ),
        (
            lambda x: local_pca_dimension(x, average="x"),
            "`average` must be one of `median`, `mean`; got 'x'",
        ),
    ],
)
def test_says_what_is_wrong(call, sentence):
    with refuses(sentence):
        call(torus(100, 2))


def test_a_function_is_not_hidden_by_its_module():
    assert callable(gride_function)


@pytest.mark.full
@pytest.mark.parametrize("dimension", [2, 6])
def test_equals_scikit_dimension(dimension):
    skdim = oracle("skdim")
    cloud = np.random.default_rng(dimension).normal(size=(400, dimension)) @ np.eye(dimension, 9)
    theirs = {
        "two_nn": skdim.id.TwoNN(),
        "censored": skdim.id.TwoNN(method="mle"),
        "gride": skdim.id.GRIDE(n1=2),
        "mle": skdim.id.MLE(),
        "unbiased": skdim.id.MLE(unbiased=True),
    }
    ours = {
        "two_nn": two_nn(cloud),
        "censored": two_nn(cloud, fit="likelihood"),
        "gride": gride(cloud, error="information"),
        "mle": mle_dimension(cloud),
        "unbiased": mle_dimension(cloud, unbiased=True),
    }
    for name, estimator in theirs.items():
        assert ours[name].value == pytest.approx(estimator.fit(cloud).dimension_, rel=1e-7), name
    assert ours["gride"].standard_error == pytest.approx(theirs["gride"].error_, rel=1e-7)


@pytest.mark.full
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("rule", "theirs"),
    [
        ("fukunaga-olsen", "FO"),
        ("fan", "Fan"),
        ("maxgap", "maxgap"),
        ("ratio", "ratio"),
        ("participation", "participation_ratio"),
        ("kaiser", "Kaiser"),
        ("broken-stick", "broken_stick"),
    ],
)
def test_rules_equal_scikit_dimension(rule, theirs):
    skdim = oracle("skdim")
    rng = np.random.default_rng(0)
    cloud = rng.normal(size=(120, 20)) @ rng.normal(size=(20, 20))
    estimator = skdim.id.lPCA(ver=theirs, alphaRatio=0.95)
    whole = local_pca_dimension(cloud, n_neighbors=None, rule=rule).value
    assert whole == pytest.approx(estimator.fit(cloud).dimension_, rel=1e-9)
    nearest = np.argsort(squareform(pdist(cloud)), axis=1, kind="stable")[:, :31]
    each = [estimator.fit(cloud[rows]).dimension_ for rows in nearest]
    found = local_pca_dimension(cloud, rule=rule, average="mean")
    assert found.value == pytest.approx(np.mean(each), rel=1e-9)
