"""The nouns that come out: diagrams and distance matrices, frozen, with plain arrays inside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topolens.base.distance_matrix import DistanceMatrix
from topolens.base.formats import check_format

__all__ = ["Diagram", "Diagrams", "DistanceMatrix", "check_format"]

_DIAGRAMS_FORMAT = 1


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


def _pairs_from_lists(pairs: Sequence[Sequence[float | None]]) -> NDArray[np.float64]:
    filled = [[birth, np.inf if death is None else death] for birth, death in pairs]
    return np.array(filled, dtype=np.float64).reshape(-1, 2)
