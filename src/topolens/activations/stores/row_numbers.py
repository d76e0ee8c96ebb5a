"""Which rows of which part: from numbers of rows or ids of samples to places in the files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topolens.base.errors import InvalidInputError

__all__ = ["RowNumbers", "numbers_of_rows", "numbers_of_samples"]

_Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class RowNumbers:
    """Rows of a layer by number, and how many rows each part has."""

    chosen: slice | _Numbers
    """A slice of step 1, or numbers in any order."""
    indices: Sequence[int]
    """Number of each part, in order."""
    bounds: _Numbers
    """First row of each part, and the end, shape (n_parts + 1,)."""

    @property
    def n_rows(self) -> int:
        """How many rows are chosen."""
        chosen = self.chosen
        return chosen.stop - chosen.start if isinstance(chosen, slice) else len(chosen)

    def by_part(self) -> Iterator[tuple[int, slice | _Numbers, slice | _Numbers]]:
        """Yield (part, rows within it, their places in the result) for parts that are needed."""
        if isinstance(self.chosen, slice):
            yield from self._ranges(self.chosen)
            return
        owners = np.searchsorted(self.bounds, self.chosen, side="right") - 1
        order = np.argsort(owners, kind="stable")
        ends = np.searchsorted(owners[order], np.arange(len(self.indices)), side="right")
        for part, (start, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
            if start < end:
                places = order[start:end]
                yield self.indices[part], self.chosen[places] - self.bounds[part], places

    def _ranges(self, chosen: slice) -> Iterator[tuple[int, slice, slice]]:
        for part, index in enumerate(self.indices):
            first, last = int(self.bounds[part]), int(self.bounds[part + 1])
            start, end = max(first, chosen.start), min(last, chosen.stop)
            if start < end:
                within = slice(start - first, end - first)
                yield index, within, slice(start - chosen.start, end - chosen.start)


def numbers_of_rows(
    rows: slice | Sequence[int] | NDArray[np.integer[Any]] | None,
    indices: Sequence[int],
    lengths: Sequence[int],
) -> RowNumbers:
    """Choose rows by number, for parts with so many rows each.

    Raises
    ------
    InvalidInputError
        If a number is none of a row.
    """
    bounds = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    return RowNumbers(_within(rows, int(bounds[-1]), "rows"), indices, bounds)


def numbers_of_samples(
    samples: slice | Sequence[int] | NDArray[np.integer[Any]],
    indices: Sequence[int],
    ids: _Numbers,
    counts: Sequence[_Numbers],
) -> RowNumbers:
    """Choose all rows of some samples, given the ids of all and their numbers of rows by part.

    Raises
    ------
    InvalidInputError
        If there is no sample of an id.
    """
    bounds = np.concatenate([[0], np.cumsum([c.sum() for c in counts], dtype=np.int64)])
    per_sample = np.concatenate(counts)
    starts = np.cumsum(per_sample) - per_sample
    if isinstance(samples, slice):
        places = np.arange(len(ids))[samples]
    else:
        places = _places(_integers(samples, "samples"), ids)
    chosen = per_sample[places]
    firsts = np.repeat(starts[places] - (np.cumsum(chosen) - chosen), chosen)
    return RowNumbers(firsts + np.arange(len(firsts)), indices, bounds)


def _within(
    rows: slice | Sequence[int] | NDArray[np.integer[Any]] | None, n_rows: int, name: str
) -> slice | _Numbers:
    if rows is None:
        return slice(0, n_rows)
    if isinstance(rows, slice):
        start, stop, step = rows.indices(n_rows)
        return slice(start, max(start, stop)) if step == 1 else np.arange(start, stop, step)
    numbers = _integers(rows, name)
    outside = (numbers < 0) | (numbers >= n_rows)
    if outside.any():
        raise InvalidInputError(
            f"`{name}` must be from 0 and below {n_rows}; got {int(numbers[outside][0])}"
        )
    return numbers


def _integers(values: Sequence[int] | NDArray[np.integer[Any]], name: str) -> _Numbers:
    array = np.asarray(values)
    if array.ndim == 1 and len(array) == 0:
        return np.empty(0, np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise InvalidInputError(
            f"`{name}` must be a slice or integers of shape (n,); "
            f"got {array.dtype} of shape {array.shape}"
        )
    return array.astype(np.int64)


def _places(wanted: _Numbers, ids: _Numbers) -> _Numbers:
    """Return where each wanted id stands among all ids."""
    order = np.argsort(ids, kind="stable")
    found = np.searchsorted(ids[order], wanted).clip(max=len(ids) - 1)
    places: _Numbers = order[found]
    missing = ids[places] != wanted
    if missing.any():
        raise InvalidInputError(
            f"`samples` must be ids of samples in the store; got {int(wanted[missing][0])}"
        )
    return places
