import numpy as np
import pytest
from reference.mapper_sets import graph_of, random_sets

import topolens as tl

COSTS = ("incidence", "steps", "intersection", "jaccard")
# A path 0 - 1 - 2 of three nodes; point 9 is noise.
PATH = [{0, 1, 2, 3}, {3, 4, 5}, {5, 6, 7, 8}]


def distance(first, second, n_points=10, **settings):
    return tl.mapper_graph_distance(
        graph_of(first, n_points), graph_of(second, n_points), **settings
    )


def test_incidence_is_the_share_of_points_in_one_of_two_nodes():
    found = distance([{0, 1, 2, 3}], [{2, 3, 4}], cost="incidence")
    assert found.value == pytest.approx(np.sqrt(3 / 10))
    assert (found.first.tolist(), found.second.tolist(), found.mass.tolist()) == ([0], [0], [1.0])


def test_steps_of_a_path_and_of_the_path_without_its_middle():
    found = distance(PATH, [PATH[0], PATH[1] | PATH[2]], cost="steps")
    # The second graph is one edge: nodes see points at 0 or 1; noise is at 2.2 or 1.1.
    to_first = [0, 0, 0, 0, 1, 1, 2, 2, 2, 2.2]
    to_second = [1, 1, 1, 0, 0, 0, 1, 1, 1, 2.2]
    to_third = [2, 2, 2, 1, 1, 0, 0, 0, 0, 2.2]
    to_low = [0, 0, 0, 0, 1, 1, 1, 1, 1, 1.1]
    to_high = [1, 1, 1, 0, 0, 0, 0, 0, 0, 1.1]

    def square(a, b):
        return np.mean((np.array(a) - np.array(b)) ** 2)

    # The middle is shared out between both nodes of the edge.
    middle = square(to_second, to_low) / 6 + square(to_second, to_high) / 6
    wanted = square(to_first, to_low) / 3 + middle + square(to_third, to_high) / 3
    assert found.value == pytest.approx(np.sqrt(wanted))
    assert found.mass.sum() == pytest.approx(1.0)


def test_nodes_that_no_path_joins_are_farther_than_all_others():
    apart = distance([{0, 1}, {1, 2}, {5, 6}], [{0, 1, 2, 5, 6}], n_points=7, cost="steps")
    # Points 3 and 4 are noise on both sides: at 1.1 from every node.
    rows = [[0, 0, 1, 1.1, 1.1], [1, 0, 0, 1.1, 1.1], [1.1, 1.1, 1.1, 0, 0]]
    wanted = np.mean([np.sum(np.square(row)) / 7 for row in rows])
    assert apart.value == pytest.approx(np.sqrt(wanted))


def test_lone_nodes_are_as_far_as_the_longest_edge():
    found = distance([{0, 1}], [{0, 2}], n_points=4, cost="jaccard")
    assert found.value == pytest.approx(np.sqrt(2 * 1.1**2 / 4))


@pytest.mark.parametrize("weights", ["uniform", "size"])
@pytest.mark.parametrize("cost", COSTS)
def test_laws_of_a_distance(cost, weights):
    rng = np.random.default_rng(3)
    for _ in range(5):
        graphs = [graph_of(random_sets(rng, 40, int(rng.integers(2, 12))), 40) for _ in range(3)]
        between = [
            [tl.mapper_graph_distance(a, b, cost=cost, weights=weights).value for b in graphs]
            for a in graphs
        ]
        assert np.diagonal(between).tolist() == [0.0, 0.0, 0.0]
        np.testing.assert_allclose(between, np.transpose(between), rtol=1e-9)
        assert between[0][2] <= between[0][1] + between[1][2] + 1e-9


@pytest.mark.parametrize("cost", COSTS)
def test_order_of_nodes_and_points_says_nothing(cost):
    rng = np.random.default_rng(4)
    first, second = random_sets(rng, 40, 8), random_sets(rng, 40, 6)
    names = rng.permutation(40)
    renamed = [[{int(names[x]) for x in node} for node in sets] for sets in (first, second)]
    found = distance(first, second, 40, cost=cost).value
    assert distance(first[::-1], second, 40, cost=cost).value == pytest.approx(found, rel=1e-9)
    assert distance(*renamed, 40, cost=cost).value == pytest.approx(found, rel=1e-9)


def test_nodes_weigh_as_much_as_their_points():
    large, small, other = set(range(9)), {9}, {8, 9}
    found = distance([large, small], [large, other], cost="incidence", weights="size")
    # The large node has 9/10 of the weight to give and 9/11 to take.
    assert found.mass.tolist() == pytest.approx([9 / 11, 9 / 10 - 9 / 11, 1 / 10])
    wanted = 0.9 * (9 / 10 - 9 / 11) + 0.1 * 0.1
    assert found.value == pytest.approx(np.sqrt(wanted))


def test_a_ring_and_a_broken_ring_differ_more_than_two_samples_of_a_ring():
    rng = np.random.default_rng(0)
    angle = np.linspace(0, 2 * np.pi, 300, endpoint=False)
    ring = np.column_stack([np.cos(angle), np.sin(angle)])
    lens = ring[:, 0]

    def graph(points):
        return tl.mapper_graph(points, lens, cover=tl.UniformCover(8, 0.3), cluster=tl.DBSCAN(0.15))

    noisy = graph(ring + 0.01 * rng.normal(size=ring.shape))
    broken = graph(ring + np.where(np.abs(angle - np.pi / 2) < 0.4, 5.0, 0.0)[:, None])
    for cost in COSTS:
        near = tl.mapper_graph_distance(graph(ring), noisy, cost=cost).value
        far = tl.mapper_graph_distance(graph(ring), broken, cost=cost).value
        assert near < far / 3, cost


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"second": graph_of([{0}], 11)}, "must be graphs of the same points row by row; got 10"),
        ({"second": graph_of([], 10)}, "`second` must have a node; all of its 10 points are noise"),
        ({"first": [1, 2]}, "`first` must be a MapperGraph; got list"),
        ({"cost": "hops"}, "`cost` must be one of `incidence`, `steps`, `intersection`, `jaccard`"),
        ({"weights": "degree"}, "`weights` must be one of `uniform`, `size`; got 'degree'"),
    ],
)
def test_mistakes_are_named(change, sentence):
    settings = {"first": graph_of(PATH, 10), "second": graph_of(PATH, 10)} | change
    first, second = settings.pop("first"), settings.pop("second")
    with pytest.raises(tl.InvalidInputError, match=sentence):
        tl.mapper_graph_distance(first, second, **settings)
