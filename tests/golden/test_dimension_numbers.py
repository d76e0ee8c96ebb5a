"""Numbers of others for intrinsic dimension: DADApy, R's intrinsicDimension, scikit-dimension.

The numbers of DADApy on two gaussians are those of its tests; on the ball and the sphere they are
those that scikit-dimension 0.5.0 stores of DADApy and of R (tests/reference/fixtures.json). The
thirty points in a ball are those of scikit-dimension's test_results.py, whose numbers come from R.
"""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import gammainc

from topolens import gride, local_pca_dimension, mle_dimension, two_nn

TWO_GAUSSIANS = np.load(Path(__file__).parent / "dadapy" / "2gaussians_in_2d.npy")


def ball(n_points, dimension, seed):
    """Uniform in a ball, in the numbers of the legacy generator that scikit-dimension draws."""
    normal = np.random.RandomState(seed).normal(size=(n_points, dimension))
    squares = (normal**2).sum(axis=1)
    radii = gammainc(dimension / 2, squares / 2) ** (1 / dimension)
    return normal * (radii / np.sqrt(squares))[:, None]


def sphere(n_points, dimension, seed):
    normal = np.random.RandomState(seed).randn(n_points, dimension + 1)
    return normal / np.linalg.norm(normal, axis=1)[:, None]


THIRTY = np.hstack([ball(30, 5, 0), np.zeros((30, 5))])
BALL = np.hstack([ball(300, 5, 0), np.zeros((300, 5))])
SPHERE = sphere(300, 4, 1)


def test_two_nn_of_dadapy():
    assert two_nn(TWO_GAUSSIANS).value == pytest.approx(1.85491, abs=1e-5)


def test_gride_of_dadapy():
    found = gride(TWO_GAUSSIANS, error="information")
    assert found.scales.tolist() == [2, 4, 8, 16, 32, 64]
    ids = [2.0007, 2.0321, 1.9118, 2.0005, 1.6747, 0.7208]
    errors = [0.2001, 0.1466, 0.0976, 0.0722, 0.0427, 0.0130]
    distances = [0.3947, 0.5674, 0.8013, 1.1345, 1.6477, 3.5726]
    np.testing.assert_allclose(found.scale_values, ids, atol=1e-4)
    np.testing.assert_allclose(found.scale_errors, errors, atol=1e-4)
    np.testing.assert_allclose(found.scale_distances, distances, atol=1e-4)


@pytest.mark.parametrize(
    ("cloud", "line", "likelihood", "ids", "errors"),
    [
        (
            BALL,
            4.362176532655348,
            4.113138917297787,
            [4.113138929, 4.666933918, 4.312444554, 4.398278300, 4.275310956, 3.838468776],
            [0.237472187, 0.194168173, 0.127287678, 0.091675927, 0.062999224, 0.039983896],
        ),
        (
            SPHERE,
            3.2212051304386806,
            3.3280716110069095,
            [3.328071628, 3.971152424, 3.887875098, 3.813707262, 3.733098522, 3.589143961],
            [0.192146305, 0.165382380, 0.114665152, 0.079504387, 0.055004371, 0.037383636],
        ),
    ],
    ids=["ball", "sphere"],
)
def test_a_ball_and_a_sphere_of_dadapy(cloud, line, likelihood, ids, errors):
    assert two_nn(cloud).value == pytest.approx(line, rel=1e-9)
    assert two_nn(cloud, fit="likelihood", discard=0).value == pytest.approx(likelihood, rel=1e-12)
    found = gride(cloud, error="information")
    np.testing.assert_allclose(found.scale_values, ids, rtol=3e-8)  # DADApy bisects to 1e-7
    np.testing.assert_allclose(found.scale_errors, errors, rtol=3e-8)


@pytest.mark.parametrize(
    ("plotting_position", "discard", "value"),
    [
        ("(i-1)/N", 0.1, 4.05496),
        ("(i-1)/N", 0.05, 4.11323),
        ("i/N", 0.1, 4.52231),
        ("i/N", 0.05, 4.63403),
    ],
)
def test_two_nn_of_scikit_dimension_before_and_after_2024(plotting_position, discard, value):
    found = two_nn(THIRTY, plotting_position=plotting_position, discard=discard)
    assert found.value == pytest.approx(value, abs=5e-6)


@pytest.mark.parametrize(
    ("params", "of_thirty", "of_ball", "of_sphere"),
    [
        ({}, 3.341161830518472, 4.43582345694338, 3.77125056454698),
        ({"n_neighbors": 5}, 4.350132038093711, 4.39211347128317, 3.75045176964928),
        ({"unbiased": True}, 3.1653112078596046, 4.20235906447268, 3.57276369272871),
        ({"scope": "cloud"}, 5.312292926569348, 3.08531160541032, 4.41459288645491),
        ({"average": "levina-bickel"}, 3.4389424541367437, 4.67110085488116, 4.01317929537005),
    ],
)
def test_likelihood_of_r(params, of_thirty, of_ball, of_sphere):
    assert mle_dimension(THIRTY, **params).value == pytest.approx(of_thirty, rel=1e-12)
    assert mle_dimension(BALL, **params).value == pytest.approx(of_ball, rel=1e-12)
    assert mle_dimension(SPHERE, **params).value == pytest.approx(of_sphere, rel=1e-12)


@pytest.mark.parametrize(
    ("cloud", "value", "tolerance"),
    [
        (THIRTY, 3.2755228756927455, 1e-3),
        (BALL, 4.04021528500907, 2e-4),
        (SPHERE, 3.53568996516152, 2e-4),
    ],
    ids=["thirty", "ball", "sphere"],
)
def test_likelihood_with_noise_of_r(cloud, value, tolerance):
    # R integrates to 1 %; with integrals to 1e-10 the first is 3.2727331, as below.
    assert mle_dimension(cloud, noise=0.1).value == pytest.approx(value, rel=tolerance)


def test_likelihood_with_noise_and_exact_integrals():
    assert mle_dimension(THIRTY, noise=0.1).value == pytest.approx(3.2727331327641886, rel=1e-8)


@pytest.mark.parametrize(
    ("cloud", "olsen", "fan", "gap"),
    [(THIRTY, 5, 3, 5), (BALL, 5, 4, 5), (SPHERE, 5, 2, 1)],
    ids=["thirty", "ball", "sphere"],
)
def test_eigenvalues_of_r(cloud, olsen, fan, gap):
    rules = {"fukunaga-olsen": olsen, "fan": fan, "maxgap": gap}
    for rule, value in rules.items():
        found = local_pca_dimension(cloud, n_neighbors=None, rule=rule)
        assert found.value == value, rule
        assert found.standard_error is None
