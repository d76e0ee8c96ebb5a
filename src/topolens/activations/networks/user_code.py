"""A factory of models in a Python file of the user's own."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from topolens.base.errors import InvalidInputError
from topolens.base.hashing import file_digest

__all__ = ["user_factory"]


def user_factory(path: Path, name: str) -> Callable[..., object]:
    """Run a Python file and return the function of that name in it.

    Raises
    ------
    InvalidInputError
        If there is no such file, it cannot be imported, or it has no such function.
    """
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
