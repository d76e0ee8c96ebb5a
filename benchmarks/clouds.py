"""Clouds against the obvious way: CPU seconds on one thread, median of repeats, answers asserted.

    python benchmarks/clouds.py            about two minutes
    python benchmarks/clouds.py --quick    small clouds only

Median and quantile of all distances against `np.median(pdist(...))`, with the memory each takes;
farthest points against a NumPy loop and GUDHI; Local Outlier Factors against scikit-learn.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from dataclasses import dataclass

import numpy as np
from gudhi.subsampling import choose_n_farthest_points
from scipy.spatial.distance import pdist
from sklearn.neighbors import LocalOutlierFactor
from threadpoolctl import threadpool_limits

from topolens.clouds import farthest_points, local_outlier_factor
from topolens.clouds.pair_distances import median_distance, quantile_distance

REPEATS = 3


def clustered(n, d):
    """Ten clusters of intrinsic dimension 15 at most, as activations of a classifier are."""
    rng = np.random.default_rng([n, d])
    centres = 3 * rng.normal(size=(10, d))
    latent = rng.normal(size=(n, min(d, 15))) @ rng.normal(size=(min(d, 15), d))
    return centres[rng.integers(0, 10, n)] + latent + 0.1 * rng.normal(size=(n, d))


def numpy_farthest(cloud, k):
    rows, reach = [0], np.full(len(cloud), np.inf)
    for _ in range(k - 1):
        gap = cloud - cloud[rows[-1]]
        reach = np.minimum(reach, np.sqrt(np.einsum("ij,ij->i", gap, gap)))
        rows.append(int(np.argmax(reach)))
    return cloud[rows]


def gudhi_farthest(cloud, k):
    return np.array(choose_n_farthest_points(points=cloud, nb_points=k, starting_point=0))


def ours_farthest(cloud, k):
    return cloud[farthest_points(cloud, n_points=k, start=0).rows]


def sklearn_factors(cloud):
    return -LocalOutlierFactor().fit(cloud).negative_outlier_factor_


@dataclass(frozen=True, slots=True)
class Race:
    """One job, done by us and by others on the same cloud."""

    job: str
    ours: object
    peers: dict[str, object]
    n: int
    d: int
    extra: tuple = ()
    rtol: float = 0
    quick: bool = False


def median_of_list(cloud):
    return np.median(pdist(cloud))


def quantile_of_list(cloud):
    return np.quantile(pdist(cloud), 0.9)


def our_quantile(cloud):
    return quantile_distance(cloud, 0.9)


def our_factors(cloud):
    return local_outlier_factor(cloud).scores


FARTHEST = {"numpy loop": numpy_farthest, "gudhi": gudhi_farthest}
RACES = [
    *(
        Race("median distance", median_distance, {"pdist + median": median_of_list}, n, 64)
        for n in (1000, 4000, 10_000)
    ),
    Race("0.9 quantile", our_quantile, {"pdist + quantile": quantile_of_list}, 4000, 64),
    *(
        Race("farthest points", ours_farthest, FARTHEST, 4000, d, (k,), quick=k == 100)
        for d, k in ((3, 1000), (64, 100), (64, 1000), (512, 100), (512, 1000))
    ),
    *(
        Race("outlier factors", our_factors, {"sklearn": sklearn_factors}, n, d, rtol=1e-6)
        for n, d in ((1000, 64), (4000, 64), (1000, 512))
    ),
]


def cpu_seconds(work, *arguments):
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        answer = work(*arguments)
        times.append(time.process_time() - start)
    return float(np.median(times)), answer


def peak_megabytes(work, *arguments):
    tracemalloc.start()
    work(*arguments)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def run(race):
    cloud = clustered(race.n, race.d)
    arguments = (cloud, *race.extra)
    seconds, answer = cpu_seconds(race.ours, *arguments)
    memory = peak_megabytes(race.ours, *arguments)
    what = f"{race.job:<16} n={race.n:<6} d={race.d:<4}" + "".join(f"k={k:<5}" for k in race.extra)
    print(f"{what:<42} ours {seconds:8.3f} s {memory:7.1f} MiB", flush=True)
    for name, peer in race.peers.items():
        theirs, expected = cpu_seconds(peer, *arguments)
        np.testing.assert_allclose(answer, expected, rtol=race.rtol, atol=0)
        peak = peak_megabytes(peer, *arguments)
        print(
            f"{'':<34} {name:>16} {theirs:7.3f} s {peak:7.1f} MiB   {theirs / seconds:5.1f} x",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small clouds only")
    chosen = parser.parse_args()
    with threadpool_limits(1):
        for race in RACES:
            if not chosen.quick or race.n <= 1000 or race.quick:
                run(race)


if __name__ == "__main__":
    main()
