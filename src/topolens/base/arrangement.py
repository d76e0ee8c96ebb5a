"""Orders, clusters and maps of items of which the dissimilarities are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from topolens.base.blas import one_blas_thread
from topolens.base.errors import InvalidInputError

if TYPE_CHECKING:
    from topolens.base.results import DistanceMatrix

__all__ = [
    "Embedding",
    "Linkage",
    "cluster_numbers",
    "embedded",
    "leaf_order",
    "mean_of_directions",
]

Linkage: TypeAlias = Literal["average", "complete", "single"]

_LINKAGES: tuple[Linkage, ...] = ("average", "complete", "single")
_TINY = 1e-12
_SETTLED = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """Items as points, so that their distances come close to given dissimilarities."""

    labels: tuple[tuple[str, ...], ...]
    positions: NDArray[np.float64]
    """Shape (n_items, n_components), in the units of the dissimilarities."""
    stress: float
    """Kruskal's stress 1: 0 is faithful, from about 0.2 the map distorts much."""


def leaf_order(matrix: DistanceMatrix, linkage: Linkage) -> NDArray[np.int64]:
    """Order the items so that neighbours are alike: the leaves of a clustering, best turned."""
    if len(matrix) < 3:
        _condensed(matrix)
        return np.arange(len(matrix))
    from scipy.cluster.hierarchy import leaves_list

    return np.asarray(leaves_list(_tree(matrix, linkage, optimal=True)), dtype=np.int64)


def cluster_numbers(matrix: DistanceMatrix, n_clusters: int, linkage: Linkage) -> NDArray[np.int64]:
    """Cut the tree into clusters, numbered as they first appear."""
    from topolens.base.checks import check_integer  # that module needs the results itself

    check_integer(n_clusters, "n_clusters", at_least=1, at_most=len(matrix))
    if len(matrix) == 1:
        return np.zeros(1, dtype=np.int64)
    from scipy.cluster.hierarchy import cut_tree

    found = cut_tree(_tree(matrix, linkage, optimal=False), n_clusters=[n_clusters])[:, 0]
    _, first, numbers = np.unique(found, return_index=True, return_inverse=True)
    rank: NDArray[np.int64] = np.argsort(np.argsort(first))
    return rank[numbers]


def embedded(matrix: DistanceMatrix, n_components: int, rounds: int) -> Embedding:
    """Scale classically, then lower the stress by majorisation (SMACOF)."""
    from topolens.base.checks import check_integer  # that module needs the results itself

    check_integer(n_components, "n_components", at_least=1)
    check_integer(rounds, "rounds", at_least=0)
    wanted = _condensed(matrix)
    size = float(wanted.max(initial=0.0))
    if size == 0:
        positions = np.zeros((len(matrix), n_components))
        return Embedding(matrix.labels, positions, 0.0)
    from scipy.spatial.distance import pdist, squareform

    distances = squareform(wanted / size)
    with one_blas_thread():
        positions = _refined(_classical(distances, n_components), distances, rounds)
        positions = _turned(positions)
    gaps = pdist(positions) - wanted / size
    stress = float(np.sqrt(np.square(gaps).sum() / np.square(wanted / size).sum()))
    return Embedding(matrix.labels, size * positions, stress)


def mean_of_directions(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of both directions; infinite where one is, NaN where one is."""
    return 0.5 * values + 0.5 * values.T


def _condensed(matrix: DistanceMatrix) -> NDArray[np.float64]:
    """Return the dissimilarities above the diagonal; refuse what no clustering or map can use."""
    if not matrix.symmetric:
        raise InvalidInputError(
            f"`matrix` must be symmetric; `{matrix.metric}` is not: take `matrix.symmetrised()`, "
            "the mean of both directions"
        )
    rows, columns = np.triu_indices(len(matrix), 1)
    values = matrix.distances[rows, columns]
    undefined = np.flatnonzero(~np.isfinite(values))
    if len(undefined):
        row, column = rows[undefined[0]], columns[undefined[0]]
        names = " and ".join("/".join(matrix.labels[k]) for k in (row, column))
        raise InvalidInputError(
            f"`matrix` must be finite; that of {names} is {values[undefined[0]]}: take "
            "`matrix.without_undefined()`, which leaves items out"
        )
    # One minus a similarity may miss zero by rounding.
    return np.maximum(values, 0.0)


def _tree(matrix: DistanceMatrix, linkage: Linkage, *, optimal: bool) -> NDArray[Any]:
    from scipy.cluster.hierarchy import linkage as linked

    from topolens.base.checks import check_one_of  # that module needs the results itself

    check_one_of(linkage, "linkage", _LINKAGES)
    return np.asarray(linked(_condensed(matrix), method=linkage, optimal_ordering=optimal))


def _classical(distances: NDArray[np.float64], n_components: int) -> NDArray[np.float64]:
    squared = distances**2
    means = squared.mean(axis=0)
    gram = -0.5 * (squared - means[:, None] - means[None, :] + squared.mean())
    values, vectors = np.linalg.eigh(gram)
    largest = np.argsort(-values, kind="stable")[:n_components]
    positions = np.zeros((len(distances), n_components))
    positions[:, : len(largest)] = vectors[:, largest] * np.sqrt(np.maximum(values[largest], 0.0))
    return positions


def _refined(
    positions: NDArray[np.float64], distances: NDArray[np.float64], rounds: int
) -> NDArray[np.float64]:
    from scipy.spatial.distance import pdist, squareform

    for _ in range(rounds):
        flat = squareform(pdist(positions))
        ratio = np.divide(distances, flat, out=np.zeros_like(flat), where=flat > _TINY)
        update = -ratio
        np.fill_diagonal(update, ratio.sum(axis=1))
        moved: NDArray[np.float64] = update @ positions / len(positions)
        settled = np.abs(moved - positions).max() < _SETTLED
        positions = moved
        if settled:
            break
    return positions


def _turned(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn to the principal axes, widest first; the first item on the left and not below."""
    centred = positions - positions.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    turned: NDArray[np.float64] = np.zeros_like(centred)
    turned[:, : len(axes)] = centred @ axes.T
    wanted = np.array([-1.0, *[1.0] * (turned.shape[1] - 1)])
    signs: NDArray[np.float64] = np.where(turned[0] * wanted < 0, -1.0, 1.0)
    turned *= signs
    return turned
