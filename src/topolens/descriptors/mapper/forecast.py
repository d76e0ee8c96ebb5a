"""Memory and time of a Mapper graph, before it is made."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from topolens.base.checks import check_points, check_real
from topolens.base.errors import InvalidInputError
from topolens.descriptors.mapper.clustering import DBSCAN, SingleLinkage
from topolens.descriptors.mapper.covers import Cover, check_lens, pulled_back
from topolens.descriptors.mapper.neighbours import check_window
from topolens.kernels.mapper import (
    NearForecast,
    SetsOfPoints,
    forecast_of_cover,
    forecast_of_window,
)

__all__ = ["eps_graph_forecast", "mapper_forecast"]


def mapper_forecast(
    points: ArrayLike, lens: ArrayLike, *, cover: Cover, cluster: DBSCAN | SingleLinkage
) -> NearForecast:
    """Memory and time that `mapper_graph` will take with these arguments.

    The neighbours of some 6,000 points, spread over the lens, are found and counted.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        The cloud.
    lens : array_like of shape (n_points,) or (n_points, n_lenses)
        As for `mapper_graph`.
    cover : Cover
        As for `mapper_graph`.
    cluster : DBSCAN or SingleLinkage
        As for `mapper_graph`; other clusterers have no forecast.

    Returns
    -------
    NearForecast
        Pairs within eps that share an element, peak memory beyond the points, and seconds of
        one processor; right within a fifth or so.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above.
    """
    if not isinstance(cluster, DBSCAN | SingleLinkage):
        raise InvalidInputError(
            f"`cluster` must be a DBSCAN or a SingleLinkage to be forecast; got {cluster!r}"
        )
    cloud = check_points(points)
    pullback = pulled_back(cover, check_lens(lens, len(cloud)))
    elements = SetsOfPoints(pullback.offsets, pullback.members)
    return forecast_of_cover(cloud, cluster.eps, elements)


def eps_graph_forecast(
    points: ArrayLike,
    lens: ArrayLike | None = None,
    *,
    eps: float,
    cover: Cover | None = None,
) -> NearForecast:
    """Memory and time that `eps_graph` will take with these arguments.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        The cloud.
    lens : array_like of shape (n_points,) or (n_points, n_lenses), optional
        As for `eps_graph`.
    eps : float
        As for `eps_graph`.
    cover : Cover, optional
        As for `eps_graph`.

    Returns
    -------
    NearForecast
        Pairs that will be kept, peak memory beyond the points, and seconds of one processor;
        right within a fifth or so.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above.
    """
    check_real(eps, "eps", above=0)
    cloud = check_points(points)
    values, window = check_window(lens, cover, len(cloud))
    if values is None or window is None:
        values, window = np.zeros((len(cloud), 0)), np.zeros(0)
    return forecast_of_window(cloud, float(eps), values, window)
