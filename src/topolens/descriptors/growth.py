"""How E_alpha grows with the number of points: sizes, draws, the line, and its doubts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topolens.base.checks import check_integer, check_one_of
from topolens.base.errors import InvalidInputError

__all__ = ["Line", "Plan", "fit_line", "growth_doubts", "plan", "sum_of_powers"]

_REPEATS = 5
_N_SIZES = 8
_FEW_POINTS = 300
_NEARLY_ALL = 0.6  # of the points in one draw; above it the draws share most of them
_PRESETS: dict[str, tuple[int, int, int | None, int]] = {
    # First size, step, end that is not reached; draws per size.
    "magai": (500, 350, None, 1),
    "birdal": (200, 50, 1000, 1),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """Which draws are made."""

    sizes: NDArray[np.int64]
    """Points of a draw, ascending."""
    repeats: int
    """Draws of each size."""
    seed: int
    n_points: int

    def draws(self) -> list[NDArray[np.int64]]:
        """Row numbers of each draw, size by size, each by a generator of its own."""
        return [
            np.random.default_rng([self.seed, self.n_points, size, repeat]).choice(
                self.n_points, size, replace=False
            )
            for size in self.sizes.tolist()
            for repeat in range(self.repeats)
        ]


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line by least squares."""

    slope: float
    intercept: float
    slope_error: float
    r_squared: float


def plan(
    n_points: int,
    *,
    sizes: Sequence[int] | None,
    repeats: int | None,
    preset: str | None,
    seed: int,
) -> Plan:
    """Return what was asked for; what was not is the preset's, or the usual."""
    usual: Sequence[int] = _spread(n_points)
    usual_repeats = _REPEATS
    if preset is not None:
        check_one_of(preset, "preset", tuple(_PRESETS))
        first, step, end, usual_repeats = _PRESETS[preset]
        usual = range(first, n_points if end is None else min(end, n_points), step)
        if sizes is None and len(usual) < 3:
            raise InvalidInputError(
                f"`points` must hold more than {first + 2 * step} distinct points for the preset "
                f"`{preset}`; got {n_points}"
            )
    chosen = _checked_sizes(usual if sizes is None else sizes, n_points)
    draws_each = usual_repeats if repeats is None else check_integer(repeats, "repeats", at_least=1)
    if len(chosen) * draws_each < 3:
        raise InvalidInputError("`repeats` must be at least 2 where there are two sizes; got 1")
    return Plan(chosen, draws_each, check_integer(seed, "seed", at_least=0), n_points)


def sum_of_powers(lifetimes: NDArray[np.float64], alpha: float) -> float:
    """E_alpha of one draw; refused where its logarithm would say nothing."""
    with np.errstate(over="ignore", under="ignore"):
        total = float(np.sum(lifetimes**alpha))
    if not 0 < total < np.inf:
        raise InvalidInputError(
            "`points` must have distances whose powers add up to a positive number; "
            f"in one draw, those to the power of {alpha:g} add up to {total:g}"
        )
    return total


def fit_line(sizes: NDArray[np.int64], sums: NDArray[np.float64]) -> Line:
    """Logarithm of `sums`, shape (n_sizes, repeats), against that of `sizes`."""
    x = np.repeat(np.log(sizes), sums.shape[1])
    y = np.log(sums).ravel()
    off_x, off_y = x - x.mean(), y - y.mean()
    slope = float(off_x @ off_y / (off_x @ off_x))
    residual = off_y - slope * off_x
    unexplained, whole = float(residual @ residual), float(off_y @ off_y)
    return Line(
        slope=slope,
        intercept=float(y.mean() - slope * x.mean()),
        slope_error=float(np.sqrt(unexplained / (len(x) - 2) / (off_x @ off_x))),
        r_squared=1 - unexplained / whole if whole > 0 else 1.0,
    )


def growth_doubts(chosen: Plan, slope: float, alpha: float) -> list[str]:
    """What should be known about a dimension from these draws."""
    doubts = []
    largest = int(chosen.sizes[-1])
    if chosen.n_points < _FEW_POINTS:
        doubts.append(
            f"{chosen.n_points} points are few for a PH dimension; a few hundred are a minimum"
        )
    if largest > _NEARLY_ALL * chosen.n_points:
        doubts.append(
            f"draws of up to {largest} of {chosen.n_points} points share most of them, so the "
            "standard error is too small"
        )
    if slope < 0:
        doubts.append(
            f"E_alpha falls with the number of points (slope {slope:.3g}), as it does where the "
            f"dimension is not above alpha = {alpha:g}; take a smaller alpha"
        )
    return doubts


def _spread(n_points: int) -> list[int]:
    """Sizes from a tenth to half of the points, evenly in the logarithm."""
    ends = max(2, n_points // 10), n_points // 2
    spread: list[int] = np.geomspace(*ends, _N_SIZES).round().astype(int).tolist()
    return spread


def _checked_sizes(sizes: Sequence[int], n_points: int) -> NDArray[np.int64]:
    try:
        listed = list(sizes)
    except TypeError:
        raise InvalidInputError(f"`sizes` must be a list of integers; got {sizes!r}") from None
    numbers = {check_integer(size, "sizes", at_least=2, at_most=n_points) for size in listed}
    if len(numbers) < 2:
        raise InvalidInputError(f"`sizes` must hold two different numbers or more; got {listed}")
    return np.array(sorted(numbers), dtype=np.int64)
