"""A model from its address: `zoo:NAME`, or `py:FILE:FACTORY` for the user's own code."""

from __future__ import annotations

import importlib.util
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from topolens.activations.zoo import zoo_factory
from topolens.base.checks import check_integer
from topolens.base.errors import InvalidInputError
from topolens.base.files import expand_path
from topolens.base.hashing import file_digest

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
    base: Path = Path(),
    seed: int = 0,
) -> nn.Module:
    """Build a model and give it its weights; it comes in evaluation mode.

    Parameters
    ----------
    source : str
        ``zoo:NAME`` for a model of TopoLens, or ``py:FILE:FACTORY`` for a function in a Python
        file that returns a module.
    args : mapping, optional
        Keyword arguments of the factory.
    weights : Path or str, optional
        A safetensors file whose tensors have the names and shapes of the model's state;
        without it the weights are the factory's own, drawn with `seed`.
    trust : bool, default False
        Allow running the user's Python file.
    allow_pickle : bool, default False
        Also read a PyTorch checkpoint, by ``torch.load(weights_only=True)``.
    base : Path
        Folder that relative paths start from.
    seed : int, default 0
        Seed of the initial weights.

    Raises
    ------
    MissingDependencyError
        If torch is not installed.
    InvalidInputError
        If the source is unknown or not trusted, an argument does not exist, the factory fails,
        or the weights do not fit; the message names the first few that do not.

    Examples
    --------
    >>> model = load_model("zoo:mlp", args={"widths": [8]})
    >>> [name for name, _ in model.named_children()]
    ['flatten', 'fc1', 'relu1', 'head']
    """
    model = build_seeded(source, args, seed, trust=trust, base=base)
    if weights is not None:
        from topolens.activations.weights import load_weights

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
) -> nn.Module:
    """Build a model whose initial weights depend on `seed` only; errors as `load_model`.

    The global random state is left as it was.
    """
    from topolens.activations.needs_torch import nn, torch

    check_integer(seed, "seed", at_least=0)
    factory = _factory(source, trust=trust, base=base)
    given = dict(args or {})
    _check_arguments(factory, given, source)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        model = _call(factory, given, source)
    if not isinstance(model, nn.Module):
        raise InvalidInputError(
            f"`source` must return a torch.nn.Module; `{source}` gave {type(model).__name__}"
        )
    return model


def _factory(source: str, *, trust: bool, base: Path) -> Callable[..., object]:
    if source.startswith("zoo:"):
        return zoo_factory(source.removeprefix("zoo:"))
    match = _USER_CODE.fullmatch(source)
    if match is None:
        raise InvalidInputError(
            f"`source` must be `zoo:NAME` or `py:FILE.py:FACTORY`; got {source!r}"
        )
    if not trust:
        raise InvalidInputError(
            f"`{source}` must be trusted before its code is run; read the file, then pass "
            "`--trust` (in Python: trust=True)"
        )
    return _factory_in(expand_path(match["file"], base=base, name="source"), match["factory"])


def _factory_in(path: Path, name: str) -> Callable[..., object]:
    if not path.is_file():
        raise InvalidInputError(f"`source` must name an existing file; got `{path}`")
    try:
        module = _imported(path)
    except (Exception, SystemExit) as error:
        raise InvalidInputError(
            f"`source` must name a file that can be imported; `{path}` raised "
            f"{type(error).__name__}: {error}"
        ) from error
    factory = getattr(module, name, None)
    if not callable(factory):
        raise InvalidInputError(
            f"`source` must name a function of the file; `{path}` has no `{name}`"
        )
    found: Callable[..., object] = factory
    return found


def _imported(path: Path) -> ModuleType:
    """Import a file as it would be beside its neighbours, under a name of its own."""
    name = f"topolens_user_{path.stem}_{file_digest(path)[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"no loader for {path.name}")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and pickles look their module up by its name.
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    finally:
        sys.path.remove(str(path.parent))
    return module


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
    except InvalidInputError:
        raise
    except (Exception, SystemExit) as error:
        raise InvalidInputError(
            f"`{source}` must build a model from {dict(given)}; it raised "
            f"{type(error).__name__}: {error}"
        ) from error
