"""A cheapest plan that carries one distribution to another, by linear programming."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_array

from topolens.base.errors import InvalidInputError

__all__ = ["cheapest_plan"]

# The tightest that HiGHS takes: a plan is then optimal but for 1e-10 of the largest cost.
_TOLERANCE = 1e-10
_NEAREST = 6
_JOINING = 4


def cheapest_plan(
    costs: NDArray[np.float64], first: NDArray[np.float64], second: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Rows, columns and positive masses of a plan of least total cost (Kantorovich's problem).

    `costs` has shape (n, m) and is not negative; the weights of the rows, shape (n,), and those
    of the columns, shape (m,), are positive and add up to 1. At most n + m - 1 masses are
    positive.

    The problem is solved on few pairs. Where its potentials exceed the cost of a pair that is
    not there, the pairs of largest excess join it; when none does, the plan is the best of all.
    """
    scaled = costs / (float(costs.max()) or 1.0)
    there = _cheap_pairs(scaled) | _some_plan(first, second)
    while True:
        rows, columns = np.nonzero(there)
        mass, of_rows, of_columns = _solve(scaled[there], rows, columns, first, second)
        excess = np.where(there, -np.inf, of_rows[:, None] + of_columns - scaled)
        if excess.max() <= _TOLERANCE:
            kept = mass > 0
            return rows[kept], columns[kept], mass[kept]
        there |= (excess > _TOLERANCE) & _cheap_pairs(-excess, count=_JOINING)


def _cheap_pairs(costs: NDArray[np.float64], *, count: int = _NEAREST) -> NDArray[np.bool_]:
    """Mark the few cheapest pairs of each row and of each column."""
    cheap = np.zeros(costs.shape, dtype=bool)
    for axis in range(2):
        places = np.argsort(costs, axis=axis, kind="stable")
        few = np.take(places, range(min(count, costs.shape[axis])), axis=axis)
        np.put_along_axis(cheap, few, values=True, axis=axis)
    return cheap


def _some_plan(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark pairs that some plan can do with: both sides laid out in order along a line."""
    ends = np.cumsum(first), np.cumsum(second)
    begins = ends[0] - first, ends[1] - second
    meet: NDArray[np.bool_] = (begins[0][:, None] <= ends[1] + _TOLERANCE) & (
        begins[1] <= ends[0][:, None] + _TOLERANCE
    )
    return meet


def _solve(
    costs: NDArray[np.float64],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    first: NDArray[np.float64],
    second: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Masses of the pairs, and the potentials of rows and columns that prove them best."""
    n_rows, n_pairs = len(first), len(costs)
    places = np.concatenate([rows, n_rows + columns]), np.tile(np.arange(n_pairs), 2)
    sums: Any = coo_array(
        (np.ones(2 * n_pairs), places), shape=(n_rows + len(second), n_pairs)
    ).tocsc()
    found = linprog(
        costs,
        A_eq=sums,
        b_eq=np.concatenate([first, second]),
        method="highs-ds",
        options={
            "primal_feasibility_tolerance": _TOLERANCE,
            "dual_feasibility_tolerance": _TOLERANCE,
        },
    )
    if found.x is None:
        raise InvalidInputError(
            f"`first` and `second` must have a transport plan that HiGHS finds; {found.message}"
        )
    potentials = found.eqlin.marginals
    return found.x, potentials[:n_rows], potentials[n_rows:]
