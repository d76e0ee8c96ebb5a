"""A cover whose pieces stay where they are while the lens changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_points
from topolens.base.errors import InvalidInputError
from topolens.descriptors.mapper.covers import BallCover, Cover, Pullback, check_lens, pulled_back

__all__ = ["BoxCover"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BoxCover:
    """Closed boxes with given ends, whatever the lens values: points outside all are noise.

    `BoxCover.of(cover, lens)` keeps the pieces of a `UniformCover` or `BalancedCover` of one
    cloud for other clouds.
    """

    low: NDArray[np.float64]
    """Least lens values of each box, shape (n_boxes, n_lenses)."""
    high: NDArray[np.float64]
    """Largest lens values of each box, shape (n_boxes, n_lenses)."""
    source: str = ""
    """The cover that they are the boxes of, as Python writes it."""

    def __post_init__(self) -> None:
        low, high = (
            np.array(check_points(ends, name=name, at_least=1), dtype=np.float64)
            for ends, name in ((self.low, "low"), (self.high, "high"))
        )
        if low.shape != high.shape or (low > high).any():
            raise InvalidInputError(
                "`low` must have the shape of `high` and be nowhere larger; "
                f"got shapes {low.shape} and {high.shape}"
            )
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)

    @classmethod
    def of(cls, cover: Cover, lens: ArrayLike) -> BoxCover:
        """Keep the pieces that a cover cuts out of the values of a lens, shape as for graphs."""
        values = check_lens(lens, len(np.asarray(lens)))
        if isinstance(cover, BallCover) and values.shape[1] > 1:
            raise InvalidInputError(
                "`cover` must have boxes to keep; got the balls of two lenses; take "
                "`UniformCover` or `BalancedCover`"
            )
        pullback = pulled_back(cover, values)
        return cls(pullback.low, pullback.high, repr(cover))

    def __repr__(self) -> str:
        """How many boxes, and of which cover."""
        return f"BoxCover({len(self.low)} boxes{' of ' * bool(self.source)}{self.source})"

    def pull_back(self, lens: NDArray[np.float64]) -> Pullback:
        """Points of each box, in the order of the boxes."""
        if lens.shape[1] != self.low.shape[1]:
            raise InvalidInputError(
                f"`lens` must have {self.low.shape[1]} columns, as the boxes; got {lens.shape[1]}"
            )
        order = np.argsort(lens[:, 0], kind="stable")
        ascending = lens[order]
        begins = np.searchsorted(ascending[:, 0], self.low[:, 0], side="left")
        ends = np.searchsorted(ascending[:, 0], self.high[:, 0], side="right")
        members = []
        for number, (begin, end) in enumerate(zip(begins, ends, strict=True)):
            values = ascending[begin:end]
            inside = ((values >= self.low[number]) & (values <= self.high[number])).all(axis=1)
            members.append(np.sort(order[begin:end][inside]))
        offsets = np.cumsum([0, *map(len, members)], dtype=np.int64)
        return Pullback(
            len(lens), offsets, np.concatenate(members).astype(np.int32), self.low, self.high
        )
