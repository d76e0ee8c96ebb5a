import numpy as np
import pytest

import topolens as tl
from topolens.descriptors.mapper.plateaus import graph_similarity, middle_of, stable_regions

RNG = np.random.default_rng(1)
ANGLE = RNG.uniform(0, 2 * np.pi, 300)
CIRCLE = np.column_stack([np.cos(ANGLE), np.sin(ANGLE)]) + 0.02 * RNG.normal(size=(300, 2))
LENS = CIRCLE[:, 0]
LABELS = (CIRCLE[:, 1] > 0).astype(int)
GRID = {"intervals": [4, 6, 7], "overlaps": [0.2, 0.4], "eps_values": [0.05, 0.15, 0.2, 1.5]}


def similarity_of_sets(first, second):
    """Mean best Jaccard index over members, in the worse direction."""

    def one_way(nodes, others):
        best = [max(len(a & b) / len(a | b) for b in others) for a in nodes]
        return sum(len(a) * j for a, j in zip(nodes, best, strict=True)) / sum(map(len, nodes))

    sets = [[set(node.tolist()) for node in graph.nodes()] for graph in (first, second)]
    return min(one_way(*sets), one_way(*sets[::-1]))


def flooded(eligible, pictures, similarities, threshold):
    """Regions by walking from place to place."""
    regions = np.full(eligible.shape, -1)
    found = []
    for start in np.ndindex(eligible.shape):
        if not eligible[start] or any(start in region for region in found):
            continue
        region, waiting = {start}, [start]
        while waiting:
            place = waiting.pop()
            for axis in range(eligible.ndim):
                for step in (-1, 1):
                    other = tuple(p + step * (k == axis) for k, p in enumerate(place))
                    if not all(0 <= p < n for p, n in zip(other, eligible.shape, strict=True)):
                        continue
                    same = all(picture[other] == picture[place] for picture in pictures)
                    alike = similarities[axis][min(place, other)] >= threshold
                    if eligible[other] and other not in region and same and alike:
                        region.add(other)
                        waiting.append(other)
        found.append(region)
    for number, region in enumerate(sorted(found, key=lambda r: (-len(r), min(r)))):
        for place in region:
            regions[place] = number
    return regions


@pytest.mark.parametrize("cover", ["uniform", "balanced"])
def test_every_setting_is_its_own_graph(cover):
    sweep = tl.mapper_sweep(CIRCLE, LENS, **GRID, min_samples=4, cover=cover, labels=LABELS)
    kind = {"uniform": tl.UniformCover, "balanced": tl.BalancedCover}[cover]
    graphs = {}
    for place in np.ndindex(3, 2, 4):
        n, overlap, eps = (axis[p] for axis, p in zip(GRID.values(), place, strict=True))
        graph = tl.mapper_graph(CIRCLE, LENS, cover=kind(n, overlap), cluster=tl.DBSCAN(eps, 4))
        graphs[place] = graph
        assert sweep.nodes[place] == graph.n_nodes
        assert sweep.edges[place] == graph.n_edges
        assert sweep.components[place] == graph.n_components
        assert sweep.loops[place] == graph.loops
        assert sweep.excess_loops[place] == graph.loops - graph.cover_loops
        assert sweep.coverage[place] == pytest.approx(graph.coverage)
        summary = tl.mapper_summary(graph, labels=LABELS)
        assert sweep.purity[place] == summary.purity
        assert sweep.weighted_purity[place] == summary.weighted_purity
    for axis, similarities in enumerate(sweep.similarities):
        for place in np.ndindex(similarities.shape):
            other = tuple(p + (k == axis) for k, p in enumerate(place))
            wanted = similarity_of_sets(graphs[place], graphs[other])
            assert similarities[place] == pytest.approx(wanted)


def test_regions_are_those_of_a_flood():
    rng = np.random.default_rng(0)
    for _ in range(20):
        shape = tuple(rng.integers(1, 5, 3))
        eligible = rng.random(shape) < 0.8
        pictures = [rng.integers(0, 2, shape) for _ in range(2)]
        similarities = [
            rng.random(np.subtract(shape, np.eye(3, dtype=int)[axis])) for axis in range(3)
        ]
        found = stable_regions(eligible, pictures, similarities, 0.3)
        assert found.tolist() == flooded(eligible, pictures, similarities, 0.3).tolist()


def test_a_noisy_circle_is_one_loop_on_its_largest_plateau():
    sweep = tl.mapper_sweep(
        CIRCLE,
        LENS,
        intervals=[4, 5, 6, 7, 8],
        overlaps=[0.2, 0.3, 0.4],
        eps_values=[0.02, 0.1, 0.15, 0.2, 0.3, 2.0],
        min_samples=3,
    )
    plateau = sweep.plateau()
    assert (plateau.n_components, plateau.excess_loops) == (1, 1)
    assert sweep.suggested == plateau.middle
    assert sweep.suggested in plateau.settings
    assert sweep.suggested.eps in (0.1, 0.15, 0.2, 0.3)
    assert len(plateau.settings) == np.count_nonzero(sweep.regions == 0) >= 20
    # With everything in one cluster per interval the circle is a path: another plateau.
    assert (sweep.excess_loops[..., -1] == 0).all()
    assert (sweep.regions[..., -1] != 0).all()


def test_a_y_is_one_component_without_a_loop():
    arm = np.linspace(0, 1, 120)[:, None]
    turns = np.pi / 2 + 2 * np.pi / 3 * np.arange(3)
    points = np.concatenate([arm * [np.cos(t), np.sin(t)] for t in turns])
    sweep = tl.mapper_sweep(
        points,
        np.linalg.norm(points, axis=1),
        intervals=[5, 6, 7],
        overlaps=[0.2, 0.3],
        eps_values=[0.04, 0.06],
        min_samples=3,
    )
    assert sweep.n_plateaus == 1
    assert (sweep.components == 1).all()
    assert (sweep.excess_loops == 0).all()
    # One node in the middle and a branch for each arm.
    assert sweep.nodes[:, 0, 0].tolist() == [13, 16, 19]


def test_loops_of_a_plane_are_those_of_its_cover():
    square = RNG.uniform(size=(2000, 2))
    sweep = tl.mapper_sweep(
        square, square, intervals=[5, 6], overlaps=[0.3], eps_values=[0.1, 0.12], similarity=0.2
    )
    assert (sweep.loops > 10).all()
    assert (sweep.loops[0] != sweep.loops[1]).all()
    assert (sweep.excess_loops == 0).all()
    assert (sweep.regions == 0).all()


def test_settings_without_enough_points_are_on_no_plateau():
    grid = GRID | {"eps_values": [1e-6, 2e-6]}
    sweep = tl.mapper_sweep(CIRCLE, LENS, **grid)
    assert (sweep.nodes == 0).all()
    assert (sweep.regions == -1).all()
    assert sweep.n_plateaus == 0
    with pytest.raises(tl.InvalidInputError, match="one under which enough points are in a node"):
        _ = sweep.suggested
    with pytest.raises(IndexError, match="`number` must be from 0 to -1; got 0"):
        sweep.plateau()
    some = tl.mapper_sweep(CIRCLE, LENS, **GRID, least_coverage=0.9)
    assert ((some.regions >= 0) == (some.coverage >= 0.9)).all()
    assert (some.regions == -1).any()


def test_near_pairs_and_threads_change_nothing():
    wanted = tl.mapper_sweep(CIRCLE, LENS, **GRID)
    told = []
    again = tl.mapper_sweep(
        tl.eps_graph(CIRCLE, eps=2.0), LENS, **GRID, threads=2, on_progress=told.append
    )
    for name in ("nodes", "edges", "components", "loops", "cover_loops", "noise", "regions"):
        np.testing.assert_array_equal(getattr(again, name), getattr(wanted, name))
    assert told == [k / 24 for k in range(1, 25)]
    assert wanted.purity is None


def test_near_pairs_hold_where_narrower_pieces_hold_points_farther_apart():
    # Two pieces hold 3.2 of the lens each; the middle one of three reaches over the gap of 3.6.
    lens = np.concatenate([np.linspace(0, 3.2, 40), np.linspace(6.8, 10, 40)])
    points = np.column_stack([lens, np.zeros(80)])
    sweep = tl.mapper_sweep(
        points, lens, intervals=[2, 3], overlaps=[0.1], eps_values=[0.2, 4.0], min_samples=2
    )
    assert sweep.nodes.tolist() == [[[2, 2]], [[2, 3]]]
    assert sweep.components.tolist() == [[[2, 2]], [[2, 1]]]


def test_similarity_of_a_graph_and_itself_is_one():
    graph = tl.mapper_graph(CIRCLE, LENS, cover=tl.UniformCover(5, 0.3), cluster=tl.DBSCAN(0.2))
    assert graph_similarity(graph, graph) == pytest.approx(1.0)


def test_the_middle_is_a_place_of_the_region():
    ring = np.argwhere(np.pad(np.zeros((1, 1)), 1, constant_values=1))
    assert middle_of(ring) == (0, 1)
    assert middle_of(np.argwhere(np.ones((3, 3, 2)))) == (1, 1, 0)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"intervals": []}, r"`intervals` must be ascending and not empty; got \[\]"),
        ({"intervals": 5}, "`intervals` must be a sequence of numbers; got 5"),
        ({"eps_values": 0.2}, "`eps_values` must be a sequence of numbers; got 0.2"),
        ({"intervals": [5, 4]}, r"`intervals` must be ascending and not empty; got \[5, 4\]"),
        ({"overlaps": [0.3, 0.3]}, "`overlaps` must be ascending"),
        ({"overlaps": [0.3, 1.0]}, "`overlap` must lie between 0 and 1"),
        ({"eps_values": [0.0]}, "`eps_values` must be a finite number above 0; got 0.0"),
        ({"min_samples": 0}, "`min_samples` must be an integer at least 1; got 0"),
        ({"cover": "ball"}, "`cover` must be one of `uniform`, `balanced`; got 'ball'"),
        ({"similarity": 1.1}, "`similarity` must be a finite number from 0 to 1; got 1.1"),
        ({"least_coverage": -0.1}, "`least_coverage` must be a finite number from 0 to 1"),
        ({"labels": [0, 1]}, "`labels` must be one class"),
    ],
)
def test_mistakes_are_named(change, sentence):
    with pytest.raises(tl.InvalidInputError, match=sentence):
        tl.mapper_sweep(CIRCLE, LENS, **GRID | change)
