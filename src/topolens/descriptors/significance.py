"""Deaths in parts of births, and the bars whose death is too late for noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topolens.base.bars import check_diagram, refuse_overflow
from topolens.base.checks import check_real
from topolens.base.errors import InvalidInputError
from topolens.base.registry import Invariances, descriptors
from topolens.base.results import Diagram

__all__ = ["SignificantBars", "persistence_ratio", "significant_bars"]


@dataclass(frozen=True, slots=True, eq=False)
class SignificantBars:
    """The bars of a diagram that noise does not explain."""

    value: int
    """Number of significant bars."""
    rows: NDArray[np.int64]
    """Which bars of the diagram were tested, row numbers of its `pairs`, shape (n_tested,)."""
    p_values: NDArray[np.float64]
    """How often noise has a ratio as large, one bar at a time, shape (n_tested,)."""


@descriptors.register(
    "persistence_ratio",
    version=1,
    takes="diagrams",
    unit="",
    invariances=Invariances(orthogonal=True, isotropic_scaling=True, translation=True),
)
def persistence_ratio(diagram: Diagram) -> float:
    """Largest death / birth of the bars that die.

    The multiplicative persistence of Bobrowski, Kahle and Skraba (Maximally persistent cycles in
    random geometric complexes, Ann. Appl. Probab. 27, 2017): scale plays no part in it.

    Parameters
    ----------
    diagram : Diagram
        The bars of one degree. Bars born at 0, as those of H0 are, have no ratio and are left out.

    Returns
    -------
    float
        1 where no bar has a ratio.

    Raises
    ------
    InvalidInputError
        If `diagram` is not one Diagram.

    Examples
    --------
    >>> import numpy as np
    >>> from topolens.base.results import Diagram
    >>> persistence_ratio(Diagram(1, np.array([[0.5, 1.5], [4.0, 6.0]])))
    3.0
    """
    diagram = check_diagram(diagram)
    rows = _rows_with_ratio(diagram)
    births, deaths = diagram.pairs[rows].T
    with np.errstate(over="ignore"):
        return refuse_overflow(float((deaths / births).max(initial=1.0)), "`diagram`")


@descriptors.register(
    "significant_bars",
    version=1,
    takes="diagrams",
    unit="bars",
    invariances=Invariances(orthogonal=True, isotropic_scaling=True, translation=True),
)
def significant_bars(diagram: Diagram, *, level: float = 0.05) -> SignificantBars:
    """Count the bars whose death / birth is too large for noise.

    L = ln ln(death / birth), l = L - mean(L) - gamma with Euler's gamma; in random clouds l
    follows the left-skewed Gumbel law whatever the cloud, so that a bar has
    p = exp(-exp(l)); it is significant if p < level / number of bars. Bobrowski and Skraba, A
    universal null-distribution for topological data analysis, Sci. Rep. 13 (2023), with their
    A = 1 for Vietoris–Rips filtrations.

    Parameters
    ----------
    diagram : Diagram
        The bars of one degree from 1 upwards. Bars born at 0, as those of H0 are, have no ratio
        and are left out, as are bars that never die.
    level : float, default 0.05
        Chance that any bar of a cloud of noise is called significant, between 0 and 1.

    Returns
    -------
    SignificantBars
        `value`, the number of significant bars, with the `p_values` of the bars tested, and their
        `rows` in `diagram.pairs`.

    Raises
    ------
    InvalidInputError
        If `level` is not between 0 and 1, or `diagram` is not one Diagram.

    Examples
    --------
    >>> import numpy as np
    >>> from topolens.base.results import Diagram
    >>> noise = np.column_stack([np.ones(30), np.linspace(1.01, 1.3, 30)])
    >>> significant_bars(Diagram(1, np.vstack([noise, [[1.0, 9.0]]]))).value
    1
    """
    if not 0 < check_real(level, "level") < 1:
        raise InvalidInputError(f"`level` must be between 0 and 1; got {level!r}")
    diagram = check_diagram(diagram)
    rows = _rows_with_ratio(diagram)
    if not len(rows):
        return SignificantBars(0, rows, np.empty(0))
    births, deaths = diagram.pairs[rows].T
    with np.errstate(over="ignore"):
        # ln(death / birth) keeps its digits where a bar is short.
        logarithms = np.log1p((deaths - births) / births)
    refuse_overflow(float(logarithms.max()), "`diagram`")
    excess = np.log(logarithms)
    p_values = np.exp(-np.exp(excess - excess.mean() - np.euler_gamma))
    return SignificantBars(int(np.sum(p_values < level / len(rows))), rows, p_values)


def _rows_with_ratio(diagram: Diagram) -> NDArray[np.int64]:
    """Return where the bars are that die, have length and are born after 0."""
    births, deaths = diagram.pairs.T
    return np.flatnonzero((births > 0) & (deaths > births) & np.isfinite(deaths))
