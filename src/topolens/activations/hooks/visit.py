"""What the hooks note down during one forward pass, pooled on the spot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set

from topolens.activations.hooks.layer_batch import LayerRows
from topolens.activations.hooks.layer_patterns import Tap
from topolens.activations.hooks.layout import Layouts, NotPerSampleError
from topolens.activations.hooks.observing import chosen_tensor
from topolens.activations.hooks.pooling import Pooled, Pooler
from topolens.activations.needs_torch import nn, torch
from topolens.base.errors import InvalidInputError

__all__ = ["Visit"]


class Visit:
    """One batch's way through the model: `note` is called by the hooks, then the rest."""

    def __init__(
        self,
        modules: Mapping[str, nn.Module],
        layouts: Layouts,
        pooler: Pooler,
        required: Set[str],
    ) -> None:
        self._modules = modules
        self._layouts = layouts
        self._pooler = pooler
        self._required = required
        self.useless: dict[Tap, NotPerSampleError] = {}
        """Taps that only a pattern means and whose values tell no samples apart."""
        self._noted: list[tuple[Tap, tuple[int, ...], Pooled]] = []

    def note(self, tap: Tap, values: object) -> None:
        """Pool what a module was given or gave; one that only a pattern means may be useless.

        Raises
        ------
        InvalidInputError
            If it holds no tensor of real numbers, or the policy does not suit its shape.
        """
        try:
            self._pool(tap, values)
        except NotPerSampleError as error:
            if tap.label in self._required:
                raise
            self.useless[tap] = error
            self._noted = [entry for entry in self._noted if entry[0] != tap]

    def _pool(self, tap: Tap, values: object) -> None:
        if tap in self.useless:
            return
        tensor = _real_tensor(values, tap).detach()
        layout = self._layouts.of(tap, tensor.shape, self._pooler.n_samples)
        if layout.samples == 1:
            tensor = tensor.transpose(0, 1)
        call = sum(noted == tap for noted, *_ in self._noted)
        pooled = self._pooler(
            tensor, layer=tap.label, channels_second=layout.channels_second, call=call
        )
        self._noted.append((tap, tuple(tensor.shape[1:]), pooled))

    def calls(self, taps: Sequence[Tap]) -> dict[Tap, int]:
        """Return how often each layer gave rows; a required one must have."""
        if not taps:
            raise next(iter(self.useless.values()))
        counts = dict.fromkeys(taps, 0)
        for tap, *_ in self._noted:
            counts[tap] += 1
        idle = [tap.label for tap, count in counts.items() if count == 0]
        blamed = [label for label in idle if label in self._required or len(idle) == len(counts)]
        if blamed:
            raise InvalidInputError(
                f"layer `{blamed[0]}` must run in a forward pass; it never does, so leave it out "
                "with `exclude`"
            )
        return counts

    def layers(self) -> dict[str, LayerRows]:
        """Return the rows under their final names, on the host."""
        total = Counter(tap for tap, *_ in self._noted)
        call: Counter[Tap] = Counter()
        layers = {}
        arrays = _on_host([pooled for *_, pooled in self._noted])
        for (tap, shape, pooled), (rows, positions) in zip(self._noted, arrays, strict=True):
            label = f"{tap.label}#{call[tap]}" if total[tap] > 1 else tap.label
            call[tap] += 1
            if label in layers:
                raise InvalidInputError(
                    f"captured layers must have names of their own; two are called `{label}`, so "
                    "leave one out with `exclude`"
                )
            layers[label] = LayerRows(
                rows.numpy(),
                None if positions is None else positions.numpy(),
                shape,
                pooled.counts,
                type(self._modules[tap.module]).__name__,
                tap.site,
            )
        return layers


def _real_tensor(values: object, tap: Tap) -> torch.Tensor:
    tensor = chosen_tensor(values, tap.item)
    if tensor is not None and _has_real_values(tensor):
        return tensor
    verb = "be given" if tap.site == "input" else "give"
    kind = _kind_of_none(values, tap) if tensor is None else _kind_of(tensor)
    raise InvalidInputError(f"layer `{tap.label}` must {verb} a tensor of real numbers; got {kind}")


def _has_real_values(tensor: torch.Tensor) -> bool:
    dense = tensor.layout == torch.strided and not tensor.is_meta
    return dense and not tensor.is_complex() and not tensor.is_quantized


def _kind_of(tensor: torch.Tensor) -> str:
    where = " without values (device meta)" if tensor.is_meta else ""
    return f"{tensor.dtype}, {tensor.layout}{where}"


def _kind_of_none(values: object, tap: Tap) -> str:
    if tap.item is not None:
        return f"no tensor {tap.item}"
    return "none" if tap.site == "input" else type(values).__name__


def _on_host(pooled: Sequence[Pooled]) -> Iterator[tuple[torch.Tensor, torch.Tensor | None]]:
    """Bring rows and positions to the host, from a GPU all at once and waiting only once."""
    sent: dict[int, torch.Tensor] = {}

    def fetched(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.device.type != "cuda":
            return tensor.cpu()
        # Layers that share their positions hold one tensor.
        if id(tensor) not in sent:
            pinned = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
            sent[id(tensor)] = pinned.copy_(tensor, non_blocking=True)
        return sent[id(tensor)]

    arrays = [
        (fetched(own.rows), None if own.positions is None else fetched(own.positions))
        for own in pooled
    ]
    for device in {own.rows.device for own in pooled if own.rows.device.type == "cuda"}:
        torch.cuda.current_stream(device).synchronize()
    return iter(arrays)
