"""How the points of one cover element become nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from topolens.base.checks import Points, check_integer, check_real

__all__ = ["DBSCAN", "Clusterer", "SingleLinkage", "labels_by"]


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


def labels_by(clusterer: Clusterer, points: Points) -> NDArray[np.int64]:
    """Cluster numbers of the points of one element, -1 for noise, by any clusterer."""
    labels: NDArray[np.int64] = np.asarray(clusterer.fit_predict(points)).astype(np.int64)
    return labels
