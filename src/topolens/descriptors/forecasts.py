"""Memory and time of a persistence computation, before it starts."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike

from topolens.base.checks import check_one_of, check_points
from topolens.descriptors.filtration import check_degree
from topolens.kernels.distances import DIRECT_METRICS
from topolens.kernels.forecast import engine_bytes, matrix_bytes, probed_seconds

__all__ = ["Forecast", "persistence_forecast"]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a computation will need."""

    memory_bytes: int
    """Peak memory beyond the points."""
    seconds: float
    """Time on one thread, right within a factor of about three."""


def persistence_forecast(
    points: ArrayLike, *, max_dim: int = 1, metric: str = "euclidean"
) -> Forecast:
    """Memory and time that `persistence` will take with these arguments.

    The memory follows from the sizes; the time from two small samples of the cloud, which cost
    a few per cent of it.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        The cloud.
    max_dim : {0, 1, 2}, default 1
        Highest homology degree.
    metric : str, default "euclidean"
        As for `persistence`, except "euclidean_blas".

    Returns
    -------
    Forecast
        Memory and time.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above.
    """
    check_one_of(metric, "metric", DIRECT_METRICS)
    check_degree(max_dim)
    cloud = check_points(points)
    size = cloud.dtype.itemsize
    memory = matrix_bytes(len(cloud), size) + engine_bytes(len(cloud), size, max_dim)
    return Forecast(memory, probed_seconds(cloud, metric=metric, max_dim=max_dim))
