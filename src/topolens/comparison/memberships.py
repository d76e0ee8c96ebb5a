"""Neighbours whose order does not depend on row numbers: those equally far share what is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_one_of, check_same_length
from topolens.base.duplicates import distinct_rows
from topolens.base.errors import InvalidInputError
from topolens.comparison.centring import host_points
from topolens.kernels.distances import DIRECT_METRICS, refuse_rows_without_direction
from topolens.kernels.neighbours import check_neighbor_count, neighbourhoods

__all__ = ["Memberships", "Surroundings", "shared_part", "surroundings"]

_AT_ONCE = 2**20
"""Pairs of a sample and a neighbour that are looked up together."""


@dataclass(frozen=True, slots=True, eq=False)
class Memberships:
    """How much each sample is one of the k nearest to another, equal samples taken as one spot.

    So that thousands of equal samples need no list each of all the others.
    """

    spots: NDArray[np.intp]
    """Where each sample is, shape (n_points,)."""
    starts: NDArray[np.intp]
    """Where the neighbours of each spot begin, and the end, shape (n_spots + 1,)."""
    near: NDArray[np.int64]
    """Spots near each spot, ascending, with itself where it holds several samples."""
    parts: NDArray[np.float64]
    """Membership of each sample of a near spot, above 0 to 1."""

    def __len__(self) -> int:
        return len(self.spots)


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """The near spots of every spot with their distances, nearest first."""

    spots: NDArray[np.intp]
    rows: NDArray[np.intp]
    """The spot that a neighbour is near to, ascending, shape (n_found,)."""
    near: NDArray[np.int64]
    distances: NDArray[np.floating]
    counts: NDArray[np.intp]
    """Samples of the near spot, without the one whose neighbours they are."""

    def memberships(self, n_neighbors: int) -> Memberships:
        """Return the memberships for one k, no larger than searched.

        A sample strictly among the k nearest has membership 1; those as far as the k-th share
        the places that are left equally.
        """
        starts = np.flatnonzero(np.diff(self.rows, prepend=-1))
        through = np.cumsum(self.counts)
        through -= (through[starts] - self.counts[starts])[self.rows]
        last = starts + np.add.reduceat((through < n_neighbors).astype(np.intp), starts)
        limit = self.distances[last][self.rows]
        is_nearer, is_tied = self.distances < limit, self.distances == limit
        n_nearer = np.add.reduceat(self.counts * is_nearer, starts)
        n_tied = np.add.reduceat(self.counts * is_tied, starts)
        left = (n_neighbors - n_nearer) / n_tied
        parts = is_nearer + is_tied * np.minimum(left, 1)[self.rows]
        kept = np.flatnonzero(parts)
        kept = kept[np.lexsort((self.near[kept], self.rows[kept]))]
        bounds = np.searchsorted(self.rows[kept], np.arange(len(starts) + 1))
        return Memberships(self.spots, bounds, self.near[kept], parts[kept])


def surroundings(points: ArrayLike, n_neighbors: int, metric: str, *, name: str) -> Surroundings:
    """Find what `Surroundings.memberships` needs for up to `n_neighbors` neighbours.

    Raises
    ------
    InvalidInputError
        If there are not more points than neighbours, all rows are equal, or a row has no
        direction under an angular metric.
    """
    check_one_of(metric, "metric", DIRECT_METRICS)
    cloud = host_points(points, name=name)
    check_neighbor_count(n_neighbors, len(cloud))
    if metric in ("cosine", "correlation"):
        refuse_rows_without_direction(cloud, metric, name)
    first, spots, sizes = distinct_rows(cloud)
    if len(first) == 1:
        raise InvalidInputError(
            f"`{name}` must not be constant: no neighbour is nearer than another when all rows "
            "coincide"
        )
    found = neighbourhoods(cloud[first], min(n_neighbors, len(first) - 1), metric=metric, name=name)
    n_found = np.diff(np.append(found.starts, len(found.ids)))
    several = np.flatnonzero(sizes > 1)
    rows = np.concatenate([several, np.repeat(np.arange(len(first)), n_found)])
    near = np.concatenate([several, found.ids])
    distances = np.concatenate([np.zeros(len(several), found.distances.dtype), found.distances])
    order = np.lexsort((distances, rows))
    rows, near, distances = rows[order], near[order], distances[order]
    return Surroundings(spots, rows, near, distances, sizes[near] - (near == rows))


def shared_part(first: Memberships, second: Memberships) -> NDArray[np.float64]:
    """Return the sum of the smaller of both memberships over all neighbours of each sample.

    Samples that are equal in both representations have the same sum, found once.
    """
    check_same_length(first, second, ("first", "second"))
    n_spots = len(second.starts) - 1
    joint, place, sizes = np.unique(
        first.spots * n_spots + second.spots, return_inverse=True, return_counts=True
    )
    ours, theirs = joint // n_spots, joint % n_spots
    there, back = _Expansion(first, ours), _Expansion(second, theirs)
    is_shorter = there.lengths <= back.lengths
    sums = np.empty(len(joint))
    for one, other, at, some in (
        (there, second, theirs, np.flatnonzero(is_shorter)),
        (back, first, ours, np.flatnonzero(~is_shorter)),
    ):
        sums[some] = one.sums(some, other, at, sizes)
    return sums[place]


class _Expansion:
    """The neighbours of pairs of spots, from the lists of one representation, as such pairs."""

    def __init__(self, listed: Memberships, spots: NDArray[np.intp]) -> None:
        self._listed, self._spots = listed, spots
        self._order = np.argsort(spots, kind="stable")
        self._begins = np.searchsorted(spots[self._order], np.arange(len(listed.starts)))
        self._widths = np.diff(self._begins)[listed.near]
        before = np.concatenate([[0], np.cumsum(self._widths)])
        self.lengths = np.diff(before[listed.starts])[spots]

    def sums(
        self,
        some: NDArray[np.intp],
        other: Memberships,
        at: NDArray[np.intp],
        sizes: NDArray[np.intp],
    ) -> NDArray[np.float64]:
        """Return the shared part of some pairs, block by block."""
        keys = np.repeat(np.arange(len(other.starts) - 1), np.diff(other.starts))
        keys = keys * (len(other.starts) - 1) + other.near
        block_of = np.cumsum(self.lengths[some]) // _AT_ONCE
        blocks = np.split(some, np.flatnonzero(np.diff(block_of)) + 1)
        return np.concatenate([self._block(block, other, keys, at, sizes) for block in blocks])

    def _block(
        self,
        block: NDArray[np.intp],
        other: Memberships,
        keys: NDArray[np.int64],
        at: NDArray[np.intp],
        sizes: NDArray[np.intp],
    ) -> NDArray[np.float64]:
        starts = self._listed.starts
        spots = self._spots[block]
        entries, owner = _ranges(starts[spots], starts[spots + 1] - starts[spots])
        places, entry_of = _ranges(self._begins[self._listed.near[entries]], self._widths[entries])
        pairs = self._order[places]
        owner, parts = owner[entry_of], self._listed.parts[entries[entry_of]]
        wanted = at[block[owner]] * (len(other.starts) - 1) + at[pairs]
        found = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        theirs = np.where(keys[found] == wanted, other.parts[found], 0.0)
        counts = sizes[pairs] - (pairs == block[owner])
        shared = np.bincount(owner, counts * np.minimum(parts, theirs), minlength=len(block))
        return shared.astype(np.float64, copy=False)


def _ranges(
    begins: NDArray[np.intp], lengths: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the numbers of ranges one after the other, and which range each is of."""
    owner = np.repeat(np.arange(len(begins)), lengths)
    before = np.cumsum(lengths) - lengths
    return np.arange(len(owner)) - (before - begins)[owner], owner
