"""Sums of lifetimes."""

from __future__ import annotations

import numpy as np

from topolens.base.bars import check_diagram, refuse_overflow
from topolens.base.checks import check_real
from topolens.base.registry import Invariances, descriptors
from topolens.base.results import Diagram

__all__ = ["lifespan_sum"]


@descriptors.register(
    "lifespan_sum",
    version=1,
    takes="diagrams",
    unit="distance^alpha",
    invariances=Invariances(orthogonal=True, translation=True),
)
def lifespan_sum(
    diagram: Diagram, *, alpha: float = 1.0, factor: float = 1.0, longer_than: float = 0.0
) -> float:
    """Sum of the lifetimes of the bars that die, each raised to the power `alpha`.

    E_alpha = sum over finite bars of (factor * (death - birth) ** alpha); Magai and Ayzenberg
    (arXiv 2204.08624) plot alpha = 1 with factor = 0.5. Bars that never die are left out.

    Parameters
    ----------
    diagram : Diagram
        The bars of one degree.
    alpha : float, default 1.0
        Exponent, above 0.
    factor : float, default 1.0
        Multiplies every term.
    longer_than : float, default 0.0
        Lifetime that a bar must exceed to count, in units of the cloud's distances.

    Returns
    -------
    float
        In units of distance ** alpha; 0 when no bar dies.

    Raises
    ------
    InvalidInputError
        If `alpha` or `factor` is not a positive number, `longer_than` is negative, or `diagram`
        is not one Diagram.

    Examples
    --------
    >>> import numpy as np
    >>> from topolens.base.results import Diagram
    >>> lifespan_sum(Diagram(1, np.array([[1.0, 3.0], [2.0, 2.5], [0.0, np.inf]])))
    2.5
    """
    check_real(alpha, "alpha", above=0)
    check_real(factor, "factor", above=0)
    check_real(longer_than, "longer_than", at_least=0)
    lifetimes = check_diagram(diagram).lifetimes
    with np.errstate(over="ignore"):
        total = float(factor * np.sum(lifetimes[lifetimes > longer_than] ** alpha))
    return refuse_overflow(total, "`diagram`")
