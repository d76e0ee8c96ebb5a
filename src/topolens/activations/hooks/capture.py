"""Run a model over batches and keep what chosen layers say, pooled on the spot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.activations.data.foreground import Foreground
from topolens.activations.hooks.devices import (
    check_precision,
    find_device,
    floating_dtype,
    moved,
    on_device,
    steady,
)
from topolens.activations.hooks.foreground_regions import ForegroundRegions
from topolens.activations.hooks.layer_batch import LayerBatch
from topolens.activations.hooks.layer_patterns import Tap
from topolens.activations.hooks.layers import select_taps
from topolens.activations.hooks.layout import Layouts, NotPerSampleError
from topolens.activations.hooks.next_token import next_token_sums
from topolens.activations.hooks.observing import first_tensor, observed, unwrapped
from topolens.activations.hooks.pool_names import Pooling, parse_pool
from topolens.activations.hooks.pooling import Pooler
from topolens.activations.hooks.probing import few_samples
from topolens.activations.hooks.running import call_model, evaluating
from topolens.activations.hooks.visit import Visit
from topolens.activations.needs_torch import nn, torch
from topolens.base.checks import check_integer
from topolens.base.errors import InvalidInputError

__all__ = ["capture"]


def capture(
    model: nn.Module,
    batches: Iterable[tuple[Any, ArrayLike]],
    *,
    layers: Sequence[str],
    exclude: Sequence[str] = (),
    pool: str = "mean",
    seed: int = 0,
    device: str = "cpu",
    precision: str = "float32",
    foreground: Foreground | None = None,
) -> Iterator[LayerBatch]:
    """Yield, batch by batch, the pooled values of some layers of a model.

    The model runs in evaluation and inference mode, uncompiled, on one device. Values are pooled
    in the hook, before anything can overwrite them, so memory does not grow with the number of
    batches. After each batch, and whatever happens, the model is as it came.

    Parameters
    ----------
    model : Module
        `DataParallel` and `torch.compile` are looked through.
    batches : iterable of (inputs, sample_ids)
        Inputs are an array or tensor, (n_samples, ...), a mapping of keyword arguments or a
        tuple of positional ones; sample ids are n_samples integers. Floating inputs are cast
        to the dtype of the model's parameters. An `attention_mask` in a mapping,
        (n_samples, n_tokens) of zeros and ones, says which tokens the pooling counts.
    layers, exclude : sequence of str
        Names or patterns as in `select_layers`. A layer that never runs, or whose values tell
        no samples apart, is an error where it is named; one that only a pattern means is left
        out.
    pool : str, default "mean"
        As in `parse_pool`. Values of shape (n_samples, n_features) are rows already; `Layouts`
        says how maps and tokens are told apart.
    seed : int, default 0
        Seed of the draws of the pool, below 2^63.
    device : str, default "cpu"
        Where to run: "cpu", "cuda", "mps", or "auto", the best there is; the model is moved
        there and back.
    precision : str, default "float32"
        "bfloat16" or "float16" compute in mixed precision, where the device has it.
    foreground : Foreground, optional
        Where the foreground of each image is, for the pools ``foreground:K`` and
        ``background:K``: `ForegroundMasks`, or `GrabCut` of the samples. How many images have
        no foreground or nothing but foreground is in the `sums` of each batch.

    Yields
    ------
    LayerBatch
        Layers in the order in which they ran. One that runs several times in a forward pass is
        there once per call, as ``relu#0``, ``relu#1``. Rows are float32, or float64 where the
        model computes in it; 16-bit values are widened.

    Raises
    ------
    InvalidInputError
        If a pattern matches nothing, a named layer (or every layer) never runs, a layer gives
        no real tensor, the policy does not suit a shape, the batches disagree, or the forward
        pass fails; the message names the layer.
    """
    network = unwrapped(model)
    taps = select_taps(network, layers, exclude)
    pooling = parse_pool(pool)
    check_integer(seed, "seed", at_least=0, at_most=2**63 - 1)
    if pooling.needs_masks and foreground is None:
        raise InvalidInputError(f"`foreground` must be given for pool `{pooling}`; got None")
    found = find_device(device)
    return _stream(
        network,
        batches,
        taps,
        frozenset(layers),
        _Settings(pooling, seed, found, check_precision(precision, found), foreground),
    )


@dataclass(frozen=True, slots=True)
class _Settings:
    pooling: Pooling
    seed: int
    device: torch.device
    precision: str
    foreground: Foreground | None


def _stream(
    network: nn.Module,
    batches: Iterable[tuple[Any, ArrayLike]],
    taps: Sequence[Tap],
    required: frozenset[str],
    settings: _Settings,
) -> Iterator[LayerBatch]:
    modules = dict(network.named_modules())
    seeing = ForegroundRegions(network, settings.foreground, settings.pooling, settings.seed)
    layouts = Layouts(network)
    dtype, device = floating_dtype(network), settings.device
    calls: dict[Tap, int] | None = None

    def visited(inputs: object, sample_ids: NDArray[np.int64], required: Set[str]) -> _Visited:
        mask = _attention_mask(inputs, sample_ids)
        regions, masked = seeing.regions(inputs, sample_ids, taps)
        pooler = Pooler(
            settings.pooling, sample_ids, seed=settings.seed, mask=mask, regions=regions
        )
        visit = Visit(modules, layouts, pooler, required)
        with (
            observed(modules, taps, visit.note),
            steady(device, settings.precision),
            evaluating(network),
        ):
            given = on_device(inputs, device, dtype)
            what = f"the batch that begins with sample {sample_ids[0]}"
            output = call_model(network, given, what)
            sums = next_token_sums(network, given, output) | masked
        return visit, _predictions(output, len(sample_ids)), sums

    with moved(network, device):
        for inputs, ids in batches:
            sample_ids = _sample_ids(ids)
            unclear = calls is None and layouts.leave_open(len(sample_ids))
            doubts = _doubts(visited, inputs, sample_ids) if unclear else {}
            taps = [tap for tap in taps if tap not in doubts or tap.label in required] or taps
            visit, predictions, sums = visited(inputs, sample_ids, required)
            for tap in taps:
                if tap in doubts:
                    raise doubts[tap]
            if visit.useless and (calls is not None or len(sample_ids) == 1):
                raise _lost(next(iter(visit.useless)), len(sample_ids))
            taps = [tap for tap in taps if tap not in visit.useless]
            calls = _same_calls(visit.calls(taps), calls)
            yield LayerBatch(sample_ids, visit.layers(), predictions, sums)


_Visited: TypeAlias = tuple[Visit, NDArray[np.int64] | None, dict[str, float]]


def _doubts(
    visited: Callable[[object, NDArray[np.int64], Set[str]], _Visited],
    inputs: object,
    sample_ids: NDArray[np.int64],
) -> dict[Tap, NotPerSampleError]:
    """Return the taps whose values do not follow the number of samples, and why."""
    useless: dict[Tap, NotPerSampleError] = {}
    for few, their_ids in few_samples(inputs, sample_ids):
        try:
            visit, *_ = visited(few, their_ids, frozenset())
        except InvalidInputError:
            # What is wrong with the batch, the batch itself will show.
            return {}
        useless |= visit.useless
    return useless


def _lost(tap: Tap, n_samples: int) -> InvalidInputError:
    return InvalidInputError(
        f"layer `{tap.label}` must give one output per sample for every batch; it does for others "
        f"and not for one of {n_samples}, so choose another batch size or leave it out with "
        "`exclude`"
    )


def _same_calls(now: dict[Tap, int], before: dict[Tap, int] | None) -> dict[Tap, int]:
    for tap, count in (before or {}).items():
        if now[tap] != count:
            raise InvalidInputError(
                f"layer `{tap.label}` must run equally often for every batch; "
                f"got {count} and {now[tap]} calls"
            )
    return now


def _attention_mask(inputs: object, sample_ids: NDArray[np.int64]) -> NDArray[np.bool_] | None:
    given = inputs.get("attention_mask") if isinstance(inputs, Mapping) else None
    if given is None:
        return None
    mask = given.cpu().numpy() if isinstance(given, torch.Tensor) else np.asarray(given)
    if mask.ndim != 2 or len(mask) != len(sample_ids) or not ((mask == 0) | (mask == 1)).all():
        raise InvalidInputError(
            f"`attention_mask` must hold zeros and ones, ({len(sample_ids)}, n_tokens); "
            f"got {mask.dtype} of shape {mask.shape}"
        )
    valid: NDArray[np.bool_] = mask != 0
    empty = np.flatnonzero(~valid.any(axis=1))
    if len(empty):
        raise InvalidInputError(
            "`attention_mask` must let at least one token of each sample count; it lets none of "
            f"sample {sample_ids[empty[0]]}"
        )
    return valid


def _predictions(output: object, n_samples: int) -> NDArray[np.int64] | None:
    scores = first_tensor(output)
    if scores is None or scores.ndim != 2 or scores.shape[0] != n_samples or scores.shape[1] < 2:
        return None
    predicted: NDArray[np.int64] = scores.argmax(dim=1).cpu().numpy()
    return predicted


def _sample_ids(ids: ArrayLike) -> NDArray[np.int64]:
    array = np.asarray(ids)
    if array.ndim != 1 or len(array) == 0 or array.dtype.kind not in "iu":
        raise InvalidInputError(
            f"`batches` must give integer sample ids of shape (n_samples,), not empty; "
            f"got {array.dtype} of shape {array.shape}"
        )
    return array.astype(np.int64)
