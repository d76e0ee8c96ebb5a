import numpy as np
import pytest
from sklearn.cluster import DBSCAN

import topolens as tl

POINTS = np.random.default_rng(0).normal(size=(30_000, 4)).astype(np.float32)
LENS = np.linalg.norm(POINTS.astype(float), axis=1)


def test_the_number_of_pairs_is_foretold():
    foretold = tl.eps_graph_forecast(POINTS, eps=0.3)
    graph = tl.eps_graph(POINTS, eps=0.3)
    assert foretold.n_pairs == pytest.approx(graph.n_pairs, rel=0.25)
    assert foretold.memory_bytes > 8 * foretold.n_pairs


def test_a_cover_needs_less_memory_than_all_its_pairs():
    cover, cluster = tl.UniformCover(30, 0.5), tl.DBSCAN(0.8)
    foretold = tl.mapper_forecast(POINTS, LENS, cover=cover, cluster=cluster)
    kept = tl.eps_graph_forecast(POINTS, LENS, eps=0.8, cover=cover)
    assert foretold.memory_bytes < kept.memory_bytes
    assert foretold.n_pairs == pytest.approx(kept.n_pairs, rel=0.5)
    assert foretold.seconds > 0


def test_small_clouds_are_counted_exactly():
    points = np.arange(100.0)[:, None]
    assert tl.eps_graph_forecast(points, eps=2).n_pairs == 99 + 98


def test_other_clusterers_have_no_forecast():
    with pytest.raises(tl.InvalidInputError, match="`cluster` must be a DBSCAN or a SingleLink"):
        tl.mapper_forecast(POINTS, LENS, cover=tl.UniformCover(), cluster=DBSCAN())
