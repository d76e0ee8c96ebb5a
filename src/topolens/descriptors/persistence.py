"""Vietoris–Rips persistent homology of a point cloud or a distance matrix."""

from __future__ import annotations

from numpy.typing import ArrayLike

from topolens.base.checks import Points, check_integer, check_one_of
from topolens.base.results import Diagrams
from topolens.descriptors.filtration import (
    OnProgress,
    as_diagrams,
    check_cloud,
    check_degree,
    check_matrix,
    check_progress,
    check_threshold,
    cut_of,
)
from topolens.kernels.distances import METRICS, distances_of
from topolens.kernels.memory import refuse_without_memory
from topolens.kernels.rips import rips_pairs

__all__ = ["persistence", "persistence_from_distances"]


def persistence(
    points: ArrayLike,
    *,
    max_dim: int = 1,
    threshold: float | None = None,
    metric: str = "euclidean",
    device: str | None = None,
    threads: int = 1,
    on_progress: OnProgress | None = None,
) -> Diagrams:
    """Persistent homology of the Vietoris–Rips filtration of a point cloud, over Z/2.

    Parameters
    ----------
    points : array_like or torch.Tensor of shape (n_points, n_features)
        The cloud. Distances have the precision of the points, float32 or float64; float64 takes
        twice the memory.
    max_dim : {0, 1, 2}, default 1
        Highest homology degree: 0 components, 1 loops, 2 voids.
    threshold : float, optional
        Largest distance at which points are joined. Default: the enclosing radius, after which
        nothing changes, so the result is exact.
    metric : {"euclidean", "manhattan", "chebyshev", "cosine", "correlation", "euclidean_blas"}
        Distance between points, by direct differences in a fixed order of summation; the last
        one by a matrix product, with larger rounding that depends on the machine.
    device : str, optional
        Where the distances are computed: "cpu", or "cuda" (perhaps with ":" and a number), a GPU
        that torch sees. Default: where the points lie. The bits are the same.
    threads : int, default 1
        Threads to use; the result does not depend on them.
    on_progress : callable, optional
        Called now and then with the share of edges done, 0 to 1; what it raises stops the work.

    Returns
    -------
    Diagrams
        One diagram per degree, `diagrams[1].pairs` of shape (n_bars, 2). Bars of length zero
        are left out; one component never dies.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above, a row has no direction under "cosine" or
        "correlation", a distance is beyond the precision's range, or memory does not suffice.

    Notes
    -----
    Reduced Vietoris–Rips [1]_ [2]_: at each edge only the components and loops of its lune
    matter. Beyond the distance matrix H1 of most clouds takes a few MB; H2, and loops that live
    long, up to n_points² / 8 bytes of adjacency, 48 MB of edges and columns of bits.
    Purvine et al. (AAAI 2023) use this with `max_dim=1` on clouds of 1,000 activations.

    References
    ----------
    .. [1] M. A. Koyama, F. Memoli, V. Robins, K. Turner, "Faster computation of degree-1
       persistent homology using the reduced Vietoris-Rips filtration", arXiv:2307.16333.
    .. [2] M. A. Koyama, V. Robins, K. Turner, F. Memoli, "Distilled Vietoris-Rips filtrations",
       arXiv:2412.07805.

    Examples
    --------
    >>> import numpy as np
    >>> import topolens as tl
    >>> angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    >>> circle = np.column_stack([np.cos(angle), np.sin(angle)])
    >>> tl.persistence(circle)[1].pairs.round(2)
    array([[0.16, 1.78]])
    """
    check_one_of(metric, "metric", METRICS)
    max_dim = check_degree(max_dim)
    threads = check_integer(threads, "threads", at_least=1)
    bound = check_threshold(threshold)
    check_progress(on_progress)
    cloud, gpu = check_cloud(points, device)
    refuse_without_memory(len(cloud), cloud.dtype.itemsize, max_dim, with_matrix=True)
    matrix = distances_of(cloud, metric, threads, gpu=gpu, progress=on_progress)
    return _diagrams(matrix, max_dim, bound, metric, threads, on_progress)


def persistence_from_distances(
    distances: ArrayLike,
    *,
    max_dim: int = 1,
    threshold: float | None = None,
    threads: int = 1,
    on_progress: OnProgress | None = None,
) -> Diagrams:
    """Persistent homology of the Vietoris–Rips filtration of a distance matrix, over Z/2.

    Parameters
    ----------
    distances : array_like or torch.Tensor of shape (n_points, n_points)
        Symmetric, non-negative, zero diagonal; the triangle inequality is not needed. An
        infinite entry never joins its two points. float32 and float64 are used as they are.
    max_dim : {0, 1, 2}, default 1
        Highest homology degree.
    threshold : float, optional
        Largest distance at which points are joined (inclusive), rounded to the matrix's
        precision. Default: the enclosing radius.
    threads : int, default 1
        Threads to use; the result does not depend on them.
    on_progress : callable, optional
        Called now and then with the share of edges done, 0 to 1; what it raises stops the work.

    Returns
    -------
    Diagrams
        As `persistence` returns them; every finite birth and death is an entry of the matrix.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above; the message names the first offending entry.
    """
    max_dim = check_degree(max_dim)
    threads = check_integer(threads, "threads", at_least=1)
    bound = check_threshold(threshold)
    check_progress(on_progress)
    matrix = check_matrix(distances)
    refuse_without_memory(len(matrix), matrix.dtype.itemsize, max_dim, with_matrix=False)
    return _diagrams(matrix, max_dim, bound, "precomputed", threads, on_progress)


def _diagrams(
    distances: Points,
    max_dim: int,
    threshold: float | None,
    metric: str,
    threads: int,
    on_progress: OnProgress | None,
) -> Diagrams:
    cut = cut_of(distances, threshold)
    pairs = rips_pairs(
        distances, max_dim=max_dim, threshold=cut, threads=threads, progress=on_progress
    )
    return as_diagrams(pairs, len(distances), metric, cut)
