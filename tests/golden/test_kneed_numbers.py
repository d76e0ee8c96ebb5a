"""Knees that kneed 0.8.5 finds, the package of the rule of Purvine et al.

`KneeLocator(d, linspace(0, 1, n), curve="convex", direction="decreasing").knee`, where d are the
distances to the nearest other point in descending order, by scipy's cKDTree. In the fifth cloud
many distances are equal, and kneed 0.9 would find other knees: it looks for no knee between a
local minimum and the next maximum.
"""

import numpy as np
import pytest

import topolens as tl
from topolens.descriptors.mapper.knees import first_knee

KNEES = [  # seed, points, features, knee
    (0, 200, 2, 0.3281008622989901),
    (1, 500, 3, 0.6389822407046384),
    (2, 1000, 8, 2.4348617925898233),
    (3, 150, 16, 4.073872189917278),
    (4, 800, 4, 1.014889156509222),
    (5, 64, 2, 0.3601214143889913),
    (181, 30, 2, 1.0893050791363812),  # behind a local minimum
]


@pytest.mark.parametrize(("seed", "n_points", "n_features", "knee"), KNEES)
def test_knees_of_kneed(seed, n_points, n_features, knee):
    cloud = np.random.default_rng(seed).standard_normal((n_points, n_features))
    if seed == 4:
        cloud = np.round(cloud, 1)
    curve = tl.eps_curve(cloud, rule="purvine")
    assert first_knee(curve.distances) == pytest.approx(knee, rel=1e-12)
    assert curve.eps == round(knee, 3)
    assert curve.has_knee
