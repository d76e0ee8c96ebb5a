"""Weights of a model, in and out of safetensors files."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save

from topolens.activations.needs_torch import nn, torch
from topolens.base.errors import InvalidInputError
from topolens.base.files import write_atomically

__all__ = ["load_weights", "save_weights"]

_COUNTER = "num_batches_tracked"
_SHOWN = 4


def load_weights(model: nn.Module, path: Path, *, allow_pickle: bool = False) -> None:
    """Put the tensors of a file into a model, name by name.

    The counters `num_batches_tracked` of batch norms may be missing or superfluous. A model with
    a method `state_from_published` renames the tensors of its published checkpoints itself.

    Raises
    ------
    InvalidInputError
        If the file is missing, damaged or not safetensors, or its names and shapes are not
        the model's.
    """
    tensors = _read(path, allow_pickle=allow_pickle)
    rename = getattr(model, "state_from_published", None)
    if rename is not None:
        tensors = rename(tensors)
    expected = model.state_dict()
    problems = _differences(tensors, expected)
    if problems:
        raise InvalidInputError(
            f"`weights` must have the names and shapes of the model's state; `{path.name}`: "
            + "; ".join(problems)
        )
    model.load_state_dict({**expected, **{k: v for k, v in tensors.items() if k in expected}})


def save_weights(model: nn.Module, path: Path) -> None:
    """Write a model's state as safetensors; the file is whole or not there."""
    state = {
        name: tensor.detach().cpu().clone().contiguous()
        for name, tensor in model.state_dict().items()
    }
    write_atomically(path, save(state))


def _read(path: Path, *, allow_pickle: bool) -> dict[str, torch.Tensor]:
    if not path.is_file():
        raise InvalidInputError(f"`weights` must be an existing file; got `{path}`")
    if path.suffix == ".safetensors":
        try:
            tensors: dict[str, torch.Tensor] = load_file(path)
        except SafetensorError as error:
            raise InvalidInputError(
                f"`weights` must be a whole safetensors file; `{path}` is damaged ({error})"
            ) from None
        return tensors
    if not allow_pickle:
        raise InvalidInputError(
            f"`weights` must be a .safetensors file; got `{path.name}`. A PyTorch checkpoint is a "
            "pickle, which can hold code; if you trust it, pass `--allow-pickle` "
            "(in Python: allow_pickle=True)"
        )
    return _read_checkpoint(path)


def _read_checkpoint(path: Path) -> dict[str, torch.Tensor]:
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise InvalidInputError(
            f"`weights` must be a checkpoint of tensors only; `{path}` is not ({reason})"
        ) from None
    state = _state_in(loaded)
    if state is None:
        raise InvalidInputError(
            f"`weights` must be a mapping of names to tensors; `{path}` holds "
            f"{type(loaded).__name__}"
        )
    if all(name.startswith("module.") for name in state):
        return {name.removeprefix("module."): tensor for name, tensor in state.items()}
    return state


def _state_in(loaded: object) -> dict[str, torch.Tensor] | None:
    """Return the mapping of names to tensors in a checkpoint, one level down if need be."""
    if not isinstance(loaded, Mapping):
        return None
    for candidate in (loaded, loaded.get("state_dict"), loaded.get("model")):
        if isinstance(candidate, Mapping) and candidate and _all_tensors(candidate):
            return {str(name): tensor for name, tensor in candidate.items()}
    return None


def _all_tensors(mapping: Mapping[Any, Any]) -> bool:
    return all(isinstance(value, torch.Tensor) for value in mapping.values())


def _differences(
    tensors: Mapping[str, torch.Tensor], expected: Mapping[str, torch.Tensor]
) -> list[str]:
    missing = [n for n in expected if n not in tensors and not n.endswith(_COUNTER)]
    surplus = [n for n in tensors if n not in expected and not n.endswith(_COUNTER)]
    shapes = [
        f"{name} is {tuple(tensors[name].shape)}, not {tuple(tensor.shape)}"
        for name, tensor in expected.items()
        if name in tensors and tensors[name].shape != tensor.shape
    ]
    found = [("missing", missing), ("not in the model", sorted(surplus)), ("wrong shape", shapes)]
    return [f"{title}: {_listed(names)}" for title, names in found if names]


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
