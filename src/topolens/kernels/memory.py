"""What a persistence computation takes by its size alone; refused where it is not there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from topolens.base.errors import InvalidInputError
from topolens.kernels.rips import MAX_POINTS

__all__ = [
    "available_memory",
    "buffer_bytes",
    "engine_bytes",
    "matrix_bytes",
    "refuse_batch_without_memory",
    "refuse_ranks_without_memory",
    "refuse_subsets_without_memory",
    "refuse_too_many",
    "refuse_without_memory",
]

_SLAB_BYTES = 24 * 2**20
_BYTES_PER_VERTEX = 200
_SMALLER = "sample the rows, lower `max_dim` or use float32"


def matrix_bytes(n_points: int, itemsize: int) -> int:
    """Size of the full distance matrix."""
    return n_points * n_points * itemsize


def buffer_bytes(n_points: int, itemsize: int, max_dim: int) -> int:
    """Buffers of the engine that are the same for all clouds of a size.

    For H0 three numbers per point; else adjacency in bits, two slabs of one edge in sixteen, and
    what belongs to the vertices.
    """
    if max_dim == 0:
        return n_points * 4 * itemsize
    adjacency = n_points * n_points // 8
    slab = min(_SLAB_BYTES, max(n_points * n_points // 32, 8192) * 2 * itemsize)
    return adjacency + 2 * slab + (_BYTES_PER_VERTEX + 4 * itemsize) * n_points


def engine_bytes(n_points: int, itemsize: int, max_dim: int) -> int:
    """Memory beyond the matrix in a cloud with many classes, two of H1 and of H2 per point."""
    if max_dim == 0:
        return buffer_bytes(n_points, itemsize, max_dim)
    columns = (2 * n_points) ** 2 // 16 * (2 if max_dim == 2 else 1)
    return buffer_bytes(n_points, itemsize, max_dim) + columns + 500 * max_dim * n_points


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


def refuse_ranks_without_memory(n_points: int, itemsize: int) -> None:
    """Refuse a square of ranks that would not fit."""
    needed = matrix_bytes(n_points, itemsize)
    _refuse_beyond_memory(f"ranking the distances of {n_points} points", needed, "sample the rows")


def refuse_too_many(n_points: int) -> None:
    """Refuse more points than the engine has numbers for."""
    if n_points > MAX_POINTS:
        raise InvalidInputError(
            f"persistence takes at most {MAX_POINTS} points; got {n_points}; sample the rows first"
        )


def _refuse_beyond_memory(what: str, needed: int, advice: str) -> None:
    free = available_memory()
    if free is not None and needed > free:
        raise InvalidInputError(
            f"{what} needs {needed / 1e6:,.0f} MB and {free / 1e6:,.0f} MB are available; {advice}"
        )
