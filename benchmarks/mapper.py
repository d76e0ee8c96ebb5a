"""Mapper graphs against other engines: CPU seconds on one thread, every engine in its own process.

    python benchmarks/mapper.py            50,000 points, one lens and two: a few minutes
    python benchmarks/mapper.py --quick    10,000 points
    python benchmarks/mapper.py --large    200,000 points, ours alone, and a graph that is kept
    python benchmarks/mapper.py --huge     800,000 points: the forecast, then ours alone

The cloud is a mixture of 20 classes with eight latent dimensions each, through a ReLU; eps is the
0.9 quantile of the distance to the fifth neighbour, 40 intervals with half of each shared. A peer
takes part where `benchmarks/peers/<name>/.venv` exists; see benchmarks/peers/README.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

import topolens as tl

PEERS = Path(__file__).parent / "peers"
REPEATS = 3
# Border points tie, and others give them to the cluster that comes first.
EDGES_MAY_DIFFER = 0.03
# Whose cover is ours, so that nodes must agree; the others cut the lens a little differently.
SAME_COVER = ("kepler_mapper",)


def mixture(n_points, n_features=64, n_classes=20):
    """Classes with a mean, eight latent directions and noise, cut off at zero."""
    rng = np.random.default_rng([n_points, n_features])
    points = np.empty((n_points, n_features), np.float32)
    labels = rng.integers(0, n_classes, n_points)
    for label in range(n_classes):
        rows = np.flatnonzero(labels == label)
        of_class = np.random.default_rng([label, n_features])
        mean = of_class.normal(size=n_features)
        latent = rng.normal(size=(len(rows), 8)) @ (of_class.normal(size=(8, n_features)) / 2)
        noise = 0.3 * rng.normal(size=(len(rows), n_features))
        points[rows] = np.maximum(mean + latent + noise, 0)
    return points


def eps_of(points):
    sample = np.random.default_rng(0).choice(len(points), 1000, replace=False)
    neighbours = NearestNeighbors(n_neighbors=6).fit(points)
    return float(np.quantile(neighbours.kneighbors(points[sample])[0][:, 5], 0.9))


def lens_of(points, n_lenses):
    if n_lenses == 1:
        return np.linalg.norm(points.astype(np.float64), axis=1)[:, None]
    return PCA(2, random_state=0).fit_transform(points.astype(np.float64))


def interpreter(engine):
    if engine == "topolens":
        return Path(sys.executable)
    return PEERS / engine / ".venv" / "bin" / "python"


def run(engine, cloud_file, folder):
    out = folder / f"{engine}.json"
    command = [interpreter(engine), PEERS / "mapper_engine.py", engine, cloud_file, out]
    subprocess.run(list(map(str, command)), check=True)
    return json.loads(out.read_text())


def compare(n_points, n_lenses, engines, repeats):
    points = mixture(n_points)
    settings = {"n_intervals": 40, "overlap": 0.5, "eps": eps_of(points), "min_samples": 5}
    with tempfile.TemporaryDirectory() as name:
        cloud_file = Path(name) / "cloud.npz"
        lens = lens_of(points, n_lenses)
        np.savez(cloud_file, points=points, lens=lens, settings=json.dumps(settings))
        answers = {engine: [] for engine in engines}
        for _ in range(repeats):
            for engine in engines:
                answers[engine].append(run(engine, cloud_file, Path(name)))
    ours = median_of(answers["topolens"], "seconds")
    ours_whole = median_of(answers["topolens"], "whole_seconds")
    print(f"n={n_points} d=64 lenses={n_lenses} eps={settings['eps']:.3f}")
    for engine in engines:
        seconds, whole = (median_of(answers[engine], key) for key in ("seconds", "whole_seconds"))
        last = answers[engine][-1]
        print(
            f"  {engine:<14} {seconds:8.2f} s {seconds / ours:6.1f} x   whole process "
            f"{whole:7.2f} s {whole / ours_whole:6.1f} x   "
            f"imports {last['import_seconds']:.2f} s   "
            f"{last['extra_bytes'] / 2**20:7.0f} MiB   "
            f"{last['n_nodes']} nodes {last['n_edges']} edges",
            flush=True,
        )
        if engine in SAME_COVER:
            mine = answers["topolens"][-1]
            assert last["n_nodes"] == mine["n_nodes"]
            assert abs(last["n_edges"] / mine["n_edges"] - 1) <= EDGES_MAY_DIFFER


def median_of(answers, key):
    return float(np.median([answer[key] for answer in answers]))


def timed(what, work):
    cpu, wall = time.process_time(), time.perf_counter()
    answer = work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(f"  {what:<44} {cpu:7.2f} CPU s {wall:7.2f} s", flush=True)
    return answer


def keep_pairs(n_points):
    points = mixture(n_points)
    eps, lens = eps_of(points), lens_of(points, 1)
    cover = tl.UniformCover(40, 0.5)
    foretold = tl.eps_graph_forecast(points, lens, eps=eps, cover=cover)
    near = timed("pairs of 40 intervals", lambda: tl.eps_graph(points, lens, eps=eps, cover=cover))
    print(f"  {near.n_pairs} pairs, {foretold.n_pairs} foretold, in {foretold.seconds:.1f} s")
    changes = {
        "the same": (cover, tl.DBSCAN(eps, 5)),
        "eps x 0.8, 8 samples": (cover, tl.DBSCAN(0.8 * eps, 8)),
        "60 intervals": (tl.UniformCover(60, 0.5), tl.DBSCAN(eps, 5)),
        "single linkage": (cover, tl.SingleLinkage(eps, 20)),
    }
    for what, (changed, cluster) in changes.items():
        graph = timed(what, partial(tl.mapper_graph, near, lens, cover=changed, cluster=cluster))
        print(f"    {graph.n_nodes} nodes {graph.n_edges} edges")


def huge(n_points):
    points = mixture(n_points)
    lens = lens_of(points, 1)
    settings = {"cover": tl.UniformCover(40, 0.5), "cluster": tl.DBSCAN(eps_of(points[:200_000]))}
    foretold = timed("forecast", lambda: tl.mapper_forecast(points, lens, **settings))
    print(f"  foretold {foretold.seconds:.0f} s, {foretold.memory_bytes / 1e9:.2f} GB more")
    graph = timed("graph", lambda: tl.mapper_graph(points, lens, **settings))
    print(f"    {graph.n_nodes} nodes {graph.n_edges} edges, coverage {graph.coverage:.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="10,000 points")
    parser.add_argument("--large", action="store_true", help="200,000 points, ours alone")
    parser.add_argument("--huge", action="store_true", help="800,000 points, ours alone")
    chosen = parser.parse_args()
    if chosen.huge:
        huge(800_000)
    elif chosen.large:
        for n_lenses in (1, 2):
            compare(200_000, n_lenses, ["topolens"], 1)
        keep_pairs(200_000)
    else:
        peers = ("kepler_mapper", "zen_mapper", "tda_mapper", "giotto_tda")
        engines = ["topolens", *(peer for peer in peers if interpreter(peer).exists())]
        for n_lenses in (1, 2):
            compare(10_000 if chosen.quick else 50_000, n_lenses, engines, REPEATS)


if __name__ == "__main__":
    main()
