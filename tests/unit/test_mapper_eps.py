"""The eps of DBSCAN from curves with a known knee, and from clouds with known clusters."""

import json

import numpy as np
import pytest
from sklearn.cluster import DBSCAN
from sklearn.metrics import adjusted_rand_score

import topolens as tl
from topolens.descriptors.mapper.knees import first_knee, robust_knee


def hinge(n_low, n_high, *, slope=50.0):
    """Distances that creep from 1 to 2 and then rise steeply."""
    low = np.linspace(1, 2, n_low)
    return np.append(low, 2 + slope * np.arange(1, n_high + 1) / n_high)


def blobs(seed, n_clusters=4, noise=0.1, n_points=1200, n_features=3, spread=25.0):
    rng = np.random.default_rng(seed)
    centres = spread * rng.permutation(np.eye(max(n_clusters, n_features))[:n_clusters])
    n_noise = round(noise * n_points)
    labels = np.append(rng.integers(0, n_clusters, n_points - n_noise), np.full(n_noise, -1))
    cloud = rng.normal(size=(n_points, centres.shape[1]))
    cloud[labels >= 0] += centres[labels[labels >= 0]]
    cloud[labels < 0] = rng.uniform(-1.5 * spread, 2 * spread, size=(n_noise, centres.shape[1]))
    return cloud, labels


@pytest.mark.parametrize("knee_at", [0.6, 0.8, 0.95])
def test_both_rules_find_the_corner_of_a_hinge(knee_at):
    n_low = round(1000 * knee_at)
    curve = hinge(n_low, 1000 - n_low)
    assert first_knee(curve) == pytest.approx(2, abs=0.3)
    assert robust_knee(curve) == pytest.approx(2, abs=0.3)


def test_a_straight_line_and_a_constant_have_no_knee():
    for curve in (np.linspace(1, 2, 500), np.full(500, 2.0)):
        assert robust_knee(curve) is None
    assert first_knee(np.full(500, 2.0)) is None


def test_the_robust_knee_ignores_outliers_and_waves():
    rng = np.random.default_rng(0)
    curve = np.sort(rng.gamma(20, 0.1, 5000))
    knee = robust_knee(curve)
    assert np.mean(curve <= knee) > 0.85
    far = robust_knee(np.append(curve, [1e3, 1e6]))
    assert far == pytest.approx(knee, rel=0.02)
    with_copies = robust_knee(np.append([0.0, 0.0, 1e-30], curve))
    assert with_copies == pytest.approx(knee, rel=0.05)
    assert robust_knee(np.zeros(9)) is None


def test_of_two_knees_the_one_at_the_large_distances_counts():
    # Two densities: half of the points at distances near 1, half near 5, a few beyond.
    curve = np.sort(np.r_[np.linspace(0.9, 1.1, 500), np.linspace(4.8, 5.2, 480), hinge(1, 20) + 4])
    assert 5 < robust_knee(curve) < 9


@pytest.mark.parametrize("noise", [0.0, 0.05, 0.2])
@pytest.mark.parametrize("seed", range(3))
def test_dbscan_with_the_eps_recovers_clusters(seed, noise):
    cloud, labels = blobs(seed, noise=noise)
    curve = tl.eps_curve(cloud)
    found = DBSCAN(eps=curve.eps, min_samples=5).fit_predict(cloud)
    inside = labels >= 0
    kept = inside & (found >= 0)
    assert adjusted_rand_score(labels[kept], found[kept]) > 0.99
    assert kept.sum() > 0.92 * inside.sum()
    if noise:
        assert np.mean(found[~inside] < 0) > 0.8


@pytest.mark.parametrize(
    "make",
    [
        lambda rng: rng.normal(size=(2000, 16)),
        lambda rng: rng.uniform(size=(2000, 8)),
        lambda rng: np.maximum(rng.normal(size=(2000, 12)), 0) ** 2,
        lambda rng: rng.standard_t(3, size=(2000, 6)),
        lambda rng: np.r_[rng.normal(size=(1000, 4)), 9 + 8 * rng.normal(size=(1000, 4))],
        lambda rng: np.stack(np.meshgrid(*[np.arange(45.0)] * 2), -1).reshape(-1, 2),
    ],
    ids=["normal", "cube", "relu", "heavy-tailed", "two-densities", "lattice"],
)
def test_the_default_never_turns_most_points_into_noise(make):
    cloud = make(np.random.default_rng(0))
    curve = tl.eps_curve(cloud)
    assert curve.share_within >= 0.75
    assert np.mean(DBSCAN(eps=curve.eps, min_samples=5).fit_predict(cloud) < 0) < 0.15


def test_without_a_knee_purvine_takes_the_median():
    cloud = np.arange(100.0)[:, None]
    curve = tl.eps_curve(cloud, rule="purvine")
    assert not curve.has_knee
    assert curve.eps == 1.0
    assert curve.k == 1


def test_purvine_takes_the_nearest_neighbour_and_three_decimals():
    cloud, _ = blobs(0)
    curve = tl.eps_curve(cloud, rule="purvine")
    distances = np.linalg.norm(cloud[:, None] - cloud[None], axis=2)
    nearest = np.sort(np.sort(distances, axis=1)[:, 1])
    np.testing.assert_allclose(curve.distances, nearest)
    assert curve.eps == round(first_knee(nearest), 3)


def test_quantile_is_an_observed_distance():
    cloud, _ = blobs(1)
    curve = tl.eps_curve(cloud, rule="quantile", quantile=0.8, k=3)
    assert curve.eps in curve.distances
    assert curve.share_within == 0.8
    assert not curve.has_knee


def test_core_points_are_at_least_the_share_within():
    cloud, _ = blobs(2)
    curve = tl.eps_curve(cloud, k=5)
    core = DBSCAN(eps=curve.eps * (1 + 1e-12), min_samples=6).fit(cloud).core_sample_indices_
    assert len(core) == round(curve.share_within * len(cloud))


def test_sampled_rows_look_for_neighbours_among_all_points():
    cloud = np.random.default_rng(0).normal(size=(3000, 5))
    whole, some = tl.eps_curve(cloud), tl.eps_curve(cloud, sample=500)
    assert len(some.distances) == 500
    assert np.isin(some.distances, whole.distances).all()
    assert some.eps == pytest.approx(whole.eps, rel=0.1)
    assert (some.n_points, some.k) == (3000, 5)
    assert tl.eps_curve(cloud, sample=500).distances.tolist() == some.distances.tolist()
    assert tl.eps_curve(cloud, sample=500, seed=1).distances.tolist() != some.distances.tolist()
    assert tl.eps_curve(cloud, threads=2).distances.tolist() == whole.distances.tolist()


def test_eps_follows_the_scale():
    cloud, _ = blobs(3)
    assert tl.eps_curve(4 * cloud).eps == pytest.approx(4 * tl.eps_curve(cloud).eps, rel=1e-9)


def test_a_curve_survives_json():
    curve = tl.eps_curve(blobs(0)[0])
    again = tl.EpsCurve.from_dict(json.loads(json.dumps(curve.to_dict())))
    for name in tl.EpsCurve.__slots__:
        np.testing.assert_array_equal(getattr(again, name), getattr(curve, name))


def test_unequal_layers_are_compared_with_a_warning():
    cloud = np.random.default_rng(0).normal(size=(600, 4))
    equal = {"a": tl.eps_curve(cloud), "b": tl.eps_curve(2 * cloud)}
    assert list(tl.eps_of_layers(equal)) == ["a", "b"]
    with pytest.warns(tl.TopolensWarning, match="only at equal points; got a 600, b 300"):
        tl.eps_of_layers({"a": tl.eps_curve(cloud), "b": tl.eps_curve(cloud[:300])})
    with pytest.warns(tl.TopolensWarning, match="only at equal k; got a 5, b 1"):
        tl.eps_of_layers({"a": tl.eps_curve(cloud), "b": tl.eps_curve(cloud, rule="purvine")})


def test_every_element_of_a_cover_has_a_curve_of_its_own():
    rng = np.random.default_rng(0)
    lens = np.append(rng.uniform(0, 1, 400), [5.0, 5.1])
    cloud = np.column_stack([lens, rng.normal(size=402) * np.where(lens < 0.5, 0.1, 3)])
    cover = tl.UniformCover(20, 0.3)
    curves = tl.eps_curves_of_cover(cloud, lens, cover=cover)
    pullback = list(cover.pull_back(lens[:, None]))
    assert 19 not in curves  # two points have no fifth neighbour
    for number, curve in curves.items():
        assert curve.eps == tl.eps_curve(cloud[pullback[number]]).eps
    assert curves[0].eps < curves[3].eps


def test_local_dbscan_clusters_each_element_with_its_eps():
    rng = np.random.default_rng(1)
    lens = rng.uniform(0, 10, 4000)
    side = rng.integers(0, 2, 4000) * 2 - 1
    # Two branches, ever wider and farther apart: the gap at one end is less than eps at the other.
    width = np.exp(lens / 2)
    cloud = width[:, None] * rng.uniform(-1, 1, size=(4000, 2))
    cloud[:, 0] += 3 * width * side

    def held(graph):
        sizes = [
            len(np.unique(graph.members[graph.components[graph.node_of_member] == component]))
            for component in range(graph.n_components)
        ]
        return [size for size in sizes if size > 40]

    cover = tl.UniformCover(8, 0.3)
    local = tl.mapper_graph(cloud, lens, cover=cover, cluster=tl.LocalDBSCAN(min_samples=5))
    assert len(held(local)) == 2
    assert sum(held(local)) > 3800
    eps = tl.eps_curve(cloud).eps
    everywhere = tl.mapper_graph(cloud, lens, cover=cover, cluster=tl.DBSCAN(eps, 5))
    assert len(held(everywhere)) != 2 or sum(held(everywhere)) < 3800
    assert "LocalDBSCAN" in local.cluster


def test_local_dbscan_makes_one_cluster_of_copies_and_noise_of_few_points():
    assert tl.LocalDBSCAN().fit_predict(np.zeros((9, 2))).tolist() == [0] * 9
    assert tl.LocalDBSCAN().fit_predict(np.eye(4)).tolist() == [-1] * 4
    mostly = np.r_[np.zeros((40, 2)), np.eye(2)]
    assert tl.LocalDBSCAN().fit_predict(mostly).tolist() == [0] * 40 + [-1] * 2


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"rule": "elbow"}, "`rule` must be one of `knee`, `purvine`, `quantile`; got 'elbow'"),
        ({"k": 0}, "`k` must be an integer at least 1; got 0"),
        ({"k": 40}, "`k` must be smaller than the number of points; got 40 for 40 points"),
        ({"rule": "purvine", "k": 2}, "`k` must be 1 under the rule `purvine`; got 2"),
        ({"quantile": 0}, "`quantile` must be a finite number above 0 to 1; got 0"),
        ({"sample": 1}, "`sample` must be an integer at least 2; got 1"),
        ({"seed": -1}, "`seed` must be an integer at least 0; got -1"),
    ],
)
def test_mistakes_are_named(settings, sentence):
    with pytest.raises(tl.InvalidInputError, match=sentence):
        tl.eps_curve(np.random.default_rng(0).normal(size=(40, 2)), **settings)


def test_copies_leave_no_eps():
    cloud = np.r_[np.zeros((90, 2)), np.random.default_rng(0).normal(size=(10, 2))]
    with pytest.raises(tl.InvalidInputError, match="90 of 100 points have at least 5 copies"):
        tl.eps_curve(cloud, rule="quantile", quantile=0.5)


def test_an_eps_that_rounds_to_nothing_is_not_blamed_on_copies():
    cloud = 1e-5 * np.random.default_rng(0).normal(size=(40, 2))
    with pytest.raises(tl.InvalidInputError, match="rounds eps to three decimals; it found "):
        tl.eps_curve(cloud, rule="purvine")
