"""Distances between persistence diagrams by an optimal matching of their bars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topolens.base.checks import check_one_of, check_real
from topolens.base.errors import InvalidInputError
from topolens.base.registry import Invariances, metrics
from topolens.comparison.bars import (
    Bars,
    EssentialBars,
    essential_distance,
    finite_distance,
    split_bars,
)
from topolens.kernels import matching as kernel

__all__ = ["bottleneck", "wasserstein"]

_LARGEST = 1e300


@dataclass(frozen=True, slots=True, eq=False)
class _Matchable:
    dying: kernel.BarTree
    essential: EssentialBars
    order: float = 1.0
    ground: str = "l2"
    relative_error: float = 0.0


def _prepare_wasserstein(
    diagram: Bars,
    *,
    order: float = 1.0,
    ground: str = "l2",
    relative_error: float = 0.0,
    name: str = "diagram",
) -> _Matchable:
    check_one_of(ground, "ground", kernel.GROUNDS)
    if (order := check_real(order, "order")) < 1:
        raise InvalidInputError(f"`order` must be a finite number at least 1; got {order:g}")
    if (relative_error := check_real(relative_error, "relative_error")) < 0:
        raise InvalidInputError(
            f"`relative_error` must be a finite number at least 0; got {relative_error:g}"
        )
    bars = split_bars(diagram, name)
    tree = _tree(bars.finite, name)
    return _Matchable(tree, bars.essential, order, ground, relative_error)


def _tree(bars: NDArray[np.float64], name: str) -> kernel.BarTree:
    """Build the tree the search descends, of bars between which every step is a number."""
    largest = float(np.abs(bars).max(initial=0.0))
    if largest > _LARGEST:
        raise InvalidInputError(
            f"`{name}` must have births and deaths of at most {_LARGEST:g} in size; "
            f"one is {largest:g}"
        )
    return kernel.bar_tree(bars)


def _compare_wasserstein(first: _Matchable, second: _Matchable) -> float:
    order = first.order
    essential = essential_distance(first.essential, second.essential, power=order)
    if np.isinf(essential):
        return essential
    _, dying = kernel.wasserstein(
        first.dying,
        second.dying,
        ground=first.ground,
        order=order,
        relative_error=first.relative_error,
    )
    longer, shorter = max(finite_distance(dying), essential), min(dying, essential)
    if longer == 0:
        return 0.0
    # Powers of the ratio, as those of the lengths might leave the range of numbers.
    return finite_distance(longer * float((1 + (shorter / longer) ** order) ** (1 / order)))


@metrics.register(
    "wasserstein",
    version=1,
    takes="diagrams",
    unit="distance",
    is_metric=True,
    invariances=Invariances(orthogonal=True, translation=True),
    prepare=_prepare_wasserstein,
    compare=_compare_wasserstein,
)
def wasserstein(
    first: Bars,
    second: Bars,
    *,
    order: float = 1.0,
    ground: str = "l2",
    relative_error: float = 0.0,
) -> float:
    """Wasserstein distance between two persistence diagrams, exact unless told otherwise.

    Each bar is matched to one of the other diagram or to the nearest point of the diagonal; the
    value is the smallest p-th root of the sum of the p-th powers of all steps (Cohen-Steiner,
    Edelsbrunner, Harer, Mileyko 2010). The matching is proved optimal by the dual problem: the
    value is off by rounding only, some 1e-14 of the largest step for each bar.

    Parameters
    ----------
    first, second : Diagram or array_like of shape (n_bars, 2)
        Births and deaths. Bars that never die are matched among themselves in order of birth,
        each pair stepping the difference of births.
    order : float, default 1.0
        The power p, at least 1.
    ground : {"l2", "l1", "linf"}, default l2
        Norm of a step in the plane of births and deaths. To the diagonal, a bar of length h steps
        h / sqrt(2), h or h / 2.
    relative_error : float, default 0.0
        A matching is good enough when the dual problem shows that it is no longer than
        (1 + relative_error) times the distance. The value is never below the distance.

    Returns
    -------
    float
        In units of the births and deaths; infinite if the diagrams have different numbers of
        bars that never die.

    Raises
    ------
    InvalidInputError
        If a diagram is not of shape (n_bars, 2), holds NaN, an infinite birth or a death before
        its birth; if a parameter is out of its range.

    Examples
    --------
    >>> wasserstein([[0.0, 4.0], [1.0, 2.0]], [[0.0, 5.0]], ground="linf")
    1.5
    """
    return _compare_wasserstein(
        _prepare_wasserstein(
            first, order=order, ground=ground, relative_error=relative_error, name="first"
        ),
        _prepare_wasserstein(
            second, order=order, ground=ground, relative_error=relative_error, name="second"
        ),
    )


def _prepare_bottleneck(diagram: Bars, *, name: str = "diagram") -> _Matchable:
    bars = split_bars(diagram, name)
    return _Matchable(_tree(bars.finite, name), bars.essential)


def _compare_bottleneck(first: _Matchable, second: _Matchable) -> float:
    essential = essential_distance(first.essential, second.essential, power=float("inf"))
    if np.isinf(essential):
        return essential
    return max(finite_distance(kernel.bottleneck(first.dying, second.dying)), essential)


@metrics.register(
    "bottleneck",
    version=1,
    takes="diagrams",
    unit="distance",
    is_metric=True,
    invariances=Invariances(orthogonal=True, translation=True),
    prepare=_prepare_bottleneck,
    compare=_compare_bottleneck,
)
def bottleneck(first: Bars, second: Bars) -> float:
    """Bottleneck distance between two persistence diagrams, exact.

    The smallest r such that every bar can be matched to one of the other diagram, or to the
    diagonal, with births and deaths moving by at most r (Cohen-Steiner, Edelsbrunner, Harer
    2007). Moving every point of a cloud by at most e moves its Rips diagrams by at most 2 e.

    Parameters
    ----------
    first, second : Diagram or array_like of shape (n_bars, 2)
        Births and deaths. Bars that never die are matched among themselves in order of birth.

    Returns
    -------
    float
        In units of the births and deaths; infinite if the diagrams have different numbers of
        bars that never die.

    Raises
    ------
    InvalidInputError
        If a diagram is not of shape (n_bars, 2), holds NaN, an infinite birth or a death before
        its birth.

    Examples
    --------
    >>> bottleneck([[0.0, 4.0], [1.0, 2.0]], [[0.0, 5.0]])
    1.0
    """
    return _compare_bottleneck(
        _prepare_bottleneck(first, name="first"), _prepare_bottleneck(second, name="second")
    )
