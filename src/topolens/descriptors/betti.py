"""Betti numbers: how many bars are alive at a scale, or at all scales."""

from __future__ import annotations

import numpy as np

from topolens.base.bars import check_diagram
from topolens.base.checks import check_real
from topolens.base.curves import BettiCurve
from topolens.base.registry import Invariances, descriptors
from topolens.base.results import Diagram

__all__ = ["betti_curve", "betti_number"]


@descriptors.register(
    "betti_number",
    version=1,
    takes="diagrams",
    unit="bars",
    invariances=Invariances(orthogonal=True, translation=True),
)
def betti_number(diagram: Diagram, *, scale: float = 0.5) -> int:
    """Count the bars that are alive at one scale: the Betti number of the complex there.

    beta(scale) = number of bars with birth <= scale < death; bars that never die are counted
    from their birth on.

    Parameters
    ----------
    diagram : Diagram
        The bars of one degree.
    scale : float, default 0.5
        In units of the cloud's distances; the default is half the median distance where clouds
        are divided by that.

    Returns
    -------
    int
        Number of bars. A scale beyond the threshold of the filtration shows only what had not
        died before.

    Raises
    ------
    InvalidInputError
        If `scale` is negative or not finite, or `diagram` is not one Diagram.

    Examples
    --------
    >>> import numpy as np
    >>> from topolens.base.results import Diagram
    >>> bars = Diagram(0, np.array([[0.0, 1.0], [0.0, 2.0], [0.0, np.inf]]))
    >>> betti_number(bars, scale=0.5), betti_number(bars, scale=1.0), betti_number(bars, scale=9.0)
    (3, 2, 1)
    """
    at = check_real(scale, "scale", at_least=0)
    births, deaths = check_diagram(diagram).pairs.T
    return int(np.count_nonzero((births <= at) & (at < deaths)))


@descriptors.register(
    "betti_curve",
    version=1,
    takes="diagrams",
    unit="bars",
    gives="array",
    invariances=Invariances(orthogonal=True, translation=True),
)
def betti_curve(diagram: Diagram) -> BettiCurve:
    """Betti number at every scale, as an exact step function.

    beta(s) = number of bars with birth <= s < death. Its integral is `lifespan_sum` where every
    bar dies.

    Parameters
    ----------
    diagram : Diagram
        The bars of one degree.

    Returns
    -------
    BettiCurve
        `scales` where it steps and `values` from there on; `curve.at(grid)` is the vector on a
        grid, `curve.peak` the largest Betti number. Bars that never die stay in the last value,
        `curve.n_essential`.

    Raises
    ------
    InvalidInputError
        If `diagram` is not one Diagram.

    Examples
    --------
    >>> import numpy as np
    >>> from topolens.base.results import Diagram
    >>> curve = betti_curve(Diagram(1, np.array([[1.0, 3.0], [2.0, 2.5], [2.0, np.inf]])))
    >>> curve.scales, curve.values
    (array([1. , 2. , 2.5, 3. ]), array([1, 3, 2, 1]))
    >>> curve.at([0.0, 2.2, 2.5])
    array([0, 3, 2])
    """
    return BettiCurve.of(check_diagram(diagram).pairs)
