"""Divergences and neighbours against the usual ways: CPU seconds on one thread, answers asserted.

    python benchmarks/divergence.py            about five minutes
    python benchmarks/divergence.py --quick    the smaller half

One symmetric trial of RTD and one cross-barcode, distances included, against SciPy's distances and
ripser.py on the same matrix; nearest neighbours of every point against scikit-learn. Ours and the
peer take turns; medians are shown.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np
from ripser import ripser
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from topolens import mtop_divergence, rtd
from topolens.kernels.neighbours import nearest_neighbours

RTD_GOAL = 20
REPEATS = 3


def squares(n, d):
    """Two clouds that have nothing in common."""
    rng = np.random.default_rng([n, d])
    return rng.random((n, d)), rng.random((n, d))


def noisy(n, d):
    """A layer of ten clusters and one after it, a tenth of its spread away."""
    first = clustered(n, d)
    rng = np.random.default_rng([n, d, 1])
    return first, first + 0.1 * first.std() * rng.standard_normal(first.shape)


def clustered(n, d):
    """Ten clusters of intrinsic dimension 15 at most, as activations of a classifier are."""
    rng = np.random.default_rng([n, d])
    centres = 3 * rng.standard_normal((10, d))
    latent = rng.standard_normal((n, min(d, 15))) @ rng.standard_normal((min(d, 15), d))
    noise = 0.1 * rng.standard_normal((n, d))
    return centres[rng.integers(0, 10, n)] + latent + noise


def total_of_loops(matrix):
    loops = ripser(matrix, distance_matrix=True, maxdim=1)["dgms"][1]
    return float(np.sum(loops[:, 1] - loops[:, 0], dtype=float))


def usual_rtd(first, second):
    ours, theirs = (cdist(cloud, cloud) for cloud in (first, second))
    ours, theirs = ours / np.quantile(ours, 0.9), theirs / np.quantile(theirs, 0.9)
    least, nothing = np.minimum(ours, theirs), np.zeros_like(ours)
    there = total_of_loops(np.block([[nothing, ours], [ours, least]]))
    back = total_of_loops(np.block([[nothing, theirs], [theirs, least]]))
    return (there + back) / 2


def usual_mtop(first, second):
    matrix = cdist(*2 * [np.vstack([second, first])])
    matrix[: len(second), : len(second)] = 0
    return total_of_loops(matrix)


def usual_neighbours(cloud, k):
    lengths, ids = NearestNeighbors(n_neighbors=k).fit(cloud).kneighbors()
    return ids, lengths


def same_number(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)


def same_neighbours(ours, theirs):
    """Distances agree; names too but where the peer's rounding reorders near equals."""
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-3)
    assert np.mean(ours[0] != theirs[0]) < 1e-3


@dataclass(frozen=True, slots=True)
class Race:
    """One job, done by us and by the usual way on the same input."""

    label: str
    ours: object
    usual: object
    arguments: tuple
    same: object
    goal: float
    quick: bool = False


def races():
    for make, n, d in ((squares, 500, 2), (noisy, 500, 64)):
        label = f"rtd              {make.__name__:8} {n} x {d}"
        yield Race(label, rtd, usual_rtd, make(n, d), same_number, RTD_GOAL, quick=d == 2)
    first, second = noisy(1000, 64)
    label = "mtop_divergence  noisy    200 + 1000 x 64"
    yield Race(label, mtop_divergence, usual_mtop, (first[:200], second), same_number, 1)
    for n, d, k in ((2000, 16, 10), (2000, 512, 10), (8000, 64, 10), (20_000, 16, 2)):
        for dtype in (np.float32, np.float64):
            label = f"neighbours k={k:<3} {np.dtype(dtype).name}  {n} x {d}"
            arguments = clustered(n, d).astype(dtype), k
            work = nearest_neighbours, usual_neighbours
            yield Race(label, *work, arguments, same_neighbours, 1, quick=n == 2000)


def cpu_seconds(work, arguments):
    start = time.process_time()
    answer = work(*arguments)
    return time.process_time() - start, answer


def run(race):
    ours, usual = [], []
    for _ in range(REPEATS):
        seconds, answer = cpu_seconds(race.ours, race.arguments)
        ours.append(seconds)
        if len(usual) == 0 or np.sum(usual) < 20:
            seconds, expected = cpu_seconds(race.usual, race.arguments)
            usual.append(seconds)
        race.same(answer, expected)
    ours, usual = np.median(ours), np.median(usual)
    ratio = usual / ours
    verdict = "met" if ratio >= race.goal else "MISSED"
    print(
        f"{race.label:<44} ours {ours:8.4f} s  usual {usual:8.4f} s  {ratio:7.1f}x"
        f"  goal {race.goal}x {verdict}",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the smaller half")
    chosen = parser.parse_args()
    with threadpool_limits(1):
        for race in races():
            if race.quick or not chosen.quick:
                run(race)


if __name__ == "__main__":
    main()
