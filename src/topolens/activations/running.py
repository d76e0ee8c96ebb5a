"""Run a model to look at it, and leave it exactly as it came."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from topolens.activations.needs_torch import nn, torch
from topolens.base.errors import InvalidInputError, TopolensError

__all__ = ["call_model", "evaluating", "first_tensor", "observed"]


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put every module into evaluation mode for a while, then back as each was."""
    flags = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        for module, training in flags:
            module.training = training


@contextmanager
def observed(
    model: nn.Module,
    modules: Mapping[str, nn.Module],
    note: Callable[[str, object], None],
) -> Iterator[None]:
    """Call `note(name, output)` each time one of `modules` has run; evaluation mode meanwhile."""

    def hook_of(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, arguments: object, output: object) -> None:
            note(name, output)

        return hook

    handles = []
    try:
        for name, module in modules.items():
            handles.append(module.register_forward_hook(hook_of(name)))
        with evaluating(model):
            yield
    finally:
        for handle in handles:
            handle.remove()


def call_model(model: nn.Module, inputs: object, what: str) -> object:
    """Run a forward pass; a failure is an error that names the module it happened in.

    A mapping is passed as keyword arguments and a tuple as positional ones.

    Raises
    ------
    InvalidInputError
        If the model raises; the original exception is its cause.
    """
    try:
        if isinstance(inputs, Mapping):
            return model(**inputs)
        return model(*inputs) if isinstance(inputs, tuple) else model(inputs)
    except TopolensError:
        raise
    except (Exception, SystemExit) as error:
        place = _place_of(error.__traceback__, model)
        raise InvalidInputError(
            f"`model` must run on {what}{_shape_of(inputs)}; {place} raised "
            f"{type(error).__name__}: {error}"
        ) from error


def first_tensor(output: object) -> torch.Tensor | None:
    """Return the first tensor of a tensor, sequence, mapping or ModelOutput, depth first."""
    if isinstance(output, torch.Tensor):
        return output
    if isinstance(output, Mapping):
        output = tuple(output.values())
    if isinstance(output, list | tuple):
        for item in output:
            found = first_tensor(item)
            if found is not None:
                return found
    return None


def _place_of(traceback: TracebackType | None, model: nn.Module) -> str:
    """Name the innermost module whose method was running, from the frames: hooks would cost."""
    names = {id(module): name for name, module in model.named_modules()}
    innermost: nn.Module = model
    while traceback is not None:
        owner: Any = traceback.tb_frame.f_locals.get("self")
        if id(owner) in names:
            innermost = owner
        traceback = traceback.tb_next
    name = names[id(innermost)]
    kind = type(innermost).__name__
    return f"its layer `{name}` ({kind})" if name else f"the model itself ({kind})"


def _shape_of(inputs: object) -> str:
    tensor = first_tensor(inputs)
    return "" if tensor is None else f", inputs of shape {tuple(tensor.shape)}"
