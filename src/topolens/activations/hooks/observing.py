"""Hooks that show what goes into modules and comes out of them, and are gone afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from typing import Any

from topolens.activations.hooks.layer_patterns import Tap
from topolens.activations.needs_torch import nn, torch
from topolens.base.errors import InvalidInputError

__all__ = ["all_tensors", "chosen_tensor", "first_tensor", "observed", "unwrapped"]

Note = Callable[[Tap, object], None]


@contextmanager
def observed(modules: Mapping[str, nn.Module], taps: Sequence[Tap], note: Note) -> Iterator[None]:
    """Call `note(tap, values)` each time the module of a tap is about to run, or has run.

    For an input, the values are the positional arguments and the mapping of named ones, before
    the module can overwrite them. Hooks of the user's own have had their say by then.
    """
    handles = []
    try:
        for tap in taps:
            module = modules[tap.module]
            if tap.site == "input":
                before = _before(tap, note)
                handles.append(module.register_forward_pre_hook(before, with_kwargs=True))
            else:
                handles.append(module.register_forward_hook(_after(tap, note)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def unwrapped(model: nn.Module) -> nn.Module:
    """Return the network inside `DataParallel`, its distributed kin and `torch.compile`.

    Copies on several devices would each see a part of the batch, and compiled code passes hooks
    by; the network inside is the same, with the same weights.

    Raises
    ------
    InvalidInputError
        If the model is a TorchScript module, whose layers do not run in Python.
    """
    parallel = (nn.DataParallel, nn.parallel.DistributedDataParallel)
    while True:
        inside = getattr(model, "_orig_mod", None)
        if isinstance(model, parallel):
            model = model.module
        elif isinstance(inside, nn.Module):
            model = inside
        else:
            break
    if isinstance(model, torch.jit.ScriptModule):
        raise InvalidInputError(
            "`model` must run its layers in Python; got a TorchScript module, so build the "
            "network from its code and load the weights into it"
        )
    return model


def first_tensor(values: object) -> torch.Tensor | None:
    """Return the first tensor of a tensor, sequence, mapping or ModelOutput, depth first."""
    return next(all_tensors(values), None)


def chosen_tensor(values: object, item: int | None) -> torch.Tensor | None:
    """Return tensor `item` of those in `values`, or the first floating one, or else the first."""
    found = list(all_tensors(values))
    if item is not None:
        return found[item] if item < len(found) else None
    floating = (tensor for tensor in found if tensor.is_floating_point())
    return next(floating, found[0] if found else None)


def all_tensors(values: object) -> Iterator[torch.Tensor]:
    """Yield the tensors of nested sequences, mappings and dataclasses, depth first."""
    if isinstance(values, torch.Tensor):
        yield values
        return
    parts: Any = ()
    if isinstance(values, Mapping):
        parts = values.values()
    elif isinstance(values, list | tuple):
        parts = values
    elif is_dataclass(values):
        parts = [getattr(values, field.name) for field in fields(values)]
    for part in parts:
        yield from all_tensors(part)


def _before(tap: Tap, note: Note) -> Callable[..., None]:
    def hook(module: nn.Module, arguments: object, named: object) -> None:
        note(tap, (arguments, named))

    return hook


def _after(tap: Tap, note: Note) -> Callable[..., None]:
    def hook(module: nn.Module, arguments: object, output: object) -> None:
        note(tap, output)

    return hook
