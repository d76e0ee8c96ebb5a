"""How far the nodes of a Mapper graph hold one class each, beside what chance gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_integer, check_labels
from topolens.base.errors import InvalidInputError
from topolens.base.formats import check_format
from topolens.base.mapper_graph import MapperGraph

__all__ = ["Purity", "PurityScore", "check_classes", "class_counts", "purity"]

_FORMAT = 1
_LOW, _HIGH = 0.05, 0.95
_SCORES = ("node_wise", "point_wise", "class_wise", "majority", "entropy", "weighted")

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PurityScore:
    """One purity, and what it is when the classes are dealt to the points at random."""

    value: float
    null_mean: float
    """Mean over the permutations of the labels."""
    null_sd: float
    """Standard deviation over the permutations."""
    null_low: float
    """5 % quantile of the permutations."""
    null_high: float
    """95 % quantile of the permutations."""
    p_value: float
    """(1 + permutations that are as pure or purer) / (1 + permutations)."""

    @property
    def excess(self) -> float:
        """Value less the mean under permuted labels."""
        return self.value - self.null_mean


@dataclass(frozen=True, slots=True, eq=False)
class Purity:
    """Purities of a Mapper graph, each with its null under permuted labels.

    Presence only, as in the code of Purvine et al. (c(v) = number of classes in node v):
    `node_wise`, `point_wise`, `class_wise`. With proportions: `majority`, `entropy`, `weighted`.
    """

    classes: tuple[Any, ...]
    """The classes, ascending."""
    counts: NDArray[np.int64]
    """Members of each node by class, shape (n_nodes, n_classes)."""
    of_points: Values
    """Mean of 1 / c(v) over the nodes v of each point, 0 for points in no node; (n_points,)."""
    node_wise: PurityScore
    """Mean over the nodes of 1 / c(v)."""
    point_wise: PurityScore
    """Mean of `of_points` over the points in some node."""
    class_wise: PurityScore
    """Mean over the classes of `by_class`."""
    by_class: tuple[PurityScore, ...]
    """Sum of `of_points` over a class / its full size: points in no node count as 0."""
    majority: PurityScore
    """Mean over the nodes of the share of its largest class."""
    entropy: PurityScore
    """Mean over the nodes of 1 - H / log(n_classes), H the entropy of its shares."""
    weighted: PurityScore
    """Memberships that are of their node's largest class / all memberships."""
    coverage: float
    """Share of the points in some node."""
    coverage_by_class: Values
    """The same for each class, shape (n_classes,)."""
    permutations: int
    seed: int

    @property
    def scores(self) -> dict[str, PurityScore]:
        """The six purities of the whole graph by name."""
        return {name: getattr(self, name) for name in _SCORES}

    @property
    def majorities(self) -> NDArray[np.int64]:
        """Number of the largest class of each node, the first of equals, shape (n_nodes,)."""
        largest: NDArray[np.int64] = self.counts.argmax(axis=1)
        return largest

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and numbers, fit for JSON."""
        return {
            "format_version": _FORMAT,
            "classes": list(self.classes),
            "counts": self.counts.tolist(),
            "of_points": self.of_points.tolist(),
            **{name: asdict(score) for name, score in self.scores.items()},
            "by_class": [asdict(score) for score in self.by_class],
            "coverage": self.coverage,
            "coverage_by_class": self.coverage_by_class.tolist(),
            "permutations": self.permutations,
            "seed": self.seed,
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Purity:
        """Rebuild what `to_dict` gave."""
        check_format(record, _FORMAT, "Purity")
        return cls(
            classes=tuple(record["classes"]),
            counts=np.array(record["counts"], dtype=np.int64),
            of_points=np.array(record["of_points"], dtype=np.float64),
            **{name: PurityScore(**record[name]) for name in _SCORES},
            by_class=tuple(PurityScore(**score) for score in record["by_class"]),
            coverage=record["coverage"],
            coverage_by_class=np.array(record["coverage_by_class"], dtype=np.float64),
            permutations=record["permutations"],
            seed=record["seed"],
        )


def purity(
    graph: MapperGraph, labels: ArrayLike, *, permutations: int = 200, seed: int = 0
) -> Purity:
    """Purity of a Mapper graph by class, against permuted labels.

    Purvine et al., "Experimental Observations of the Topology of Convolutional Neural Network
    Activations" (AAAI 2023), count the classes present in a node. One stray point halves that
    purity, small nodes and a low coverage raise it: read the excess over the null, and the
    scores by proportions beside it. Under the null the classes keep their sizes and the graph
    stays; each permutation deals the labels to all points anew.

    Parameters
    ----------
    graph : MapperGraph
        The graph.
    labels : array_like of shape (n_points,)
        Class of each point, whole numbers or texts, two classes or more.
    permutations : int, default 200
        How often labels are permuted.
    seed : int, default 0
        Seed of the permutations.

    Returns
    -------
    Purity
        The scores, and counts and purities by node, point and class.

    Raises
    ------
    InvalidInputError
        If the graph has no nodes, there is one class only, or not one label for each point.

    Examples
    --------
    >>> import numpy as np
    >>> import topolens as tl
    >>> rng = np.random.default_rng(0)
    >>> cloud = rng.normal(size=(400, 2)) + np.repeat([[0, 0], [9, 0]], 200, axis=0)
    >>> graph = tl.mapper_graph(
    ...     cloud, cloud[:, 1], cover=tl.UniformCover(5, 0.3), cluster=tl.DBSCAN(1.0, 5)
    ... )
    >>> found = tl.purity(graph, np.repeat(["left", "right"], 200))
    >>> found.node_wise.value, found.node_wise.null_mean < 0.7, found.node_wise.p_value < 0.01
    (1.0, True, True)
    """
    check_integer(permutations, "permutations", at_least=1)
    check_integer(seed, "seed", at_least=0)
    classes, numbers = check_classes(graph, labels)
    measure = _Measure(graph, numbers, len(classes))
    found = measure(numbers)
    rng = np.random.default_rng([seed, graph.n_points])
    null = np.stack([measure(rng.permutation(numbers)) for _ in range(permutations)])
    scores = _scores(found, null)
    counts = class_counts(graph, numbers, len(classes))
    inverse = 1 / np.count_nonzero(counts, axis=1)
    of_points = np.bincount(
        graph.members, weights=inverse[graph.node_of_member], minlength=graph.n_points
    )
    held = graph.n_nodes_of_point
    return Purity(
        classes=tuple(classes.tolist()),
        counts=counts,
        of_points=of_points / np.maximum(held, 1),
        **dict(zip(_SCORES, scores, strict=False)),
        by_class=tuple(scores[len(_SCORES) :]),
        coverage=graph.coverage,
        coverage_by_class=np.bincount(numbers, weights=held > 0) / np.bincount(numbers),
        permutations=permutations,
        seed=seed,
    )


def check_classes(graph: MapperGraph, labels: ArrayLike) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the classes and each point's class number; refuse one class and no nodes."""
    classes, numbers = check_labels(labels, graph.n_points)
    if len(classes) < 2:
        raise InvalidInputError(
            f"`labels` must hold two classes or more; all {graph.n_points} points are "
            f"{classes[0]!s}"
        )
    if graph.n_nodes == 0:
        raise InvalidInputError(
            "`graph` must have nodes; every point is noise: enlarge the eps of its clustering"
        )
    return classes, numbers


def class_counts(
    graph: MapperGraph, numbers: NDArray[np.int64], n_classes: int
) -> NDArray[np.int64]:
    """Members of each node by class number, shape (n_nodes, n_classes)."""
    places = graph.node_of_member.astype(np.int64) * n_classes + numbers[graph.members]
    return np.bincount(places, minlength=graph.n_nodes * n_classes).reshape(-1, n_classes)


class _Measure:
    """All purities of one labelling as one vector: the six of `_SCORES`, then by class."""

    def __init__(self, graph: MapperGraph, numbers: NDArray[np.int64], n_classes: int) -> None:
        self._members = graph.members
        self._places = graph.node_of_member.astype(np.int64) * n_classes
        self._shape = graph.n_nodes, n_classes
        self._sizes = graph.sizes
        self._class_sizes = np.bincount(numbers, minlength=n_classes)
        held = graph.n_nodes_of_point
        self._n_held = np.count_nonzero(held)
        self._parts = 1 / held[graph.members]

    def __call__(self, numbers: NDArray[np.int64]) -> Values:
        n_nodes, n_classes = self._shape
        places = self._places + numbers[self._members]
        counts = np.bincount(places, minlength=n_nodes * n_classes).reshape(self._shape)
        # A point's purity is the mean over its nodes: each node gives it a part.
        parts = np.bincount(places, self._parts, n_nodes * n_classes).reshape(self._shape)
        inverse = 1 / np.count_nonzero(counts, axis=1)
        by_class = inverse @ parts
        largest = counts.max(axis=1)
        shares = counts / self._sizes[:, None]
        logs = np.log(shares, out=np.zeros(self._shape), where=counts > 0)
        entropies = -np.einsum("vk,vk->v", shares, logs)
        of_classes = by_class / self._class_sizes
        whole = [
            inverse.mean(),
            by_class.sum() / self._n_held,
            of_classes.mean(),
            (largest / self._sizes).mean(),
            (1 - entropies / np.log(n_classes)).mean(),
            largest.sum() / self._sizes.sum(),
        ]
        return np.concatenate([whole, of_classes])


def _scores(found: Values, null: Values) -> list[PurityScore]:
    low, high = np.quantile(null, [_LOW, _HIGH], axis=0)
    # Equal sums may differ in the last digits; such a permutation is as pure.
    n_as_pure = (null >= found - 1e-12).sum(axis=0)
    p_values = (1 + n_as_pure) / (1 + len(null))
    columns = (found, null.mean(axis=0), null.std(axis=0), low, high, p_values)
    return [PurityScore(*map(float, row)) for row in zip(*columns, strict=True)]
