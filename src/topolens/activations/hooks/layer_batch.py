"""What one batch of samples leaves behind in every captured layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from topolens.base.errors import InvalidInputError

__all__ = ["LayerBatch", "LayerRows", "Site"]

Site = Literal["input", "output"]
"""Which side of its module a value was taken from."""


@dataclass(frozen=True, slots=True, eq=False)
class LayerRows:
    """One layer's rows of one batch; the rows of one sample follow each other."""

    rows: NDArray[Any]
    """Pooled activations, floating, shape (n_rows, n_features)."""
    positions: NDArray[np.int64] | None = None
    """Flat row-major position (or token) each row was taken from, shape (n_rows,), if any."""
    output_shape: tuple[int, ...] = ()
    """Shape of the layer's values for one sample before pooling."""
    counts: NDArray[np.int64] | None = None
    """Rows of each sample, at least 1, shape (n_samples,); None if all have equally many."""
    module_type: str = ""
    """Class name of the module, e.g. `Conv2d`; empty if the rows come from elsewhere."""
    site: Site = "output"

    @property
    def nonfinite(self) -> int:
        """Number of values that are NaN or infinite."""
        with np.errstate(all="ignore"):
            # One addition per value settles almost every case, without an array of answers.
            if np.isfinite(self.rows.sum(dtype=self.rows.dtype)):
                return 0
        return int(self.rows.size - np.count_nonzero(np.isfinite(self.rows)))


@dataclass(frozen=True, slots=True, eq=False)
class LayerBatch:
    """Every captured layer's rows of one batch, layers in the order in which they ran."""

    sample_ids: NDArray[np.int64]
    """Which samples, shape (n_samples,)."""
    layers: dict[str, LayerRows]
    predictions: NDArray[np.int64] | None = None
    """Index of the largest model output per sample, shape (n_samples,), where that makes sense."""
    sums: Mapping[str, float] = field(default_factory=dict)
    """What the model's output adds up to over the batch, by name, e.g. `token_loss`."""

    def __post_init__(self) -> None:
        for name, layer in self.layers.items():
            _check_rows(name, layer, len(self.sample_ids))

    def row_ids(self, layer: str) -> NDArray[np.int64]:
        """Return the sample id of each row of a layer, shape (n_rows,)."""
        rows = self.layers[layer]
        n_samples = len(self.sample_ids)
        each = len(rows.rows) // n_samples if rows.counts is None else rows.counts
        return np.repeat(self.sample_ids, each)


def _check_rows(name: str, layer: LayerRows, n_samples: int) -> None:
    rows = layer.rows
    if rows.ndim != 2 or rows.dtype.kind != "f":
        raise InvalidInputError(
            f"layer `{name}` must be floating with shape (n_rows, n_features); "
            f"got {rows.dtype} of shape {rows.shape}"
        )
    if layer.site not in get_args(Site):
        raise InvalidInputError(
            f"layer `{name}` must have the site `input` or `output`; got {layer.site!r}"
        )
    if layer.counts is not None:
        _check_counts(name, layer.counts, n_samples, len(rows))
    elif n_samples == 0 or len(rows) == 0 or len(rows) % n_samples:
        raise InvalidInputError(
            f"layer `{name}` must hold the same number of rows for each of {n_samples} samples; "
            f"got {len(rows)} rows"
        )
    if layer.positions is not None and layer.positions.shape != (len(rows),):
        raise InvalidInputError(
            f"layer `{name}` must have one position per row; "
            f"got shape {layer.positions.shape} for {len(rows)} rows"
        )


def _check_counts(name: str, counts: NDArray[np.int64], n_samples: int, n_rows: int) -> None:
    if counts.shape != (n_samples,) or counts.dtype != np.int64:
        raise InvalidInputError(
            f"layer `{name}` must have counts that are int64 of shape ({n_samples},); "
            f"got {counts.dtype} of shape {counts.shape}"
        )
    if n_samples == 0 or counts.min() < 1 or counts.sum() != n_rows:
        raise InvalidInputError(
            f"layer `{name}` must have counts from 1 that add up to its {n_rows} rows; "
            f"got counts that add up to {counts.sum()}, the smallest {counts.min(initial=n_rows)}"
        )
