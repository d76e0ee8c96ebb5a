"""The same Mapper graph of clouds taken again under noise, cover and clustering held fixed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import Points, check_integer, check_labels, check_points, check_real
from topolens.base.errors import InvalidInputError
from topolens.base.mapper_graph import MapperGraph
from topolens.base.mapper_overlap import match_nodes
from topolens.descriptors.mapper.boxes import BoxCover
from topolens.descriptors.mapper.clustering import DBSCAN, Clusterer, SingleLinkage
from topolens.descriptors.mapper.covers import Cover, check_lens
from topolens.descriptors.mapper.graph import graph_over, loops_of_cover
from topolens.descriptors.mapper.summary import node_purities

__all__ = ["MapperUnderNoise", "mapper_under_noise"]


@dataclass(frozen=True, slots=True, eq=False)
class MapperUnderNoise:
    """Mapper graphs of a clean cloud and of noisy ones, over the pieces of the clean lens."""

    sigmas: NDArray[np.float64]
    """Strength of the noise of each cloud, the first being the clean one, shape (n_clouds,)."""
    graphs: tuple[MapperGraph, ...]
    """The graph of each cloud."""
    jaccard: NDArray[np.float64]
    """Jaccard index of each node of the clean graph with the most similar node under noise,
    shape (n_clouds, n_nodes)."""
    outside: NDArray[np.float64]
    """Share of the points whose lens value lies in no piece, shape (n_clouds,)."""
    purity: NDArray[np.float64] | None
    """Mean over nodes of 1 / (classes present), shape (n_clouds,); None without labels."""
    weighted_purity: NDArray[np.float64] | None
    """Memberships that are of their node's largest class / all memberships, shape (n_clouds,)."""

    @property
    def coverage(self) -> NDArray[np.float64]:
        """Share of the points in some node, shape (n_clouds,)."""
        return np.array([graph.coverage for graph in self.graphs])

    @property
    def n_components(self) -> NDArray[np.int64]:
        """Connected components, shape (n_clouds,)."""
        return np.array([graph.n_components for graph in self.graphs])

    @property
    def excess_loops(self) -> NDArray[np.int64]:
        """Loops beyond those of the cover, shape (n_clouds,)."""
        return np.array([graph.loops - graph.cover_loops for graph in self.graphs])

    def node_support(self, *, similarity: float = 0.5) -> NDArray[np.float64]:
        """Share of the clean nodes found under noise, with at least this Jaccard index."""
        found: NDArray[np.float64] = (self.jaccard >= similarity).mean(axis=1)
        return found


def mapper_under_noise(
    clouds: Sequence[tuple[float, ArrayLike]],
    lens: Callable[[Points], ArrayLike] | Sequence[ArrayLike],
    *,
    cover: Cover,
    cluster: DBSCAN | SingleLinkage | Clusterer,
    labels: ArrayLike | None = None,
    threads: int = 1,
) -> MapperUnderNoise:
    """Make the Mapper graph of a cloud again from the same samples under noise.

    The pieces of the lens stay where the clean cloud put them, eps stays, and only points move: as
    Purvine et al. (AAAI 2023) add noise to the images and look at purity.

    Parameters
    ----------
    clouds : sequence of (float, array_like of shape (n_points, n_features))
        Strength of the noise, which is only kept, and the cloud. The first is the clean one. Rows
        are the same samples in all.
    lens : callable or sequence of array_like
        What gives the lens values of a cloud, of shape (n_points,) or (n_points, n_lenses); or
        those values for each cloud.
    cover : Cover
        As for `mapper_graph`, but no balls of two lenses.
    cluster : DBSCAN, SingleLinkage or clusterer of scikit-learn
        As for `mapper_graph`.
    labels : array_like of shape (n_points,), optional
        The class of each sample, for the purity.
    threads : int, default 1
        Threads to use; the result does not depend on them.

    Returns
    -------
    MapperUnderNoise
        The graphs, how well each clean node is found again, coverage and purity. What the noise
        carries beyond the outermost pieces is in `outside`.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above, the clouds differ in their number of points, the first
        graph has no nodes, or as `mapper_graph`.

    Examples
    --------
    >>> import numpy as np
    >>> import topolens as tl
    >>> rng = np.random.default_rng(0)
    >>> angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    >>> circle = np.column_stack([np.cos(angle), np.sin(angle)])
    >>> found = tl.mapper_under_noise(
    ...     [(s, circle + s * rng.normal(size=circle.shape)) for s in (0.0, 0.02, 0.5)],
    ...     lambda points: points[:, 0],
    ...     cover=tl.UniformCover(6, 0.3),
    ...     cluster=tl.DBSCAN(0.25, 3),
    ... )
    >>> found.excess_loops.tolist(), found.node_support().tolist()
    ([1, 1, 1], [1.0, 1.0, 0.0])
    """
    check_integer(threads, "threads", at_least=1)
    sigmas, points = _check_clouds(clouds)
    lenses = _lenses_of(lens, points)
    n_points = len(points[0])
    classes = None if labels is None else check_labels(labels, n_points)[1]
    boxes = BoxCover.of(cover, lenses[0])
    graphs, outside = [], []
    for cloud, values in zip(points, lenses, strict=True):
        pullback = boxes.pull_back(values)
        graphs.append(
            graph_over(
                cloud,
                values,
                pullback,
                cover=repr(boxes),
                cover_loops=loops_of_cover(pullback),
                cluster=cluster,
                threads=threads,
            )
        )
        outside.append(1 - len(np.unique(pullback.members)) / n_points)
    if graphs[0].n_nodes == 0:
        raise InvalidInputError(
            f"`clouds` must begin with one whose graph has a node; under {cluster!r} every point "
            "is noise; enlarge `eps`"
        )
    purities = None
    if classes is not None:
        purities = np.array([node_purities(graph, classes) for graph in graphs])
    return MapperUnderNoise(
        sigmas=sigmas,
        graphs=tuple(graphs),
        jaccard=np.array([match_nodes(graphs[0], graph).jaccard for graph in graphs]),
        outside=np.array(outside),
        purity=None if purities is None else purities[:, 0],
        weighted_purity=None if purities is None else purities[:, 1],
    )


def _check_clouds(
    clouds: Sequence[tuple[float, ArrayLike]],
) -> tuple[NDArray[np.float64], list[Points]]:
    if len(clouds) == 0:
        raise InvalidInputError("`clouds` must hold a clean cloud at least; got none")
    sigmas = [
        check_real(sigma, f"clouds[{k}][0]", at_least=0) for k, (sigma, _) in enumerate(clouds)
    ]
    points = [check_points(cloud, name=f"clouds[{k}][1]") for k, (_, cloud) in enumerate(clouds)]
    sizes = [len(cloud) for cloud in points]
    if len(set(sizes)) > 1:
        raise InvalidInputError(f"`clouds` must hold the same samples row by row; got {sizes} rows")
    return np.array(sigmas), points


def _lenses_of(
    lens: Callable[[Points], ArrayLike] | Sequence[ArrayLike], points: list[Points]
) -> list[NDArray[np.float64]]:
    values = [lens(cloud) for cloud in points] if callable(lens) else list(lens)
    if len(values) != len(points):
        raise InvalidInputError(
            f"`lens` must be a function or values for each cloud; got {len(values)} for "
            f"{len(points)} clouds"
        )
    return [check_lens(each, len(points[0])) for each in values]
