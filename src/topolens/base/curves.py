"""Betti curves: step functions of the scale, exact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["BettiCurve"]


@dataclass(frozen=True, slots=True, eq=False)
class BettiCurve:
    """How many bars are alive at each scale; constant between the scales where it steps."""

    scales: NDArray[np.float64]
    """Where the curve steps, ascending, shape (n_steps,)."""
    values: NDArray[np.int64]
    """Bars alive from `scales[i]` up to, not including, `scales[i + 1]`, shape (n_steps,)."""

    @classmethod
    def of(cls, pairs: NDArray[np.float64]) -> BettiCurve:
        """Count bars of shape (n_bars, 2); one that never dies stays in the last value."""
        deaths = pairs[np.isfinite(pairs[:, 1]), 1]
        scales, places = np.unique(np.concatenate([pairs[:, 0], deaths]), return_inverse=True)
        steps = np.zeros(len(scales), dtype=np.int64)
        np.add.at(steps, places[: len(pairs)], 1)
        np.add.at(steps, places[len(pairs) :], -1)
        moves = steps != 0  # one bar may die where another is born
        return cls(scales[moves], np.cumsum(steps)[moves])

    @property
    def n_essential(self) -> int:
        """Bars that never die: what is left after the last step."""
        return int(self.values[-1]) if len(self.values) else 0

    @property
    def peak(self) -> int:
        """The most bars that are alive at once."""
        return int(self.values.max(initial=0))

    def at(self, scales: ArrayLike) -> NDArray[np.int64]:
        """Betti numbers at any scales, in their shape; 0 before the first step."""
        wanted = np.asarray(scales, dtype=np.float64)
        before = np.searchsorted(self.scales, wanted, side="right")
        found: NDArray[np.int64] = np.concatenate([[0], self.values])[before]
        return found
