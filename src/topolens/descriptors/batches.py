"""Persistent homology of many clouds, or of many subsets of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_integer, check_one_of
from topolens.base.errors import InvalidInputError
from topolens.base.results import Diagrams
from topolens.descriptors.filtration import (
    OnProgress,
    as_diagrams,
    check_cloud,
    check_degree,
    check_progress,
    check_threshold,
    cut_of,
)
from topolens.kernels.batches import Progress, one_per_thread
from topolens.kernels.distances import METRICS, distances_of
from topolens.kernels.memory import refuse_batch_without_memory, refuse_subsets_without_memory
from topolens.kernels.rips import rips_pairs, rips_pairs_of_subsets

__all__ = ["persistence_of_clouds", "persistence_of_subsets"]

_GROWTH = 2.4  # of the time with the number of points, for the order of work and the progress


def persistence_of_clouds(
    clouds: Sequence[ArrayLike],
    *,
    max_dim: int = 1,
    threshold: float | None = None,
    metric: str = "euclidean",
    device: str | None = None,
    threads: int = 1,
    on_progress: OnProgress | None = None,
) -> list[Diagrams]:
    """Persistent homology of many clouds, one per thread.

    Parameters
    ----------
    clouds : sequence of array_like or torch.Tensor of shape (n_points, n_features)
        The clouds, each of its own size, width and precision.
    max_dim : {0, 1, 2}, default 1
        Highest homology degree.
    threshold : float, optional
        Largest distance at which points are joined. Default: each cloud's enclosing radius.
    metric : str, default "euclidean"
        As for `persistence`.
    device : str, optional
        As for `persistence`.
    threads : int, default 1
        Clouds worked on at once; where there are fewer clouds, they share the threads. The
        results do not depend on it, the memory does: each thread holds one distance matrix.
    on_progress : callable, optional
        Called now and then, by one thread at a time, with the share of the whole that is done, 0
        to 1; what it raises, or Ctrl-C, stops all threads.

    Returns
    -------
    list of Diagrams
        In the order of `clouds`, each as `persistence` returns it.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule of `persistence`; the message names the cloud by its place.
        All clouds are looked at before the first is begun. Also if the largest clouds do not
        fit in memory, `threads` of them at once.

    Examples
    --------
    >>> import numpy as np
    >>> import topolens as tl
    >>> rng = np.random.default_rng(0)
    >>> clouds = [rng.normal(size=(n, 3)) for n in (40, 60, 50)]
    >>> [found.n_points for found in tl.persistence_of_clouds(clouds, threads=2)]
    [40, 60, 50]
    """
    check_one_of(metric, "metric", METRICS)
    max_dim = check_degree(max_dim)
    threads = check_integer(threads, "threads", at_least=1)
    bound = check_threshold(threshold)
    check_progress(on_progress)
    listed = _listed(clouds, "clouds", "clouds")
    checked = [check_cloud(cloud, device, f"clouds[{k}]") for k, cloud in enumerate(listed)]
    sizes = [(len(cloud), cloud.dtype.itemsize) for cloud, _ in checked]
    refuse_batch_without_memory(sizes, max_dim, threads)
    threads_each = max(1, threads // max(1, len(checked)))

    def work(place: int, told: Progress) -> Diagrams:
        cloud, gpu = checked[place]
        name = f"clouds[{place}]"
        matrix = distances_of(cloud, metric, threads_each, name=name, gpu=gpu, progress=told)
        cut = cut_of(matrix, bound)
        pairs = rips_pairs(
            matrix, max_dim=max_dim, threshold=cut, threads=threads_each, progress=told
        )
        return as_diagrams(pairs, len(cloud), metric, cut)

    costs = [n_points**_GROWTH for n_points, _ in sizes]
    return one_per_thread(
        work, range(len(checked)), costs=costs, threads=threads, progress=on_progress
    )


def persistence_of_subsets(
    points: ArrayLike,
    subsets: Sequence[ArrayLike],
    *,
    max_dim: int = 0,
    threshold: float | None = None,
    metric: str = "euclidean",
    device: str | None = None,
    threads: int = 1,
    on_progress: OnProgress | None = None,
) -> list[Diagrams]:
    """Persistent homology of many subsets of one cloud, on one shared distance matrix.

    Parameters
    ----------
    points : array_like or torch.Tensor of shape (n_points, n_features)
        The cloud.
    subsets : sequence of array_like of int
        Row numbers of each subset, without repetition.
    max_dim : {0, 1, 2}, default 0
        Highest homology degree. H0 alone reads the shared matrix in place.
    threshold : float, optional
        Largest distance at which points are joined. Default: everything is joined.
    metric : str, default "euclidean"
        As for `persistence`.
    device : str, optional
        As for `persistence`.
    threads : int, default 1
        Threads to use, one subset each.
    on_progress : callable, optional
        As for `persistence_of_clouds`.

    Returns
    -------
    list of Diagrams
        In the order of `subsets`.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above.
    """
    check_one_of(metric, "metric", METRICS)
    max_dim = check_degree(max_dim)
    threads = check_integer(threads, "threads", at_least=1)
    bound = check_threshold(threshold)
    check_progress(on_progress)
    cut = np.inf if bound is None else bound
    cloud, gpu = check_cloud(points, device)
    listed = _listed(subsets, "subsets", "lists of row numbers")
    chosen = [_checked_subset(subset, k, len(cloud)) for k, subset in enumerate(listed)]
    sizes = [len(subset) for subset in chosen]
    refuse_subsets_without_memory(len(cloud), sizes, cloud.dtype.itemsize, max_dim, threads)
    matrix = distances_of(cloud, metric, threads, gpu=gpu, progress=on_progress)
    found = rips_pairs_of_subsets(
        matrix,
        chosen,
        max_dim=max_dim,
        threshold=cut,
        threads=threads,
        progress=on_progress,
    )
    return [
        as_diagrams(pairs, len(subset), metric, cut)
        for pairs, subset in zip(found, chosen, strict=True)
    ]


def _listed(items: Iterable[ArrayLike], name: str, what: str) -> list[ArrayLike]:
    if isinstance(items, str | bytes | Mapping) or not isinstance(items, Iterable):
        raise InvalidInputError(
            f"`{name}` must be a sequence of {what}; got {type(items).__name__}"
        )
    return list(items)


def _checked_subset(subset: ArrayLike, place: int, n_points: int) -> NDArray[np.int64]:
    try:
        rows = np.asarray(subset)
    except ValueError:
        raise InvalidInputError(
            f"`subsets[{place}]` must be a list of row numbers; got lists of unequal lengths"
        ) from None
    if rows.ndim != 1 or len(rows) == 0 or rows.dtype.kind not in "iu":
        raise InvalidInputError(
            f"`subsets[{place}]` must be a list of row numbers, at least one; "
            f"got shape {rows.shape}, dtype {rows.dtype}"
        )
    if rows.min() < 0 or rows.max() >= n_points:
        wrong = int(rows[(rows < 0) | (rows >= n_points)][0])
        raise InvalidInputError(
            f"`subsets[{place}]` must hold rows from 0 to {n_points - 1}; got {wrong}"
        )
    if len(np.unique(rows)) != len(rows):
        raise InvalidInputError(f"`subsets[{place}]` must not repeat a row")
    return rows.astype(np.int64)
