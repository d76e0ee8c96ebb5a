"""PH dimension: the fit against the slow way, sets of known dimension, and its doubts."""

import re

import numpy as np
import pytest
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import pdist, squareform

from topolens import TopolensWarning, ph_dimension, ph_dimension_from_distances
from topolens.base.errors import InvalidInputError
from topolens.descriptors.growth import fit_line, plan


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z")


def warns(sentence):
    return pytest.warns(TopolensWarning, match=rf"\A{re.escape(sentence)}\Z")


def uniform(n_points, dimension, seed=0):
    return np.random.default_rng([seed, dimension]).uniform(size=(n_points, dimension))


def on_flat_torus(coordinates):
    """Distances of a cube whose opposite sides are glued."""
    squares = np.zeros((len(coordinates), len(coordinates)), np.float32)
    for column in coordinates.T.astype(np.float32):
        gap = np.abs(column[:, None] - column)
        squares += np.minimum(gap, 1 - gap) ** 2
    return np.sqrt(squares)


def chaos_game(n_points, corners, ratio):
    """A random walk on a self-similar set: each step goes towards a random corner."""
    rng = np.random.default_rng(1)
    point, points = np.zeros(corners.shape[1]), []
    for corner in corners[rng.integers(len(corners), size=n_points + 50)]:
        point = corner + ratio * (point - corner)
        points.append(point)
    return np.array(points[50:])


@pytest.mark.parametrize("alpha", [0.5, 1.0, 1.5])
def test_is_the_fit_of_the_slow_way(alpha):
    cloud = uniform(400, 2)
    found = ph_dimension(cloud, alpha=alpha, sizes=[40, 100, 240], repeats=2, seed=3)
    lengths = squareform(pdist(cloud))
    draws = plan(400, sizes=[40, 100, 240], repeats=2, preset=None, seed=3).draws()
    totals = [(minimum_spanning_tree(lengths[np.ix_(d, d)]).data ** alpha).sum() for d in draws]
    np.testing.assert_allclose(found.sums.ravel(), totals, rtol=1e-12)
    x = np.log([40, 40, 100, 100, 240, 240])
    (slope, intercept), covariance = np.polyfit(x, np.log(totals), 1, cov="unscaled")
    residuals = np.log(totals) - slope * x - intercept
    slope_error = np.sqrt(covariance[0, 0] * (residuals @ residuals) / 4)
    assert found.value == pytest.approx(alpha / (1 - slope), rel=1e-9)
    assert found.standard_error == pytest.approx(alpha / (1 - slope) ** 2 * slope_error, rel=1e-6)
    assert found.intercept == pytest.approx(intercept, rel=1e-9)
    assert found.r_squared == pytest.approx(np.corrcoef(x, np.log(totals))[0, 1] ** 2, rel=1e-9)
    assert found.interval == pytest.approx(
        (found.value - 1.96 * found.standard_error, found.value + 1.96 * found.standard_error)
    )


def test_the_line_of_a_power_law_is_exact():
    sizes = np.array([100, 200, 400])
    line = fit_line(sizes, 3 * np.column_stack([sizes, sizes]) ** 0.75)
    assert line.slope == pytest.approx(0.75, rel=1e-12)
    assert np.exp(line.intercept) == pytest.approx(3, rel=1e-12)
    assert line.slope_error == pytest.approx(0, abs=1e-9)
    assert line.r_squared == pytest.approx(1)


@pytest.mark.parametrize("dimension", [1, 2, 3, 4])
def test_a_flat_torus_has_its_dimension(dimension):
    found = ph_dimension_from_distances(on_flat_torus(uniform(3000, dimension)))
    assert found.value == pytest.approx(dimension, rel=0.05)
    assert found.metric == "precomputed"
    assert found.r_squared > 0.99 or dimension == 1  # whose sums do not grow


@pytest.mark.parametrize(
    ("dimension", "low", "high"), [(1, 0, 0.02), (2, -0.05, 0.01), (3, -0.05, 0), (4, -0.08, -0.04)]
)
def test_the_boundary_of_a_cube_pulls_its_dimension_down(dimension, low, high):
    # Points near a side have fewer neighbours, the more of them the higher the dimension.
    relative = ph_dimension(uniform(3000, dimension)).value / dimension - 1
    assert low <= relative <= high


@pytest.mark.parametrize("alpha", [0.5, 1.5])
def test_other_powers_give_the_same_dimension(alpha):
    # 1 / (1 - slope), which others return whatever alpha is, would be 3.9 and 1.3.
    assert ph_dimension(uniform(2000, 2), alpha=alpha).value == pytest.approx(2, rel=0.04)


SIERPINSKI = np.array([[0, 0], [1, 0], [0.5, np.sqrt(0.75)]]), 1 / 2
CANTOR_DUST = np.array([[0, 0], [1, 0], [0, 1], [1, 1]]), 1 / 3


@pytest.mark.parametrize(
    ("fractal", "dimension", "alpha", "tolerance"),
    [
        (SIERPINSKI, np.log(3) / np.log(2), 1.0, 0.02),
        (SIERPINSKI, np.log(3) / np.log(2), 0.25, 0.03),
        # 1.26 is so near to alpha = 1 that the sums hardly grow and the gaps show.
        (CANTOR_DUST, np.log(4) / np.log(3), 1.0, 0.1),
        (CANTOR_DUST, np.log(4) / np.log(3), 0.25, 0.03),
    ],
)
def test_a_fractal_has_its_fractional_dimension(fractal, dimension, alpha, tolerance):
    found = ph_dimension(chaos_game(3000, *fractal), alpha=alpha)
    assert found.value == pytest.approx(dimension, rel=tolerance)


def test_width_does_not_matter():
    narrow = uniform(600, 2)
    wide = np.hstack([narrow, np.zeros((600, 30))])
    assert ph_dimension(wide).value == pytest.approx(ph_dimension(narrow).value, rel=1e-9)


def test_a_draw_depends_on_nothing_but_seed_points_size_and_repeat():
    cloud = uniform(500, 2)
    few = ph_dimension(cloud, sizes=[60, 200], repeats=3, seed=5)
    many = ph_dimension(cloud, sizes=[200, 90, 60], repeats=4, seed=5, threads=2)
    assert many.sizes.tolist() == [60, 90, 200]
    np.testing.assert_array_equal(few.sums, many.sums[[0, 2], :3])
    other = ph_dimension(cloud, sizes=[60, 200], repeats=3, seed=6)
    assert (other.sums != few.sums).all()
    assert len(np.unique(few.sums)) == 6


def test_rows_that_repeat_are_left_out_and_told():
    cloud = uniform(400, 2)
    with warns("101 rows repeat an earlier one and are left out"):
        found = ph_dimension(np.vstack([cloud, cloud[:100], cloud[:1]]))
    assert (found.n_points, found.n_duplicates) == (501, 101)
    np.testing.assert_array_equal(found.sums, ph_dimension(cloud).sums)
    with warns("1 row repeats an earlier one and is left out"):
        ph_dimension(np.vstack([cloud, cloud[:1]]))


def test_points_at_distance_zero_of_a_matrix_are_kept():
    matrix = squareform(pdist(np.repeat(uniform(300, 2), 2, axis=0)))
    assert ph_dimension_from_distances(matrix).n_duplicates == 0


def test_presets_draw_what_the_papers_drew():
    cloud = uniform(3000, 2)
    with pytest.warns(TopolensWarning, match="share most of them"):
        magai = ph_dimension(cloud, preset="magai")
    assert magai.sizes.tolist() == [500, 850, 1200, 1550, 1900, 2250, 2600, 2950]
    assert magai.sums.shape == (8, 1)
    birdal = ph_dimension(cloud[:2000], preset="birdal", repeats=2)
    assert birdal.sizes.tolist() == list(range(200, 1000, 50))
    assert birdal.sums.shape == (16, 2)
    both = ph_dimension(cloud[:700], preset="birdal", sizes=[100, 200, 300])
    assert (both.sizes.tolist(), both.sums.shape) == ([100, 200, 300], (3, 1))


def test_says_that_points_are_few():
    with warns("299 points are few for a PH dimension; a few hundred are a minimum"):
        found = ph_dimension(uniform(299, 2))
    assert found.warnings == ("299 points are few for a PH dimension; a few hundred are a minimum",)


def test_says_that_draws_are_of_nearly_all_points():
    sentence = (
        "draws of up to 301 of 500 points share most of them, so the standard error is too small"
    )
    with warns(sentence):
        ph_dimension(uniform(500, 2), sizes=[100, 301])
    ph_dimension(uniform(500, 2), sizes=[100, 300])


def test_says_that_alpha_is_too_large():
    line = uniform(400, 1)
    with pytest.warns(
        TopolensWarning,
        match=r"\AE_alpha falls with the number of points \(slope -0\.\d+\), as it does where the "
        r"dimension is not above alpha = 2; take a smaller alpha\Z",
    ):
        assert ph_dimension(line, alpha=2).value < 2


def test_no_dimension_where_all_points_are_equally_far():
    sentence = (
        "`points` must have an E_alpha that grows slower than their number; its logarithm has "
        "slope 1.02, so no dimension is defined"
    )
    with refuses(sentence):
        ph_dimension(np.eye(300))


def test_no_dimension_where_the_sums_are_no_numbers():
    sentence = (
        "`points` must have distances whose powers add up to a positive number; in one draw, "
        "those to the power of 1 add up to 0"
    )
    with refuses(sentence):
        ph_dimension_from_distances(np.zeros((300, 300)))


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"alpha": 0}, "`alpha` must be a finite number above 0; got 0"),
        ({"sizes": 5}, "`sizes` must be a list of integers; got 5"),
        ({"sizes": [5]}, "`sizes` must hold two different numbers or more; got [5]"),
        ({"sizes": [5, 401]}, "`sizes` must be an integer from 2 to 400; got 401"),
        ({"sizes": [1, 40]}, "`sizes` must be an integer from 2 to 400; got 1"),
        ({"repeats": 0}, "`repeats` must be an integer at least 1; got 0"),
        (
            {"sizes": [5, 9], "repeats": 1},
            "`repeats` must be at least 2 where there are two sizes; got 1",
        ),
        ({"preset": "x"}, "`preset` must be one of `magai`, `birdal`; got 'x'"),
        (
            {"preset": "magai"},
            "`points` must hold more than 1200 distinct points for the preset `magai`; got 400",
        ),
        ({"seed": -1}, "`seed` must be an integer at least 0; got -1"),
        ({"threads": 0}, "`threads` must be an integer at least 1; got 0"),
    ],
)
def test_says_what_is_wrong(params, sentence):
    with refuses(sentence):
        ph_dimension(uniform(400, 2), **params)
    with refuses(sentence):
        ph_dimension_from_distances(squareform(pdist(uniform(400, 2))), **params)


def test_says_that_there_are_no_points():
    with refuses("`points` must hold at least 10 distinct points; got 1"):
        ph_dimension(np.zeros((50, 2)))
    with refuses("`distances` must be of at least 10 points; got 9"):
        ph_dimension_from_distances(np.zeros((9, 9)))


@pytest.mark.full
def test_the_standard_error_is_that_of_clouds_drawn_again():
    found = [ph_dimension(uniform(1500, 2, seed)) for seed in range(60)]
    spread = np.std([one.value for one in found], ddof=1)
    assert np.mean([one.standard_error for one in found]) == pytest.approx(spread, rel=0.35)
