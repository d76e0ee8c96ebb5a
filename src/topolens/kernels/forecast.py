"""What a persistence computation will need, before it starts."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from topolens.base.checks import Points
from topolens.base.errors import InvalidInputError
from topolens.kernels.distances import pairwise_distances
from topolens.kernels.rips import MAX_POINTS, rips_bars

__all__ = [
    "available_memory",
    "engine_bytes",
    "matrix_bytes",
    "probed_seconds",
    "refuse_batch_without_memory",
    "refuse_subsets_without_memory",
    "refuse_too_many",
    "refuse_without_memory",
]

_SLAB_BYTES = 21 * 2**20  # what the engine fills of each of its two buffers of 24 MiB
_SLAB_SHARE = 0.22  # of all edges, where a buffer holds more than that
_BYTES_PER_VERTEX = 400
_GROWTH = (2.4, 3.0)


def matrix_bytes(n_points: int, itemsize: int) -> int:
    """Size of the full distance matrix."""
    return n_points * n_points * itemsize


def engine_bytes(n_points: int, itemsize: int, max_dim: int) -> int:
    """Memory beyond the matrix: adjacency in bits, two slabs of edges, columns of bits.

    With the matrix right within 10 % from some 5,000 points on; below, within 30 MB. The columns
    assume two classes of H1 per point, as many as clouds of ten dimensions have.
    """
    if max_dim == 0:
        return n_points * 4 * itemsize
    adjacency = n_points * n_points // 8
    n_edges = n_points * n_points // 2
    slabs = 2 * min(_SLAB_BYTES, int(_SLAB_SHARE * n_edges) * 2 * itemsize)
    columns = (2 * n_points) ** 2 // 16 * (2 if max_dim == 2 else 1)
    return adjacency + slabs + columns + _BYTES_PER_VERTEX * n_points


def available_memory() -> int | None:
    """Bytes that can be had without swapping, or None where the system does not tell."""
    table = Path("/proc/meminfo")
    if table.exists():
        for line in table.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    if "SC_AVPHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def refuse_without_memory(n_points: int, itemsize: int, max_dim: int, *, with_matrix: bool) -> None:
    """Refuse a computation that would not fit, before it starts."""
    refuse_too_many(n_points)
    needed = engine_bytes(n_points, itemsize, max_dim)
    if with_matrix:
        needed += matrix_bytes(n_points, itemsize)
    _refuse_beyond_memory(f"persistence of {n_points} points", needed, _SMALLER)


def refuse_batch_without_memory(
    sizes: Sequence[tuple[int, int]], max_dim: int, threads: int
) -> None:
    """Refuse clouds of (number of points, itemsize) of which the largest do not fit together."""
    for n_points, _ in sizes:
        refuse_too_many(n_points)
    each = [matrix_bytes(n, size) + engine_bytes(n, size, max_dim) for n, size in sizes]
    together = sorted(each, reverse=True)[:threads]
    largest = max((n for n, _ in sizes), default=0)
    what = f"persistence of {len(together)} clouds at once, of at most {largest} points,"
    _refuse_beyond_memory(what, sum(together), f"lower `threads`, {_SMALLER}")


def refuse_subsets_without_memory(
    n_points: int, sizes: Sequence[int], itemsize: int, max_dim: int, threads: int
) -> None:
    """Refuse subsets of one cloud if its matrix and what their threads need do not fit."""
    refuse_too_many(n_points)
    each = [engine_bytes(n, itemsize, max_dim) for n in sizes]
    if max_dim > 0:
        each = [bytes_ + matrix_bytes(n, itemsize) for bytes_, n in zip(each, sizes, strict=True)]
    needed = matrix_bytes(n_points, itemsize) + sum(sorted(each, reverse=True)[:threads])
    what = f"persistence of subsets of {n_points} points"
    _refuse_beyond_memory(what, needed, f"lower `threads`, {_SMALLER}")


def refuse_too_many(n_points: int) -> None:
    """Refuse more points than the engine has numbers for."""
    if n_points > MAX_POINTS:
        raise InvalidInputError(
            f"persistence takes at most {MAX_POINTS} points; got {n_points}; sample the rows first"
        )


_SMALLER = "sample the rows, lower `max_dim` or use float32"


def _refuse_beyond_memory(what: str, needed: int, advice: str) -> None:
    free = available_memory()
    if free is not None and needed > free:
        raise InvalidInputError(
            f"{what} needs {needed / 1e6:,.0f} MB and {free / 1e6:,.0f} MB are available; {advice}"
        )


def probed_seconds(points: Points, *, metric: str, max_dim: int) -> float:
    """Seconds on one thread, from two small samples and their growth.

    Costs a few per cent of what it foretells; right within a factor of about three.
    """
    n_points = len(points)
    sizes = (max(2, n_points // 8), max(4, n_points // 4))
    order = np.random.default_rng(0).permutation(n_points)
    small, large = (_seconds(points[order[:size]], metric, max_dim) for size in sizes)
    growth = math.log(large / small) / math.log(sizes[1] / sizes[0])
    growth = min(max(growth, _GROWTH[0]), _GROWTH[1])
    return float(large * (n_points / sizes[1]) ** growth)


def _seconds(points: Points, metric: str, max_dim: int) -> float:
    def once() -> float:
        start = time.perf_counter()
        rips_bars(pairwise_distances(points, metric), max_dim=max_dim)
        return max(time.perf_counter() - start, 1e-6)

    return min(once(), once())
