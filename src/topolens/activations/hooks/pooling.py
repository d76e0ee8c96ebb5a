"""From a layer's values to rows: which positions or tokens of each sample become points.

Two axes, (n, features), are one row per sample already and pass unchanged through every policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from topolens.activations.hooks.devices import sent
from topolens.activations.hooks.influence import Regions
from topolens.activations.hooks.pool_names import Pooling
from topolens.activations.hooks.positions import Chosen, chosen_positions, chosen_tokens
from topolens.activations.needs_torch import torch
from topolens.base.errors import InvalidInputError

__all__ = ["Pooled", "Pooler"]

_WIDE = (torch.float32, torch.float64)
_CACHED_BYTES = 1 << 20
"""Squares of this many bytes at a time stay in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Pooled:
    """Rows of one layer that share no memory with its values."""

    rows: torch.Tensor
    """Floating of at least 32 bits, shape (n_rows, n_features), on the layer's device."""
    positions: torch.Tensor | None = None
    """Flat row-major position or token of each row, shape (n_rows,), if it came from one."""
    counts: NDArray[np.int64] | None = None
    """Rows of each sample, shape (n_samples,), where they may differ."""


class Pooler:
    """Pools the layers of one batch; layers whose maps have one size share their positions.

    Parameters
    ----------
    pooling : Pooling
    sample_ids : array of shape (n_samples,)
    seed : int
    mask : array of bool, shape (n_samples, n_tokens), optional
        Which tokens count, at least one of each sample.
    regions : Regions, optional
        Which positions see the foreground, or the background; for the policies of that name.
    """

    def __init__(
        self,
        pooling: Pooling,
        sample_ids: NDArray[np.int64],
        *,
        seed: int = 0,
        mask: NDArray[np.bool_] | None = None,
        regions: Regions | None = None,
    ) -> None:
        self._pooling = pooling
        self._sample_ids = sample_ids
        self._seed = seed
        self._mask = mask
        self._regions = regions
        self._partial = mask is not None and not mask.all()
        self._masks: dict[torch.device, torch.Tensor] = {}
        self._chosen: dict[tuple[object, ...], tuple[Chosen, torch.Tensor, torch.Tensor]] = {}

    @property
    def n_samples(self) -> int:
        """Samples of the batch."""
        return len(self._sample_ids)

    def __call__(
        self, values: torch.Tensor, *, layer: str, channels_second: bool, call: int = 0
    ) -> Pooled:
        """Turn one layer's values into rows.

        Parameters
        ----------
        values : Tensor of shape (n_samples, ...)
        layer : str
            Its name, for the error.
        channels_second : bool
            True for (n, channels, *positions), False for (n, *positions, channels).
        call : int, default 0
            Which time the layer runs in this forward pass.

        Raises
        ------
        InvalidInputError
            If the policy makes no sense for the shape; the message names layer, shape and policy.
        """
        kind = self._pooling.kind
        if values.ndim < 2 or values.numel() == 0:
            raise self._unsuitable(layer, values, "(n_samples, n_features, ...), not empty")
        if values.ndim == 2:
            return Pooled(_copied(values))
        tokens = values.ndim == 3 and not channels_second
        if kind == "flatten":
            return Pooled(self._flattened(values, tokens=tokens))
        sizes = tuple(values.shape[2:] if channels_second else values.shape[1:-1])
        self._check(values, layer, sizes, tokens=tokens)
        if self._pooling.needs_masks:
            return self._seeing_most(values, layer, call, channels_second=channels_second)
        masked = tokens and self._mask is not None
        if kind == "mean":
            if masked and self._partial:
                return Pooled(self._mean_of_valid(_widened(values)))
            axes = range(2, values.ndim) if channels_second else range(1, values.ndim - 1)
            return Pooled(_widened(values).mean(dim=tuple(axes)))
        by_position = values.flatten(2).mT if channels_second else values.flatten(1, -2)
        if kind == "top_norm":
            return self._top_norm(by_position, masked=masked and self._partial)
        if kind == "all" and not masked:
            rows = _copied(by_position).reshape(-1, by_position.shape[2])
            return Pooled(rows, self._places(sizes, values.device, masked=False)[2])
        chosen, samples, positions = self._places(sizes, values.device, masked=masked)
        rows = _widened(by_position[samples, positions].contiguous())
        return Pooled(rows, positions, chosen.counts)

    def _flattened(self, values: torch.Tensor, *, tokens: bool) -> torch.Tensor:
        """One row per sample; tokens that do not count are zeros in it."""
        masked = tokens and self._mask is not None and values.shape[1] == self._mask.shape[1]
        if masked and self._partial:
            values = values.masked_fill(~self._mask_on(values.device)[:, :, None], 0)
        return _copied(values.flatten(1))

    def _check(
        self, values: torch.Tensor, layer: str, sizes: tuple[int, ...], *, tokens: bool
    ) -> None:
        kind, count = self._pooling.kind, self._pooling.count
        if kind in ("cls", "last") and not tokens:
            raise self._unsuitable(layer, values, "tokens, (n_samples, n_tokens, width)")
        if tokens and self._mask is not None and self._mask.shape[1] != sizes[0]:
            rule = f"one token for each of {self._mask.shape[1]} in `attention_mask`"
            raise self._unsuitable(layer, values, rule)
        if kind == "inner" and (tokens or count > prod(max(0, size - 2) for size in sizes)):
            rule = f"a map with at least {count} positions away from its border"
            raise self._unsuitable(layer, values, rule)
        if kind in ("random", "top_norm") and count > prod(sizes):
            raise self._unsuitable(layer, values, f"at least {count} positions")
        if kind == "grid" and count > min(sizes):
            raise self._unsuitable(layer, values, f"at least {count} positions along each axis")

    def _mean_of_valid(self, values: torch.Tensor) -> torch.Tensor:
        mask = self._mask_on(values.device)
        # What the model left in masked tokens may be anything, infinite too.
        total = values.masked_fill(~mask[:, :, None], 0).sum(dim=1)
        return total / mask.sum(dim=1, keepdim=True)

    def _top_norm(self, by_position: torch.Tensor, *, masked: bool) -> Pooled:
        squared = _squared_norms(by_position)
        if masked:
            squared = squared.masked_fill(~self._mask_on(squared.device), -1)
        if self._pooling.count == 1:
            positions = squared.argmax(dim=1)
            samples = torch.arange(len(positions), device=positions.device)
            return Pooled(_widened(by_position[samples, positions].contiguous()), positions)
        order = squared.argsort(dim=1, descending=True, stable=True)[:, : self._pooling.count]
        order = order.sort(dim=1).values
        kept = squared.gather(1, order) != -1
        samples, _ = kept.nonzero(as_tuple=True)
        positions = order[kept]
        counts = kept.sum(dim=1).cpu().numpy() if masked else None
        return Pooled(_widened(by_position[samples, positions].contiguous()), positions, counts)

    def _seeing_most(
        self, values: torch.Tensor, layer: str, call: int, *, channels_second: bool
    ) -> Pooled:
        if self._regions is None:
            raise InvalidInputError(
                f"`foreground` must be given for pool `{self._pooling}`; got None"
            )
        count, n_positions = self._pooling.count, self._regions.n_positions(layer, call)
        if count > n_positions:
            raise self._unsuitable(layer, values, f"at least {count} positions of the image")
        chosen = self._regions.strongest(layer, call, count)
        samples, positions = (sent(a, values.device) for a in (chosen.samples, chosen.positions))
        by_position = values.flatten(2).mT if channels_second else values.flatten(1, -2)
        return Pooled(_widened(by_position[samples, positions].contiguous()), positions)

    def _mask_on(self, device: torch.device) -> torch.Tensor:
        if device not in self._masks and self._mask is not None:
            self._masks[device] = sent(np.array(self._mask), device)
        return self._masks[device]

    def _places(
        self, sizes: tuple[int, ...], device: torch.device, *, masked: bool
    ) -> tuple[Chosen, torch.Tensor, torch.Tensor]:
        key = (sizes, masked, device)
        if key not in self._chosen:
            ids, pooling, seed = self._sample_ids, self._pooling, self._seed
            if masked and self._mask is not None:
                chosen = chosen_tokens(ids, self._mask, pooling, seed=seed)
            else:
                chosen = chosen_positions(ids, sizes, pooling, seed=seed)
            samples, positions = sent(chosen.samples, device), sent(chosen.positions, device)
            self._chosen[key] = (chosen, samples, positions)
        return self._chosen[key]

    def _unsuitable(self, layer: str, values: torch.Tensor, rule: str) -> InvalidInputError:
        return InvalidInputError(
            f"layer `{layer}` must give {rule} for pool `{self._pooling}`; "
            f"got shape {tuple(values.shape)}"
        )


def _squared_norms(by_position: torch.Tensor) -> torch.Tensor:
    """Return squared lengths, (n, positions), a few samples at a time: squares stay in cache."""
    by_channel = by_position.mT
    n_samples, channels, n_positions = by_channel.shape
    size = max(1, _CACHED_BYTES // (4 * channels * n_positions))
    if by_position.device.type != "cpu" or 2 * size >= n_samples:
        return _widened(by_channel).square().sum(dim=1)
    parts = (by_channel[start : start + size] for start in range(0, n_samples, size))
    return torch.cat([_widened(part).square().sum(dim=1) for part in parts])


def _widened(values: torch.Tensor) -> torch.Tensor:
    return values if values.dtype in _WIDE else values.float()


def _copied(values: torch.Tensor) -> torch.Tensor:
    dtype = values.dtype if values.dtype in _WIDE else torch.float32
    return values.to(dtype, copy=True, memory_format=torch.contiguous_format)
