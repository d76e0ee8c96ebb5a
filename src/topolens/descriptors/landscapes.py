"""Persistence landscapes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from topolens.base.bars import check_diagram, refuse_overflow
from topolens.base.checks import check_integer, check_power
from topolens.base.landscapes import PersistenceLandscape
from topolens.base.registry import Invariances, descriptors, to_the_power
from topolens.base.results import Diagram
from topolens.descriptors.cutting import bars_cut_at
from topolens.kernels.landscape import landscape_distance, landscape_of

__all__ = ["landscape_norm", "persistence_landscape"]


@descriptors.register(
    "persistence_landscape",
    version=1,
    takes="diagrams",
    unit="distance",
    gives="array",
    invariances=Invariances(orthogonal=True, translation=True),
)
def persistence_landscape(
    diagram: Diagram, *, n_layers: int | None = 5, cut_at: float | None = None
) -> PersistenceLandscape:
    """Persistence landscape of a diagram, exact.

    A bar is a tent, min(s - birth, death - s) where that is positive; layer k is the k-th largest
    tent at every scale s (Bubenik, JMLR 16, 2015; the algorithm of Bubenik and Dlotko, J. Symb.
    Comput. 78, 2017).

    Parameters
    ----------
    diagram : Diagram
        The bars of one degree.
    n_layers : int or None, default 5
        How many layers, the highest first; those beyond the last tent are flat. None: all that
        are not.
    cut_at : float or None, default None
        Where bars that never die are made to end. None leaves them out.

    Returns
    -------
    PersistenceLandscape
        The points where the layers bend; `landscape.at(grid)` are their heights on a grid, the
        vector form, and `landscape.layer(0)` the bends of the highest layer.

    Raises
    ------
    InvalidInputError
        If `n_layers` is below 1, `cut_at` lies before the birth of a bar that never dies, or
        `diagram` is not one Diagram.

    Examples
    --------
    >>> import numpy as np
    >>> from topolens.base.results import Diagram
    >>> landscape = persistence_landscape(Diagram(1, np.array([[0.0, 4.0], [2.0, 6.0]])))
    >>> landscape.layer(1)
    array([[2., 0.],
           [3., 1.],
           [4., 0.]])
    >>> landscape.at([2, 3, 4])[:2]
    array([[2., 1., 2.],
           [0., 1., 0.]])
    """
    found = _landscape(diagram, n_layers, cut_at)
    if n_layers is None:
        return found
    flat = np.pad(found.starts, (0, n_layers - len(found)), mode="edge")
    return replace(found, starts=flat)


@descriptors.register(
    "landscape_norm",
    version=1,
    takes="diagrams",
    unit="distance^1.5",
    unit_under=lambda given: to_the_power("distance", 1 + 1 / given["power"]),
    invariances=Invariances(orthogonal=True, translation=True),
)
def landscape_norm(
    diagram: Diagram,
    *,
    power: float = 2.0,
    n_layers: int | None = None,
    cut_at: float | None = None,
) -> float:
    """L_p norm of the persistence landscape of a diagram, an exact integral.

    (sum over k of the integral over s of lambda_k(s) ** p) ** (1 / p); Wheeler, Bouza and Bubenik
    (Activation Landscapes as a Topological Summary of Neural Network Performance, IEEE Big Data
    2021) take such norms as the complexity of layers.

    Parameters
    ----------
    diagram : Diagram
        The bars of one degree.
    power : float, default 2.0
        The p of L_p, at least 1; infinite for the highest point.
    n_layers : int or None, default None
        How many layers count, the highest first. None: all.
    cut_at : float or None, default None
        Where bars that never die are made to end. None leaves them out.

    Returns
    -------
    float
        In units of distance, to the power 1 + 1 / p; 0 when no bar dies.

    Raises
    ------
    InvalidInputError
        If `power` or `n_layers` is below 1, `cut_at` lies before the birth of a bar that never
        dies, or `diagram` is not one Diagram.

    Examples
    --------
    >>> import numpy as np
    >>> from topolens.base.results import Diagram
    >>> bars = Diagram(1, np.array([[0.0, 2.0], [1.0, 5.0]]))
    >>> landscape_norm(bars, power=1), landscape_norm(bars, power=float("inf"))
    (5.0, 2.0)
    """
    p = check_power(power)
    norm = landscape_distance(
        _landscape(diagram, n_layers, cut_at), landscape_of(_NO_BARS, None), p
    )
    return refuse_overflow(norm, "`diagram`")


_MOST_LAYERS = 1_000_000
_NO_BARS = np.empty((0, 2))


def _landscape(
    diagram: Diagram, n_layers: int | None, cut_at: float | None
) -> PersistenceLandscape:
    if n_layers is not None:
        n_layers = check_integer(n_layers, "n_layers", at_least=1, at_most=_MOST_LAYERS)
    return landscape_of(bars_cut_at(check_diagram(diagram), cut_at), n_layers)
