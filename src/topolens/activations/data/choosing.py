"""Which samples of a source are taken, and in which order."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from topolens.base.checks import check_integer
from topolens.base.errors import InvalidInputError

__all__ = ["Order", "choose", "permutation"]

Order = Literal["first", "balanced", "random"]


def choose(
    labels: NDArray[np.int64] | None, n_samples: int, *, count: int | None, order: Order, seed: int
) -> NDArray[np.int64]:
    """Return the chosen rows in their order; any beginning of them is a choice as well.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,), optional
    n_samples : int
    count : int, optional
        How many; all by default (all that stay balanced, for ``balanced``).
    order : {"first", "balanced", "random"}
        ``first`` keeps the order of the source, ``random`` shuffles with `seed`, ``balanced``
        shuffles within each class and takes the classes in turn.
    seed : int

    Raises
    ------
    InvalidInputError
        If there are no labels to balance, or fewer samples than `count`.
    """
    if order == "balanced":
        if labels is None:
            raise InvalidInputError("`order` must be `first` or `random` where there are no labels")
        candidates = _in_turn(labels, seed)
    elif order == "random":
        candidates = permutation(n_samples, seed)
    else:
        candidates = np.arange(n_samples)
    if count is None:
        return candidates
    limit = len(candidates)
    check_integer(count, "count", at_least=1)
    if count > limit:
        how = "that are balanced" if order == "balanced" else "in the source"
        raise InvalidInputError(
            f"`count` must be at most {limit}, the number of samples {how}; got {count}"
        )
    return candidates[:count]


def permutation(size: int, *seeds: int) -> NDArray[np.int64]:
    """Shuffle by sorting raw bits, whose stream NumPy promises never to change."""
    return np.argsort(np.random.PCG64(seeds).random_raw(size), kind="stable")


def _in_turn(labels: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Return rows shuffled within their class, one of each class after the other."""
    members = {int(label): np.flatnonzero(labels == label) for label in np.unique(labels)}
    smallest = min(len(rows) for rows in members.values())
    shuffled = [
        rows[permutation(len(rows), seed, label)][:smallest] for label, rows in members.items()
    ]
    return np.stack(shuffled, axis=1).ravel()
