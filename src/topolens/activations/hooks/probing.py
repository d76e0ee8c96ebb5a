"""A few samples, to tell what belongs to samples from what only has as many entries as a batch.

Positions of a transformer, (1, tokens, width), look like one sample in a batch of one, and a table
of 49 entries like samples in a batch of 49. A second number of samples settles it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topolens.activations.needs_torch import torch

__all__ = ["few_samples"]


def few_samples(
    inputs: object, sample_ids: NDArray[np.int64]
) -> Iterator[tuple[Any, NDArray[np.int64]]]:
    """Yield the first sample of a batch as often as no batch of this size has samples.

    Twice; three times beside a batch of two; both beside a batch of one, whose layers that lose
    the axis of the samples could otherwise pass for what serves all alike. Nothing is yielded
    where not every array has the samples first.
    """
    n_samples = len(sample_ids)
    if not all(len(array) == n_samples for array in _arrays(inputs)):
        return
    for count in {1: (2, 3), 2: (3,)}.get(n_samples, (2,)):
        places = np.zeros(count, np.int64)
        yield _taken(inputs, places), sample_ids[places]


def _arrays(inputs: object) -> Iterator[Any]:
    if isinstance(inputs, Mapping | tuple):
        for part in inputs.values() if isinstance(inputs, Mapping) else inputs:
            yield from _arrays(part)
    elif isinstance(inputs, np.ndarray | torch.Tensor) and inputs.ndim:
        yield inputs


def _taken(inputs: object, places: NDArray[np.int64]) -> object:
    if isinstance(inputs, Mapping):
        return {name: _taken(value, places) for name, value in inputs.items()}
    if isinstance(inputs, tuple):
        return tuple(_taken(value, places) for value in inputs)
    if isinstance(inputs, np.ndarray):
        return inputs[places] if inputs.ndim else inputs
    if isinstance(inputs, torch.Tensor):
        return inputs[places.tolist()] if inputs.ndim else inputs
    return inputs
