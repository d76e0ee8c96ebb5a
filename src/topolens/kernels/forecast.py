"""What a persistence computation will need, from small samples of its points."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from topolens import _core
from topolens.base.checks import Points
from topolens.kernels.distances import pairwise_distances
from topolens.kernels.memory import buffer_bytes, matrix_bytes
from topolens.kernels.rips import rips_pairs

__all__ = ["forecast_from_distances", "forecast_from_points"]

_LEAST = (250, 500)  # points of the two samples; below, fixed costs hide the growth
_GROWTH_OF_TIME = ((2.0, 2.2), (2.2, 3.0), (2.6, 3.4))  # exponents for each highest degree
_GROWTH_OF_MEMORY = ((1.0, 2.0), (1.0, 2.0), (1.5, 2.4))

Found = TypeVar("Found")
MatrixOf: TypeAlias = Callable[[NDArray[np.int64]], Points]


def forecast_from_points(
    points: Points, *, metric: str, max_dim: int, threshold: float
) -> tuple[int, float]:
    """Bytes beyond the points and seconds on one thread."""
    n_points = len(points)

    def matrix_of(rows: NDArray[np.int64]) -> Points:
        return pairwise_distances(points[rows], metric)

    probes = _probes(matrix_of, n_points, max_dim, threshold)
    last = probes[-1]
    bytes_, seconds = _foretold(probes, n_points, points.dtype.itemsize, max_dim)
    seconds += last.matrix_seconds * (n_points / last.n_points) ** 2
    bytes_ += matrix_bytes(n_points, points.dtype.itemsize)
    if metric in ("cosine", "correlation"):
        bytes_ += points.nbytes  # the unit vectors
    return bytes_, seconds


def forecast_from_distances(
    distances: Points, *, max_dim: int, threshold: float
) -> tuple[int, float]:
    """Bytes, the matrix among them, and seconds on one thread."""

    def matrix_of(rows: NDArray[np.int64]) -> Points:
        return distances[np.ix_(rows, rows)]

    n_points = len(distances)
    probes = _probes(matrix_of, n_points, max_dim, threshold)
    bytes_, seconds = _foretold(probes, n_points, distances.dtype.itemsize, max_dim)
    return bytes_ + distances.nbytes, seconds


@dataclass(frozen=True, slots=True)
class _Probe:
    """What a sample of the points took."""

    n_points: int
    matrix_seconds: float
    engine_seconds: float
    engine_bytes: int


def _probes(
    matrix_of: MatrixOf, n_points: int, max_dim: int, threshold: float
) -> tuple[_Probe, _Probe]:
    """Two samples, the second twice the first; both are the whole cloud if that is small."""
    order = np.random.default_rng(0).permutation(n_points)
    small, large = (
        min(n_points, max(least, n_points // part))
        for least, part in zip(_LEAST, (8, 4), strict=True)
    )

    def probe(size: int) -> _Probe:
        rows = order[:size]
        matrix_seconds, matrix = _timed(partial(matrix_of, rows))
        engine_seconds, _ = _timed(
            partial(rips_pairs, matrix, max_dim=max_dim, threshold=threshold)
        )
        engine_bytes = _core.rips_peak_bytes(matrix, max_dim, threshold) if max_dim > 0 else 0
        return _Probe(size, matrix_seconds, engine_seconds, engine_bytes)

    return probe(small), probe(large)


def _foretold(
    probes: tuple[_Probe, _Probe], n_points: int, itemsize: int, max_dim: int
) -> tuple[int, float]:
    """Bytes and seconds of the engine.

    Where the larger sample used the buffers that follow from the size alone, what exceeds them is
    carried on; H1 of most clouds needs none of them, and there everything is.
    """
    small, large = probes
    doubled = large.n_points / small.n_points
    ratio = n_points / large.n_points

    def at_size(first: float, second: float, within: tuple[float, float]) -> float:
        return second * float(ratio ** _growth(first, second, doubled, within))

    def buffers(size: int) -> int:
        used = large.engine_bytes >= buffer_bytes(large.n_points, itemsize, max_dim)
        return buffer_bytes(size, itemsize, max_dim) if used or max_dim == 0 else 0

    first, second = (max(0, probe.engine_bytes - buffers(probe.n_points)) for probe in probes)
    rest = at_size(first, second, _GROWTH_OF_MEMORY[max_dim])
    seconds = at_size(small.engine_seconds, large.engine_seconds, _GROWTH_OF_TIME[max_dim])
    return buffers(n_points) + int(rest), seconds


def _growth(first: float, second: float, ratio: float, within: tuple[float, float]) -> float:
    """Exponent with which a quantity grew while the size grew by `ratio`."""
    if ratio == 1 or first <= 0 or second <= 0:
        return within[0]
    return min(max(math.log(second / first) / math.log(ratio), within[0]), within[1])


def _timed(work: Callable[[], Found]) -> tuple[float, Found]:
    """Seconds of this thread at the better of two times, whatever else the machine does."""

    def once() -> tuple[float, Found]:
        start = time.thread_time()
        found = work()
        return max(time.thread_time() - start, 1e-6), found

    first, second = once(), once()
    return min(first[0], second[0]), second[1]
