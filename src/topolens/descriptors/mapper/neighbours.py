"""Near pairs of a cloud, found once for many Mapper graphs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import Points, check_integer, check_real
from topolens.base.errors import InvalidInputError
from topolens.descriptors.filtration import OnProgress, check_cloud, check_progress
from topolens.descriptors.mapper.covers import Cover, Pullback, check_lens, pulled_back
from topolens.kernels.mapper import NearPairs, near_pairs
from topolens.kernels.near_tiles import device_near_pairs

__all__ = ["EpsGraph", "check_holds", "eps_graph", "widest_ranges"]


@dataclass(frozen=True, slots=True, eq=False)
class EpsGraph:
    """All pairs of points within `eps`, perhaps only those that are near along a lens.

    Take it for the points in `mapper_graph`: another number of samples, a smaller eps, another
    cover or clustering then cost a small part of the first graph.
    """

    points: Points
    eps: float
    pairs: NearPairs
    lens: NDArray[np.float64] | None
    """Lens along which pairs are near, shape (n_points, n_lenses), or None: all pairs are there."""
    window: NDArray[np.float64] | None
    """Largest difference along each column of the lens, shape (n_lenses,)."""

    @property
    def n_points(self) -> int:
        """Number of points."""
        return len(self.points)

    @property
    def n_pairs(self) -> int:
        """Number of pairs, of which equal points with equal lens values have part once."""
        return self.pairs.n_pairs


def eps_graph(
    points: ArrayLike,
    lens: ArrayLike | None = None,
    *,
    eps: float,
    cover: Cover | None = None,
    device: str | None = None,
    threads: int = 1,
    on_progress: OnProgress | None = None,
) -> EpsGraph:
    """Find all pairs of points within `eps`, to make many Mapper graphs from.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        The cloud; kept in the result.
    lens : array_like of shape (n_points,) or (n_points, n_lenses), optional
        With `cover`: pairs that no element of a cover as narrow can hold are left out.
    eps : float
        Largest Euclidean distance of a pair, included; the largest `eps` of the graphs to come.
    cover : Cover, optional
        The widest cover to come. Pairs are kept if their lens values differ by no more than those
        of any two points of one of its elements. Default: every cover can follow.
    device : str, optional
        `cpu`, `cuda` or `cuda:1`: where the matrix products are taken, by torch on a GPU; the pairs
        are the same. Default: on the device of `points` if that is a tensor, else on the host.
    threads : int, default 1
        Threads to use on the host; the result does not depend on them.
    on_progress : callable, optional
        Called now and then with the share of the work done; what it raises stops the work.

    Returns
    -------
    EpsGraph
        Eight bytes a pair; `eps_graph_forecast` tells how many there will be.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above, one of `lens` and `cover` is given without the other,
        or the pairs do not fit into memory.

    Examples
    --------
    >>> import numpy as np
    >>> import topolens as tl
    >>> angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    >>> circle = np.column_stack([np.cos(angle), np.sin(angle)])
    >>> near = tl.eps_graph(circle, eps=0.1)
    >>> near.n_pairs
    600
    >>> for n_intervals in (3, 6):
    ...     graph = tl.mapper_graph(
    ...         near,
    ...         circle[:, 0],
    ...         cover=tl.UniformCover(n_intervals, 0.3),
    ...         cluster=tl.DBSCAN(eps=0.05, min_samples=2),
    ...     )
    ...     print(graph.n_nodes, graph.loops)
    4 1
    10 1
    """
    check_integer(threads, "threads", at_least=1)
    check_progress(on_progress)
    check_real(eps, "eps", above=0)
    cloud, gpu = check_cloud(points, device)
    values, window = check_window(lens, cover, len(cloud))
    kept = np.zeros((len(cloud), 0)) if values is None else values
    widths = np.zeros(0) if window is None else window
    given = (cloud, float(eps), kept, widths)
    if gpu is None:
        pairs = near_pairs(*given, threads=threads, progress=on_progress)
    else:
        pairs = device_near_pairs(*given, device=gpu, progress=on_progress)
    return EpsGraph(cloud, float(eps), pairs, values, window)


def check_window(
    lens: ArrayLike | None, cover: Cover | None, n_points: int
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Return the lens and the widest differences that the elements of a cover hold."""
    if lens is None and cover is None:
        return None, None
    if lens is None or cover is None:
        given, missing = ("cover", "lens") if lens is None else ("lens", "cover")
        raise InvalidInputError(f"`{given}` must come with `{missing}`; got None")
    values = np.ascontiguousarray(check_lens(lens, n_points))
    return values, widest_ranges(pulled_back(cover, values), values).max(axis=0)


def widest_ranges(pullback: Pullback, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Differences of the extreme values of the points of each non-empty element, per column."""
    starts = pullback.offsets[:-1][pullback.sizes > 0]
    held = values[pullback.members]
    ranges: NDArray[np.float64] = np.maximum.reduceat(held, starts) - np.minimum.reduceat(
        held, starts
    )
    return ranges


def check_holds(graph: EpsGraph, pullback: Pullback, eps: float) -> None:
    """Refuse an eps or a cover that needs pairs which the graph may not have."""
    if eps > graph.eps:
        raise InvalidInputError(
            f"`eps` must be at most that of the eps-graph, {graph.eps:g}; got {eps:g}"
        )
    if graph.lens is None or graph.window is None:
        return
    widest = widest_ranges(pullback, graph.lens).max(axis=0)
    if (widest > graph.window).any():
        raise InvalidInputError(
            "`cover` must be no wider than the one the eps-graph was made for, "
            f"{graph.window.tolist()} along its lens; got an element of {widest.tolist()}"
        )
