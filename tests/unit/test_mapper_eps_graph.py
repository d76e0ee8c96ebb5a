import numpy as np
import pytest
from torch import cuda

import topolens as tl
from topolens.descriptors import filtration
from topolens.descriptors.mapper.neighbours import eps_graph
from topolens.kernels import mapper as kernel
from topolens.kernels import near_tiles

POINTS = np.random.default_rng(0).normal(size=(400, 3)).astype(np.float32)
LENS = POINTS[:, 0].astype(float)
DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not cuda.is_available(), reason="no GPU")),
]


def pairs_of(graph):
    first, second, distances = graph.pairs.pairs()
    order = np.lexsort((second, first))
    return np.column_stack([first, second])[order], distances[order]


def test_pairs_are_all_within_eps():
    graph = eps_graph(POINTS, eps=0.8)
    gaps = np.linalg.norm(POINTS[:, None].astype(float) - POINTS[None], axis=2)
    wanted = np.argwhere(np.triu(gaps <= 0.8, 1))
    pairs, distances = pairs_of(graph)
    assert pairs.tolist() == wanted.tolist()
    assert (graph.n_pairs, graph.n_points) == (len(wanted), 400)
    np.testing.assert_allclose(distances, gaps[tuple(wanted.T)], rtol=1e-6)


@pytest.mark.parametrize("n_lenses", [1, 2])
def test_a_cover_leaves_out_pairs_that_none_so_narrow_holds(n_lenses):
    lens = POINTS[:, :n_lenses].astype(float)
    cover = tl.UniformCover(30, 0.5)
    graph = eps_graph(POINTS, lens, eps=0.8, cover=cover)
    whole, _ = pairs_of(eps_graph(POINTS, eps=0.8))
    kept, _ = pairs_of(graph)
    gaps = np.abs(lens[whole[:, 0]] - lens[whole[:, 1]])
    assert kept.tolist() == whole[(gaps <= graph.window).all(axis=1)].tolist()
    assert len(kept) < len(whole)


def test_a_wider_cover_or_eps_is_refused():
    graph = eps_graph(POINTS, LENS, eps=0.8, cover=tl.UniformCover(8, 0.5))
    with pytest.raises(tl.InvalidInputError, match="`cover` must be no wider than the one"):
        tl.mapper_graph(graph, LENS, cover=tl.UniformCover(4, 0.5), cluster=tl.DBSCAN(0.8))
    with pytest.raises(tl.InvalidInputError, match=r"`eps` must be at most that .* 0\.8; got 0\.9"):
        tl.mapper_graph(graph, LENS, cover=tl.UniformCover(8, 0.5), cluster=tl.DBSCAN(0.9))
    narrower = tl.mapper_graph(graph, LENS, cover=tl.UniformCover(9, 0.5), cluster=tl.DBSCAN(0.8))
    assert narrower.n_nodes > 0


def test_lens_and_cover_come_together():
    with pytest.raises(tl.InvalidInputError, match="`lens` must come with `cover`"):
        eps_graph(POINTS, LENS, eps=0.8)
    with pytest.raises(tl.InvalidInputError, match="`cover` must come with `lens`"):
        eps_graph(POINTS, eps=0.8, cover=tl.UniformCover(8, 0.5))


def test_clusterers_of_scikit_learn_take_the_points_of_a_graph():
    from sklearn.cluster import DBSCAN

    graph = eps_graph(POINTS, eps=0.8)
    cover = tl.UniformCover(6, 0.4)
    theirs = tl.mapper_graph(graph, LENS, cover=cover, cluster=DBSCAN(eps=0.6, min_samples=4))
    straight = tl.mapper_graph(POINTS, LENS, cover=cover, cluster=DBSCAN(eps=0.6, min_samples=4))
    assert theirs.members.tolist() == straight.members.tolist()


@pytest.mark.parametrize("eps", [0.0, -1.0, np.nan])
def test_an_eps_that_is_no_distance_is_refused(eps):
    with pytest.raises(tl.InvalidInputError, match="`eps` must be a finite number above 0"):
        eps_graph(POINTS, eps=eps)


def test_pairs_that_do_not_fit_are_refused_in_words(monkeypatch):
    monkeypatch.setattr(kernel, "available_memory", lambda: 100_000)
    sentence = r"the pairs within `eps` must fit into memory; they take more than 80\.0 kB; lower"
    with pytest.raises(tl.InvalidInputError, match=sentence):
        eps_graph(POINTS, eps=9.0)
    with pytest.raises(tl.InvalidInputError, match=sentence):
        tl.mapper_graph(POINTS, LENS, cover=tl.UniformCover(2, 0.5), cluster=tl.DBSCAN(9.0))


def test_progress_grows_to_one_and_may_stop_the_work():
    shares = []
    points = np.random.default_rng(1).normal(size=(40_000, 8)).astype(np.float32)
    settings = {"cover": tl.UniformCover(5, 0.5), "cluster": tl.DBSCAN(1.0)}
    tl.mapper_graph(points, points[:, 0], **settings, on_progress=shares.append)
    assert shares == sorted(shares)
    assert shares
    assert 0 <= shares[0] <= shares[-1] <= 1

    def stop(_):
        raise tl.Cancelled("enough")

    with pytest.raises(tl.Cancelled, match="enough"):
        tl.mapper_graph(points, points[:, 0], **settings, on_progress=stop)
    with pytest.raises(tl.Cancelled, match="enough"):
        eps_graph(points, eps=1.0, on_progress=stop)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("chunk", [(32, 1024), (3, 2)])
@pytest.mark.parametrize("device", DEVICES)
def test_products_of_torch_find_the_same_pairs(monkeypatch, device, chunk, dtype):
    """Where no GPU is seen, the very same code runs on torch's CPU device."""
    monkeypatch.setattr(near_tiles, "_PANELS", chunk[0])
    monkeypatch.setattr(near_tiles, "_OTHERS", chunk[1])
    rng = np.random.default_rng(3)
    clouds = [
        (rng.integers(0, 5, size=(700, 4)).astype(dtype), 2.0**0.5),  # ties and equal points
        ((10 * rng.normal(size=(9, 20)))[rng.integers(0, 9, 700)].astype(dtype), 1.0),
        (rng.normal(size=(700, 33)).astype(dtype) + 100, 7.0),
    ]
    for points, eps in clouds:
        lens = points.sum(axis=1, keepdims=True).astype(float).round(1)
        for values, window in ((lens, np.array([4.0])), (np.zeros((700, 0)), np.zeros(0))):
            near = kernel.near_pairs(points, eps, values, window, threads=1)
            theirs = near_tiles.device_near_pairs(points, eps, values, window, device=device)
            assert theirs.n_pairs == near.n_pairs
            assert sorted(zip(*near.pairs(), strict=True)) == sorted(
                zip(*theirs.pairs(), strict=True)
            )


def test_a_graph_made_on_a_device_gives_the_same_nodes(monkeypatch):
    straight = eps_graph(POINTS, eps=0.8)
    monkeypatch.setattr(filtration, "gpu_for", lambda *_: DEVICES[0])
    shares = []
    near = eps_graph(POINTS, eps=0.8, device="cuda", on_progress=shares.append)
    assert shares[-1] == 1
    settings = {"cover": tl.UniformCover(6, 0.4), "cluster": tl.DBSCAN(0.6, 4)}
    theirs = tl.mapper_graph(near, LENS, **settings)
    assert theirs.to_dict() == tl.mapper_graph(straight, LENS, **settings).to_dict()


def test_pairs_of_a_device_that_do_not_fit_are_refused_too(monkeypatch):
    monkeypatch.setattr(kernel, "available_memory", lambda: 100_000)
    with pytest.raises(tl.InvalidInputError, match="the pairs within `eps` must fit into memory"):
        near_tiles.device_near_pairs(POINTS, 9.0, np.zeros((400, 0)), np.zeros(0), device="cpu")
