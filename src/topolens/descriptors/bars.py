"""What makes the bars: the simplices that begin and end them, and cycles of the loops."""

from __future__ import annotations

from numpy.typing import ArrayLike

from topolens.base.checks import check_integer, check_real
from topolens.descriptors.filtration import (
    OnProgress,
    check_degree,
    check_matrix,
    check_progress,
    check_threshold,
    cut_of,
)
from topolens.kernels.memory import refuse_without_memory
from topolens.kernels.rips import Bars, LoopCycle, rips_bars, rips_cycles

__all__ = ["persistence_bars", "persistence_cycles"]


def persistence_bars(
    distances: ArrayLike, *, max_dim: int = 1, threshold: float | None = None, threads: int = 1
) -> list[Bars]:
    """Bars of a distance matrix with the simplices that begin and end them.

    Parameters
    ----------
    distances : array_like of shape (n_points, n_points)
        As for `persistence_from_distances`.
    max_dim : {0, 1, 2}, default 1
        Highest homology degree.
    threshold : float, optional
        Largest distance at which points are joined. Default: the enclosing radius.
    threads : int, default 1
        Threads to use; the result does not depend on them.

    Returns
    -------
    list of Bars
        One per degree. Births and deaths are entries of the matrix, at `birth_positions` and
        `death_positions`: the gradient of any function of the bars is a look-up.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above.

    Notes
    -----
    Where several entries are equal, the simplices depend on the order of the points; the bars do
    not.

    Examples
    --------
    >>> import numpy as np
    >>> square = np.array([[0, 1, 2, 1], [1, 0, 1, 2], [2, 1, 0, 1], [1, 2, 1, 0]])
    >>> loop = persistence_bars(square)[1]
    >>> loop.pairs, int(square[tuple(loop.death_positions[0])])
    (array([[1., 2.]]), 2)
    """
    max_dim = check_degree(max_dim)
    threads = check_integer(threads, "threads", at_least=1)
    bound = check_threshold(threshold)
    matrix = check_matrix(distances)
    refuse_without_memory(len(matrix), matrix.dtype.itemsize, max_dim, with_matrix=False)
    return rips_bars(matrix, max_dim=max_dim, threshold=cut_of(matrix, bound), threads=threads)


def persistence_cycles(
    distances: ArrayLike,
    *,
    longer_than: float = 0.0,
    threshold: float | None = None,
    threads: int = 1,
    on_progress: OnProgress | None = None,
) -> list[LoopCycle]:
    """Representative cycles of the loops (H1) of a distance matrix, the longest bars first.

    Parameters
    ----------
    distances : array_like of shape (n_points, n_points)
        As for `persistence_from_distances`.
    longer_than : float, default 0.0
        Only bars whose lifetime is larger.
    threshold : float, optional
        Largest distance at which points are joined. Default: the enclosing radius.
    threads : int, default 1
        Threads to use; the result does not depend on them.
    on_progress : callable, optional
        As for `persistence`.

    Returns
    -------
    list of LoopCycle
        Closed walks through row numbers. Their sum is born with the bar and bounds where it
        dies. The shortest cycle through the edge of birth is taken where that is proved for it.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above.

    Notes
    -----
    Each cycle costs O(n_points²) beyond the diagram: ask for the long bars of large clouds.

    Examples
    --------
    >>> import numpy as np
    >>> square = np.array([[0, 1, 2, 1], [1, 0, 1, 2], [2, 1, 0, 1], [1, 2, 1, 0]])
    >>> [loop.walks for loop in persistence_cycles(square)]
    [(array([3, 0, 1, 2], dtype=int32),)]
    """
    least = check_real(longer_than, "longer_than")
    threads = check_integer(threads, "threads", at_least=1)
    bound = check_threshold(threshold)
    check_progress(on_progress)
    matrix = check_matrix(distances)
    refuse_without_memory(len(matrix), matrix.dtype.itemsize, 1, with_matrix=False)
    cut = cut_of(matrix, bound)
    return rips_cycles(
        matrix, longer_than=least, threshold=cut, threads=threads, progress=on_progress
    )
