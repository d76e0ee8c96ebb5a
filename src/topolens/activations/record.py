"""Capture a model's layers over all samples into a store, going on where it was interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topolens.activations.capture import capture
from topolens.activations.layers import select_layers
from topolens.activations.needs_torch import nn
from topolens.activations.preprocess import preprocess_batch
from topolens.activations.samples import Batch, Samples
from topolens.activations.store import ActivationStore
from topolens.base.checks import check_integer

__all__ = ["record"]


def record(
    model: nn.Module,
    samples: Samples,
    store: ActivationStore,
    *,
    layers: Sequence[str],
    exclude: Sequence[str] = (),
    pool: str = "mean",
    batch_size: int = 100,
    mean: float | Sequence[float] | None = None,
    std: float | Sequence[float] | None = None,
    scale: float | None = None,
    seed: int = 0,
    device: str = "cpu",
    on_batch: Callable[[int, int], None] | None = None,
) -> None:
    """Run `model` over `samples` and write every batch into `store` as it comes.

    Batches whose part is already in the store are skipped, so an interrupted recording goes on
    where it stopped and ends with the same bytes. The store is finished with the summary
    ``accuracy`` (share of all samples whose label is the largest output, or None),
    ``n_samples`` and ``n_parameters``.

    Parameters
    ----------
    model : Module
    samples : Samples
    store : ActivationStore
        As made by `ActivationStore.create`.
    layers, exclude : sequence of str
        Patterns as in `select_layers`.
    pool, seed, device
        As in `capture`.
    batch_size : int, default 100
    mean, std, scale
        Inputs are (x / scale - mean) / std, as in `preprocess_batch`.
    on_batch : callable, optional
        Called as ``on_batch(done, total)`` before the first batch and after each.

    Raises
    ------
    InvalidInputError
        As `capture` and `preprocess_batch` do.
    StoreError
        If the store holds parts recorded with other settings.
    """
    if store.complete:
        return
    check_integer(batch_size, "batch_size", at_least=1)
    names = select_layers(model, layers, exclude)
    store.begin(
        {
            "samples": samples.description,
            "layers": names,
            "pool": pool,
            "batch_size": batch_size,
            "mean": _plain(mean),
            "std": _plain(std),
            "scale": None if scale is None else float(scale),
            "seed": seed,
        }
    )
    slices = [slice(i, i + batch_size) for i in range(0, len(samples), batch_size)]
    missing = [index for index in range(len(slices)) if not store.has_part(index)]
    tell = on_batch or (lambda done, total: None)
    tell(len(slices) - len(missing), len(slices))

    def batches() -> Iterator[tuple[Batch, NDArray[np.int64]]]:
        for index in missing:
            rows = slices[index]
            batch = samples.batch(rows)
            yield preprocess_batch(batch, mean=mean, std=std, scale=scale), samples.ids[rows]

    captured = capture(
        model, batches(), layers=layers, exclude=exclude, pool=pool, seed=seed, device=device
    )
    for count, index in enumerate(missing, start=1):
        # Nothing may hold on to a batch while the next is captured: each can be large.
        store.append(next(captured), index=index)
        tell(len(slices) - len(missing) + count, len(slices))
    store.finish(_summary(model, samples, store))


def _summary(model: nn.Module, samples: Samples, store: ActivationStore) -> dict[str, Any]:
    return {
        "accuracy": _accuracy(samples, store.predictions()),
        "n_samples": len(samples),
        "n_parameters": sum(parameter.numel() for parameter in model.parameters()),
    }


def _accuracy(samples: Samples, predictions: NDArray[np.int64] | None) -> float | None:
    if samples.labels is None or predictions is None:
        return None
    return float(np.mean(predictions == samples.labels))


def _plain(values: float | Sequence[float] | None) -> list[float] | None:
    return None if values is None else [float(value) for value in np.atleast_1d(values)]
