"""Memory and time of a persistence computation, before it starts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from topolens.base.checks import check_one_of
from topolens.descriptors.filtration import check_cloud, check_degree, check_matrix, check_threshold
from topolens.kernels.distances import DIRECT_METRICS
from topolens.kernels.forecast import forecast_from_distances, forecast_from_points
from topolens.kernels.memory import refuse_too_many

__all__ = ["Forecast", "persistence_forecast", "persistence_forecast_from_distances"]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a computation will need."""

    memory_bytes: int
    """Peak memory beyond the points, the distance matrix included; right within 10 %."""
    seconds: float
    """Time on one thread, right within a factor of three."""


def persistence_forecast(
    points: ArrayLike,
    *,
    max_dim: int = 1,
    threshold: float | None = None,
    metric: str = "euclidean",
) -> Forecast:
    """Memory and time that `persistence` will take with these arguments.

    Both are read off two samples of the cloud, an eighth and a quarter of the points but at
    least 250 and 500; that costs a tenth to a quarter of the whole from 2,000 points on.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        The cloud.
    max_dim : {0, 1, 2}, default 1
        Highest homology degree.
    threshold : float, optional
        As for `persistence`.
    metric : str, default "euclidean"
        As for `persistence`, except "euclidean_blas".

    Returns
    -------
    Forecast
        Memory beyond the points, the distance matrix included, and time.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above.
    """
    check_one_of(metric, "metric", DIRECT_METRICS)
    max_dim = check_degree(max_dim)
    bound = check_threshold(threshold)
    cloud, _ = check_cloud(points, "cpu")
    refuse_too_many(len(cloud))
    found = forecast_from_points(
        cloud, metric=metric, max_dim=max_dim, threshold=np.inf if bound is None else bound
    )
    return Forecast(*found)


def persistence_forecast_from_distances(
    distances: ArrayLike, *, max_dim: int = 1, threshold: float | None = None
) -> Forecast:
    """Memory and time that `persistence_from_distances` will take with these arguments.

    Parameters
    ----------
    distances : array_like of shape (n_points, n_points)
        As for `persistence_from_distances`.
    max_dim : {0, 1, 2}, default 1
        Highest homology degree.
    threshold : float, optional
        As for `persistence_from_distances`.

    Returns
    -------
    Forecast
        Memory, the matrix itself included, and time.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above.
    """
    max_dim = check_degree(max_dim)
    bound = check_threshold(threshold)
    matrix = check_matrix(distances)
    refuse_too_many(len(matrix))
    found = forecast_from_distances(
        matrix, max_dim=max_dim, threshold=np.inf if bound is None else bound
    )
    return Forecast(*found)
