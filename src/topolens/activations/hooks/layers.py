"""Which layers a model has, and which of them a user means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from topolens.activations.hooks.layer_patterns import (
    Node,
    Tap,
    check_pattern,
    matching,
    split_pattern,
)
from topolens.activations.hooks.observing import first_tensor, observed, unwrapped
from topolens.activations.hooks.running import call_model, evaluating
from topolens.activations.needs_torch import nn, torch
from topolens.base.errors import InvalidInputError, nearest_names

__all__ = ["LayerInfo", "layer_table", "select_layers", "select_taps"]


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

    @property
    def depth(self) -> int:
        """Steps below the model, from 1."""
        return self.name.count(".") + 1


def select_layers(
    model: nn.Module, patterns: Sequence[str], exclude: Sequence[str] = ()
) -> list[str]:
    """Return the names of the layers that `patterns` mean, in the model's own order.

    A layer is the output of a module, named like the module, or its input, ``NAME@input``.

    Parameters
    ----------
    model : Module
        Wrappers (`DataParallel`, `torch.compile`) are looked through: names are those of the
        network inside.
    patterns : sequence of str
        Exact names (``layer1.0.conv1``); globs over whole names, where ``*`` crosses dots
        (``layer3.*``); ``type:Conv2d``, by class name or a glob of it; ``leaf``, every module
        that has no children; ``re:REGEX``, which must fit the whole name; ``depth:N``, the
        modules N steps below the model. With ``@input`` behind it, each of these means what
        goes into the module: its first floating tensor. ``@input[K]`` and ``@output[K]`` mean
        tensor K of those that go in or come out, counted from 0, depth first.
    exclude : sequence of str
        Patterns to leave out again; one without ``@`` leaves out both sides. One that means
        nothing in this model is allowed, so that one list can serve several models.

    Raises
    ------
    InvalidInputError
        If a pattern means nothing in this model or cannot be read, or nothing is left.
    """
    return [tap.label for tap in select_taps(model, patterns, exclude)]


def select_taps(
    model: nn.Module, patterns: Sequence[str], exclude: Sequence[str] = ()
) -> list[Tap]:
    """Return the places in the model that `select_layers` names."""
    network = unwrapped(model)
    modules = _nodes(network)
    wanted: set[Tap] = set()
    for pattern in patterns:
        found = _taps(modules, pattern)
        if not found:
            raise InvalidInputError(_unknown(network, modules, pattern))
        wanted |= found
    for pattern in exclude:
        unwanted = _taps(modules, pattern)
        names = {tap.module for tap in unwanted} if pattern == split_pattern(pattern)[0] else set()
        wanted = {tap for tap in wanted if tap not in unwanted and tap.module not in names}
    if not wanted:
        raise InvalidInputError(
            f"`layers` must leave a layer to capture; got {list(patterns)} without {list(exclude)}"
        )
    order = {name: place for place, name in enumerate(modules)}
    return sorted(wanted, key=lambda tap: (order[tap.module], tap.site, tap.item or 0))


def layer_table(
    model: nn.Module, example: torch.Tensor | Mapping[str, Any] | tuple[Any, ...]
) -> list[LayerInfo]:
    """Run `example`, one sample or more, through the model and describe every module.

    Raises
    ------
    InvalidInputError
        If the forward pass fails; the message names the module.
    """
    network = unwrapped(model)
    outputs: dict[str, list[torch.Tensor | None]] = {}
    modules = {name: module for name, module in network.named_modules() if name}

    def note(tap: Tap, output: object) -> None:
        outputs.setdefault(tap.module, []).append(first_tensor(output))

    with observed(modules, [Tap(name) for name in modules], note), evaluating(network):
        call_model(network, example, "the example")
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


def _nodes(network: nn.Module) -> dict[str, Node]:
    return {
        name: Node(type(module).__name__, next(module.children(), None) is None)
        for name, module in network.named_modules()
        if name
    }


def _taps(modules: Mapping[str, Node], pattern: str) -> set[Tap]:
    if pattern in modules:  # its name may look like a pattern
        return {Tap(pattern)}
    check_pattern(pattern)
    rule, site, item = split_pattern(pattern)
    return {Tap(name, site, item) for name in matching(rule, modules)}


def _unknown(network: nn.Module, modules: Mapping[str, Node], pattern: str) -> str:
    rule, _, _ = split_pattern(pattern)
    twin = dict(network.named_modules(remove_duplicate=False)).get(rule)
    for name, module in network.named_modules():
        if module is twin and name:
            return (
                f"layer `{rule}` is the same module as `{name}`; use that name, its calls are "
                f"`{name}#0`, `{name}#1` and so on"
            )
    if rule.startswith("type:"):
        types = {f"type:{node.type_name}" for node in modules.values()}
        return f"no layer of the model matches `{pattern}`; {nearest_names(rule, types)}"
    return f"no layer of the model matches `{pattern}`; {nearest_names(rule, modules)}"


def _sample_shape(outputs: Sequence[torch.Tensor | None]) -> tuple[int, ...] | None:
    shapes = [tuple(output.shape[1:]) for output in outputs if output is not None]
    return shapes[0] if shapes else None
