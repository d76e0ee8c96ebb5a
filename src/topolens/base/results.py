"""The nouns that come out: diagrams and distance matrices, frozen, with plain arrays inside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topolens.base.errors import InvalidInputError, nearest_names

__all__ = ["Diagram", "Diagrams", "DistanceMatrix", "check_format"]

_DIAGRAMS_FORMAT = 1
_MATRIX_FORMAT = 1


@dataclass(frozen=True, slots=True, eq=False)
class Diagram:
    """The bars of one homology degree, ragged and never padded."""

    dimension: int
    """Homology degree."""
    pairs: NDArray[np.float64]
    """Birth and death of each bar, shape (n_bars, 2), sorted; an essential bar dies at infinity."""

    @property
    def finite(self) -> NDArray[np.float64]:
        """The bars that die, shape (n_finite, 2)."""
        return self.pairs[np.isfinite(self.pairs[:, 1])]

    @property
    def lifetimes(self) -> NDArray[np.float64]:
        """Death minus birth of the bars that die, shape (n_finite,)."""
        finite = self.finite
        lifetimes: NDArray[np.float64] = finite[:, 1] - finite[:, 0]
        return lifetimes

    @property
    def n_essential(self) -> int:
        """Number of bars that never die."""
        return len(self.pairs) - len(self.finite)

    def __len__(self) -> int:
        return len(self.pairs)


@dataclass(frozen=True, slots=True, eq=False)
class Diagrams:
    """The diagrams of one cloud, indexable by homology degree, with what made them."""

    diagrams: tuple[Diagram, ...]
    """One per degree, from 0 upwards."""
    n_points: int
    metric: str
    """Metric of the points, or "precomputed"."""
    threshold: float
    """Largest scale looked at; the enclosing radius when the user gave none."""
    version: str = field(default="")
    """Version of TopoLens that computed them."""

    def __getitem__(self, dimension: int) -> Diagram:
        if not isinstance(dimension, int | np.integer) or not 0 <= dimension < len(self.diagrams):
            raise IndexError(
                f"`dimension` must be from 0 to {len(self.diagrams) - 1}; got {dimension!r}"
            )
        return self.diagrams[int(dimension)]

    def __iter__(self) -> Iterator[Diagram]:
        return iter(self.diagrams)

    def __len__(self) -> int:
        return len(self.diagrams)

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and numbers, fit for JSON (infinite deaths become None)."""
        return {
            "format_version": _DIAGRAMS_FORMAT,
            "n_points": self.n_points,
            "metric": self.metric,
            "threshold": self.threshold if np.isfinite(self.threshold) else None,
            "version": self.version,
            "pairs": [
                [[b, d if np.isfinite(d) else None] for b, d in diagram.pairs.tolist()]
                for diagram in self.diagrams
            ],
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Diagrams:
        """Rebuild what `to_dict` gave."""
        check_format(record, _DIAGRAMS_FORMAT, "Diagrams")
        diagrams = tuple(
            Diagram(dimension, _pairs_from_lists(pairs))
            for dimension, pairs in enumerate(record["pairs"])
        )
        threshold = np.inf if record["threshold"] is None else record["threshold"]
        return cls(diagrams, record["n_points"], record["metric"], threshold, record["version"])


@dataclass(frozen=True, slots=True, eq=False)
class DistanceMatrix:
    """All pairs of labelled items under one metric."""

    values: NDArray[np.float64]
    """Shape (n_items, n_items); NaN where the metric is undefined, with the reason in `notes`."""
    labels: tuple[tuple[str, ...], ...]
    """One label per item, e.g. (model, layer)."""
    metric: str
    is_similarity: bool = False
    """True if larger means more alike (CKA)."""
    notes: tuple[str, ...] = ()
    """Why entries are undefined, one sentence each."""

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def distances(self) -> NDArray[np.float64]:
        """Values as dissimilarities: themselves, or one minus a similarity."""
        return 1.0 - self.values if self.is_similarity else self.values

    def select(self, model: str, other: str | None = None) -> NDArray[np.float64]:
        """Return the block of rows whose label begins with `model`, columns with `other`."""
        rows = self._indices(model)
        columns = rows if other is None else self._indices(other)
        return self.values[np.ix_(rows, columns)]

    def _indices(self, model: str) -> list[int]:
        found = [index for index, label in enumerate(self.labels) if label[0] == model]
        if not found:
            hint = nearest_names(model, {label[0] for label in self.labels})
            raise InvalidInputError(f"no item is labelled `{model}`; {hint}")
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and numbers, fit for JSON (undefined: None, infinite: "inf")."""
        values = [[_entry_for_json(value) for value in row] for row in self.values.tolist()]
        return {
            "format_version": _MATRIX_FORMAT,
            "metric": self.metric,
            "is_similarity": self.is_similarity,
            "labels": [list(label) for label in self.labels],
            "values": values,
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> DistanceMatrix:
        """Rebuild what `to_dict` gave."""
        check_format(record, _MATRIX_FORMAT, "DistanceMatrix")
        size = len(record["labels"])
        return cls(
            np.array(record["values"], dtype=np.float64).reshape(size, size),
            tuple(tuple(label) for label in record["labels"]),
            record["metric"],
            record["is_similarity"],
            tuple(record["notes"]),
        )


def _entry_for_json(value: float) -> float | str | None:
    if np.isnan(value):
        return None
    return value if np.isfinite(value) else str(value)


def _pairs_from_lists(pairs: Sequence[Sequence[float | None]]) -> NDArray[np.float64]:
    filled = [[birth, np.inf if death is None else death] for birth, death in pairs]
    return np.array(filled, dtype=np.float64).reshape(-1, 2)


def check_format(record: Mapping[str, Any], expected: int, noun: str) -> None:
    """Refuse a record that another format of `noun` wrote."""
    if record.get("format_version") != expected:
        raise InvalidInputError(
            f"`record` must be a {noun} of format {expected}; got {record.get('format_version')!r}"
        )
