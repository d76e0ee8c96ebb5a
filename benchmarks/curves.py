"""Curves, landscapes and images against GUDHI and persim: one thread, peers interleaved.

    python benchmarks/curves.py            about a minute
    python benchmarks/curves.py --quick    small diagrams only

Median of five runs of CPU and of wall time, on H1 of Gaussian clouds; answers are asserted.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import persim
from persim.landscapes import PersLandscapeExact
from threadpoolctl import threadpool_limits

import topolens as tl

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import gudhi.representations as gudhi

REPEATS = 5
GRID = np.linspace(0, 2, 201)
LAYERS = 5


@dataclass(frozen=True, slots=True)
class Race:
    """One job on one or two diagrams, done by us and by a peer, with how near the answers are."""

    job: str
    ours: Callable[..., Any]
    peer: str
    theirs: Callable[..., Any]
    diagrams: int = 1
    rtol: float = 1e-9


def our_betti(loops):
    return tl.betti_curve(loops).at(GRID)


def gudhi_betti(loops):
    return gudhi.BettiCurve(predefined_grid=GRID)(loops.pairs)


def our_landscape(loops):
    return np.sqrt(2) * tl.persistence_landscape(loops, n_layers=LAYERS).at(GRID).ravel()


def gudhi_landscape(loops):
    return gudhi.Landscape(
        num_landscapes=LAYERS, resolution=len(GRID), sample_range=[0, 2], keep_endpoints=True
    )(loops.pairs)


def exact_layers(loops):
    found = tl.persistence_landscape(loops, n_layers=None)
    return np.array([found.layer(k)[:, 1].max() for k in range(len(found))])


def persim_exact_layers(loops):
    found = PersLandscapeExact(dgms=[np.empty((0, 2)), loops.pairs], hom_deg=1)
    found.compute_landscape()
    return np.array([max(height for _, height in layer) for layer in found.critical_pairs])


def our_landscape_distance(first, second):
    return tl.landscape_distance(first, second)


def persim_landscape_distance(first, second):
    one, other = (
        PersLandscapeExact(dgms=[np.empty((0, 2)), loops.pairs], hom_deg=1)
        for loops in (first, second)
    )
    return (one - other).p_norm(2)


def our_image(loops):
    return tl.persistence_image(loops, birth_range=(0, 2)).values


def persim_image(loops):
    imager = persim.PersistenceImager(
        birth_range=(0, 2),
        pers_range=(0, 1),
        pixel_size=0.05,
        weight="persistence",
        weight_params={"n": 1.0},
        kernel_params={"sigma": [[0.05**2, 0], [0, 0.05**2]]},
    )
    return imager.transform(loops.pairs).reshape(20, 2, 20).sum(axis=1)


RACES = [
    Race("Betti curve, 201 scales", our_betti, "gudhi", gudhi_betti),
    Race("5 layers at 201 scales", our_landscape, "gudhi", gudhi_landscape),
    Race("all layers, exact", exact_layers, "persim", persim_exact_layers),
    # persim's differs from the integral of the definition by some 1e-4, ours does not.
    Race("L2 of all layers", our_landscape_distance, "persim", persim_landscape_distance, 2, 1e-2),
    Race("image", our_image, "persim", persim_image, rtol=1e-5),
]


def loops_of(n_points, seed):
    """H1 of a Gaussian cloud in space."""
    return tl.persistence(np.random.default_rng(seed).normal(size=(n_points, 3)))[1]


def timed(work, diagrams):
    cpu, wall = time.process_time(), time.perf_counter()
    answer = work(*diagrams)
    return time.process_time() - cpu, time.perf_counter() - wall, answer


def run(race, n_points):
    diagrams = [loops_of(n_points, seed) for seed in range(race.diagrams)]
    rows = []
    for _ in range(REPEATS):
        *ours, found = timed(race.ours, diagrams)
        *theirs, expected = timed(race.theirs, diagrams)
        rows.append([*ours, *theirs])
        np.testing.assert_allclose(found, expected, rtol=race.rtol, atol=1e-7)
    our_cpu, our_wall, their_cpu, their_wall = 1e3 * np.median(rows, axis=0)
    print(
        f"{race.job:26} {len(diagrams[0]):5d} bars  ours {our_cpu:9.3f} cpu {our_wall:9.3f} wall   "
        f"{race.peer:7} {their_cpu:9.2f} cpu {their_wall:9.2f} wall ms   "
        f"{their_cpu / our_cpu:7.1f} x",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    with threadpool_limits(1):
        for race in RACES:
            for n_points in (300,) if quick else (300, 1500):
                run(race, n_points)


if __name__ == "__main__":
    main()
