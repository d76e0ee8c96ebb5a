"""Models of torchvision and timm; their published weights only when a download is allowed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from topolens.activations.needs_torch import nn
from topolens.activations.networks.weights import load_weights
from topolens.base.errors import InvalidInputError, MissingDependencyError, nearest_names

__all__ = ["imported_library", "timm_factory", "torchvision_factory"]

_WEIGHTS_OF_TORCHVISION = ("weights", "weights_backbone", "progress")
_WEIGHTS_OF_TIMM = (
    "pretrained",
    "pretrained_cfg",
    "pretrained_cfg_overlay",
    "checkpoint_path",
    "cache_dir",
)


def imported_library(package: str, extra: str, source: str) -> ModuleType:
    """Import an optional library; its absence and its failure are one sentence each.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    InvalidInputError
        If it is, and cannot be imported.
    """
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise _broken(package, source, error) from error
        raise MissingDependencyError(package, extra, f"`{source}`") from None
    except Exception as error:
        raise _broken(package, source, error) from error


def torchvision_factory(
    name: str, *, download: bool = False, allow_pickle: bool = False
) -> Callable[..., object]:
    """Return the factory of a model of torchvision; its arguments are torchvision's.

    With `download` the model gets torchvision's default weights. These are pickles, so
    `allow_pickle` must be given too.

    Raises
    ------
    InvalidInputError
        If torchvision has no such model or cannot be imported, or the weights are not allowed.
    MissingDependencyError
        If torchvision is not installed.
    """
    source = f"tv:{name}"
    models = imported_library("torchvision", "torchvision", source).models
    if name not in models.list_models():
        hint = nearest_names(name, models.list_models())
        raise InvalidInputError(f"no model of torchvision is called `{name}`; {hint}")
    if download and not allow_pickle:
        raise InvalidInputError(
            "`download` must come with `--allow-pickle` (in Python: allow_pickle=True) for "
            f"`{source}`: torchvision publishes its weights as pickles, which can hold code"
        )
    # Without this the models for segmentation and detection download a backbone unasked.
    taken = inspect.signature(models.get_model_builder(name)).parameters
    none = {key: None for key in ("weights", "weights_backbone") if key in taken}

    def build(**args: object) -> nn.Module:
        _refuse_weights(args, _WEIGHTS_OF_TORCHVISION, source)
        model: nn.Module = models.get_model(name, **none, **args)
        if download:
            published = models.get_model_weights(name).DEFAULT
            state = published.get_state_dict(progress=False, check_hash=True, weights_only=True)
            model.load_state_dict(state)
        return model

    return build


def timm_factory(name: str, *, download: bool = False) -> Callable[..., object]:
    """Return the factory of a model of timm; its arguments are timm's.

    With `download` the model gets the weights of its repository on the Hugging Face hub, from
    the file `model.safetensors`.

    Raises
    ------
    InvalidInputError
        If timm has no such model or cannot be imported.
    MissingDependencyError
        If timm is not installed.
    """
    source = f"timm:{name}"
    timm = imported_library("timm", "timm", source)
    if not timm.is_model(name):
        hint = nearest_names(name, timm.list_models())
        raise InvalidInputError(f"no model of timm is called `{name}`; {hint}")

    def build(**args: object) -> nn.Module:
        _refuse_weights(args, _WEIGHTS_OF_TIMM, source)
        model: nn.Module = timm.create_model(name, pretrained=False, **args)
        if download:
            load_weights(model, _timm_file(model, source))
        return model

    return build


def _timm_file(model: nn.Module, source: str) -> Path:
    repository = getattr(model, "pretrained_cfg", {}).get("hf_hub_id")
    if not repository:
        raise InvalidInputError(
            f"`download` must be of a model with published weights; `{source}` has none"
        )
    hub = imported_library("huggingface_hub", "timm", source)
    return Path(hub.hf_hub_download(repository, "model.safetensors"))


def _refuse_weights(args: Mapping[str, Any], names: tuple[str, ...], source: str) -> None:
    surplus = [name for name in names if name in args]
    if surplus:
        raise InvalidInputError(
            f"`args` must not have `{surplus[0]}` for `{source}`; name a file of weights by "
            "`weights`, or pass `--download` (in Python: download=True)"
        )


def _broken(package: str, source: str, error: Exception) -> InvalidInputError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return InvalidInputError(
        f"`{source}` must find a {package} that can be imported; it raised "
        f"{type(error).__name__}: {reason}. Install one built for your version of torch"
    )
