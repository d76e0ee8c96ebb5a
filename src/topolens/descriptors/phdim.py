"""Dimension by the growth of the minimum spanning tree: the fractal dimension of H0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_integer, check_one_of, check_real
from topolens.base.errors import InvalidInputError
from topolens.base.registry import Invariances, descriptors
from topolens.descriptors.batches import persistence_of_subsets
from topolens.descriptors.filtration import check_matrix
from topolens.descriptors.growth import Plan, fit_line, growth_doubts, plan, sum_of_powers
from topolens.descriptors.intrinsic import repeats_doubt, told, within_error, without_repeats
from topolens.kernels.distances import METRICS
from topolens.kernels.rips import rips_pairs_of_subsets

__all__ = ["PHDimension", "ph_dimension", "ph_dimension_from_distances"]

_FEWEST_POINTS = 10


@dataclass(frozen=True, slots=True, eq=False)
class PHDimension:
    """A dimension with the straight line that it is read from: log E_alpha against log n."""

    value: float
    """alpha / (1 - slope)."""
    standard_error: float
    """alpha / (1 - slope)² times that of the slope: of the draws, given the cloud."""
    slope: float
    """Slope of the line, by least squares."""
    intercept: float
    """Natural logarithm of E_alpha at n = 1, on the line."""
    r_squared: float
    """Share of the variance of log E_alpha that the line explains."""
    alpha: float
    """Power of the lengths."""
    sizes: NDArray[np.int64]
    """Points drawn, n, shape (n_sizes,)."""
    sums: NDArray[np.float64]
    """E_alpha of every draw, shape (n_sizes, repeats)."""
    n_points: int
    """Rows of the cloud."""
    n_duplicates: int
    """Rows left out because they repeat an earlier one."""
    metric: str
    """Metric of the points, or "precomputed"."""
    warnings: tuple[str, ...] = ()
    """What should be known about the estimate, one sentence each."""

    @property
    def interval(self) -> tuple[float, float]:
        """Value minus and plus 1.96 standard errors."""
        return within_error(self.value, self.standard_error)


@descriptors.register(
    "ph_dimension",
    version=1,
    takes="points",
    unit="dimensions",
    invariances=Invariances(
        permutation=False, orthogonal=True, isotropic_scaling=True, translation=True
    ),
)
def ph_dimension(
    points: ArrayLike,
    *,
    alpha: float = 1.0,
    sizes: Sequence[int] | None = None,
    repeats: int | None = None,
    preset: str | None = None,
    seed: int = 0,
    metric: str = "euclidean",
    device: str | None = None,
    threads: int = 1,
) -> PHDimension:
    """Persistent homology dimension of degree 0: how fast E_alpha grows with the points drawn.

    E_alpha(n), the sum of the lifetimes of H0 to the power alpha, is that of the edges of the
    minimum spanning tree and grows like n ** ((d - alpha) / d) for n points drawn from a set of
    dimension d > alpha (Steele 1988; Schweinhart 2020). With the slope m of log E_alpha against
    log n, by least squares, d = alpha / (1 - m).

    All draws share one distance matrix. Each is without replacement and by a generator of its
    own, seeded with (`seed`, points, size, repeat): independent of the other draws and of which
    other sizes are asked for. Clouds of equally many distinct points are drawn alike; give them
    different seeds where their errors are to be independent.

    Parameters
    ----------
    points : array_like or torch.Tensor of shape (n_points, n_features)
        The cloud. Rows that repeat an earlier one are left out: they add nothing to E_alpha.
    alpha : float, default 1.0
        Power of the lengths, above 0 and below the dimension.
    sizes : sequence of int, default None
        Points of each draw, at least two different numbers. None: those of the preset, else
        eight from a tenth to half of the distinct points, evenly in the logarithm.
    repeats : int, default None
        Draws of each size. None: those of the preset, else 5.
    preset : {"magai", "birdal"}, default None
        What a paper drew, for what is left out above: "magai" 500, 850, … points while there
        are more (Magai, arXiv 2306.03406), "birdal" 200, 250, … 950 points (Birdal et al., arXiv
        2111.13171); both once per size.
    seed : int, default 0
        Decides the draws.
    metric : str, default "euclidean"
        As for `persistence`.
    device : str, default None
        As for `persistence`.
    threads : int, default 1
        Threads to use; the value does not depend on it.

    Returns
    -------
    PHDimension
        The value with its fit. A TopolensWarning is given for each sentence of its `warnings`:
        few points, draws of nearly all points, repeated rows, E_alpha that falls with n.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above, there are fewer than 10 distinct points or too few
        for the preset, or E_alpha grows as fast as n: then no dimension is defined.

    Examples
    --------
    >>> import numpy as np
    >>> import topolens as tl
    >>> square = np.random.default_rng(0).uniform(size=(1000, 2))
    >>> found = tl.ph_dimension(square)
    >>> abs(found.value - 2) < 0.1, found.sizes.tolist()
    (True, [100, 126, 158, 199, 251, 316, 397, 500])
    """
    check_real(alpha, "alpha", above=0)
    check_one_of(metric, "metric", METRICS)
    check_integer(threads, "threads", at_least=1)
    cloud, n_duplicates, gpu = without_repeats(points, device)
    if len(cloud) < _FEWEST_POINTS:
        raise InvalidInputError(
            f"`points` must hold at least {_FEWEST_POINTS} distinct points; got {len(cloud)}"
        )
    chosen = plan(len(cloud), sizes=sizes, repeats=repeats, preset=preset, seed=seed)
    diagrams = persistence_of_subsets(
        cloud, chosen.draws(), metric=metric, device=gpu, threads=threads
    )
    return _estimate(
        [found[0].lifetimes for found in diagrams], chosen, alpha, metric, n_duplicates
    )


def ph_dimension_from_distances(
    distances: ArrayLike,
    *,
    alpha: float = 1.0,
    sizes: Sequence[int] | None = None,
    repeats: int | None = None,
    preset: str | None = None,
    seed: int = 0,
    threads: int = 1,
) -> PHDimension:
    """`ph_dimension` of a distance matrix, e.g. along a surface or round a torus.

    Parameters
    ----------
    distances : array_like or torch.Tensor of shape (n_points, n_points)
        Symmetric, zero on the diagonal, not negative; infinite entries join nothing. Points at
        distance zero from each other are kept, and add nothing to E_alpha.
    alpha, sizes, repeats, preset, seed, threads
        As for `ph_dimension`.

    Returns
    -------
    PHDimension
        With metric "precomputed".

    Raises
    ------
    InvalidInputError
        As for `ph_dimension`, or if the matrix breaks a rule above.
    """
    check_real(alpha, "alpha", above=0)
    check_integer(threads, "threads", at_least=1)
    matrix = check_matrix(distances)
    if len(matrix) < _FEWEST_POINTS:
        raise InvalidInputError(
            f"`distances` must be of at least {_FEWEST_POINTS} points; got {len(matrix)}"
        )
    chosen = plan(len(matrix), sizes=sizes, repeats=repeats, preset=preset, seed=seed)
    bars = rips_pairs_of_subsets(matrix, chosen.draws(), max_dim=0, threads=threads)
    deaths = [pairs[np.isfinite(pairs[:, 1]), 1] for (pairs,) in bars]
    return _estimate(deaths, chosen, alpha, "precomputed", 0)


def _estimate(
    lifetimes: Sequence[NDArray[np.float64]],
    chosen: Plan,
    alpha: float,
    metric: str,
    n_duplicates: int,
) -> PHDimension:
    totals = [sum_of_powers(lengths, alpha) for lengths in lifetimes]
    sums = np.array(totals).reshape(len(chosen.sizes), chosen.repeats)
    line = fit_line(chosen.sizes, sums)
    if line.slope >= 1:
        raise InvalidInputError(
            "`points` must have an E_alpha that grows slower than their number; its logarithm has "
            f"slope {line.slope:.3g}, so no dimension is defined"
        )
    doubts = repeats_doubt(n_duplicates) + growth_doubts(chosen, line.slope, alpha)
    return PHDimension(
        value=alpha / (1 - line.slope),
        standard_error=alpha / (1 - line.slope) ** 2 * line.slope_error,
        slope=line.slope,
        intercept=line.intercept,
        r_squared=line.r_squared,
        alpha=float(alpha),
        sizes=chosen.sizes,
        sums=sums,
        n_points=chosen.n_points + n_duplicates,
        n_duplicates=n_duplicates,
        metric=metric,
        warnings=told(doubts),
    )
