"""Lifetimes in parts of the longest."""

from __future__ import annotations

import numpy as np

from topolens.base.bars import check_diagram
from topolens.base.checks import check_real
from topolens.base.registry import Invariances, descriptors
from topolens.base.results import Diagram

__all__ = ["normalised_persistence"]


@descriptors.register(
    "normalised_persistence",
    version=1,
    takes="diagrams",
    unit="",
    invariances=Invariances(orthogonal=True, isotropic_scaling=True, translation=True),
)
def normalised_persistence(diagram: Diagram, *, power: float = 2.0) -> float:
    """Power mean of the lifetimes in parts of the longest.

    (mean of (lifetime / longest) ** p) ** (1 / p) over the bars that die: the p-norm of the
    lifetimes, divided by the norm they would have if all were as long as the longest; so Rieck et
    al. (Neural Persistence, ICLR 2019) make the persistence of layers comparable, with p = 2. Bars
    of length zero are left out.

    Parameters
    ----------
    diagram : Diagram
        The bars of one degree.
    power : float, default 2.0
        The p, above 0. 1 is the mean lifetime in parts of the longest.

    Returns
    -------
    float
        Above 0, up to 1 where all bars are equally long; 0 where no bar dies.

    Raises
    ------
    InvalidInputError
        If `power` is not a positive number, or `diagram` is not one Diagram.

    Examples
    --------
    >>> import numpy as np
    >>> from topolens.base.results import Diagram
    >>> bars = Diagram(1, np.array([[0.0, 4.0], [1.0, 3.0], [5.0, 6.0]]))
    >>> round(normalised_persistence(bars), 4), round(normalised_persistence(bars, power=1), 4)
    (0.6614, 0.5833)
    """
    p = check_real(power, "power", above=0)
    lifetimes = check_diagram(diagram).lifetimes
    lifetimes = lifetimes[lifetimes > 0]
    if not len(lifetimes):
        return 0.0
    return float(np.mean((lifetimes / lifetimes.max()) ** p) ** (1 / p))
