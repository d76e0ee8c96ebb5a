"""From the masks of a batch to what pools of the foreground or the background need to know."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from topolens.activations.data.foreground import Foreground
from topolens.activations.hooks.geometry_network import influences_of
from topolens.activations.hooks.influence import Influence, Regions
from topolens.activations.hooks.layer_patterns import Tap
from topolens.activations.hooks.pool_names import Pooling
from topolens.activations.needs_torch import nn, torch
from topolens.base.errors import InvalidInputError

__all__ = ["ForegroundRegions"]


class ForegroundRegions:
    """What the pool needs to know of the foreground of each batch."""

    def __init__(
        self, network: nn.Module, foreground: Foreground | None, pooling: Pooling, seed: int
    ) -> None:
        self._network = network
        self._foreground = foreground
        self._pooling = pooling
        self._seed = seed
        self._influences: dict[object, dict[tuple[str, int], Influence]] = {}

    def regions(
        self, inputs: object, sample_ids: NDArray[np.int64], taps: Sequence[Tap]
    ) -> tuple[Regions | None, dict[str, float]]:
        """Return the regions, and how many images have no foreground or nothing but it."""
        if self._foreground is None or not self._pooling.needs_masks:
            return None, {}
        shape = tuple(inputs.shape[1:]) if isinstance(inputs, np.ndarray | torch.Tensor) else ()
        key = (shape, tuple(taps))
        if key not in self._influences:
            self._influences[key] = influences_of(self._network, shape, taps)
        masks = self._foreground(sample_ids)
        if masks.shape != (len(sample_ids), *shape[1:]):
            raise InvalidInputError(
                "`foreground` must give masks of the size that the network sees, (n_samples, "
                f"{shape[1]}, {shape[2]}); got shape {masks.shape}"
            )
        sizes = masks.sum(axis=(1, 2))
        counts = {
            "images_without_foreground": float((sizes == 0).sum()),
            "images_without_background": float((sizes == shape[1] * shape[2]).sum()),
        }
        chosen = masks if self._pooling.kind == "foreground" else ~masks
        return Regions(self._influences[key], chosen, sample_ids, seed=self._seed), counts
