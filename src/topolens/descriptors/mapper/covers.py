"""Covers of the values of a lens, pulled back to sets of points."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_integer, check_points, check_real
from topolens.base.errors import InvalidInputError

__all__ = [
    "BalancedCover",
    "BallCover",
    "Cover",
    "Pullback",
    "UniformCover",
    "check_lens",
    "pulled_back",
]

_MOST_LENSES = 2
_MOST_ELEMENTS = 10_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Pullback:
    """The points whose lens value lies in each element of a cover."""

    n_points: int
    offsets: NDArray[np.int64]
    """Where the points of each element begin in `members`, shape (n_elements + 1,)."""
    members: NDArray[np.int32]
    """Row numbers of element 0, then element 1 …, ascending within each; empty elements stay."""
    low: NDArray[np.float64]
    """Smallest lens value of each element, shape (n_elements, n_lenses)."""
    high: NDArray[np.float64]
    """Largest lens value of each element, shape (n_elements, n_lenses)."""

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __iter__(self) -> Iterator[NDArray[np.int32]]:
        for begin, end in zip(self.offsets[:-1], self.offsets[1:], strict=True):
            yield self.members[begin:end]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Points of each element, shape (n_elements,)."""
        return np.diff(self.offsets)


class Cover(Protocol):
    """Anything that turns lens values into a `Pullback`; its `repr` is kept with the graph."""

    def pull_back(self, lens: NDArray[np.float64]) -> Pullback:
        """Points of each element, from lens values of shape (n_points, n_lenses)."""


@dataclass(frozen=True, slots=True)
class UniformCover:
    """Intervals of equal length at equal steps; in two dimensions their products.

    With n intervals and overlap p the range of the lens is cut into n steps of length
    s = (max - min) / n. Interval i, from 0, is centred on min + (i + 1/2) s, has length
    s / (1 - p) and is closed. So p is the share of an interval that the next one covers too:
    at p = 1/2 neighbours share half of their length and every value lies in two intervals. The
    first and the last interval reach beyond the range by half of a shared part.

    The same numbers mean the same intervals in KeplerMapper (`n_cubes`, `perc_overlap`) and in
    Mapper Interactive, which Purvine et al. used. zen-mapper's intervals of the same overlap end
    at the range itself, so they are a little longer.
    """

    n_intervals: int | tuple[int, int] = 10
    """Intervals per lens, one number for all lenses or one for each."""
    overlap: float | tuple[float, float] = 0.5
    """Share of an interval that the next one covers too, between 0 and 1."""

    def __post_init__(self) -> None:
        _check_intervals(self.n_intervals, self.overlap)

    def pull_back(self, lens: NDArray[np.float64]) -> Pullback:
        """Points of each interval, or of each product of two (the second lens runs fastest)."""
        _refuse_too_many(self, lens.shape[1])
        axes = [
            _uniform_intervals(lens[:, axis], axis, *_of_axis(self, lens, axis))
            for axis in range(lens.shape[1])
        ]
        if len(axes) == 1:
            return _pulled(*_within(lens[:, 0], *axes[0]), len(lens), *_boxes(axes))
        rows, first = _within(lens[:, 0], *axes[0])
        seconds, second = _within(lens[:, 1], *axes[1])
        # Every point's second intervals once for each of its first ones.
        counts = np.bincount(seconds, minlength=len(lens))
        begins = np.cumsum(counts) - counts
        repeats = counts[rows]
        within = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        pairs = np.repeat(begins[rows], repeats) + within
        elements = np.repeat(first, repeats) * len(axes[1][0]) + second[pairs]
        return _pulled(np.repeat(rows, repeats), elements, len(lens), *_boxes(axes))


@dataclass(frozen=True, slots=True)
class BalancedCover:
    """Intervals that hold equally many points, up to ties; in two dimensions nested.

    The formula of `UniformCover`, applied to ranks: interval i of n reaches from the quantile at
    (i + 1/2) / n - h to the one at (i + 1/2) / n + h, with h = 1 / (2 n (1 - p)), cut off at 0
    and 1. Its ends are values of the lens and are included, so equal values stay together. With
    two lenses the points of each interval of the first are covered anew along the second.

    Elements of equal size cost least and make nodes of comparable size; the lens range of an
    element then says how dense the cloud is there. giotto-tda calls this kind "balanced".
    """

    n_intervals: int | tuple[int, int] = 10
    """Intervals per lens, one number for all lenses or one for each."""
    overlap: float | tuple[float, float] = 0.5
    """Share of an interval's points that the next one holds too, between 0 and 1."""

    def __post_init__(self) -> None:
        _check_intervals(self.n_intervals, self.overlap)

    def pull_back(self, lens: NDArray[np.float64]) -> Pullback:
        """Points of each interval, or of each part of one (the second lens runs fastest)."""
        _refuse_too_many(self, lens.shape[1])
        intervals = _balanced_intervals(lens[:, 0], 0, *_of_axis(self, lens, 0))
        outer = _pulled(*_within(lens[:, 0], *intervals), len(lens), *_boxes([intervals]))
        if lens.shape[1] == 1:
            return outer
        n_inner, overlap = _of_axis(self, lens, 1)
        rows, elements, lows, highs = [], [], [], []
        for number, slab in enumerate(outer):
            low, high = _balanced_intervals(lens[slab, 1], 1, n_inner, overlap)
            places, inner = _within(lens[slab, 1], low, high)
            rows.append(slab[places])
            elements.append(number * n_inner + inner)
            lows.append(np.column_stack([np.full(n_inner, outer.low[number, 0]), low]))
            highs.append(np.column_stack([np.full(n_inner, outer.high[number, 0]), high]))
        return _pulled(
            np.concatenate(rows),
            np.concatenate(elements),
            len(lens),
            np.concatenate(lows),
            np.concatenate(highs),
        )


@dataclass(frozen=True, slots=True)
class BallCover:
    """Closed balls of one radius around lens values, each outside the balls before it.

    Centres are taken greedily in ascending order of the lens, the first column before the
    second, so the balls do not depend on the order of the rows. Any two centres are farther
    apart than the radius, and every value lies in a ball.
    """

    radius: float
    """Radius in units of the lens, positive."""

    def __post_init__(self) -> None:
        check_real(self.radius, "radius", above=0)

    def pull_back(self, lens: NDArray[np.float64]) -> Pullback:
        """Points of each ball, in the order of their centres."""
        order = np.lexsort(lens.T[::-1])
        values = lens[order]
        open_ = np.ones(len(values), dtype=bool)
        balls, centres = [], []
        for place, centre in enumerate(values):
            if not open_[place]:
                continue
            begin = np.searchsorted(values[:, 0], centre[0] - self.radius)
            end = np.searchsorted(values[:, 0], centre[0] + self.radius, side="right")
            gaps = np.linalg.norm(values[begin:end] - centre, axis=1)
            near = begin + np.flatnonzero(gaps <= self.radius)
            open_[near] = False
            balls.append(order[near])
            centres.append(centre)
        sizes = np.array([len(ball) for ball in balls])
        middle = np.array(centres)
        return _pulled(
            np.concatenate(balls),
            np.repeat(np.arange(len(balls)), sizes),
            len(lens),
            middle - self.radius,
            middle + self.radius,
        )


def pulled_back(cover: Cover, lens: NDArray[np.float64]) -> Pullback:
    """Points of each element of a cover.

    Raises
    ------
    InvalidInputError
        If `cover` is none, or cannot cover this lens.
    """
    if isinstance(cover, type) or not hasattr(cover, "pull_back"):
        raise InvalidInputError(
            f"`cover` must be a cover, e.g. `UniformCover(n_intervals, overlap)`; got {cover!r}"
        )
    return cover.pull_back(lens)


def check_lens(lens: ArrayLike, n_points: int, *, name: str = "lens") -> NDArray[np.float64]:
    """Return lens values as finite float64 of shape (n_points, n_lenses), one lens or two.

    Raises
    ------
    InvalidInputError
        If there is not one row per point, a value is NaN or infinite, or there are more lenses.
    """
    array = np.asarray(lens)
    values = check_points(array[:, None] if array.ndim == 1 else array, name=name)
    if len(values) != n_points:
        raise InvalidInputError(
            f"`{name}` must have one row per point; got {len(values)} rows for {n_points} points"
        )
    if values.shape[1] > _MOST_LENSES:
        raise InvalidInputError(
            f"`{name}` must have one column or two; got {values.shape[1]}; "
            "project them first, e.g. by `pca`"
        )
    return values.astype(np.float64, copy=False)


def _check_intervals(
    n_intervals: int | tuple[int, int], overlap: float | tuple[float, float]
) -> None:
    for count in n_intervals if isinstance(n_intervals, tuple) else (n_intervals,):
        check_integer(count, "n_intervals", at_least=1)
    for share in overlap if isinstance(overlap, tuple) else (overlap,):
        if not 0 < check_real(share, "overlap") < 1:
            raise InvalidInputError(
                f"`overlap` must lie between 0 and 1, neither included; got {share!r}"
            )


def _refuse_too_many(cover: UniformCover | BalancedCover, n_lenses: int) -> None:
    """Refuse a grid whose elements alone, nearly all of them empty, would fill the memory."""
    count = cover.n_intervals
    if (math.prod(count) if isinstance(count, tuple) else count**n_lenses) > _MOST_ELEMENTS:
        raise InvalidInputError(
            f"`n_intervals` must make at most {_MOST_ELEMENTS:,} elements; got {count} "
            f"for {n_lenses} lenses"
        )


def _of_axis(
    cover: UniformCover | BalancedCover, lens: NDArray[np.float64], axis: int
) -> tuple[int, float]:
    for name in ("n_intervals", "overlap"):
        given = getattr(cover, name)
        if isinstance(given, tuple) and len(given) != lens.shape[1]:
            raise InvalidInputError(
                f"`{name}` must have one entry per lens; got {len(given)} "
                f"for {lens.shape[1]} lenses"
            )
    count, share = cover.n_intervals, cover.overlap
    return (
        int(count[axis] if isinstance(count, tuple) else count),
        float(share[axis] if isinstance(share, tuple) else share),
    )


Intervals = tuple[NDArray[np.float64], NDArray[np.float64]]


def _uniform_intervals(
    values: NDArray[np.float64], axis: int, n_intervals: int, overlap: float
) -> Intervals:
    least, most = _range(values, axis)
    step = (most - least) / n_intervals
    centres = least + (np.arange(n_intervals, dtype=np.float64) + 0.5) * step
    half = step / (2 * (1 - overlap))
    low, high = centres - half, centres + half
    # Rounding must not leave the extreme values outside.
    low[0], high[-1] = min(low[0], least), max(high[-1], most)
    return low, high


def _balanced_intervals(
    values: NDArray[np.float64], axis: int, n_intervals: int, overlap: float
) -> Intervals:
    nested = "fewer intervals of column 0, or a `UniformCover`"
    _range(values, axis, nested if axis else "another lens")
    ascending = np.sort(values)
    centres = (np.arange(n_intervals) + 0.5) / n_intervals
    half = 1 / (2 * n_intervals * (1 - overlap))
    last = len(values) - 1
    low = np.floor(np.clip(centres - half, 0, 1) * last).astype(np.int64)
    high = np.ceil(np.clip(centres + half, 0, 1) * last).astype(np.int64)
    return ascending[low], ascending[high]


def _range(
    values: NDArray[np.float64], axis: int, instead: str = "another lens"
) -> tuple[float, float]:
    least, most = float(values.min()), float(values.max())
    if least == most:
        raise InvalidInputError(
            f"`lens` must vary; column {axis} is {least + 0.0:g} for all {len(values)} points "
            f"that are to be covered; take {instead}"
        )
    return least, most


def _within(
    values: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs (row, interval) of each value with the intervals that hold it, ascending.

    Both ends ascend, so the intervals that hold a value are neighbours.
    """
    first = np.searchsorted(high, values, side="left")
    counts = np.searchsorted(low, values, side="right") - first
    rows = np.repeat(np.arange(len(values)), counts)
    begins = np.cumsum(counts) - counts
    return rows, first[rows] + np.arange(len(rows)) - begins[rows]


def _boxes(axes: list[Intervals]) -> Intervals:
    """Ends of the products of the intervals of all axes, the last axis running fastest."""
    lows, highs = zip(*axes, strict=True)
    return _grid(lows), _grid(highs)


def _grid(axes: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))


def _pulled(
    rows: NDArray[np.integer],
    elements: NDArray[np.int64],
    n_points: int,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> Pullback:
    """Gather the rows of each element, ascending."""
    order = np.lexsort((rows, elements))
    offsets = np.zeros(len(low) + 1, dtype=np.int64)
    np.cumsum(np.bincount(elements, minlength=len(low)), out=offsets[1:])
    return Pullback(n_points, offsets, rows[order].astype(np.int32), low, high)
