"""Sweeps, subsamples and distances of Mapper graphs: CPU seconds on one thread.

    python benchmarks/mapper_robustness.py            20,000 points: about two minutes
    python benchmarks/mapper_robustness.py --quick    5,000 points

A sweep on near pairs found once stands beside one graph after another, each from the points; the
distance of two graphs beside dense costs of all points and POT's network simplex, where
`make oracles` has installed POT. Answers are asserted equal.
"""

from __future__ import annotations

import argparse
import sys
from itertools import product
from pathlib import Path

import numpy as np
from mapper import eps_of, lens_of, mixture, timed

import topolens as tl

INTERVALS = (10, 15, 20, 30, 40)
OVERLAPS = (0.2, 0.3, 0.4, 0.5, 0.6)
SHARES_OF_EPS = (0.8, 0.85, 0.9, 0.95, 1.0)
ORACLES = Path(__file__).parents[1] / "build" / "oracles-measures"


def sweep(points, lens, eps):
    """All settings of the grid by a sweep, and one by one."""
    grid = {
        "intervals": INTERVALS,
        "overlaps": OVERLAPS,
        "eps_values": [share * eps for share in SHARES_OF_EPS],
    }
    found = timed(
        f"sweep, {found_size(grid)} settings", lambda: tl.mapper_sweep(points, lens, **grid)
    )
    print(f"    {found.nodes.min()} to {found.nodes.max()} nodes, {found.n_plateaus} plateaus")
    graphs = timed("the same one by one", lambda: one_by_one(points, lens, grid))
    assert found.nodes.reshape(-1).tolist() == [graph.n_nodes for graph in graphs]
    assert found.edges.reshape(-1).tolist() == [graph.n_edges for graph in graphs]


def found_size(grid):
    return int(np.prod([len(axis) for axis in grid.values()]))


def one_by_one(points, lens, grid):
    return [
        tl.mapper_graph(points, lens, cover=tl.UniformCover(n, overlap), cluster=tl.DBSCAN(eps))
        for n, overlap, eps in product(*grid.values())
    ]


def support(points, lens, eps):
    """Twenty draws of four fifths of the points."""
    settings = {"cover": tl.UniformCover(40, 0.5), "cluster": tl.DBSCAN(eps)}
    found = timed(
        "support, 20 draws", lambda: tl.mapper_support(points, lens, **settings, draws=20)
    )
    print(f"    mean support of nodes {found.node_support.mean():.3f}")
    assert found.node_support.max() <= 1


def distance(points, lens, eps):
    """Graphs of two eps, by ours and by dense costs through POT."""
    first, second = (
        tl.mapper_graph(points, lens, cover=tl.UniformCover(40, 0.5), cluster=tl.DBSCAN(e))
        for e in (eps, 0.9 * eps)
    )
    print(f"    {first.n_nodes} and {second.n_nodes} nodes")
    for _ in range(3):
        ours = timed("distance", lambda: tl.mapper_graph_distance(first, second, cost="incidence"))
        if ORACLES.exists():
            theirs = timed("dense costs, POT", lambda: by_pot(first, second))
            assert np.isclose(ours.value, theirs, rtol=1e-8)


def by_pot(first, second):
    if str(ORACLES) not in sys.path:
        sys.path.append(str(ORACLES))
    import ot

    inside = []
    for graph in (first, second):
        dense = np.zeros((graph.n_points, graph.n_nodes), np.float32)
        dense[graph.members, graph.node_of_member] = 1
        inside.append(dense)
    shared = (inside[0].T @ inside[1]).astype(float)
    squares = (first.sizes[:, None] + second.sizes - 2 * shared) / first.n_points
    return np.sqrt(ot.emd2([], [], squares, numItermax=10**7))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="5,000 points")
    points = mixture(5_000 if parser.parse_args().quick else 20_000)
    eps = eps_of(points)
    for n_lenses in (1, 2):
        lens = lens_of(points, n_lenses)
        print(f"n={len(points)} d=64 lenses={n_lenses} eps={eps:.3f}")
        sweep(points, lens, eps)
        support(points, lens, eps)
        distance(points, lens, eps)


if __name__ == "__main__":
    main()
