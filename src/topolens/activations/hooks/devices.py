"""Where a model runs and how precisely, and that nothing around it decides the numbers."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from topolens.activations.hooks.device_names import PRECISIONS
from topolens.activations.needs_torch import nn, torch
from topolens.base.checks import check_one_of
from topolens.base.errors import InvalidInputError

__all__ = [
    "check_precision",
    "find_device",
    "floating_dtype",
    "moved",
    "on_device",
    "sent",
    "steady",
]

_DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}
_CASTABLE = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def find_device(name: str) -> torch.device:
    """Return a device that torch can use; `auto` is a CUDA or Apple GPU where there is one.

    Raises
    ------
    InvalidInputError
        If torch cannot use it here; the message says why.
    """
    if name == "auto":
        return _best_device()
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


def check_precision(precision: str, device: torch.device) -> str:
    """Return `precision` if torch has it on this device.

    Raises
    ------
    InvalidInputError
        If it is unknown or torch has no such mixed precision on this device.
    """
    check_one_of(precision, "precision", PRECISIONS)
    if precision == "float32":
        return precision
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            torch.autocast(device.type, dtype=_DTYPES[precision])
    except (RuntimeError, UserWarning) as error:
        reason = str(error).strip().splitlines()[0]
        raise InvalidInputError(
            f"`precision` must be one that torch has on {device.type}; got {precision!r} ({reason})"
        ) from None
    return precision


@contextmanager
def steady(device: torch.device, precision: str) -> Iterator[None]:
    """Fix, for a while, what decides the rounding; numbers then depend on the machine alone.

    Mixed precision is on or off as asked. Matrix products of float32 use all its bits (no TF32,
    no bfloat16 pieces). On a GPU, cuDNN and torch choose deterministic algorithms.
    """
    matmul = torch.get_float32_matmul_precision()
    with ExitStack() as stack:
        torch.set_float32_matmul_precision("highest")
        stack.callback(torch.set_float32_matmul_precision, matmul)
        if device.type == "cuda":
            _choose_deterministic(stack)
        dtype = _DTYPES.get(precision, torch.bfloat16)
        stack.enter_context(torch.autocast(device.type, dtype=dtype, enabled=precision in _DTYPES))
        yield


@contextmanager
def moved(model: nn.Module, device: torch.device) -> Iterator[None]:
    """Move the model to a device and back; one that is there already is not touched.

    Raises
    ------
    InvalidInputError
        If the model is spread over devices, has no values, or does not fit on the device.
    """
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
    try:
        _send(model, device)
        yield
    finally:
        model.to(home)


def on_device(
    inputs: Any,  # noqa: ANN401  whatever the model takes
    device: torch.device,
    dtype: torch.dtype | None = None,
) -> Any:  # noqa: ANN401
    """Copy a batch to a device, so that a model that writes into its inputs spoils nothing.

    Parameters
    ----------
    inputs : array, tensor, or nested mapping or tuple of them
    device : device
    dtype : dtype, optional
        What floating inputs become.
    """
    if isinstance(inputs, Mapping):
        return {name: on_device(value, device, dtype) for name, value in inputs.items()}
    if isinstance(inputs, tuple):
        return tuple(on_device(value, device, dtype) for value in inputs)
    if isinstance(inputs, np.ndarray):
        inputs = _as_tensor(inputs, pin=device.type == "cuda")
    elif isinstance(inputs, torch.Tensor):
        inputs = inputs.clone() if inputs.device == device else inputs
    else:
        return inputs
    there = inputs.to(device, non_blocking=True)
    return there.to(dtype) if dtype is not None and there.is_floating_point() else there


def sent(array: np.ndarray[Any, Any], device: torch.device) -> torch.Tensor:
    """Return an array that nobody will change on a device; a GPU goes on working meanwhile."""
    tensor = torch.from_numpy(array)
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def floating_dtype(network: nn.Module) -> torch.dtype | None:
    """Return the dtype of the network's floating parameters, if all have the same."""
    dtypes = {p.dtype for p in network.parameters() if p.is_floating_point()}
    return dtypes.pop() if len(dtypes) == 1 and dtypes <= set(_CASTABLE) else None


def _best_device() -> torch.device:
    if torch.cuda.is_available():
        return find_device("cuda")
    return find_device("mps" if torch.backends.mps.is_available() else "cpu")


def _choose_deterministic(stack: ExitStack) -> None:
    stack.enter_context(
        torch.backends.cudnn.flags(
            enabled=torch.backends.cudnn.enabled,
            benchmark=False,
            deterministic=True,
            allow_tf32=False,
        )
    )
    mode = torch.get_deterministic_debug_mode()
    memory: Any = torch.utils.deterministic
    stack.callback(setattr, memory, "fill_uninitialized_memory", memory.fill_uninitialized_memory)
    stack.callback(torch.set_deterministic_debug_mode, mode)
    # An operation that has no deterministic form warns and runs.
    torch.use_deterministic_algorithms(True, warn_only=True)
    memory.fill_uninitialized_memory = False


def _send(model: nn.Module, device: torch.device) -> None:
    try:
        model.to(device)
    except (RuntimeError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise InvalidInputError(f"`model` must fit on {device}; {reason}") from None


def _as_tensor(array: np.ndarray[Any, Any], *, pin: bool) -> torch.Tensor:
    """Copy an array, into memory that a GPU reads without waiting where there is one."""
    if not pin:
        return torch.tensor(array)
    pinned = torch.empty(array.shape, dtype=torch.tensor(array[:0]).dtype, pin_memory=True)
    return pinned.copy_(torch.from_numpy(np.array(array, copy=not array.flags.writeable or None)))
