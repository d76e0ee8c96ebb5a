"""Number of bars."""

from __future__ import annotations

import numpy as np

from topolens.base.checks import check_diagram, check_real
from topolens.base.errors import InvalidInputError
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
def bar_count(diagram: Diagram, *, relative_to_longest: float = 0.0) -> int:
    """Count the bars that die and live at least a share of the longest lifetime.

    Parameters
    ----------
    diagram : Diagram
        The bars of one degree.
    relative_to_longest : float, default 0.0
        Share of the longest finite lifetime that a bar must reach, from 0 (all) to 1.

    Returns
    -------
    int
        Number of bars; those that never die are not counted.

    Raises
    ------
    InvalidInputError
        If the share is not between 0 and 1, or `diagram` is not one Diagram.

    Examples
    --------
    >>> import numpy as np
    >>> from topolens.base.results import Diagram
    >>> bars = Diagram(1, np.array([[1.0, 3.0], [2.0, 2.5]]))
    >>> bar_count(bars), bar_count(bars, relative_to_longest=0.5)
    (2, 1)
    """
    share = check_real(relative_to_longest, "relative_to_longest")
    if not 0 <= share <= 1:
        raise InvalidInputError(f"`relative_to_longest` must be from 0 to 1; got {share}")
    lifetimes = check_diagram(diagram).lifetimes
    if not len(lifetimes):
        return 0
    return int(np.count_nonzero(lifetimes >= share * lifetimes.max()))
