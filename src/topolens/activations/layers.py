"""Which layers a model has, and which of them a user means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from topolens.activations.needs_torch import nn, torch
from topolens.activations.running import call_model, first_tensor, observed
from topolens.base.errors import InvalidInputError, nearest_names

__all__ = ["LayerInfo", "layer_table", "select_layers"]


@dataclass(frozen=True, slots=True)
class LayerInfo:
    """One module of a model, as a dry forward pass saw it."""

    name: str
    type: str
    output_shape: tuple[int, ...] | None
    """Shape of its first output for one sample; None if it never ran or gave no tensor."""
    n_parameters: int
    """Numbers in it and below it."""
    calls: int
    """How often one forward pass runs it."""


def select_layers(
    model: nn.Module, patterns: Sequence[str], exclude: Sequence[str] = ()
) -> list[str]:
    """Return the names of the modules that `patterns` mean, in the model's own order.

    Parameters
    ----------
    model : Module
    patterns : sequence of str
        Exact names (``layer1.0.conv1``); globs over whole names, where ``*`` crosses dots
        (``layer3.*``); ``type:Conv2d``, by class name or a glob of it; ``leaf``, every module
        that has no children.
    exclude : sequence of str
        Patterns to leave out again. One that means nothing in this model is allowed, so that
        one list can serve several models.

    Raises
    ------
    InvalidInputError
        If a pattern means nothing in this model, or nothing is left.
    """
    modules = {name: module for name, module in model.named_modules() if name}
    wanted: set[str] = set()
    for pattern in patterns:
        found = _matches(modules, pattern)
        if not found:
            raise InvalidInputError(_unknown(modules, pattern))
        wanted |= found
    for pattern in exclude:
        wanted -= _matches(modules, pattern)
    if not wanted:
        raise InvalidInputError(
            f"`layers` must leave a layer to capture; got {list(patterns)} without {list(exclude)}"
        )
    return [name for name in modules if name in wanted]


def layer_table(
    model: nn.Module, example: torch.Tensor | Mapping[str, Any] | tuple[Any, ...]
) -> list[LayerInfo]:
    """Run `example`, one sample or more, through the model and describe every module.

    Raises
    ------
    InvalidInputError
        If the forward pass fails; the message names the module.
    """
    outputs: dict[str, list[torch.Tensor | None]] = {}
    modules = {name: module for name, module in model.named_modules() if name}

    def note(name: str, output: object) -> None:
        outputs.setdefault(name, []).append(first_tensor(output))

    with observed(model, modules, note):
        call_model(model, example, "the example")
    return [
        LayerInfo(
            name,
            type(module).__name__,
            _sample_shape(outputs.get(name, [])),
            sum(parameter.numel() for parameter in module.parameters()),
            len(outputs.get(name, [])),
        )
        for name, module in modules.items()
    ]


def _matches(modules: Mapping[str, nn.Module], pattern: str) -> set[str]:
    if pattern in modules:
        return {pattern}
    if pattern == "leaf":
        return {name for name, module in modules.items() if next(module.children(), None) is None}
    kind, colon, type_name = pattern.partition(":")
    if kind == "type" and colon:
        return {
            name
            for name, module in modules.items()
            if fnmatchcase(type(module).__name__, type_name)
        }
    return {name for name in modules if fnmatchcase(name, pattern)}


def _unknown(modules: Mapping[str, nn.Module], pattern: str) -> str:
    if pattern.startswith("type:"):
        types = {f"type:{type(module).__name__}" for module in modules.values()}
        return f"no layer of the model matches `{pattern}`; {nearest_names(pattern, types)}"
    return f"no layer of the model matches `{pattern}`; {nearest_names(pattern, modules)}"


def _sample_shape(outputs: Sequence[torch.Tensor | None]) -> tuple[int, ...] | None:
    shapes = [tuple(output.shape[1:]) for output in outputs if output is not None]
    return shapes[0] if shapes else None
