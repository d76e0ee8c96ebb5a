"""Samples: what models are run on, with what is known about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Batch", "Inputs", "LazyInputs", "Rows", "Samples"]

Rows: TypeAlias = slice | NDArray[np.int64]
Batch: TypeAlias = NDArray[Any] | dict[str, NDArray[Any]]


@runtime_checkable
class LazyInputs(Protocol):
    """Inputs that are read when they are asked for, so that they need not fit in memory."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Rows, /) -> NDArray[Any]:
        """Return the inputs of some samples, one per entry of the first axis."""

    def take(self, rows: Rows, /) -> LazyInputs:
        """Return some of these inputs in the order of `rows`, without reading them."""

    def digest(self) -> str:
        """Return a SHA-256 of what these inputs are, in their order; equal on any machine."""


Inputs: TypeAlias = NDArray[Any] | LazyInputs | Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Inputs of a model with what is known about each."""

    inputs: Inputs
    """One entry per sample: an array, (n, channels, height, width) for images; a lazy sequence
    of such entries; or arrays of equal length under the names of the model's arguments."""
    labels: NDArray[np.int64] | None
    """Class index per sample, shape (n,)."""
    classes: tuple[str, ...] | None
    """Name of each class index."""
    ids: NDArray[np.int64]
    """Row of each sample in its source, shape (n,); no two are equal."""
    description: dict[str, Any]
    """Where they come from and how they were chosen, with a digest; the same on any machine."""

    def __len__(self) -> int:
        return len(self.ids)

    def batch(self, rows: Rows) -> Batch:
        """Return the inputs of some samples in memory: an array, or arrays by argument name."""
        if isinstance(self.inputs, Mapping):
            return {name: np.asarray(values[rows]) for name, values in self.inputs.items()}
        return np.asarray(self.inputs[rows])
