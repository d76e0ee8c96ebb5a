"""Local Outlier Factors: by hand, against scikit-learn, and where its densities are infinite."""

import re
import tracemalloc

import numpy as np
import pytest
from sklearn.neighbors import LocalOutlierFactor

from topolens.base.errors import InvalidInputError
from topolens.clouds import local_outlier_factor
from topolens.kernels import neighbours


def test_four_points_on_a_line_by_hand():
    # k = 1. Nearest: 0 and 1 each other, 3 has 1, 7 has 3. Reach: 1, 1, 2, 4.
    # Mean reachability: 1, 1, max(reach(1)=1, 2) = 2, max(reach(3)=2, 4) = 4.
    found = local_outlier_factor([[0.0], [1.0], [3.0], [7.0]], n_neighbors=1)
    np.testing.assert_allclose(found.scores, [1, 1, 2, 2], rtol=1e-15)
    assert found.is_outlier.tolist() == [False, False, True, True]
    assert found.kept.tolist() == [0, 1]
    assert (found.threshold, found.n_neighbors) == (1.5, 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_neighbors", [1, 5, 20, 79, 200])
@pytest.mark.filterwarnings("ignore:n_neighbors:UserWarning")
def test_scikit_learn_agrees_where_nothing_ties(n_neighbors, dtype):
    cloud = np.random.default_rng(2).standard_t(3, size=(80, 4)).astype(dtype)
    cloud.setflags(write=False)
    ours = local_outlier_factor(cloud, n_neighbors=n_neighbors)
    theirs = LocalOutlierFactor(n_neighbors=n_neighbors).fit(cloud.astype(float))
    np.testing.assert_allclose(ours.scores, -theirs.negative_outlier_factor_, rtol=1e-7)
    np.testing.assert_array_equal(ours.is_outlier, theirs.negative_outlier_factor_ < theirs.offset_)
    assert ours.n_neighbors == min(n_neighbors, 79)


def test_a_share_of_outliers_is_scikit_learns():
    cloud = np.random.default_rng(3).normal(size=(90, 3))
    ours = local_outlier_factor(cloud, contamination=0.1)
    theirs = LocalOutlierFactor(contamination=0.1).fit_predict(cloud)
    np.testing.assert_array_equal(ours.is_outlier, theirs == -1)
    assert ours.is_outlier.sum() == 9


@pytest.mark.filterwarnings("ignore:Duplicate values:UserWarning")
def test_a_pile_of_duplicates_makes_no_outliers_around_it():
    rng = np.random.default_rng(4)
    cloud = np.r_[np.zeros((30, 2)), rng.normal(size=(200, 2))]
    theirs = -LocalOutlierFactor().fit(cloud).negative_outlier_factor_
    assert theirs.max() > 1e6
    ours = local_outlier_factor(cloud)
    assert ours.scores.max() < 3
    assert not ours.is_outlier[:30].any()
    assert not ours.is_outlier[np.linalg.norm(cloud, axis=1) < 1].any()


def test_copies_count_as_often_as_they_occur():
    # k = 1. The neighbours of 0 are 1 and the two other copies of 0; of 1 the three copies.
    found = local_outlier_factor([[0.0], [0.0], [0.0], [1.0], [3.0]], n_neighbors=1)
    np.testing.assert_allclose(found.scores, [1, 1, 1, 1, 2], rtol=1e-15)


def test_equal_points_are_no_outliers():
    found = local_outlier_factor(np.full((5, 3), -7.0))
    assert found.scores.tolist() == [1] * 5
    assert len(found.kept) == 5


def test_points_at_equal_distance_are_all_neighbours():
    # A cross: whichever arm came first as the one nearest neighbour would not be symmetric.
    cross = np.array([[0.0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]])
    scores = local_outlier_factor(cross, n_neighbors=1).scores
    np.testing.assert_allclose(scores, 1, rtol=1e-15)


def test_blocks_do_not_show(monkeypatch):
    cloud = np.random.default_rng(5).normal(size=(70, 3))
    whole = local_outlier_factor(cloud).scores
    monkeypatch.setattr(neighbours, "_AT_ONCE", 200)
    np.testing.assert_array_equal(local_outlier_factor(cloud).scores, whole)


def test_blocks_are_not_kept(monkeypatch):
    cloud = np.random.default_rng(6).normal(size=(2000, 2))
    monkeypatch.setattr(neighbours, "_AT_ONCE", 2**16)
    tracemalloc.start()
    local_outlier_factor(cloud)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * len(cloud) ** 2 / 3


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"n_neighbors": 0}, "`n_neighbors` must be an integer at least 1; got 0"),
        *(
            (
                {"contamination": value},
                f"`contamination` must be 'auto' or a share above 0 and at most 0.5; got {value!r}",
            )
            for value in (0, 0.6, "many", True)
        ),
    ],
)
def test_bad_arguments_are_named(settings, sentence):
    with pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z"):
        local_outlier_factor([[0.0], [1.0]], **settings)


def test_one_point_has_no_neighbours():
    with pytest.raises(InvalidInputError, match=r"\A`points` must hold at least 2 points; got 1\Z"):
        local_outlier_factor([[0.0]])
