"""Distances between diagrams against their peers: one thread, CPU seconds, answers asserted.

    python benchmarks/diagrams.py            some minutes
    python benchmarks/diagrams.py --quick    small diagrams only

All pairs of 20 H1 diagrams by sliced Wasserstein against GUDHI and persim (persim on ten of the
pairs); Wasserstein-1 against Hera at its default tolerance of 1 %, and POT and persim where they
are quick enough; bottleneck against GUDHI. With TOPOLENS_DATA also on activations of a ResNet-20.
"""

from __future__ import annotations

import argparse
import time
import warnings
from itertools import combinations

import numpy as np
import persim
from persistence import CLOUDS
from threadpoolctl import threadpool_limits

import topolens as tl

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import gudhi
    from gudhi import hera
    from gudhi.representations import SlicedWassersteinDistance

REPEATS = 3


def loops(name, n, seed):
    """Diagram of loops of a cloud of the benchmark of persistence, at median distance 1."""
    cloud = np.asarray(CLOUDS[name](np.random.default_rng([seed, n]), n), np.float64)
    cloud = tl.normalise(cloud, "median")
    return tl.persistence(cloud)[1].finite


def of_length(name, n_bars):
    """Two diagrams of at most so many bars, drawn evenly from those of two clouds."""
    both = (loops(name, int((0.9 + 0.05 * seed) * n_bars), seed) for seed in range(2))
    return [bars[:: max(1, len(bars) // n_bars)][:n_bars] for bars in both]


def cpu_seconds(work, repeats=REPEATS):
    times = []
    for _ in range(repeats):
        start = time.process_time()
        answer = work()
        times.append(time.process_time() - start)
    return float(np.median(times)), answer


def show(job, ours, peer, theirs, goal=None):
    ratio = theirs / ours
    verdict = "" if goal is None else f"  goal {goal:g}x {'met' if ratio >= goal else 'MISSED'}"
    print(
        f"{job:<44} ours {ours:8.4f} s  {peer:>7} {theirs:8.3f} s {ratio:7.1f}x{verdict}",
        flush=True,
    )


def sliced(quick):
    sizes = np.linspace(400, 700 if quick else 2200, 20).astype(int)
    diagrams = [loops(("gauss10", "digits")[k % 2], n, k) for k, n in enumerate(sizes)]
    pairs = list(combinations(range(20), 2))
    job = f"sliced, 190 pairs of {min(map(len, diagrams))} to {max(map(len, diagrams))} bars"
    ours, matrix = cpu_seconds(lambda: tl.pairwise(diagrams, "sliced_wasserstein"))
    theirs, values = cpu_seconds(
        lambda: SlicedWassersteinDistance(num_directions=50).fit(diagrams).transform(diagrams), 1
    )
    np.testing.assert_allclose(values, matrix.values, rtol=0.1, atol=1e-9)  # on other lines
    show(job, ours, "gudhi", theirs, 5)
    some = pairs[:: len(pairs) // 10]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs, values = cpu_seconds(
            lambda: [persim.sliced_wasserstein(diagrams[i], diagrams[j], M=50) for i, j in some], 1
        )
    np.testing.assert_allclose(values, [matrix.values[pair] for pair in some], rtol=1e-6)
    show(job, ours, "persim", theirs * len(pairs) / len(some), 300)


def matched(name, n_bars):
    first, second = of_length(name, n_bars)
    job = f"wasserstein, {name}, {len(first)} and {len(second)} bars"
    ours, value = cpu_seconds(lambda: tl.wasserstein(first, second))
    theirs, near = cpu_seconds(
        lambda: hera.wasserstein_distance(first, second, order=1, internal_p=2), 1
    )
    assert value * (1 - 1e-12) <= near <= 1.01 * value
    show(job, ours, "hera", theirs, 1)
    ours, loose = cpu_seconds(lambda: tl.wasserstein(first, second, relative_error=0.01))
    assert value * (1 - 1e-12) <= loose <= 1.01 * value
    show(f"  to {loose / value - 1:.2%}", ours, "hera", theirs)
    if n_bars <= 500:
        theirs, same = cpu_seconds(lambda: persim.wasserstein(first, second), 1)
        np.testing.assert_allclose(value, same, rtol=1e-9)
        show(job, ours, "persim", theirs)
    ours, value = cpu_seconds(lambda: tl.bottleneck(first, second))
    theirs, same = cpu_seconds(lambda: gudhi.bottleneck_distance(first, second), 1)
    np.testing.assert_allclose(value, same, rtol=1e-12)
    show(f"bottleneck, {name}", ours, "gudhi", theirs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small diagrams only")
    chosen = parser.parse_args()
    with threadpool_limits(1):
        sliced(chosen.quick)
        for name in CLOUDS:
            if name != "torus":  # hardly any loops
                matched(name, 500 if chosen.quick else 2000)


if __name__ == "__main__":
    main()
