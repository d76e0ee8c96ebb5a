"""What all measures between two representations of the same samples begin with."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import Points, check_points
from topolens.base.errors import InvalidInputError
from topolens.kernels.device import on_host

__all__ = ["centred", "host_points", "is_constant", "within_range"]

_SAFE = 1e-100, 1e100


def host_points(points: ArrayLike, *, name: str, at_least: int = 2) -> Points:
    """Return points checked, in host memory, whatever kind of array or tensor they came as."""
    return check_points(on_host(points, name)[0], name=name, at_least=at_least)


def centred(
    points: ArrayLike, *, name: str, measure: str, at_least: int = 2
) -> NDArray[np.float64]:
    """Return the points about their mean, divided by the largest entry, in double precision.

    The division keeps squares and products of entries from overflowing or vanishing.

    Raises
    ------
    InvalidInputError
        If all rows coincide: `measure` is undefined there.
    """
    cloud = within_range(host_points(points, name=name, at_least=at_least).astype(np.float64))
    about_mean = cloud - cloud.mean(axis=0)
    if is_constant(cloud, about_mean):
        among_rounding = about_mean.any() and (cloud != cloud[0]).any()
        hint = ", as they do but for the rounding of single precision; subtract the mean first"
        raise InvalidInputError(
            f"`{name}` must not be constant: {measure} is undefined when all rows coincide"
            f"{hint if among_rounding else ''}"
        )
    scaled: NDArray[np.float64] = about_mean / np.abs(about_mean).max()
    return scaled


def within_range(cloud: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale a cloud by a power of two where its sums or squares would leave the range of numbers.

    No digit is lost, so nothing changes that does not depend on the scale.
    """
    largest = max(float(cloud.max()), -float(cloud.min()))
    if largest == 0 or _SAFE[0] < largest < _SAFE[1]:
        return cloud
    scaled: NDArray[np.float64] = np.ldexp(cloud, -int(np.frexp(largest)[1]))
    return scaled


def is_constant(cloud: NDArray[np.float64], about_mean: NDArray[np.float64]) -> bool:
    """Tell whether nothing but the rounding of single precision lies between the rows."""
    spread, size = np.abs(about_mean).max(), np.abs(cloud).max()
    return bool(spread <= np.finfo(np.float32).eps * size)
