"""Which axis of a layer's values counts the samples and which the features.

Values with two axes are (n, features). With three they are tokens, (n, tokens, width); with four
or more maps, (n, channels, *positions). What departs from this is told

* by the module, where its type leaves no choice: the features of `Linear`, `LayerNorm`,
  `RMSNorm`, `Embedding`, attention, transformer and recurrent layers are on the last axis; those
  of convolutions, pooling, batch, instance and group norm on the second, or on the last in
  subclasses with a `forward` of their own where only that one has their number;
* otherwise by the widths of the model's parameters. A map has its channels last (Swin, ConvNeXt)
  if its last axis is the width of a linear layer or layer norm, its second axis is no width at
  all, and its last two axes differ (those of attention weights do not). Three axes are a
  one-dimensional map if the second is the width of a one-dimensional convolution or batch norm
  and the last is no width of a linear layer or layer norm.

Samples are on the second axis, (tokens, n, width), in and under modules with
``batch_first=False``, where the sizes agree. Where they fit both axes, it is the one on which an
earlier batch of another size had them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from topolens.activations.hooks.layer_batch import Site
from topolens.activations.hooks.layer_patterns import Tap
from topolens.activations.needs_torch import nn, torch
from topolens.base.errors import InvalidInputError

__all__ = ["Layout", "Layouts", "NotPerSampleError"]

_SECOND = (
    nn.modules.conv._ConvNd,
    nn.modules.batchnorm._NormBase,
    nn.GroupNorm,
    nn.modules.pooling._MaxPoolNd,
    nn.modules.pooling._AvgPoolNd,
    nn.modules.pooling._AdaptiveAvgPoolNd,
    nn.modules.pooling._AdaptiveMaxPoolNd,
    nn.modules.pooling._LPPoolNd,
)
_LAST = (
    nn.Linear,
    nn.Embedding,
    nn.MultiheadAttention,
    nn.TransformerEncoderLayer,
    nn.TransformerDecoderLayer,
    nn.TransformerEncoder,
    nn.TransformerDecoder,
    nn.Transformer,
    nn.RNNBase,
)
_NORMS = (nn.LayerNorm, getattr(nn, "RMSNorm", nn.LayerNorm))
"""Exactly these: subclasses for maps move the channels about."""
_TRANSFORMERS = _LAST[3:7]


class NotPerSampleError(InvalidInputError):
    """A module says nothing about single samples, as the embedding of positions does."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the samples and the features of some values are."""

    samples: int = 0
    """Axis of the samples, 0 or 1."""
    channels_second: bool = True
    """With the samples moved to the front: True if features are on axis 1, False if last."""


class Layouts:
    """The layouts in one model, told from its modules and their widths."""

    def __init__(self, network: nn.Module) -> None:
        self._modules = dict(network.named_modules())
        self._maps, self._lines, self._rows = _widths(network)
        self._tokens_first = set(_tokens_first(network))
        self._known: dict[tuple[Tap, tuple[int, ...], int], Layout] = {}
        self._axes: dict[Tap, set[int]] = {}

    def leave_open(self, n_samples: int) -> bool:
        """Tell whether one batch of this size may not show which axis counts the samples.

        Everything is as long as a batch of one; tables of embeddings, and tokens that come
        before the samples, are sometimes as many as the batch has samples.
        """
        tables = any(isinstance(module, nn.Embedding) for module in self._modules.values())
        return n_samples == 1 or tables or bool(self._tokens_first)

    def of(self, tap: Tap, shape: torch.Size, n_samples: int) -> Layout:
        """Return the layout of values of some shape at a place in the model.

        Raises
        ------
        NotPerSampleError
            If no axis counts the samples.
        InvalidInputError
            If two axes could.
        """
        key = (tap, tuple(shape), n_samples)
        if key not in self._known:
            samples = self._samples_axis(tap, shape, n_samples)
            sizes = tuple(shape) if samples == 0 else (shape[1], shape[0], *shape[2:])
            second = self._channels_second(self._modules[tap.module], sizes, tap.site)
            self._known[key] = Layout(samples, second)
        return self._known[key]

    def _samples_axis(self, tap: Tap, shape: torch.Size, n_samples: int) -> int:
        first = len(shape) > 0 and shape[0] == n_samples
        second = len(shape) == 3 and shape[1] == n_samples and bool(self._tokens_first)
        second = second and not self._is_attention_weights(tap)
        inside = tap.module in self._tokens_first
        if first and second and not inside:
            seen = self._axes.get(tap, set())
            if len(seen) == 1:
                return min(seen)
            raise InvalidInputError(
                f"layer `{tap.label}` must show which axis counts the samples; got shape "
                f"{tuple(shape)} for {n_samples} samples in a model with `batch_first=False`, "
                "so choose another batch size"
            )
        if second and (inside or not first):
            self._axes.setdefault(tap, set()).add(1)
            return 1
        if not first:
            raise NotPerSampleError(
                f"layer `{tap.label}` must give one output per sample along its first axis; "
                f"got shape {tuple(shape)} for {n_samples} samples. If it serves all samples "
                "alike, leave it out with `exclude`"
            )
        if not second:
            self._axes.setdefault(tap, set()).add(0)
        return 0

    def _is_attention_weights(self, tap: Tap) -> bool:
        """Tell whether these are what attention gives beside its output: samples come first."""
        attention = isinstance(self._modules[tap.module], nn.MultiheadAttention)
        return attention and tap.site == "output" and bool(tap.item)

    def _channels_second(self, module: nn.Module, sizes: tuple[int, ...], site: Site) -> bool:
        if len(sizes) < 3:
            return True
        if isinstance(module, _SECOND) and not _may_be_last(module, sizes, site):
            return True
        if isinstance(module, _LAST) or (
            type(module) in _NORMS and len(module.normalized_shape) == 1  # type: ignore[arg-type]
        ):
            return False
        second, last = sizes[1], sizes[-1]
        if isinstance(module, _SECOND) and second != last:
            return False
        if len(sizes) == 3:
            return second in self._lines and last not in self._rows
        widths = self._maps | self._rows
        return not (last in self._rows and second not in widths and sizes[-2] != last)


def _may_be_last(module: nn.Module, sizes: tuple[int, ...], site: Site) -> bool:
    """Tell whether a subclass with its own `forward`, as of batch norm for tokens, moves the axes.

    Its channels are not the second axis where only the last has their number; where both have,
    the rest of the model tells.
    """
    if str(type(module).forward.__module__).startswith("torch.nn."):
        return False
    of_convolution = "in_channels" if site == "input" else "out_channels"
    names = (of_convolution, "num_features", "num_channels")
    channels = next((getattr(module, name) for name in names if hasattr(module, name)), None)
    return sizes[-1] == channels


def _widths(network: nn.Module) -> tuple[set[int], set[int], set[int]]:
    """Return the channels of maps, those of one-dimensional maps, and the widths of rows."""
    maps: set[int] = set()
    lines: set[int] = set()
    rows: set[int] = set()
    for module in network.modules():
        found: set[int] = set()
        if isinstance(module, nn.modules.conv._ConvNd):
            found = {module.in_channels, module.out_channels}
        elif isinstance(module, nn.modules.batchnorm._NormBase):
            found = {module.num_features}
        elif isinstance(module, nn.Linear):
            rows |= {module.in_features, module.out_features}
        elif type(module) in _NORMS:
            rows |= set(module.normalized_shape[-1:])  # type: ignore[index]
        maps |= found
        if isinstance(module, nn.Conv1d | nn.ConvTranspose1d | nn.BatchNorm1d | nn.InstanceNorm1d):
            lines |= found
    return maps, lines, rows


def _tokens_first(network: nn.Module) -> Iterator[str]:
    """Name the modules within which values are (tokens, n, width)."""
    for name, module in network.named_modules():
        own = getattr(module, "batch_first", None) is False
        parts = isinstance(module, _TRANSFORMERS) and any(
            getattr(part, "batch_first", None) is False for part in module.modules()
        )
        if own or parts:
            prefix = f"{name}." if name else ""
            yield from (prefix + inner if inner else name for inner, _ in module.named_modules())
