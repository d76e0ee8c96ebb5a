"""The one border: public functions validate here, everything inside trusts."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.errors import InvalidInputError
from topolens.base.results import Diagram

__all__ = [
    "Points",
    "check_array",
    "check_diagram",
    "check_distances",
    "check_integer",
    "check_one_of",
    "check_points",
    "check_real",
    "check_same_length",
]

Points: TypeAlias = NDArray[np.float32] | NDArray[np.float64]


def check_array(values: ArrayLike, *, name: str) -> NDArray[Any]:
    """Return `values` as a float array of any shape, converted as `check_points` says.

    Raises
    ------
    InvalidInputError
        If the values are ragged, not real numbers or wider than 64 bits.
    """
    try:
        array: NDArray[Any] = np.asarray(values)
    except ValueError as error:
        raise InvalidInputError(f"`{name}` must be a rectangular array; {error}") from None
    if array.dtype.kind not in "fiu" or array.dtype.itemsize > 8:
        raise InvalidInputError(
            f"`{name}` must be real numbers of at most 64 bits; got dtype {array.dtype}"
        )
    native = array.dtype.newbyteorder("=")
    if native == np.float16:
        return array.astype(np.float32)
    return array.astype(native if native == np.float32 else np.float64, copy=False)


def check_points(points: ArrayLike, *, name: str = "points", at_least: int = 2) -> Points:
    """Return `points` as a finite, C-ordered float array of shape (n_points, n_features).

    float32 and float64 pass through without a copy; float16 is widened to float32 and
    integers to float64.

    Raises
    ------
    InvalidInputError
        If the array is not two-dimensional, real, finite, or holds fewer than `at_least` rows.
    """
    array = check_array(points, name=name)
    if array.ndim != 2:
        raise InvalidInputError(
            f"`{name}` must have shape (n_points, n_features); got shape {array.shape}"
        )
    if len(array) < at_least:
        raise InvalidInputError(f"`{name}` must hold at least {at_least} points; got {len(array)}")
    if array.shape[1] == 0:
        raise InvalidInputError(f"`{name}` must have at least one feature; got shape {array.shape}")
    array = np.ascontiguousarray(array)
    finite_rows = np.isfinite(array).all(axis=1)
    if not finite_rows.all():
        row = int(np.flatnonzero(~finite_rows)[0])
        raise InvalidInputError(f"`{name}` must be finite; row {row} holds NaN or infinity")
    return array


def check_diagram(diagram: object, *, name: str = "diagram") -> Diagram:
    """Return `diagram` if it is one; the diagrams of all degrees are a common mistake."""
    if not isinstance(diagram, Diagram):
        raise InvalidInputError(
            f"`{name}` must be the Diagram of one degree, e.g. `diagrams[1]`; "
            f"got {type(diagram).__name__}"
        )
    return diagram


def check_distances(distances: ArrayLike, *, name: str = "distances") -> Points:
    """Return `distances` as a C-ordered, symmetric float array of shape (n, n), zero diagonal.

    Infinite entries are allowed and mean "never joined". Asymmetry within rounding (1e-5
    relative for float32, 1e-10 for float64) is removed by taking the upper triangle.

    Raises
    ------
    InvalidInputError
        If the matrix is not square, or an entry is NaN, negative, asymmetric or a non-zero
        diagonal; the message names the first such entry.
    """
    array = check_array(distances, name=name)
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise InvalidInputError(
            f"`{name}` must be a square matrix (n_points, n_points); got shape {array.shape}"
        )
    if len(array) == 0:
        raise InvalidInputError(f"`{name}` must hold at least 1 point; got 0")
    array = np.ascontiguousarray(array)
    _refuse_where(np.isnan(array), array, name, "must not hold NaN")
    _refuse_where(array < 0, array, name, "must not be negative")
    _refuse_where(np.diag(np.diag(array) != 0), array, name, "must have a zero diagonal")
    if not np.array_equal(array, array.T):
        relative = 1e-5 if array.dtype == np.float32 else 1e-10
        close = np.isclose(array, array.T, rtol=relative, atol=0)
        _refuse_where(~close, array, name, "must be symmetric")
        array = np.triu(array, 1)
        array = array + array.T
    return array


def check_same_length(first: Points, second: Points, names: tuple[str, str]) -> None:
    """Refuse two clouds whose rows cannot correspond."""
    if len(first) != len(second):
        raise InvalidInputError(
            f"`{names[0]}` and `{names[1]}` must hold the same samples row by row; "
            f"got {len(first)} and {len(second)} rows"
        )


def check_integer(value: object, name: str, *, at_least: int, at_most: int | None = None) -> int:
    """Return `value` as an int within its bounds; a bool or a fraction is refused."""
    rule = f"at least {at_least}" if at_most is None else f"from {at_least} to {at_most}"
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < at_least or (at_most is not None and value > at_most):  # type: ignore[operator]
        raise InvalidInputError(f"`{name}` must be an integer {rule}; got {value!r}")
    return int(value)  # type: ignore[call-overload, no-any-return]


def check_real(value: object, name: str, *, above: float | None = None) -> float:
    """Return `value` as a finite float, larger than `above` where that is given."""
    real = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    rule = "a finite number" if above is None else f"a finite number above {above:g}"
    if not real or not np.isfinite(value) or (above is not None and value <= above):  # type: ignore[call-overload, operator]
        raise InvalidInputError(f"`{name}` must be {rule}; got {value!r}")
    return float(value)  # type: ignore[arg-type]


def check_one_of(value: str, name: str, known: tuple[str, ...]) -> str:
    """Return `value` if it is one of `known`."""
    if value not in known:
        choices = ", ".join(f"`{choice}`" for choice in known)
        raise InvalidInputError(f"`{name}` must be one of {choices}; got {value!r}")
    return value


def _refuse_where(bad: NDArray[np.bool_], array: NDArray[Any], name: str, rule: str) -> None:
    if bad.any():
        row, column = (int(index) for index in np.argwhere(bad)[0])
        raise InvalidInputError(
            f"`{name}` {rule}; entry ({row}, {column}) is {array[row, column]:g}"
        )
