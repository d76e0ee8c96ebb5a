"""What is kept of rows that are seen once: sums that give the HSIC of all pairs of layers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from topolens.comparison.alignment import squared_alignments, unbiased_hsic

__all__ = ["BatchMeans", "Moments"]

Rows = NDArray[np.float64]

# Own HSIC below this share of what the squared norms alone would give is rounding.
_ROUNDING = 1e-12


class Moments:
    """Sums of products of the features of all layers side by side, about the first batch's mean.

    With z a row of all layers and q_l the squared norm of its part in layer l, the unbiased
    HSIC needs the sums of q_l q_m and q_l z beside those of z z^T, z and q.
    """

    def __init__(self, layers: Sequence[Rows], *, unbiased: bool) -> None:
        ends = np.cumsum([0, *(rows.shape[1] for rows in layers)])
        self._parts = [slice(*ends_of_one) for ends_of_one in pairwise(ends)]
        self._unbiased = unbiased
        self._origin = np.hstack(layers).mean(axis=0)
        self.n_points = 0
        n_layers, width = len(layers), int(ends[-1])
        self._z, self._zz = np.zeros(width), np.zeros((width, width))
        self._q, self._qq = np.zeros(n_layers), np.zeros((n_layers, n_layers))
        self._qz = np.zeros((n_layers, width))

    def add(self, layers: Sequence[Rows]) -> None:
        """Take in rows of every layer, the same samples in each."""
        rows = np.hstack(layers) - self._origin
        squares = np.column_stack([np.square(rows[:, part]).sum(axis=1) for part in self._parts])
        self.n_points += len(rows)
        self._z += rows.sum(axis=0)
        self._zz += rows.T @ rows
        self._q += squares.sum(axis=0)
        self._qq += squares.T @ squares
        self._qz += squares.T @ rows

    def hsic(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """HSIC of all pairs up to one factor; below what the diagonal is mere rounding."""
        mean = self._z / self.n_points
        products = self._zz - self.n_points * np.outer(mean, mean)
        squares = np.square(products)
        aligned = np.array(
            [[squares[rows, columns].sum() for columns in self._parts] for rows in self._parts]
        )
        origin_sizes = [self.n_points * np.square(self._origin[part]).sum() for part in self._parts]
        resolution = (np.finfo(np.float32).eps ** 2 * (np.array(origin_sizes) + self._q)) ** 2
        if not self._unbiased:
            return aligned, resolution
        traces = np.array([np.trace(products[part, part]) for part in self._parts])
        diagonals = self._products_of_squared_norms(mean)
        hsic = unbiased_hsic(aligned, diagonals, (traces, traces), self.n_points)
        own = _ROUNDING * np.diagonal(diagonals)
        return hsic, np.maximum(resolution, own) / self.n_points

    def _products_of_squared_norms(self, mean: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sums of |z_l - mean_l|^2 |z_m - mean_m|^2, the squares multiplied out."""
        by_mean = np.array([self._qz[:, part] @ mean[part] for part in self._parts]).T
        sizes = np.array([mean[part] @ mean[part] for part in self._parts])
        crossed = np.array(
            [
                [mean[rows] @ self._zz[rows, columns] @ mean[columns] for columns in self._parts]
                for rows in self._parts
            ]
        )
        one_sided = np.outer(self._q, sizes) - 2 * by_mean
        total: NDArray[np.float64] = (
            self._qq
            + one_sided
            + one_sided.T
            + 4 * crossed
            - 3 * self.n_points * np.outer(sizes, sizes)
        )
        return total


class BatchMeans:
    """Sum over batches of their unbiased HSIC; nothing else is kept."""

    def __init__(self, n_layers: int) -> None:
        self.n_points = 0
        self._hsic = np.zeros((n_layers, n_layers))
        self._rounding = np.zeros(n_layers)

    def add(self, layers: Sequence[Rows]) -> None:
        """Take in rows of every layer, the same samples in each."""
        centred = [rows - rows.mean(axis=0) for rows in layers]
        norms = np.array([np.square(rows).sum(axis=1) for rows in centred])
        traces = norms.sum(axis=1)
        aligned = squared_alignments(centred, centred)
        self.n_points += len(layers[0])
        self._hsic += unbiased_hsic(aligned, norms @ norms.T, (traces, traces), norms.shape[1])
        self._rounding += _ROUNDING * np.square(norms).mean(axis=1) + [
            (np.finfo(np.float32).eps * np.abs(rows).max()) ** 4 for rows in layers
        ]

    def hsic(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """As `Moments.hsic`."""
        return self._hsic, self._rounding
