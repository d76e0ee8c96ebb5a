"""How the points of one cover element become nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from topolens.base.checks import Points, check_integer, check_real
from topolens.base.errors import InvalidInputError
from topolens.kernels.batches import Progress
from topolens.kernels.mapper import ClusterRule, SetsOfPoints, dbscan_rule, single_linkage_rule

__all__ = ["DBSCAN", "Clusterer", "SingleLinkage", "clusters_by", "rule_of"]


@dataclass(frozen=True, slots=True)
class DBSCAN:
    """Density-based clusters [1]_ under the Euclidean distance.

    A point is core if at least `min_samples` points of its cover element, itself included, lie
    within `eps`. Clusters are the components of the core points under d <= eps. Any other point
    within `eps` of a core point joins the nearest one's cluster, of equally near ones the one
    with the smallest row number; so nothing depends on the order of the rows but such ties. The
    rest is noise and becomes no node.

    References
    ----------
    .. [1] M. Ester, H.-P. Kriegel, J. Sander, X. Xu, "A density-based algorithm for discovering
       clusters in large spatial databases with noise", KDD 1996.
    """

    eps: float
    """Largest distance between neighbours, included; positive."""
    min_samples: int = 5
    """Points within `eps` that make a point core, itself counted."""

    def __post_init__(self) -> None:
        check_real(self.eps, "eps", above=0)
        check_integer(self.min_samples, "min_samples", at_least=1)


@dataclass(frozen=True, slots=True)
class SingleLinkage:
    """Single-linkage clusters, cut at the first gap of the merge heights.

    The rule of Singh, Mémoli, Carlsson (Mapper, 2007): the heights at which clusters of a cover
    element merge, up to `eps`, are counted in `n_bins` bins of equal width over [0, eps]; the
    first empty bin after one that is not cuts the tree. Without an empty bin it is cut at `eps`.
    """

    eps: float
    """Largest height looked at, included; positive."""
    n_bins: int = 10
    """Bins of the histogram of heights; more bins find more gaps."""
    min_size: int = 2
    """Smallest cluster that becomes a node; points of smaller ones are noise."""

    def __post_init__(self) -> None:
        check_real(self.eps, "eps", above=0)
        check_integer(self.n_bins, "n_bins", at_least=1)
        check_integer(self.min_size, "min_size", at_least=1)


class Clusterer(Protocol):
    """A clusterer of scikit-learn, or what behaves like one; its `repr` is kept with the graph."""

    def fit_predict(self, points: Any) -> Any:  # noqa: ANN401
        """Cluster number of each point, negative for noise."""


def rule_of(cluster: DBSCAN | SingleLinkage) -> ClusterRule:
    """Return the rule in the words of the compiled engine."""
    if isinstance(cluster, DBSCAN):
        return dbscan_rule(cluster.eps, cluster.min_samples)
    return single_linkage_rule(cluster.eps, cluster.n_bins, cluster.min_size)


def clusters_by(
    clusterer: Clusterer, points: Points, elements: SetsOfPoints, progress: Progress | None
) -> tuple[SetsOfPoints, NDArray[np.int32]]:
    """Clusters of each element by any clusterer, in the order that the engine gives them."""
    found: list[NDArray[np.int32]] = []
    of_elements: list[int] = []
    for number in range(len(elements)):
        rows = elements.members[elements.offsets[number] : elements.offsets[number + 1]]
        if len(rows):
            clusters = _clusters_of_element(clusterer, points, rows)
            found += clusters
            of_elements += [number] * len(clusters)
        if progress is not None:
            progress((number + 1) / len(elements))
    offsets = np.cumsum([0, *map(len, found)], dtype=np.int64)
    members = np.concatenate([np.zeros(0, np.int32), *found])
    return SetsOfPoints(offsets, members), np.array(of_elements, dtype=np.int32)


def _clusters_of_element(
    clusterer: Clusterer, points: Points, rows: NDArray[np.int32]
) -> list[NDArray[np.int32]]:
    """Row numbers of each cluster, the clusters in the order of their smallest ones."""
    try:
        labels = np.asarray(clusterer.fit_predict(points[rows]))
    except ValueError as error:
        raise InvalidInputError(
            f"`cluster` must cluster the {len(rows)} points of every cover element; "
            f"{type(clusterer).__name__} refuses ({error}); take fewer intervals, a "
            "`BalancedCover`, or `DBSCAN`"
        ) from error
    names, first = np.unique(labels, return_index=True)
    return [rows[labels == label] for label in names[np.argsort(first)] if label >= 0]
