import numpy as np
import pytest
from reference.mapper import dbscan_clusters, nodes_and_edges

import topolens as tl

RNG = np.random.default_rng(2)
ANGLE = np.linspace(0, 2 * np.pi, 150, endpoint=False)
CIRCLE = np.column_stack([np.cos(ANGLE), np.sin(ANGLE)])
SHAKES = RNG.normal(size=CIRCLE.shape)
SIGMAS = (0.0, 0.03, 0.3)
CLOUDS = [(sigma, CIRCLE + sigma * SHAKES) for sigma in SIGMAS]
LABELS = (CIRCLE[:, 1] > 0).astype(int)
SETTINGS = {"cover": tl.UniformCover(5, 0.3), "cluster": tl.DBSCAN(0.2, 3)}


def first_column(points):
    return points[:, 0]


def test_pieces_and_eps_stay_while_points_move():
    found = tl.mapper_under_noise(CLOUDS, first_column, **SETTINGS, labels=LABELS)
    step, low = (CIRCLE[:, 0].max() - CIRCLE[:, 0].min()) / 5, CIRCLE[:, 0].min()
    clean = None
    for k, (_, points) in enumerate(CLOUDS):
        middles = low + (np.arange(5) + 0.5) * step
        gaps = np.abs(points[:, 0, None] - middles) - step / 1.4
        pieces = [np.flatnonzero(column <= 1e-12) for column in gaps.T]
        nodes, edges = nodes_and_edges(
            pieces, lambda rows, points=points: dbscan_clusters(points[rows], 0.2, 3)
        )
        sets = [set(members) for _, members in nodes]
        clean = sets if clean is None else clean
        assert [node.tolist() for node in found.graphs[k].nodes()] == [m for _, m in nodes]
        assert found.graphs[k].n_edges == len(edges)
        best = [max(len(a & b) / len(a | b) for b in sets) for a in clean]
        assert found.jaccard[k].tolist() == pytest.approx(best)
        assert found.purity[k] == pytest.approx(
            np.mean([1 / len({LABELS[x] for x in node}) for node in sets])
        )
        summary = tl.mapper_summary(found.graphs[k], labels=LABELS)
        assert found.weighted_purity[k] == summary.weighted_purity
        assert found.outside[k] == pytest.approx((gaps.min(axis=1) > 1e-12).mean())
        assert found.coverage[k] == pytest.approx(len(set().union(*sets)) / 150)
        assert found.n_components[k] == found.graphs[k].n_components


def test_support_falls_with_the_noise_and_begins_at_one():
    found = tl.mapper_under_noise(CLOUDS, first_column, **SETTINGS)
    support = found.node_support()
    assert support[0] == 1.0
    assert support[0] >= support[1] > support[2]
    assert found.excess_loops.tolist()[:2] == [1, 1]
    assert found.outside[2] > 0
    assert found.purity is None
    assert found.sigmas.tolist() == list(SIGMAS)
    assert (found.node_support(similarity=0.9) <= support).all()


def test_lens_values_may_be_given():
    by_function = tl.mapper_under_noise(CLOUDS, first_column, **SETTINGS)
    by_values = tl.mapper_under_noise(CLOUDS, [c[:, 0] for _, c in CLOUDS], **SETTINGS, threads=2)
    assert by_values.jaccard.tolist() == by_function.jaccard.tolist()


@pytest.mark.parametrize("cover", [tl.UniformCover(5, 0.3), tl.BalancedCover((4, 3), 0.4)])
@pytest.mark.parametrize("n_lenses", [1, 2])
def test_boxes_hold_what_their_cover_holds(cover, n_lenses):
    if n_lenses == 1 and isinstance(cover.n_intervals, tuple):
        cover = tl.BalancedCover(4, 0.4)
    lens = RNG.normal(size=(200, 2))[:, :n_lenses]
    boxes = tl.BoxCover.of(cover, lens)
    ours, theirs = boxes.pull_back(lens), cover.pull_back(lens)
    assert ours.offsets.tolist() == theirs.offsets.tolist()
    assert ours.members.tolist() == theirs.members.tolist()
    assert repr(boxes) == f"BoxCover({len(theirs)} boxes of {cover!r})"


def test_balls_of_one_lens_are_boxes():
    lens = RNG.normal(size=(100, 1))
    balls = tl.BallCover(0.4)
    boxes = tl.BoxCover.of(balls, lens[:, 0])
    assert boxes.pull_back(lens).members.tolist() == balls.pull_back(lens).members.tolist()


def test_ends_of_boxes_belong_to_them_and_what_is_outside_is_in_none():
    boxes = tl.BoxCover([[0.0], [1.0]], [[1.0], [2.0]])
    pulled = boxes.pull_back(np.array([[0.0], [1.0], [2.0], [2.1], [-0.1]]))
    assert [piece.tolist() for piece in pulled] == [[0, 1], [1, 2]]


@pytest.mark.parametrize(
    ("clouds", "lens", "change", "sentence"),
    [
        ([], first_column, {}, "`clouds` must hold a clean cloud at least; got none"),
        ([(0.0, CIRCLE), (1.0, CIRCLE[:9])], first_column, {}, r"row by row; got \[150, 9\] rows"),
        ([(-1.0, CIRCLE)], first_column, {}, r"`clouds\[0\]\[0\]` must be a finite number at"),
        (CLOUDS, [CIRCLE[:, 0]], {}, "values for each cloud; got 1 for 3 clouds"),
        (CLOUDS, first_column, {"cluster": tl.DBSCAN(1e-9)}, "`clouds` must begin with one whose"),
        (CLOUDS, np.asarray, {"cover": tl.BallCover(1.0)}, "`cover` must have boxes to keep"),
        (CLOUDS, first_column, {"labels": [1]}, "`labels` must be one class"),
    ],
)
def test_mistakes_are_named(clouds, lens, change, sentence):
    with pytest.raises(tl.InvalidInputError, match=sentence):
        tl.mapper_under_noise(clouds, lens, **SETTINGS | change)


def test_mistakes_in_boxes_are_named():
    with pytest.raises(tl.InvalidInputError, match="`low` must have the shape of `high`"):
        tl.BoxCover([[1.0]], [[0.0]])
    with pytest.raises(tl.InvalidInputError, match="`lens` must have 1 columns, as the boxes"):
        tl.BoxCover([[0.0]], [[1.0]]).pull_back(np.zeros((3, 2)))
