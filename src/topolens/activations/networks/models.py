"""A model from its address: of the zoo, the user's own code, or another library."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from topolens.activations.networks.user_code import user_factory
from topolens.activations.networks.zoo import zoo_factory
from topolens.base.checks import check_integer
from topolens.base.errors import InvalidInputError, TopolensError
from topolens.base.files import expand_path

if TYPE_CHECKING:
    from torch import nn

__all__ = ["build_seeded", "load_model"]

_USER_CODE = re.compile(r"py:(?P<file>.+\.py):(?P<factory>\w+)")


def load_model(
    source: str,
    *,
    args: Mapping[str, Any] | None = None,
    weights: Path | str | None = None,
    trust: bool = False,
    allow_pickle: bool = False,
    download: bool = False,
    base: Path = Path(),
    seed: int = 0,
) -> nn.Module:
    """Build a model and give it its weights; it comes in evaluation mode.

    Parameters
    ----------
    source : str
        ``zoo:NAME`` for a model of TopoLens; ``py:FILE:FACTORY`` for a function in a Python
        file that returns a module; ``tv:NAME`` and ``timm:NAME`` for a model of torchvision and
        timm; ``hf:FOLDER``, ``hf:TYPE`` and ``hf:ORG/NAME`` for a model of transformers: one
        that was saved in a folder, a new one of a type such as `vit`, or one of the hub.
    args : mapping, optional
        Keyword arguments of the factory. Those of the zoo that are annotated as a path are
        read like `weights`.
    weights : Path or str, optional
        A safetensors file whose tensors have the names and shapes of the model's state;
        without it the weights are the factory's own, drawn with `seed`.
    trust : bool, default False
        Allow running the user's Python file.
    allow_pickle : bool, default False
        Also read a PyTorch checkpoint, by ``torch.load(weights_only=True)``.
    download : bool, default False
        Allow fetching published weights over the network, for ``tv:``, ``timm:`` and ``hf:``
        without `weights`. Otherwise nothing but the disk is read.
    base : Path
        Folder that relative paths start from.
    seed : int, default 0
        Seed of the initial weights.

    Raises
    ------
    MissingDependencyError
        If torch, or the library that the source names, is not installed.
    InvalidInputError
        If the source is unknown or not trusted, an argument does not exist, the factory fails,
        or the weights do not fit; the message names the first few that do not.

    Examples
    --------
    >>> model = load_model("zoo:mlp", args={"widths": [8]})
    >>> [name for name, _ in model.named_children()]
    ['flatten', 'fc1', 'relu1', 'head']
    """
    model = build_seeded(
        source,
        args,
        seed,
        trust=trust,
        base=base,
        download=download and weights is None,
        allow_pickle=allow_pickle,
    )
    if weights is not None:
        from topolens.activations.networks.weights import load_weights

        path = expand_path(str(weights), base=base, name="weights")
        load_weights(model, path, allow_pickle=allow_pickle)
    return model.eval()


def build_seeded(
    source: str,
    args: Mapping[str, Any] | None = None,
    seed: int = 0,
    *,
    trust: bool = False,
    base: Path = Path(),
    download: bool = False,
    allow_pickle: bool = False,
) -> nn.Module:
    """Build a model whose initial weights depend on `seed` only; errors as `load_model`.

    The global random state is left as it was.
    """
    from topolens.activations.needs_torch import nn, torch

    check_integer(seed, "seed", at_least=0)
    factory = _factory(source, trust=trust, base=base, download=download, allow_pickle=allow_pickle)
    given = dict(args or {})
    _check_arguments(factory, given, source)
    given = _expanded(factory, given, base)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        model = _call(factory, given, source)
    if not isinstance(model, nn.Module):
        raise InvalidInputError(
            f"`source` must return a torch.nn.Module; `{source}` gave {type(model).__name__}"
        )
    return model


def _factory(
    source: str, *, trust: bool, base: Path, download: bool, allow_pickle: bool
) -> Callable[..., object]:
    kind, _, name = source.partition(":")
    if kind == "zoo":
        return zoo_factory(name)
    if kind in ("tv", "timm", "hf") and name:
        return _library_factory(kind, name, base=base, download=download, allow_pickle=allow_pickle)
    match = _USER_CODE.fullmatch(source)
    if match is None:
        raise InvalidInputError(
            "`source` must be `zoo:NAME`, `py:FILE.py:FACTORY`, `tv:NAME`, `timm:NAME` or "
            f"`hf:NAME_OR_FOLDER`; got {source!r}"
        )
    if not trust:
        raise InvalidInputError(
            f"`{source}` must be trusted before its code is run; read the file, then pass "
            "`--trust` (in Python: trust=True)"
        )
    return user_factory(expand_path(match["file"], base=base, name="source"), match["factory"])


def _library_factory(
    kind: str, name: str, *, base: Path, download: bool, allow_pickle: bool
) -> Callable[..., object]:
    # These modules need torch.
    if kind == "hf":
        from topolens.activations.networks.transformer_library import transformers_factory

        return transformers_factory(name, base=base, download=download, allow_pickle=allow_pickle)
    from topolens.activations.networks import image_libraries

    if kind == "timm":
        return image_libraries.timm_factory(name, download=download)
    return image_libraries.torchvision_factory(name, download=download, allow_pickle=allow_pickle)


def _expanded(
    factory: Callable[..., object], given: Mapping[str, Any], base: Path
) -> dict[str, Any]:
    """Read arguments that the factory annotates as a path as paths of the study file."""
    parameters = inspect.signature(factory).parameters
    return {
        key: expand_path(str(value), base=base, name=key)
        if key in parameters and parameters[key].annotation in ("Path", Path)
        else value
        for key, value in given.items()
    }


def _check_arguments(factory: Callable[..., object], given: Mapping[str, Any], source: str) -> None:
    signature = inspect.signature(factory)
    try:
        signature.bind(**given)
    except TypeError as error:
        listed = ", ".join(map(_described, signature.parameters.values())) or "none"
        raise InvalidInputError(
            f"`args` must be arguments of `{source}`; {error}; it takes: {listed}"
        ) from None


def _described(parameter: inspect.Parameter) -> str:
    if parameter.default is parameter.empty:
        return parameter.name
    return f"{parameter.name}={parameter.default!r}"


def _call(factory: Callable[..., object], given: Mapping[str, Any], source: str) -> object:
    try:
        return factory(**given)
    except TopolensError:
        raise
    except (Exception, SystemExit) as error:
        raise InvalidInputError(
            f"`{source}` must build a model from {dict(given)}; it raised "
            f"{type(error).__name__}: {error}"
        ) from error
