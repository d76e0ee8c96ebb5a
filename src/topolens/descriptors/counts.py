"""Number of bars."""

from __future__ import annotations

import numpy as np

from topolens.base.bars import check_diagram
from topolens.base.checks import check_real
from topolens.base.registry import Invariances, descriptors
from topolens.base.results import Diagram

__all__ = ["bar_count"]


@descriptors.register(
    "bar_count",
    version=1,
    takes="diagrams",
    unit="bars",
    invariances=Invariances(orthogonal=True, isotropic_scaling=True, translation=True),
)
def bar_count(
    diagram: Diagram, *, relative_to_longest: float = 0.0, longer_than: float = 0.0
) -> int:
    """Count the bars that die, or those of them that live long.

    Parameters
    ----------
    diagram : Diagram
        The bars of one degree.
    relative_to_longest : float, default 0.0
        Share of the longest finite lifetime that a bar must reach, from 0 (all) to 1.
    longer_than : float, default 0.0
        Lifetime that a bar must exceed, in units of the cloud's distances.

    Returns
    -------
    int
        Number of bars; those that never die are not counted.

    Raises
    ------
    InvalidInputError
        If the share is not between 0 and 1, `longer_than` is negative, or `diagram` is not
        one Diagram.

    Examples
    --------
    >>> import numpy as np
    >>> from topolens.base.results import Diagram
    >>> bars = Diagram(1, np.array([[1.0, 3.0], [2.0, 2.5]]))
    >>> bar_count(bars), bar_count(bars, relative_to_longest=0.5), bar_count(bars, longer_than=2)
    (2, 1, 0)
    """
    share = check_real(relative_to_longest, "relative_to_longest", at_least=0, at_most=1)
    least = check_real(longer_than, "longer_than", at_least=0)
    lifetimes = check_diagram(diagram).lifetimes
    if not len(lifetimes):
        return 0
    long = (lifetimes >= share * lifetimes.max()) & (lifetimes > least)
    return int(np.count_nonzero(long))
