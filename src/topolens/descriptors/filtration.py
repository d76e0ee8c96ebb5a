"""What every door to Vietoris–Rips persistence checks on the way in and packs on the way out."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import Points, check_distances, check_points
from topolens.base.errors import InvalidInputError
from topolens.base.results import Diagram, Diagrams
from topolens.kernels.device import gpu_for, on_host
from topolens.kernels.rips import enclosing_radius

__all__ = [
    "OnProgress",
    "as_diagrams",
    "check_cloud",
    "check_degree",
    "check_matrix",
    "check_progress",
    "check_threshold",
    "cut_of",
]

_HIGHEST_DEGREE = 2

OnProgress: TypeAlias = Callable[[float], None]


def as_diagrams(
    pairs: list[NDArray[np.float64]], n_points: int, metric: str, cut: float
) -> Diagrams:
    """Pack the bars of every degree with what made them."""
    diagrams = tuple(Diagram(degree, bars) for degree, bars in enumerate(pairs))
    return Diagrams(diagrams, n_points, metric, cut, version("topolens"))


def cut_of(distances: Points, threshold: float | None) -> float:
    """Where the filtration ends: a checked threshold, or the enclosing radius."""
    return enclosing_radius(distances) if threshold is None else threshold


def check_cloud(
    points: ArrayLike, device: str | None, name: str = "points"
) -> tuple[Points, str | None]:
    """Return a checked cloud in host memory, and the GPU that is to compute its distances."""
    values, lies_on = on_host(points, name)
    return check_points(values, name=name), gpu_for(device, lies_on)


def check_matrix(distances: ArrayLike) -> Points:
    """Return a checked distance matrix in host memory."""
    values, _ = on_host(distances, "distances")
    return check_distances(values)


def check_degree(degree: int, name: str = "max_dim") -> int:
    """Return `degree` as an int, or say who computes such degrees."""
    whole = isinstance(degree, int | np.integer) and not isinstance(degree, bool)
    if not whole or degree not in range(_HIGHEST_DEGREE + 1):
        raise InvalidInputError(
            f"`{name}` must be 0, 1 or 2; got {degree!r}; GUDHI and ripser compute higher degrees"
        )
    return int(degree)


def check_progress(on_progress: OnProgress | None) -> OnProgress | None:
    """Return `on_progress` if it can be called, or None."""
    if on_progress is not None and not callable(on_progress):
        raise InvalidInputError(f"`on_progress` must be a function; got {on_progress!r}")
    return on_progress


def check_threshold(threshold: float | None) -> float | None:
    """Return `threshold` as a float, or None where the enclosing radius is meant."""
    if threshold is None:
        return None
    if isinstance(threshold, bool) or not isinstance(
        threshold, int | float | np.integer | np.floating
    ):
        raise InvalidInputError(f"`threshold` must be a number; got {threshold!r}")
    if np.isnan(threshold) or threshold < 0:
        raise InvalidInputError(f"`threshold` must not be negative or NaN; got {threshold}")
    return float(threshold)
