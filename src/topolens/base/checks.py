"""The one border: public functions validate here, everything inside trusts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sized
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.errors import InvalidInputError

__all__ = [
    "Points",
    "check_array",
    "check_distances",
    "check_flag",
    "check_integer",
    "check_labels",
    "check_one_of",
    "check_points",
    "check_power",
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
    if np.ma.is_masked(values):
        raise InvalidInputError(f"`{name}` must not be masked; fill or leave out what is hidden")
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
    if not (np.isfinite(array.max()) and np.isfinite(array.min())):  # NaN shows in both
        row = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
        raise InvalidInputError(f"`{name}` must be finite; row {row} holds NaN or infinity")
    return array


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
    _refuse_bad_entries(array, name)
    return array if _is_symmetric(array, name) else _from_upper_triangle(array)


def check_same_length(first: Sized, second: Sized, names: tuple[str, str]) -> None:
    """Refuse two clouds, or what was prepared of them, whose rows cannot correspond."""
    if len(first) != len(second):
        raise InvalidInputError(
            f"`{names[0]}` and `{names[1]}` must hold the same samples row by row; "
            f"got {len(first)} and {len(second)} rows"
        )


def check_labels(
    labels: ArrayLike, n_points: int, *, name: str = "labels"
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the distinct classes in order, and the number of each point's class among them.

    Raises
    ------
    InvalidInputError
        If there is not one whole number or text per point.
    """
    try:
        array: NDArray[Any] = np.asarray(labels)
        if array.dtype == object and all(isinstance(label, str) for label in array.flat):
            array = array.astype(np.str_)  # how tables hold texts
        elif array.dtype.kind == "S":
            array = np.char.decode(array, "utf-8", "backslashreplace")
    except ValueError as error:
        raise InvalidInputError(f"`{name}` must be one class per point; {error}") from None
    if array.shape != (n_points,) or array.dtype.kind not in "biuU" or np.ma.is_masked(labels):
        raise InvalidInputError(
            f"`{name}` must be one class, a whole number or a text, for each of the {n_points} "
            f"points; got {array.dtype} of shape {array.shape}"
        )
    classes, numbers = np.unique(array, return_inverse=True)
    return classes, numbers.astype(np.int64)


def check_integer(value: object, name: str, *, at_least: int, at_most: int | None = None) -> int:
    """Return `value` as an int within its bounds; a bool or a fraction is refused."""
    rule = f"at least {at_least}" if at_most is None else f"from {at_least} to {at_most}"
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < at_least or (at_most is not None and value > at_most):  # type: ignore[operator]
        raise InvalidInputError(f"`{name}` must be an integer {rule}; got {value!r}")
    return int(value)  # type: ignore[call-overload, no-any-return]


def check_real(
    value: object,
    name: str,
    *,
    above: float | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
) -> float:
    """Return `value` as a finite float, within the bounds that are given."""
    real = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    try:
        number = float(value) if real else math.nan  # type: ignore[arg-type]
    except OverflowError:  # an integer that no float holds
        number = math.inf
    low = -math.inf if at_least is None else at_least
    high = math.inf if at_most is None else at_most
    within = low <= number <= high and (above is None or number > above)
    if not math.isfinite(number) or not within:
        start = "at least" if at_most is None else "from"
        bounds = [("above", above), (start, at_least), ("to", at_most)]
        rule = "".join(f" {word} {bound:g}" for word, bound in bounds if bound is not None)
        raise InvalidInputError(f"`{name}` must be a finite number{rule}; got {value!r}")
    return number


def check_power(power: object) -> float:
    """Return `power`, the p of an L_p norm, as a float: at least 1, perhaps infinite."""
    is_infinite = isinstance(power, float | np.floating) and power == math.inf
    return math.inf if is_infinite else check_real(power, "power", at_least=1)


def check_flag(value: object, name: str) -> bool:
    """Return `value` as a bool if it is one: a text such as "no" would count as true."""
    if not isinstance(value, bool | np.bool_):
        raise InvalidInputError(f"`{name}` must be true or false; got {value!r}")
    return bool(value)


def check_one_of(value: object, name: str, known: tuple[str, ...]) -> str:
    """Return `value` if it is one of `known`."""
    if not isinstance(value, str) or value not in known:
        choices = ", ".join(f"`{choice}`" for choice in known)
        raise InvalidInputError(f"`{name}` must be one of {choices}; got {value!r}")
    return value


# Tiles of a matrix are looked at one by one: a matrix of conditions would be a quarter of its size.
_TILE = 512


def _refuse_bad_entries(array: NDArray[Any], name: str) -> None:
    """Refuse NaN, negative entries and a diagonal that is not zero; name the first such entry."""
    least = array.min()
    if np.isnan(least):
        place = _first_place(len(array), lambda row: np.isnan(array[row]))
        raise InvalidInputError(f"`{name}` must not hold NaN; {_entry(array, *place)}")
    if least < 0:
        place = _first_place(len(array), lambda row: array[row] < 0)
        raise InvalidInputError(f"`{name}` must not be negative; {_entry(array, *place)}")
    off_zero = np.flatnonzero(np.diagonal(array))
    if len(off_zero):
        place = int(off_zero[0]), int(off_zero[0])
        raise InvalidInputError(f"`{name}` must have a zero diagonal; {_entry(array, *place)}")


def _is_symmetric(array: NDArray[Any], name: str) -> bool:
    """Compare the two triangles; refuse what differs by more than rounding."""
    relative = 1e-5 if array.dtype == np.float32 else 1e-10

    def differ(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.bool_]:
        close = np.isclose(first, second, rtol=relative, atol=0)
        apart: NDArray[np.bool_] = ~(close & np.isclose(second, first, rtol=relative, atol=0))
        return apart

    same = True
    for rows, columns in _upper_tiles(len(array)):
        tile, mirrored = array[rows, columns], array[columns, rows].T
        if np.array_equal(tile, mirrored):
            continue
        same = False
        if differ(tile, mirrored).any():
            row, column = _first_place(len(array), lambda k: differ(array[k], array[:, k]))
            raise InvalidInputError(
                f"`{name}` must be symmetric; {_entry(array, row, column)}, "
                f"{_entry(array, column, row)}"
            )
    return same


def _first_place(n_rows: int, bad: Callable[[int], NDArray[np.bool_]]) -> tuple[int, int]:
    """Row and column of the first entry that is bad, where there is one."""
    return next((row, int(bad(row).argmax())) for row in range(n_rows) if bad(row).any())


def _entry(array: NDArray[Any], row: int, column: int) -> str:
    value = f"{array[row, column]}".removesuffix(".0")  # all its digits: it may miss by little
    return f"entry ({row}, {column}) is {value}"


def _from_upper_triangle(array: NDArray[Any]) -> NDArray[Any]:
    copy = array.copy()
    for rows, columns in _upper_tiles(len(array)):
        if rows == columns:
            tile = np.triu(array[rows, columns], 1)
            copy[rows, columns] = tile + tile.T
        else:
            copy[columns, rows] = array[rows, columns].T
    return copy


def _upper_tiles(size: int) -> Iterator[tuple[slice, slice]]:
    starts = range(0, size, _TILE)
    for row in starts:
        for column in starts:
            if column >= row:
                yield (
                    slice(row, min(row + _TILE, size)),
                    slice(column, min(column + _TILE, size)),
                )
