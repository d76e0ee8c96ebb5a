"""Distances of all pairs of labelled items, and what can be read off them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.arrangement import (
    Embedding,
    Linkage,
    cluster_numbers,
    embedded,
    leaf_order,
    mean_of_directions,
)
from topolens.base.errors import InvalidInputError, nearest_names
from topolens.base.formats import check_format

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DistanceMatrix"]

_FORMAT = 2
_OLDER_FORMATS = (1,)
"""The first did not say whether the metric is symmetric; all were."""


@dataclass(frozen=True, slots=True, eq=False)
class DistanceMatrix:
    """All pairs of labelled items under one metric."""

    values: NDArray[np.float64]
    """Shape (n_items, n_items), from the item of the row to that of the column; NaN where the
    metric is undefined, with the reason in `notes`."""
    labels: tuple[tuple[str, ...], ...]
    """One label per item, e.g. (model, layer)."""
    metric: str
    is_similarity: bool = False
    """True if larger means more alike (CKA)."""
    notes: tuple[str, ...] = ()
    """Why entries are undefined, one sentence each."""
    symmetric: bool = True
    """False if the two directions of a pair differ in meaning."""

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

    def take(self, items: ArrayLike) -> DistanceMatrix:
        """Return the matrix of some items, given by their numbers, in that order."""
        chosen = np.asarray(items, dtype=np.int64).reshape(-1)
        return replace(
            self,
            values=self.values[np.ix_(chosen, chosen)],
            labels=tuple(self.labels[number] for number in chosen),
        )

    def without_undefined(self) -> DistanceMatrix:
        """Leave out as many items as it takes until all values are finite, the worst first."""
        undefined = ~np.isfinite(self.values)
        undefined |= undefined.T
        np.fill_diagonal(undefined, val=False)
        kept = np.arange(len(self))
        while (counts := undefined[np.ix_(kept, kept)].sum(axis=1)).any():
            kept = np.delete(kept, int(counts.argmax()))
        return self.take(kept)

    def symmetrised(self) -> DistanceMatrix:
        """Return the mean of both directions of every pair."""
        return replace(self, values=mean_of_directions(self.values), symmetric=True)

    def order(self, *, linkage: Linkage = "average") -> NDArray[np.int64]:
        """Return the items in an order in which neighbours are alike.

        The leaves of a hierarchical clustering, turned so that the sum of the distances between
        neighbours is least (Bar-Joseph et al. 2001); `matrix.take(matrix.order())` is the matrix
        in that order. Similarities count as one minus themselves.

        Parameters
        ----------
        linkage : {"average", "complete", "single"}, default "average"
            Distance of two clusters: mean, largest or smallest between their items.

        Returns
        -------
        ndarray of shape (n_items,)
            Numbers of the items.

        Raises
        ------
        InvalidInputError
            If the matrix is not symmetric, or a value off the diagonal is not finite.
        """
        return leaf_order(self, linkage)

    def clusters(self, n_clusters: int, *, linkage: Linkage = "average") -> NDArray[np.int64]:
        """Return the cluster of each item, numbered from 0 as they first appear.

        The tree of `order`, cut where it has `n_clusters` branches.

        Parameters
        ----------
        n_clusters : int
            From 1 to the number of items.
        linkage : {"average", "complete", "single"}, default "average"
            As for `order`.

        Returns
        -------
        ndarray of shape (n_items,)

        Raises
        ------
        InvalidInputError
            If `n_clusters` is out of range, or as `order` does.
        """
        return cluster_numbers(self, n_clusters, linkage)

    def mds(self, n_components: int = 2, *, rounds: int = 200) -> Embedding:
        """Return the items as points whose distances come close to the matrix.

        Classical scaling (Torgerson 1952), from which majorisation lowers the stress (SMACOF,
        de Leeuw 1977); no random numbers, so equal input gives an equal map. Similarities count
        as one minus themselves.

        Parameters
        ----------
        n_components : int, default 2
            Coordinates of each point.
        rounds : int, default 200
            Most rounds of majorisation; 0 for classical scaling alone.

        Returns
        -------
        Embedding
            Positions and their stress. Axes are the principal ones of the map, widest first.

        Raises
        ------
        InvalidInputError
            If the matrix is not symmetric, a value off the diagonal is not finite, or an
            argument is not a whole number of its range.
        """
        return embedded(self, n_components, rounds)

    def to_frame(self) -> pd.DataFrame:
        """Return the values as a table with the labels on both sides."""
        import pandas as pd

        index: pd.Index[Any]
        if all(len(label) == 1 for label in self.labels):
            index = pd.Index([label[0] for label in self.labels], dtype=object)
        else:
            index = pd.MultiIndex.from_tuples(list(self.labels))
        return pd.DataFrame(self.values, index=index, columns=index)

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
            "format_version": _FORMAT,
            "metric": self.metric,
            "is_similarity": self.is_similarity,
            "symmetric": self.symmetric,
            "labels": [list(label) for label in self.labels],
            "values": values,
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> DistanceMatrix:
        """Rebuild what `to_dict` gave."""
        check_format(record, _FORMAT, "DistanceMatrix", older=_OLDER_FORMATS)
        size = len(record["labels"])
        return cls(
            np.array(record["values"], dtype=np.float64).reshape(size, size),
            tuple(tuple(label) for label in record["labels"]),
            record["metric"],
            record["is_similarity"],
            tuple(record["notes"]),
            record.get("symmetric", True),
        )


def _entry_for_json(value: float) -> float | str | None:
    if np.isnan(value):
        return None
    return value if np.isfinite(value) else str(value)
