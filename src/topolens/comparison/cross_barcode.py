"""What one cloud has and another does not cover; no correspondence of points is needed."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist

from topolens.base.checks import check_integer
from topolens.base.errors import InvalidInputError
from topolens.base.registry import Invariances, metrics
from topolens.base.results import Diagram, Diagrams
from topolens.comparison.centring import host_points
from topolens.kernels.distances import refuse_vanishing_squares
from topolens.kernels.memory import refuse_without_memory
from topolens.kernels.rips import enclosing_radius, rips_pairs

__all__ = ["cross_barcode", "mtop_divergence"]


def cross_barcode(first: ArrayLike, second: ArrayLike, *, max_dim: int = 1) -> Diagrams:
    """Persistence of the points of `first` beside a `second` cloud that is joined from the start.

    Vietoris–Rips over Z/2 of both clouds together, Euclidean, with all distances within `second`
    set to 0: Cross-Barcode(first, second) of Barannikov et al., NeurIPS 2021, arXiv 2106.04024,
    section 2.2. Long bars are pieces, loops and voids of `first` away from `second`; there are
    none where `second` covers `first`.

    Parameters
    ----------
    first : array_like of shape (n_first, n_features)
        The cloud whose shape is looked at.
    second : array_like of shape (n_second, n_features)
        The cloud that it is held against.
    max_dim : {0, 1, 2}, default 1
        Highest homology degree.

    Returns
    -------
    Diagrams
        One per degree; bars of length zero are left out.

    Raises
    ------
    InvalidInputError
        If a cloud is not a finite one of at least one point, the numbers of features differ,
        `max_dim` is not 0, 1 or 2, or memory does not suffice.
    """
    check_integer(max_dim, "max_dim", at_least=0, at_most=2)
    ours = host_points(first, name="first", at_least=1).astype(np.float64)
    theirs = host_points(second, name="second", at_least=1).astype(np.float64)
    _check_same_space(ours, theirs)
    matrix = _joined(ours, theirs, max_dim)
    pairs = rips_pairs(matrix, max_dim=max_dim)
    return Diagrams(
        tuple(Diagram(degree, bars) for degree, bars in enumerate(pairs)),
        len(matrix),
        "euclidean",
        enclosing_radius(matrix),
        version("topolens"),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _PreparedSamples:
    as_first: list[NDArray[np.float64]]
    as_second: list[NDArray[np.float64]]


def _prepare(
    points: ArrayLike,
    *,
    n_first: int = 200,
    n_second: int = 1000,
    n_trials: int = 10,
    seed: int = 0,
    name: str = "points",
) -> _PreparedSamples:
    check_integer(n_first, "n_first", at_least=2)
    check_integer(n_second, "n_second", at_least=2)
    check_integer(n_trials, "n_trials", at_least=1)
    check_integer(seed, "seed", at_least=0)
    cloud = host_points(points, name=name).astype(np.float64)
    sizes = {"first": n_first, "second": n_second}
    as_first, as_second = (
        _samples(cloud, size, n_trials, [seed, role]) for role, size in enumerate(sizes.values())
    )
    return _PreparedSamples(as_first, as_second)


def _samples(
    cloud: NDArray[np.float64], size: int, n_trials: int, seeds: list[int]
) -> list[NDArray[np.float64]]:
    """Draw points for each trial; the whole cloud, once, where it is no larger."""
    if len(cloud) <= size:
        return [cloud]
    draws = (np.random.default_rng([*seeds, len(cloud), trial]) for trial in range(n_trials))
    return [cloud[np.sort(rng.choice(len(cloud), size, replace=False))] for rng in draws]


def _compare(first: _PreparedSamples, second: _PreparedSamples) -> float:
    ours, theirs = first.as_first, second.as_second
    _check_same_space(ours[0], theirs[0])
    n_trials = max(len(ours), len(theirs))
    totals = [
        _total_of_loops(_joined(ours[trial % len(ours)], theirs[trial % len(theirs)], 1))
        for trial in range(n_trials)
    ]
    return float(np.mean(totals))


def _total_of_loops(matrix: NDArray[np.float64]) -> float:
    loops = rips_pairs(matrix, max_dim=1)[1]
    return float(np.sum(loops[:, 1] - loops[:, 0]))


def _joined(
    first: NDArray[np.float64], second: NDArray[np.float64], max_dim: int
) -> NDArray[np.float64]:
    """Return the distances of both clouds, those within the second set to 0."""
    for cloud, name in ((first, "first"), (second, "second")):
        refuse_vanishing_squares(cloud, name)
    n_points = len(second) + len(first)
    refuse_without_memory(n_points, second.itemsize, max_dim, with_matrix=True)
    matrix = np.zeros((n_points, n_points))
    across = cdist(first, second)
    matrix[len(second) :, : len(second)] = across
    matrix[: len(second), len(second) :] = across.T
    matrix[len(second) :, len(second) :] = cdist(first, first)
    if not np.isfinite(matrix.max()):
        raise InvalidInputError(
            "`first` and `second` must have distances that float64 holds; some are too far apart"
        )
    return matrix


def _check_same_space(first: NDArray[np.float64], second: NDArray[np.float64]) -> None:
    if first.shape[1] != second.shape[1]:
        raise InvalidInputError(
            "`first` and `second` must lie in the same space; "
            f"got {first.shape[1]} and {second.shape[1]} features"
        )


@metrics.register(
    "mtop_divergence",
    version=1,
    takes="points",
    unit="distance",
    invariances=Invariances(),
    symmetric=False,
    perfect_at_equals=False,
    prepare=_prepare,
    compare=_compare,
)
def mtop_divergence(
    first: ArrayLike,
    second: ArrayLike,
    *,
    n_first: int = 200,
    n_second: int = 1000,
    n_trials: int = 10,
    seed: int = 0,
) -> float:
    """Manifold topology divergence: loops of one cloud that another cloud does not cover.

    Total length of the bars of H1 in `cross_barcode`, mean over samples of both clouds
    (Barannikov et al., NeurIPS 2021, arXiv 2106.04024, algorithm 2; the paper's samples are of
    1,000 and 10,000 points, 20 times). Points need not correspond, but both clouds lie in one
    space. The other direction is another number; the authors advise the mean of both.

    Parameters
    ----------
    first, second : array_like of shape (n_points, n_features)
        Numbers of points may differ, numbers of features not.
    n_first : int, default 200
        Points drawn from `first` in a trial; all where there are no more.
    n_second : int, default 1000
        Points drawn from `second` in a trial; all where there are no more.
    n_trials : int, default 10
        How many samples; one where both clouds are taken whole.
    seed : int, default 0
        Of the samples.

    Returns
    -------
    float
        In the units of the coordinates. 0 where all of `second` is taken and holds `first`.

    Raises
    ------
    InvalidInputError
        If the numbers of features differ, a cloud is not a finite one of two points or more, a
        parameter is out of range, or memory does not suffice.

    Examples
    --------
    >>> import numpy as np
    >>> angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    >>> ring = np.column_stack([np.cos(angle), np.sin(angle)])
    >>> half = ring[:30]
    >>> mtop_divergence(half, ring), round(mtop_divergence(ring, half), 2)
    (0.0, 1.38)
    """
    settings = {"n_first": n_first, "n_second": n_second, "n_trials": n_trials, "seed": seed}
    return _compare(
        _prepare(first, **settings, name="first"), _prepare(second, **settings, name="second")
    )
