"""Persistence images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from topolens.base.bars import check_diagram, refuse_overflow
from topolens.base.checks import check_integer, check_real
from topolens.base.errors import InvalidInputError
from topolens.base.registry import Invariances, descriptors
from topolens.base.results import Diagram
from topolens.descriptors.cutting import bars_cut_at

__all__ = ["PersistenceImage", "persistence_image"]

_MOST_PIXELS = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class PersistenceImage:
    """Weighted bars blurred and summed over the pixels of a grid of births and lifetimes."""

    values: NDArray[np.float64]
    """Weight in each pixel, by birth and lifetime, shape (resolution, resolution)."""
    births: NDArray[np.float64]
    """Edges of the pixels, shape (resolution + 1,)."""
    lifetimes: NDArray[np.float64]
    """Edges of the pixels, shape (resolution + 1,)."""
    outside: float
    """Share of the weight that fell beside the grid, from 0 to 1."""


@descriptors.register(
    "persistence_image",
    version=1,
    takes="diagrams",
    unit="distance^weight_power",
    gives="array",
    invariances=Invariances(orthogonal=True, translation=True),
)
def persistence_image(
    diagram: Diagram,
    *,
    resolution: int = 20,
    bandwidth: float = 0.05,
    weight_power: float = 1.0,
    birth_range: Sequence[float] = (0.0, 1.0),
    lifetime_range: Sequence[float] = (0.0, 1.0),
    cut_at: float | None = None,
) -> PersistenceImage:
    """Persistence image of a diagram (Adams et al., JMLR 18, 2017).

    Every bar becomes a Gaussian of total weight lifetime ** weight_power at (birth, lifetime); a
    pixel is the exact integral of their sum over it. The grid is fixed by the arguments, so that
    images of different diagrams compare pixel by pixel; its defaults suit clouds divided by their
    median distance.

    Parameters
    ----------
    diagram : Diagram
        The bars of one degree.
    resolution : int, default 20
        Pixels along each side, at most 10,000.
    bandwidth : float, default 0.05
        Standard deviation of the Gaussians, in units of the cloud's distances.
    weight_power : float, default 1.0
        Exponent of the lifetime in the weight, above 0: bars of no length weigh nothing.
    birth_range : sequence of two floats, default (0.0, 1.0)
        First and last birth of the grid.
    lifetime_range : sequence of two floats, default (0.0, 1.0)
        First and last lifetime of the grid.
    cut_at : float or None, default None
        Where bars that never die are made to end. None leaves them out.

    Returns
    -------
    PersistenceImage
        `values`, whose `ravel()` is the vector form, with the edges of the pixels and the share of
        the weight `outside` them.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above, a range is not two ascending numbers, `cut_at` lies
        before the birth of a bar that never dies, or `diagram` is not one Diagram.

    Examples
    --------
    >>> import numpy as np
    >>> from topolens.base.results import Diagram
    >>> image = persistence_image(Diagram(1, np.array([[0.25, 1.0]])), resolution=2)
    >>> image.values.round(3)
    array([[0.  , 0.75],
           [0.  , 0.  ]])
    """
    count = check_integer(resolution, "resolution", at_least=1, at_most=_MOST_PIXELS)
    width = check_real(bandwidth, "bandwidth", above=0)
    power = check_real(weight_power, "weight_power", above=0)
    births = np.linspace(*_check_range(birth_range, "birth_range"), count + 1)
    lifetimes = np.linspace(*_check_range(lifetime_range, "lifetime_range"), count + 1)
    bars = bars_cut_at(check_diagram(diagram), cut_at)
    lengths = bars[:, 1] - bars[:, 0]
    with np.errstate(over="ignore"):
        weights = lengths**power
    refuse_overflow(float(weights.sum()), "`diagram`")
    values = (weights * _shares(bars[:, 0], births, width)) @ _shares(lengths, lifetimes, width).T
    total = weights.sum()
    outside = float(max(0.0, 1 - values.sum() / total)) if total > 0 else 0.0
    return PersistenceImage(values, births, lifetimes, outside)


def _shares(
    centres: NDArray[np.float64], edges: NDArray[np.float64], width: float
) -> NDArray[np.float64]:
    """Share of each Gaussian between neighbouring edges, shape (n_edges - 1, n_centres)."""
    below: NDArray[np.float64] = ndtr((edges[:, None] - centres) / width)
    return np.diff(below, axis=0)


def _check_range(given: Sequence[float], name: str) -> tuple[float, float]:
    if np.shape(given) != (2,):
        raise InvalidInputError(f"`{name}` must be two numbers; got {given!r}")
    low, high = (check_real(bound, name) for bound in given)
    if low >= high:
        raise InvalidInputError(f"`{name}` must be ascending; got {low:g} and {high:g}")
    return low, high
