"""Persistence landscapes: piecewise linear functions of the scale, exact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.errors import InvalidInputError

__all__ = ["PersistenceLandscape"]


@dataclass(frozen=True, slots=True, eq=False)
class PersistenceLandscape:
    """The layers of a landscape, highest first, by the points where they bend."""

    starts: NDArray[np.int64]
    """Where each layer begins in `scales` and `values`, and their end, shape (n_layers + 1,)."""
    scales: NDArray[np.float64]
    """Scales where layers bend, ascending within each, shape (n_bends,)."""
    values: NDArray[np.float64]
    """Heights there, shape (n_bends,); linear in between and zero outside."""

    def __len__(self) -> int:
        return len(self.starts) - 1

    def layer(self, index: int) -> NDArray[np.float64]:
        """Scale and height of the bends of one layer, from 0, shape (n_bends_of_layer, 2)."""
        if not 0 <= index < len(self):
            raise InvalidInputError(f"`index` must be from 0 to {len(self) - 1}; got {index!r}")
        part = slice(self.starts[index], self.starts[index + 1])
        return np.column_stack([self.scales[part], self.values[part]])

    def at(self, scales: ArrayLike) -> NDArray[np.float64]:
        """Heights of all layers at any scales, shape (n_layers, n_scales): the vector form."""
        wanted = np.asarray(scales, dtype=np.float64)
        heights = np.zeros((len(self), wanted.size))
        for index in range(len(self)):
            bends = self.layer(index)
            if len(bends):
                heights[index] = np.interp(wanted.ravel(), bends[:, 0], bends[:, 1])
        return heights
