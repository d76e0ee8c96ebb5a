"""What a persistence computation will need, before it starts."""

from __future__ import annotations

import math
import os
import time
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
    if n_points > MAX_POINTS:
        raise InvalidInputError(
            f"persistence takes at most {MAX_POINTS} points; got {n_points}; sample the rows first"
        )
    needed = engine_bytes(n_points, itemsize, max_dim)
    if with_matrix:
        needed += matrix_bytes(n_points, itemsize)
    free = available_memory()
    if free is not None and needed > free:
        raise InvalidInputError(
            f"persistence of {n_points} points needs {needed / 1e6:,.0f} MB and "
            f"{free / 1e6:,.0f} MB are available; sample the rows, lower `max_dim` or use float32"
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
