"""Which positions or tokens of each sample are taken; arrays only, no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from topolens.activations.hooks.pool_names import Pooling

__all__ = [
    "Chosen",
    "chosen_positions",
    "chosen_tokens",
    "random_positions",
    "strongest_positions",
]

_STEPS = 1 << 20
"""Weights closer than this part of the largest are equal: rounding must not decide."""


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """Positions by sample, the rows of one sample after each other."""

    positions: NDArray[np.int64]
    """Flat row-major position (or token) of each row, shape (n_rows,)."""
    samples: NDArray[np.int64]
    """Which sample of the batch each row is of, shape (n_rows,)."""
    counts: NDArray[np.int64] | None = None
    """Rows of each sample, shape (n_samples,), where they may differ."""


def chosen_positions(
    sample_ids: NDArray[np.int64], sizes: Sequence[int], pooling: Pooling, *, seed: int
) -> Chosen:
    """Choose positions of maps with axes of some sizes, equally many for every sample."""
    n_samples, n_positions = len(sample_ids), prod(sizes)
    if pooling.kind == "random":
        chosen = random_positions(sample_ids, n_positions, pooling.count, seed=seed)
    elif pooling.kind == "inner":
        inner = _inner(sizes)
        chosen = inner[random_positions(sample_ids, len(inner), pooling.count, seed=seed)]
    else:
        line = _same_for_all(sizes, pooling)
        chosen = np.broadcast_to(line, (n_samples, len(line)))
    samples = np.repeat(np.arange(n_samples), chosen.shape[1])
    return Chosen(chosen.reshape(-1).copy(), samples)


def chosen_tokens(
    sample_ids: NDArray[np.int64], mask: NDArray[np.bool_], pooling: Pooling, *, seed: int
) -> Chosen:
    """Choose among the tokens whose mask is True, (n_samples, n_tokens), in every row at least one.

    Random tokens are drawn by their place among those, so that padding on either side does not
    change the draw.
    """
    tokens = []
    for row, valid in enumerate(mask):
        places = np.flatnonzero(valid)
        count = min(pooling.count, len(places))
        if pooling.kind == "random":
            own = random_positions(sample_ids[row : row + 1], len(places), count, seed=seed)[0]
        else:
            own = _same_for_all([len(places)], Pooling(pooling.kind, count))
        tokens.append(places[own])
    counts = np.array([len(own) for own in tokens], np.int64)
    samples = np.repeat(np.arange(len(mask)), counts)
    varies = pooling.kind in ("all", "grid", "random")
    return Chosen(np.concatenate(tokens).astype(np.int64), samples, counts if varies else None)


def random_positions(
    sample_ids: NDArray[np.int64], n_positions: int, count: int, *, seed: int
) -> NDArray[np.int64]:
    """Draw `count` of `n_positions` per sample without replacement, shape (n_samples, count).

    Every position gets a hash of (seed, sample id, position) and the smallest hashes win, so a
    sample's draw is the same in every batch and for every model whose map has this size.
    """
    keys = _keys(sample_ids, n_positions, seed)
    if count < n_positions:
        # The hash is a bijection: no two positions of a sample are equal, so any order will do.
        chosen = np.argpartition(keys, count - 1, axis=1)[:, :count]
    else:
        chosen = np.argsort(keys, axis=1)[:, :count]
    return np.sort(chosen, axis=1).astype(np.int64, copy=False)


def strongest_positions(
    weights: NDArray[np.float64], sample_ids: NDArray[np.int64], count: int, *, seed: int
) -> NDArray[np.int64]:
    """Take the `count` positions of largest weight per sample, ascending, (n_samples, count).

    Parameters
    ----------
    weights : array of shape (n_samples, n_positions)
        Not negative. Those that differ by less than a millionth of a sample's largest are equal;
        of equals, the positions with the smallest hashes of `random_positions` win.
    sample_ids : array of shape (n_samples,)
    count : int
    seed : int
    """
    largest = weights.max(axis=1, keepdims=True)
    steps = np.rint(weights * (_STEPS / np.where(largest > 0, largest, 1)))
    order = np.lexsort((_keys(sample_ids, weights.shape[1], seed), -steps), axis=1)
    return np.sort(order[:, :count], axis=1).astype(np.int64, copy=False)


def _keys(sample_ids: NDArray[np.int64], n_positions: int, seed: int) -> NDArray[np.uint64]:
    """Hash seed, sample id and position, shape (n_samples, n_positions)."""
    with np.errstate(over="ignore"):
        per_sample = _mix(sample_ids.astype(np.uint64) + _mix(np.array([seed], np.uint64)))
        positions = np.arange(n_positions, dtype=np.uint64)
        return _mix(per_sample[:, None] + _mix(positions)[None, :])


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Apply SplitMix64 (Steele, Lea and Flood, OOPSLA 2014, figure 16), a bijective hash."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _same_for_all(sizes: Sequence[int], pooling: Pooling) -> NDArray[np.int64]:
    if pooling.kind == "grid":
        return _grid(sizes, pooling.count)
    every = np.arange(prod(sizes), dtype=np.int64)
    return {"all": every, "cls": every[:1], "last": every[-1:]}[pooling.kind]


def _inner(sizes: Sequence[int]) -> NDArray[np.int64]:
    """Return flat positions that are neither first nor last along any axis."""
    axes = [np.arange(1, size - 1) for size in sizes]
    return np.ravel_multi_index(np.meshgrid(*axes, indexing="ij"), sizes).reshape(-1)


def _grid(sizes: Sequence[int], count: int) -> NDArray[np.int64]:
    """Return flat positions of the middles of `count` equal pieces along each axis."""
    axes = [(2 * np.arange(count) + 1) * size // (2 * count) for size in sizes]
    return np.ravel_multi_index(np.meshgrid(*axes, indexing="ij"), sizes).reshape(-1)
