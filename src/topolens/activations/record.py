"""Capture a model's layers over all samples into a store, going on where it was interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topolens.activations.data.foreground import Foreground, GrabCut
from topolens.activations.data.preprocess import preprocess_batch
from topolens.activations.data.samples import Batch, Samples
from topolens.activations.hooks.capture import capture
from topolens.activations.hooks.devices import find_device
from topolens.activations.hooks.layer_batch import LayerBatch
from topolens.activations.hooks.layers import select_layers
from topolens.activations.hooks.next_token import token_loss
from topolens.activations.hooks.observing import unwrapped
from topolens.activations.hooks.pool_names import parse_pool
from topolens.activations.hooks.running import n_outputs
from topolens.activations.needs_torch import nn
from topolens.activations.stores.provenance import (
    inputs_digest,
    model_provenance,
    version_provenance,
)
from topolens.activations.stores.storage_forecast import batch_sizes, check_room, forecast_bytes
from topolens.activations.stores.store import ActivationStore
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
    precision: str = "float32",
    foreground: Foreground | None = None,
    reuse: Iterable[ActivationStore] = (),
    on_batch: Callable[[int, int], None] | None = None,
) -> None:
    """Run `model` over `samples` and write every batch into `store` as it comes.

    Batches whose part is already in the store are skipped, so an interrupted recording goes on
    where it stopped and ends with the same bytes. The store remembers every setting, the digests
    of the model's state and of the data, and the versions. It is finished with the summary
    ``accuracy`` (share of all samples whose label is the largest output, or None),
    ``n_samples``, ``n_parameters``, ``n_outputs`` (scores that the model gives, or None),
    ``n_beyond`` (samples whose label is none of them), and of a model that predicts the next token
    ``token_loss``, the mean loss per token in nats.

    Parameters
    ----------
    model : Module
    samples : Samples
    store : ActivationStore
        As made by `ActivationStore.create`.
    layers, exclude : sequence of str
        Patterns as in `select_layers`.
    pool, seed, device, precision
        As in `capture`.
    batch_size : int, default 100
    mean, std, scale
        Inputs are (x / scale - mean) / std, as in `preprocess_batch`.
    foreground : Foreground, optional
        For the pools ``foreground:K`` and ``background:K``, as in `capture`; by default GrabCut
        finds it in the images as they are before `preprocess_batch`. The summary then counts
        ``images_without_foreground`` and ``images_without_background``.
    reuse : iterable of ActivationStore
        Other stores of this model, of fewer samples for example. Their parts are taken over
        where settings, versions and inputs are the same; that the model's code is, is for you
        to know.
    on_batch : callable, optional
        Called as ``on_batch(done, total)`` before the first batch and after each.

    Raises
    ------
    InvalidInputError
        As `capture` and `preprocess_batch` do.
    StoreError
        If the store holds parts recorded with other settings, of another model or by other
        versions, or what is missing does not fit on the disk.
    """
    check_integer(batch_size, "batch_size", at_least=1)
    needs_masks = parse_pool(pool).needs_masks
    regions = (foreground or GrabCut(samples)) if needs_masks else None
    settings = {
        "samples": samples.description,
        "layers": select_layers(model, layers, exclude),
        "pool": pool,
        "batch_size": batch_size,
        "mean": _plain(mean),
        "std": _plain(std),
        "scale": None if scale is None else float(scale),
        "seed": seed,
        "device": find_device(device).type,
        "precision": precision,
        "model": model_provenance(unwrapped(model)),
        "versions": version_provenance(),
        **({} if regions is None else {"foreground": regions.description}),
    }
    if store.complete:
        store.check_settings(settings, but="versions")
        return
    store.begin(settings)
    work = _Batches(samples, store, batch_size)
    for other in reuse:
        work.adopt(other)
    missing = work.missing()
    tell = on_batch or (lambda done, total: None)
    tell(work.n_batches - len(missing), work.n_batches)

    def inputs() -> Iterator[tuple[Batch, NDArray[np.int64]]]:
        for index in missing:
            batch, ids = work.inputs(index)
            yield preprocess_batch(batch, mean=mean, std=std, scale=scale), ids

    captured = capture(
        model,
        inputs(),
        layers=layers,
        exclude=exclude,
        pool=pool,
        seed=seed,
        device=device,
        precision=precision,
        foreground=regions,
    )
    for n_left, index in zip(reversed(range(len(missing))), missing, strict=True):
        # Nothing may hold on to a batch while the next is captured: each can be large.
        work.keep(next(captured), index)
        tell(work.n_batches - n_left, work.n_batches)
    few = preprocess_batch(samples.batch(slice(2)), mean=mean, std=std, scale=scale)
    store.finish(_summary(samples, store, n_outputs(model, few)) | _size(model))


class _Batches:
    """The samples cut into batches, and which of them the store has."""

    def __init__(self, samples: Samples, store: ActivationStore, batch_size: int) -> None:
        self._samples = samples
        self._store = store
        self._sizes = batch_sizes(len(samples), batch_size)
        self._slices = [slice(i, i + batch_size) for i in range(0, len(samples), batch_size)]
        self._digests: dict[int, str] = {}
        self._fits = False
        self.n_batches = len(self._sizes)

    def missing(self) -> list[int]:
        """Return the batches that the store does not have."""
        return [index for index in range(self.n_batches) if not self._store.has_part(index)]

    def inputs(self, index: int) -> tuple[Batch, NDArray[np.int64]]:
        """Return the inputs of a batch as they come, and the ids of its samples."""
        rows = self._slices[index]
        batch, ids = self._samples.batch(rows), self._samples.ids[rows]
        self._digests[index] = inputs_digest(batch, ids)
        return batch, ids

    def adopt(self, other: ActivationStore) -> None:
        """Take over parts of a store that was captured alike from the same inputs."""
        if not self._store.is_like(other, but="samples"):
            return
        for index in self.missing():
            part = other.parts.get(index)
            if part is None or part.n_samples != self._sizes[index]:
                continue
            self.inputs(index)
            if part.made_from == self._digests[index] and other.is_whole(index):
                self._store.adopt(other, index=index)

    def keep(self, batch: LayerBatch, index: int) -> None:
        """Write a batch; the first tells whether all that are missing fit on the disk."""
        if not self._fits:
            sizes = [self._sizes[number] for number in self.missing()]
            check_room(self._store.path, forecast_bytes(batch, sizes))
            self._fits = True
        self._store.append(batch, index=index, made_from=self._digests.pop(index))


def _size(model: nn.Module) -> dict[str, int]:
    return {"n_parameters": sum(parameter.numel() for parameter in model.parameters())}


def _summary(samples: Samples, store: ActivationStore, width: int | None) -> dict[str, Any]:
    beyond = 0 if width is None or samples.labels is None else int((samples.labels >= width).sum())
    loss = token_loss(part.sums for part in store.parts.values())
    return {
        **({} if loss is None else {"token_loss": loss}),
        **_images_without(store),
        "accuracy": _accuracy(samples, store.predictions()),
        "n_samples": len(samples),
        "n_outputs": width,
        "n_beyond": beyond,
    }


def _images_without(store: ActivationStore) -> dict[str, int]:
    """Count the images without foreground or background, where masks were asked for."""
    sums = [part.sums for part in store.parts.values()]
    names = ("images_without_foreground", "images_without_background")
    return {
        name: int(sum(each[name] for each in sums))
        for name in names
        if all(name in each for each in sums)
    }


def _accuracy(samples: Samples, predictions: NDArray[np.int64] | None) -> float | None:
    if samples.labels is None or predictions is None:
        return None
    return float(np.mean(predictions == samples.labels))


def _plain(values: float | Sequence[float] | None) -> list[float] | None:
    return None if values is None else [float(value) for value in np.atleast_1d(values)]
