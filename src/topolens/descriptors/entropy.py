"""Persistent entropy."""

from __future__ import annotations

import numpy as np

from topolens.base.bars import check_diagram
from topolens.base.checks import check_flag
from topolens.base.registry import Invariances, descriptors
from topolens.base.results import Diagram

__all__ = ["persistent_entropy"]


@descriptors.register(
    "persistent_entropy",
    version=1,
    takes="diagrams",
    unit="nats",
    unit_under=lambda given: "" if given["normalised"] is True else "nats",
    invariances=Invariances(orthogonal=True, isotropic_scaling=True, translation=True),
)
def persistent_entropy(diagram: Diagram, *, normalised: bool = False) -> float:
    """Shannon entropy of the lifetimes as shares of their sum.

    E = -sum p_i ln p_i with p_i = lifetime_i / sum of lifetimes, over the bars that die
    (Chintakunta et al. 2015; Atienza et al. 2020). High when many bars live equally long. Bars
    of length zero are left out.

    Parameters
    ----------
    diagram : Diagram
        The bars of one degree.
    normalised : bool, default False
        Divide by ln(number of bars), so that the value lies in [0, 1].

    Returns
    -------
    float
        In nats; 0 for fewer than two bars.

    Raises
    ------
    InvalidInputError
        If `normalised` is not true or false, or `diagram` is not one Diagram.

    Examples
    --------
    >>> import numpy as np
    >>> from topolens.base.results import Diagram
    >>> equal = Diagram(1, np.array([[0.0, 1.0], [1.0, 2.0]]))
    >>> round(persistent_entropy(equal), 4), persistent_entropy(equal, normalised=True)
    (0.6931, 1.0)
    """
    normalised = check_flag(normalised, "normalised")
    lifetimes = check_diagram(diagram).lifetimes
    lifetimes = lifetimes[lifetimes > 0]
    if len(lifetimes) < 2:
        return 0.0
    parts = lifetimes / lifetimes.max()  # whose sum cannot overflow
    parts = parts[parts > 0]
    shares = parts / parts.sum()
    entropy = float(-np.sum(shares * np.log(shares)))
    return entropy / float(np.log(len(lifetimes))) if normalised else entropy
