"""Run a model to look at it, and leave it exactly as it came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import TracebackType
from typing import Any

from topolens.activations.data.samples import Batch
from topolens.activations.hooks.observing import first_tensor
from topolens.activations.needs_torch import nn, torch
from topolens.base.errors import InvalidInputError, TopolensError

__all__ = ["call_model", "evaluating", "n_outputs", "tensors"]


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Evaluate every module for a while, as its code says, then put each back as it was.

    Inference mode; no fused attention that would pass inner modules by, nor compiled code that
    would pass hooks by.

    Raises
    ------
    InvalidInputError
        If the network is compiled and this version of torch cannot run it uncompiled.
    """
    flags = [(module, module.training) for module in network.modules()]
    with _uncompiled(network), _unfused():
        network.eval()
        try:
            with torch.inference_mode():
                yield
        finally:
            for module, training in flags:
                module.training = training


@contextmanager
def _unfused() -> Iterator[None]:
    """Let transformer layers call their parts, whether or not a hook sits on one of them."""
    switch = getattr(torch.backends, "mha", None)
    if switch is None:
        yield
        return
    before = switch.get_fastpath_enabled()
    switch.set_fastpath_enabled(False)
    try:
        yield
    finally:
        switch.set_fastpath_enabled(before)


def _uncompiled(network: nn.Module) -> AbstractContextManager[object]:
    if not any(_is_compiled(module) for module in network.modules()):
        return nullcontext()
    set_stance = getattr(torch.compiler, "set_stance", None)
    if set_stance is None:
        raise InvalidInputError(
            f"`model` must not be compiled with torch {torch.__version__}, whose compiled code "
            "passes hooks by; capture the network before `torch.compile`"
        )
    stance: AbstractContextManager[object] = set_stance("force_eager")
    return stance


def _is_compiled(module: nn.Module) -> bool:
    by_itself = getattr(module, "_compiled_call_impl", None) is not None
    return by_itself or isinstance(getattr(module, "_orig_mod", None), nn.Module)


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


def n_outputs(model: nn.Module, batch: Batch) -> int | None:
    """Return how many scores per sample a model gives; None if its output is not (n, scores).

    Runs the model once, where it is, on a batch that may hold one sample or two.
    """
    home = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    inputs = tensors(batch, home)
    try:
        with evaluating(model):
            scores = first_tensor(call_model(model, inputs, "a first batch"))
    except InvalidInputError:
        return None
    return int(scores.shape[1]) if scores is not None and scores.ndim == 2 else None


def tensors(
    batch: Batch, device: torch.device | str = "cpu"
) -> torch.Tensor | dict[str, torch.Tensor]:
    """Return a batch as tensors on a device."""
    if isinstance(batch, dict):
        return {name: torch.from_numpy(array).to(device) for name, array in batch.items()}
    return torch.from_numpy(batch).to(device)


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
