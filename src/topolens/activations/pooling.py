"""From a layer's output to rows: which positions or tokens of each sample become points.

Outputs are told apart by their number of axes. Four axes or more, (n, channels, *positions), are
maps; three, (n, tokens, width), are token sequences; two, (n, features), are one row per sample
already and pass unchanged through every policy.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from topolens.activations.needs_torch import torch
from topolens.activations.pool_names import Pooling
from topolens.base.errors import InvalidInputError

__all__ = ["pool_rows", "random_positions"]


def pool_rows(
    output: torch.Tensor,
    pooling: Pooling,
    *,
    layer: str,
    positions_of: Callable[[int], NDArray[np.int64]],
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Turn one layer's output into rows that share no memory with it.

    Parameters
    ----------
    output : Tensor of shape (n_samples, ...)
        Real, floating of at least 32 bits.
    pooling : Pooling
    layer : str
        Its name, for the error.
    positions_of : callable
        Gives the positions to take per sample, (n_samples, count), for a number of positions.

    Returns
    -------
    rows : Tensor of shape (n_rows, n_features)
        The rows of one sample follow each other.
    positions : Tensor of shape (n_rows,), or None
        Flat row-major position or token of each row, where it came from a single one.

    Raises
    ------
    InvalidInputError
        If the policy makes no sense for the shape; the message names layer, shape and policy.
    """
    if output.ndim < 2 or output.numel() == 0:
        raise _unsuitable(layer, output, pooling, "(n_samples, n_features, ...), not empty")
    if output.ndim == 2:
        return output.clone(), None
    if pooling.kind == "flatten":
        return output.flatten(1).clone(), None
    if pooling.kind == "cls":
        return _class_token(output, pooling, layer)
    if pooling.kind == "mean":
        return output.mean(dim=_position_axes(output)), None
    by_channel = _channels_then_positions(output)
    if pooling.kind == "top_norm":
        chosen = by_channel.square().sum(dim=1).argmax(dim=1, keepdim=True)
    else:
        if pooling.count > by_channel.shape[2]:
            raise _unsuitable(layer, output, pooling, f"at least {pooling.count} positions")
        chosen = torch.from_numpy(positions_of(by_channel.shape[2])).to(output.device)
    return _gather(by_channel, chosen), chosen.flatten()


def random_positions(
    sample_ids: NDArray[np.int64], n_positions: int, count: int, *, seed: int
) -> NDArray[np.int64]:
    """Draw `count` of `n_positions` per sample without replacement, shape (n_samples, count).

    Every position gets a hash of (seed, sample id, position) and the smallest hashes win, so a
    sample's draw is the same in every batch and for every model whose map has this size.
    """
    with np.errstate(over="ignore"):
        per_sample = _mix(sample_ids.astype(np.uint64) + _mix(np.array([seed], np.uint64)))
        positions = np.arange(n_positions, dtype=np.uint64)
        keys = _mix(per_sample[:, None] + _mix(positions)[None, :])
    chosen = np.argsort(keys, axis=1, kind="stable")[:, :count]
    return np.sort(chosen, axis=1).astype(np.int64, copy=False)


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Apply SplitMix64 (Steele, Lea and Flood, OOPSLA 2014, figure 16), a bijective hash."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _class_token(
    output: torch.Tensor, pooling: Pooling, layer: str
) -> tuple[torch.Tensor, torch.Tensor]:
    if output.ndim != 3:
        raise _unsuitable(layer, output, pooling, "tokens, (n_samples, n_tokens, width)")
    return output[:, 0].clone(), torch.zeros(len(output), dtype=torch.int64)


def _position_axes(output: torch.Tensor) -> tuple[int, ...]:
    return (1,) if output.ndim == 3 else tuple(range(2, output.ndim))


def _channels_then_positions(output: torch.Tensor) -> torch.Tensor:
    """View the output as (n_samples, channels, positions)."""
    return output.transpose(1, 2) if output.ndim == 3 else output.flatten(2)


def _gather(by_channel: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    """Take positions (n, k) of (n, channels, positions) as rows (n * k, channels)."""
    n_samples, channels, _ = by_channel.shape
    index = chosen[:, None, :].expand(n_samples, channels, chosen.shape[1])
    return by_channel.gather(2, index).transpose(1, 2).reshape(-1, channels).contiguous()


def _unsuitable(layer: str, output: torch.Tensor, pooling: Pooling, rule: str) -> InvalidInputError:
    return InvalidInputError(
        f"layer `{layer}` must give {rule} for pool `{pooling}`; got shape {tuple(output.shape)}"
    )
