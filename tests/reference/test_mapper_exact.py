"""The Mapper engine against scikit-learn on precomputed distances and a nerve of sets."""

import os
import subprocess
import sys
import tempfile
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mapper import dbscan_clusters, direct_distances, nodes_and_edges, single_linkage_clusters

import topolens as tl
from topolens.descriptors.mapper.covers import check_lens
from topolens.kernels.mapper import SetsOfPoints, nerve_edges
from topolens.kernels.rips import SIMD


def found(graph):
    nodes = [(int(e), node.tolist()) for e, node in zip(graph.elements, graph.nodes(), strict=True)]
    edges = {
        tuple(pair): count
        for pair, count in zip(graph.edges.tolist(), graph.shared.tolist(), strict=True)
    }
    return nodes, edges


# Integer grids are full of ties, and each eps is exactly a distance of such points.
GRID_EPS = [1.0, 2.0**0.5, 3.0**0.5, 2.0, 5.0**0.5, 6.0**0.5, 10.0**0.5]


@st.composite
def grid_cases(draw):
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    n, d = draw(st.integers(2, 120)), draw(st.integers(1, 5))
    points = rng.integers(0, draw(st.integers(2, 9)), size=(n, d)).astype(
        draw(st.sampled_from([np.float32, np.float64]))
    )
    # Beside the grid, so that a constant lens is as rare as on real data.
    lens = rng.normal(size=(n, draw(st.integers(1, 2)))).round(draw(st.integers(0, 3)) + 1)
    cover = draw(
        st.sampled_from(
            [
                tl.UniformCover(5, 0.3),
                tl.UniformCover(3, 0.5),
                tl.UniformCover(2, 0.7),
                tl.BalancedCover(3, 0.4),
                tl.BallCover(0.8),
            ]
        )
    )
    eps = draw(st.sampled_from(GRID_EPS))
    rule = draw(
        st.one_of(
            st.builds(tl.DBSCAN, st.just(eps), st.integers(1, 7)),
            st.builds(tl.SingleLinkage, st.just(eps), st.integers(1, 20), st.integers(1, 4)),
        )
    )
    return points, lens, cover, rule


def clusters_of(rule, points):
    if isinstance(rule, tl.DBSCAN):
        return lambda rows: dbscan_clusters(points[rows], rule.eps, rule.min_samples)
    return lambda rows: single_linkage_clusters(points[rows], rule.eps, rule.n_bins, rule.min_size)


def expected(points, lens, cover, rule):
    elements = cover.pull_back(check_lens(lens, len(points)))
    return nodes_and_edges(elements, clusters_of(rule, points))


def is_covered(lens, cover):
    try:
        cover.pull_back(check_lens(lens, len(lens)))
    except tl.InvalidInputError:  # a lens of a few values may be constant
        return False
    return True


def agrees(points, lens, cover, rule):
    """Compare both ways to a graph, on one thread and on three, with the reference."""
    wanted = expected(points, lens, cover, rule)
    for threads in (1, 3):
        graph = tl.mapper_graph(points, lens, cover=cover, cluster=rule, threads=threads)
        assert found(graph) == wanted
    for near in (
        tl.eps_graph(points, eps=rule.eps, threads=2),
        tl.eps_graph(points, eps=1.5 * rule.eps),
        tl.eps_graph(points, lens, eps=1.5 * rule.eps, cover=cover),
    ):
        graph = tl.mapper_graph(near, lens, cover=cover, cluster=rule, threads=2)
        assert found(graph) == wanted


pytestmark = pytest.mark.filterwarnings("ignore:the graph has no nodes")


@settings(max_examples=150, deadline=None)
@given(grid_cases())
def test_grids_with_ties_agree_with_the_reference(case):
    assume(is_covered(case[1], case[2]))
    agrees(*case)


@pytest.mark.full
@settings(max_examples=5000, deadline=None)
@given(grid_cases())
def test_thousands_of_grids_with_ties_agree_with_the_reference(case):
    assume(is_covered(case[1], case[2]))
    agrees(*case)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shift", [0.0, 1e4])
@pytest.mark.parametrize("scale", [1e-25, 1.0, 1e15])
def test_an_eps_that_is_a_distance_of_real_points_counts_it(dtype, shift, scale):
    rng = np.random.default_rng(5)
    for n_features in (3, 40, 70):
        points = rng.normal(size=(150, n_features)) + shift
        points = (scale * points).astype(dtype)
        lens = rng.normal(size=150)
        distances = np.sort(direct_distances(points)[np.triu_indices(150, 1)])
        for share in (0.02, 0.1, 0.5):
            eps = distances[int(share * len(distances))]
            for rule in (tl.DBSCAN(eps, 4), tl.SingleLinkage(eps, 20)):
                agrees(points, lens, tl.UniformCover(4, 0.4), rule)


@pytest.mark.parametrize("eps", [1.0, 1e3, 1e200])
def test_an_eps_beyond_all_distances_joins_everything(eps):
    rng = np.random.default_rng(6)
    points, lens = rng.random((200, 2)) / 2, rng.random(200)
    agrees(points, lens, tl.UniformCover(3, 0.4), tl.DBSCAN(eps, 5))


@pytest.mark.parametrize("n_points", [2, 47, 48, 49, 97, 400])
def test_duplicates_fill_and_leave_panels(n_points):
    points = np.repeat(np.eye(3, dtype=np.float32), [n_points, 1, n_points // 2], axis=0)
    lens = np.arange(len(points)) % 7.0
    agrees(points, lens, tl.UniformCover(2, 0.3), tl.DBSCAN(2.0**0.5, 3))
    agrees(points, lens, tl.UniformCover(2, 0.3), tl.DBSCAN(1.0, 3))


@pytest.mark.parametrize("lens_of_row", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_cloud_of_which_half_is_equal_points(dtype, lens_of_row):
    """As silent units leave it; points of one row may lie over different pieces of the lens."""
    rng = np.random.default_rng(10)
    for n_features, eps in ((2, 0.5), (6, 1.5)):
        points = np.maximum(rng.normal(size=(300, n_features)), 0).astype(dtype)
        points[rng.permutation(300)[:150]] = rng.choice([0.0, -0.0], size=(150, 1))
        points[rng.permutation(300)[:40]] = points[7]
        lens = points.sum(axis=1) if lens_of_row else rng.normal(size=300)
        for cover in (tl.UniformCover(4, 0.4), tl.BallCover(0.5)):
            for min_samples in (1, 5, 60, 160):
                agrees(points, lens, cover, tl.DBSCAN(eps, min_samples))
            agrees(points, lens, cover, tl.SingleLinkage(eps, 12, 20))


def test_equal_points_take_no_pairs():
    points = np.repeat(np.arange(3.0)[:, None], 5000, axis=0)
    near = tl.eps_graph(points, eps=1.0)
    assert near.n_pairs == 2
    for min_samples, sizes in ((10_000, [10_000, 10_000]), (10_001, [])):
        rule = tl.DBSCAN(1.0, min_samples)
        graph = tl.mapper_graph(near, points[:, 0], cover=tl.UniformCover(2, 0.3), cluster=rule)
        assert graph.sizes.tolist() == sizes


def test_clusters_far_apart_are_all_found():
    """Panels of different clusters are left out by their pivots; none must be missed."""
    rng = np.random.default_rng(7)
    centres = 30 * rng.normal(size=(25, 6))
    points = (centres[rng.integers(0, 25, 1500)] + rng.normal(size=(1500, 6))).astype(np.float32)
    for eps in (0.8, 2.0, 60.0):
        agrees(points, points[:, 0], tl.UniformCover(5, 0.5), tl.DBSCAN(eps, 5))


def test_every_vector_width_finds_the_same():
    rng = np.random.default_rng(8)
    points = rng.integers(0, 6, size=(500, 20)).astype(np.float32)
    np.savez(path := Path(tempfile.mkdtemp()) / "cloud.npz", points=points, lens=points.sum(axis=1))
    script = f"""
import numpy as np, topolens as tl
cloud = np.load({str(path)!r})
graph = tl.mapper_graph(cloud["points"], cloud["lens"], cover=tl.UniformCover(6, 0.5),
                        cluster=tl.DBSCAN(28 ** 0.5, 4))
print(graph.to_dict())
"""
    answers = set()
    for width in ("plain", "avx2", "avx512"):
        if width == "avx512" and SIMD != "avx512":
            continue
        done = subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"TOPOLENS_SIMD": width},
            capture_output=True,
            text=True,
            check=True,
        )
        answers.add(done.stdout)
    assert len(answers) == 1
    assert "'shared': [" in answers.pop()


@pytest.mark.parametrize("rule", [tl.DBSCAN(1.7, 4), tl.SingleLinkage(1.7, 15)])
def test_nodes_do_not_depend_on_the_order_of_rows(rule):
    rng = np.random.default_rng(9)
    points, lens = rng.normal(size=(900, 5)), rng.normal(size=900)
    order = rng.permutation(900)
    cover = tl.UniformCover(6, 0.4)
    straight = tl.mapper_graph(points, lens, cover=cover, cluster=rule)
    mixed = tl.mapper_graph(points[order], lens[order], cover=cover, cluster=rule)
    assert {frozenset(node.tolist()) for node in straight.nodes()} == {
        frozenset(order[node].tolist()) for node in mixed.nodes()
    }
    assert sorted(straight.shared.tolist()) == sorted(mixed.shared.tolist())


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_nerve_is_the_brute_force_one(seed):
    rng = np.random.default_rng(seed)
    n_points, n_sets = int(rng.integers(1, 40)), int(rng.integers(0, 15))
    sets = [np.flatnonzero(rng.random(n_points) < rng.random()) for _ in range(n_sets)]
    offsets = np.cumsum([0, *map(len, sets)], dtype=np.int64)
    members = np.concatenate([np.zeros(0), *sets]).astype(np.int32)
    edges, shared = nerve_edges(SetsOfPoints(offsets, members), n_points)
    wanted = {
        (i, j): len(np.intersect1d(sets[i], sets[j])) for i, j in combinations(range(n_sets), 2)
    }
    wanted = {pair: count for pair, count in wanted.items() if count}
    assert list(map(tuple, edges.tolist())) == sorted(wanted)
    assert shared.tolist() == [wanted[pair] for pair in sorted(wanted)]
