"""Numbers of netrep (github.com/ahwillia/netrep at 0186b8a77ec1) on clouds written down here."""

import numpy as np
import pytest

import topolens as tl


def clouds(n_points, widths, seed):
    """Two clouds that share four latent numbers, one of them bent."""
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(n_points, 4))
    first = latent @ rng.normal(size=(4, widths[0])) + rng.normal(size=(n_points, widths[0]))
    bent = np.tanh(latent @ rng.normal(size=(4, widths[1])))
    return first, bent + 0.5 * rng.normal(size=(n_points, widths[1]))


# LinearMetric(alpha, center_columns=True, zero_pad=True), fit and score on both clouds, each scaled
# to a root mean square of its singular values of 1.
@pytest.mark.parametrize(
    ("case", "alpha", "value"),
    [
        ((100, (10, 10), 0), 1.0, 0.781852638333),
        ((100, (10, 10), 0), 0.5, 0.922628823468),
        ((100, (10, 10), 0), 0.0, 1.088182727526),
        ((200, (20, 12), 1), 1.0, 0.841376089922),
        ((200, (20, 12), 1), 0.5, 1.011406637301),
        ((200, (20, 12), 1), 0.0, 1.201013530471),
    ],
)
def test_shape_distance(case, alpha, value):
    assert tl.shape_distance(*clouds(*case), alpha=alpha) == pytest.approx(value, abs=1e-10)


# PermutationMetric(center_columns=True), fit and score; all pairs it finds correlate positively.
@pytest.mark.parametrize(
    ("case", "value"), [((100, (10, 10), 0), 1.120465159803), ((200, (20, 12), 1), 1.165856778987)]
)
def test_permutation_distance(case, value):
    assert tl.permutation_distance(*clouds(*case)) == pytest.approx(value, abs=1e-10)
