"""Run a model over batches and keep what chosen layers say, pooled on the spot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.activations.layer_batch import LayerBatch, LayerRows
from topolens.activations.layers import select_layers
from topolens.activations.needs_torch import nn, torch
from topolens.activations.pool_names import Pooling, parse_pool
from topolens.activations.pooling import pool_rows, random_positions
from topolens.activations.running import call_model, first_tensor, observed
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
) -> Iterator[LayerBatch]:
    """Yield, batch by batch, the pooled outputs of some layers of a model.

    The model runs in evaluation and inference mode. Outputs are pooled in the hook, before
    anything can overwrite them, so memory does not grow with the number of batches. After each
    batch, and whatever happens, the model is as it came.

    Parameters
    ----------
    model : Module
    batches : iterable of (inputs, sample_ids)
        Inputs are an array or tensor, (n_samples, ...), a mapping of keyword arguments or a
        tuple of positional ones; sample ids are n_samples integers.
    layers, exclude : sequence of str
        Names or patterns as in `select_layers`. A layer that never runs is an error where it
        is named; one that only a pattern means is left out.
    pool : str, default "mean"
        As in `parse_pool`. Outputs of shape (n_samples, n_features) are rows already.
    seed : int, default 0
        Seed of the pool ``random:K``.
    device : str, default "cpu"
        Where to run; the model is moved there and back.

    Yields
    ------
    LayerBatch
        Layers in the order in which they ran. One that runs several times in a forward pass is
        there once per call, as ``relu#0``, ``relu#1``. 16-bit outputs are widened to float32.

    Raises
    ------
    InvalidInputError
        If a pattern matches nothing, a named layer (or every layer) never runs, a layer gives
        no real tensor, the policy does not suit a shape, the batches disagree, or the forward
        pass fails; the message names the layer.
    """
    names = select_layers(model, layers, exclude)
    required = frozenset(names) & frozenset(layers)
    pooling = parse_pool(pool)
    check_integer(seed, "seed", at_least=0)
    return _stream(model, batches, names, required, pooling, seed, _device(device))


def _stream(
    model: nn.Module,
    batches: Iterable[tuple[Any, ArrayLike]],
    names: Sequence[str],
    required: Set[str],
    pooling: Pooling,
    seed: int,
    device: torch.device,
) -> Iterator[LayerBatch]:
    wanted = set(names)
    modules = {name: module for name, module in model.named_modules() if name in wanted}
    calls: dict[str, int] | None = None
    with _moved(model, device):
        for inputs, ids in batches:
            sample_ids = _sample_ids(ids)
            visit = _Visit(sample_ids, pooling, seed, modules)
            what = f"the batch that begins with sample {sample_ids[0]}"
            with observed(model, modules, visit.note):
                output = call_model(model, _on_device(inputs, device), what)
            calls = _same_calls(visit.calls(names, required), calls)
            yield LayerBatch(sample_ids, visit.layers(), _predictions(output, len(sample_ids)))


class _Visit:
    """What the hooks note down during one forward pass."""

    def __init__(
        self,
        sample_ids: NDArray[np.int64],
        pooling: Pooling,
        seed: int,
        modules: Mapping[str, nn.Module],
    ) -> None:
        self._modules = modules
        self._sample_ids = sample_ids
        self._pooling = pooling
        self._seed = seed
        self._drawn: dict[int, NDArray[np.int64]] = {}
        self._noted: list[tuple[str, tuple[int, ...], torch.Tensor, torch.Tensor | None]] = []

    def note(self, name: str, output: object) -> None:
        tensor = _real_output(output, name, len(self._sample_ids))
        rows, positions = pool_rows(
            tensor, self._pooling, layer=name, positions_of=self._positions_of
        )
        self._noted.append((name, tuple(tensor.shape[1:]), rows, positions))

    def calls(self, names: Sequence[str], required: Set[str]) -> dict[str, int]:
        """Return how often each layer ran; one that is `required` must have."""
        counts = dict.fromkeys(names, 0)
        for name, *_ in self._noted:
            counts[name] += 1
        idle = [name for name, count in counts.items() if count == 0]
        blamed = [name for name in idle if name in required or len(idle) == len(counts)]
        if blamed:
            raise InvalidInputError(
                f"layer `{blamed[0]}` must run in a forward pass; it never does, so leave it out "
                "with `exclude`"
            )
        return counts

    def layers(self) -> dict[str, LayerRows]:
        """Return the rows under their final names."""
        counts: dict[str, int] = {}
        layers = {}
        names = [name for name, *_ in self._noted]
        for name, shape, rows, positions in self._noted:
            call = counts[name] = counts.get(name, -1) + 1
            label = f"{name}#{call}" if names.count(name) > 1 else name
            flat = None if positions is None else positions.cpu().numpy()
            kind = type(self._modules[name]).__name__
            layers[label] = LayerRows(rows.cpu().numpy(), flat, shape, module_type=kind)
        return layers

    def _positions_of(self, n_positions: int) -> NDArray[np.int64]:
        if n_positions not in self._drawn:
            self._drawn[n_positions] = random_positions(
                self._sample_ids, n_positions, self._pooling.count, seed=self._seed
            )
        return self._drawn[n_positions]


def _real_output(output: object, name: str, n_samples: int) -> torch.Tensor:
    tensor = first_tensor(output)
    if tensor is None or not _has_real_values(tensor):
        kind = type(output).__name__ if tensor is None else _kind_of(tensor)
        raise InvalidInputError(f"layer `{name}` must give a tensor of real numbers; got {kind}")
    tensor = tensor.detach()
    if tensor.ndim == 0 or tensor.shape[0] != n_samples:
        raise InvalidInputError(
            f"layer `{name}` must give one output per sample along its first axis; "
            f"got shape {tuple(tensor.shape)} for {n_samples} samples"
        )
    return tensor if tensor.dtype in (torch.float32, torch.float64) else tensor.float()


def _has_real_values(tensor: torch.Tensor) -> bool:
    dense = tensor.layout == torch.strided and not tensor.is_meta
    return dense and not tensor.is_complex() and not tensor.is_quantized


def _kind_of(tensor: torch.Tensor) -> str:
    where = " without values (device meta)" if tensor.is_meta else ""
    return f"{tensor.dtype}, {tensor.layout}{where}"


def _same_calls(now: dict[str, int], before: dict[str, int] | None) -> dict[str, int]:
    for name, count in (before or {}).items():
        if now[name] != count:
            raise InvalidInputError(
                f"layer `{name}` must run equally often for every batch; "
                f"got {count} and {now[name]} calls"
            )
    return now


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
            f"`batches` must give integer sample ids of shape (n_samples,); "
            f"got {array.dtype} of shape {array.shape}"
        )
    return array.astype(np.int64)


def _on_device(inputs: Any, device: torch.device) -> Any:  # noqa: ANN401  whatever the model takes
    if isinstance(inputs, Mapping):
        return {name: _on_device(value, device) for name, value in inputs.items()}
    if isinstance(inputs, tuple):
        return tuple(_on_device(value, device) for value in inputs)
    if isinstance(inputs, np.ndarray):
        return torch.tensor(inputs, device=device)
    return inputs.to(device) if isinstance(inputs, torch.Tensor) else inputs


def _device(name: str) -> torch.device:
    if name.startswith("meta"):
        raise InvalidInputError(
            f"`device` must be available to torch; got {name!r}, without values"
        )
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise InvalidInputError(
            f"`device` must be available to torch; got {name!r} ({reason})"
        ) from None


@contextmanager
def _moved(model: nn.Module, device: torch.device) -> Iterator[None]:
    """Move the model to a device and back; one that is there already is not touched."""
    tensors = [*model.parameters(), *model.buffers()]
    homes = {tensor.device for tensor in tensors}
    if homes <= {device}:
        yield
        return
    if len(homes) > 1:
        raise InvalidInputError(f"`model` must be on one device; got {sorted(map(str, homes))}")
    home = homes.pop()
    if home.type == "meta":
        raise InvalidInputError("`model` must have values; got parameters on device meta")
    model.to(device)
    try:
        yield
    finally:
        model.to(home)
