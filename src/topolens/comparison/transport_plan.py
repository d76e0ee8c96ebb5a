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


def cheapest_plan(
    costs: NDArray[np.float64], first: NDArray[np.float64], second: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Rows, columns and positive masses of a plan of least total cost (Kantorovich's problem).

    `costs` has shape (n, m); the weights of the rows, shape (n,), and those of the columns,
    shape (m,), add up to 1. At most n + m - 1 masses are positive.
    """
    n_rows, n_columns = costs.shape
    places = np.arange(costs.size)
    rows, columns = np.divmod(places, n_columns)
    sums: Any = coo_array(
        (
            np.ones(2 * costs.size),
            (np.concatenate([rows, n_rows + columns]), np.concatenate([places, places])),
        ),
        shape=(n_rows + n_columns, costs.size),
    ).tocsc()
    scale = float(costs.max()) or 1.0
    found = linprog(
        costs.ravel() / scale,
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
    kept = np.flatnonzero(found.x > 0)
    return rows[kept], columns[kept], found.x[kept]
