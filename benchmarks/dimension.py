"""Dimension against the usual way: CPU seconds on one thread, peers interleaved, answers asserted.

    python benchmarks/dimension.py            some minutes
    python benchmarks/dimension.py --quick    small clouds only

PH dimension of one cloud, eight sizes with ten draws each, against what is usually run for every
draw: distances of the draw and a minimum spanning tree by a NumPy Prim, by SciPy, or H0 by
ripser. Each peer does one draw of every size, which is a tenth of the work; the figure is ten
times that. TwoNN and maximum likelihood against scikit-dimension, where it is installed.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from ripser import ripser
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import cdist
from threadpoolctl import threadpool_limits

from topolens import gride, mle_dimension, ph_dimension, two_nn
from topolens.descriptors.growth import plan

ROUNDS = 3
DRAWS = 10


def layer(n_points, n_features):
    """Ten clusters of intrinsic dimension 15, as activations of a classifier are."""
    rng = np.random.default_rng([n_points, n_features])
    centres = 3 * rng.normal(size=(10, n_features))
    latent = rng.normal(size=(n_points, 15)) @ rng.normal(size=(15, n_features))
    noise = 0.1 * rng.normal(size=(n_points, n_features))
    return (centres[rng.integers(0, 10, n_points)] + latent + noise).astype(np.float32)


def numpy_prim(points):
    """Length of the spanning tree by Prim, a row of the matrix at a time."""
    distances = cdist(points, points)
    reach, outside = distances[0].copy(), np.ones(len(points), dtype=bool)
    outside[0], total = False, 0.0
    for _ in range(len(points) - 1):
        nearest = int(np.argmin(np.where(outside, reach, np.inf)))
        total += reach[nearest]
        outside[nearest] = False
        np.minimum(reach, distances[nearest], out=reach)
    return total


def scipy_tree(points):
    return minimum_spanning_tree(cdist(points, points)).sum()


def ripser_bars(points):
    bars = ripser(points, maxdim=0)["dgms"][0]
    return bars[np.isfinite(bars[:, 1]), 1].sum()


def cpu_seconds(work):
    start = time.process_time()
    answer = work()
    return time.process_time() - start, answer


def compare(what, works, tolerance):
    """Time all in turn, round by round; assert that the answers agree; print the medians."""
    seconds = {name: [] for name in works}
    answers = {}
    for _ in range(ROUNDS):
        for name, (work, share) in works.items():
            spent, answers[name] = cpu_seconds(work)
            seconds[name].append(spent / share)
    expected = answers["ours"]
    for name, answer in answers.items():
        np.testing.assert_allclose(answer, expected, rtol=tolerance, err_msg=name)
    medians = {name: float(np.median(spent)) for name, spent in seconds.items()}
    print(f"{what:<34} ours {medians['ours']:8.3f} s", flush=True)
    for name, median in medians.items():
        if name != "ours":
            print(f"{name:>39} {median:8.3f} s  {median / medians['ours']:6.1f} x", flush=True)


def race_ph(n_points, n_features, largest):
    cloud = layer(n_points, n_features)
    sizes = np.linspace(largest // 8, largest, 8).astype(int).tolist()
    draws = plan(n_points, sizes=sizes, repeats=DRAWS, preset=None, seed=0).draws()[::DRAWS]

    def ours():
        return ph_dimension(cloud, sizes=sizes, repeats=DRAWS).sums[:, 0]

    def each(tree):
        return lambda: np.array([tree(cloud[rows]) for rows in draws])

    works = {"ours": (ours, 1)}
    for name, tree in {"prim": numpy_prim, "scipy": scipy_tree, "ripser": ripser_bars}.items():
        works[name] = (each(tree), 1 / DRAWS)
    compare(f"PH dimension {n_points} x {n_features}, to {largest}", works, 1e-4)


def race_neighbours(n_points, n_features, library):
    cloud = layer(n_points, n_features).astype(np.float64)
    estimators = library.id
    pairs = {
        "TwoNN": (lambda: two_nn(cloud).value, estimators.TwoNN()),
        "likelihood, 20 neighbours": (lambda: mle_dimension(cloud).value, estimators.MLE()),
        "Gride, 64 neighbours": (lambda: gride(cloud).value, estimators.GRIDE(2, multiscale=True)),
    }
    for name, (ours, peer) in pairs.items():
        works = {
            "ours": (ours, 1),
            "scikit-dimension": (lambda peer=peer: peer.fit(cloud).dimension_, 1),
        }
        compare(f"{name}, {n_points} x {n_features}", works, 1e-6)


def scikit_dimension():
    sys.path.append(str(Path(__file__).parents[1] / "build" / "oracles-measures"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import skdim
    except ImportError:
        print("scikit-dimension is not installed; `make oracles` installs it")
        return None
    return skdim


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small clouds only")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    with threadpool_limits(1):
        race_ph(1000, 64, 800)
        if not chosen.quick:
            race_ph(5000, 512, 4000)
        library = scikit_dimension()
        if library is not None:
            race_neighbours(1000, 64, library)
            if not chosen.quick:
                race_neighbours(5000, 512, library)


if __name__ == "__main__":
    main()
