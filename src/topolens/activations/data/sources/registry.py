"""Schemes by name: being registered makes one known to `load_samples` and to study files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from topolens.activations.data.samples import Inputs
from topolens.base.errors import InvalidInputError
from topolens.base.files import expand_path

__all__ = ["Found", "Request", "Scheme", "read_source", "schemes", "source", "source_mistake"]

Place = Literal["nothing", "file", "folder", "file or folder", "name"]


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a scheme."""

    location: str
    """What follows the colon; empty for a scheme that needs nothing."""
    base: Path
    """Folder that relative paths start from."""
    options: Mapping[str, str]
    """Options that were given, all of them among those that the scheme takes."""
    download: bool = False
    """Whether the network may be asked for what is missing."""

    @property
    def path(self) -> Path:
        """The location as a path."""
        return expand_path(self.location, base=self.base, name="source")

    def option_path(self, name: str) -> Path | None:
        """Return the path that an option names; None where it is not given."""
        text = self.options.get(name)
        return None if text is None else expand_path(text, base=self.base, name=name)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Samples as they lie in the source, all of them."""

    inputs: Inputs
    origin: dict[str, Any]
    """Part of the description of the samples; equal on any machine, so no folders."""
    labels: NDArray[Any] | None = None
    classes: NDArray[Any] | None = None
    rows: NDArray[np.int64] | None = None
    """Id of each sample; its row by default."""


Reader: TypeAlias = Callable[[Request], Found]


@dataclass(frozen=True, slots=True)
class Scheme:
    """One kind of source."""

    name: str
    needs: Place
    """What follows the colon: nothing, or the path of something that must exist, or a name."""
    takes: tuple[str, ...]
    """Options it takes, among the keywords of `load_samples`."""
    read: Reader

    @property
    def needs_location(self) -> bool:
        """Tell whether anything follows the name."""
        return self.needs != "nothing"

    @property
    def usage(self) -> str:
        """How it is written, e.g. ``npz:PATH``."""
        if not self.needs_location:
            return self.name
        ends = {"folder": "FOLDER", "name": "NAME"}
        return f"{self.name}:{ends.get(self.needs, 'PATH')}"


_schemes: dict[str, Scheme] = {}


def source(name: str, *, needs: Place, takes: tuple[str, ...] = ()) -> Callable[[Reader], Reader]:
    """Register a reader; it stays an ordinary function."""

    def add(read: Reader) -> Reader:
        if name in _schemes:
            raise RuntimeError(f"source `{name}` is registered twice")
        _schemes[name] = Scheme(name, needs, takes, read)
        return read

    return add


def schemes() -> tuple[Scheme, ...]:
    """Return every scheme, by name."""
    return tuple(_schemes[name] for name in sorted(_schemes))


def read_source(
    text: str, *, base: Path, options: Mapping[str, str | None], download: bool = False
) -> Found:
    """Read the samples that `text` means.

    Raises
    ------
    InvalidInputError
        If no scheme is meant, an option is given that it does not take, or reading fails.
    """
    scheme, location = _parsed(text)
    for name, value in options.items():
        if value is not None and name not in scheme.takes:
            shown = f"{scheme.name}:{Path(location).name}" if location else scheme.name
            raise InvalidInputError(f"`{name}` must be left out for `{shown}`; got {value!r}")
    given = {name: value for name, value in options.items() if value is not None}
    return scheme.read(Request(location, base, given, download))


def source_mistake(text: str, *, base: Path) -> str | None:
    """Say what is wrong with a source before it is read: no scheme, or nothing at its path."""
    try:
        scheme, location = _parsed(text)
    except InvalidInputError as error:
        return str(error).removeprefix("`source` ")
    if scheme.needs in ("nothing", "name"):
        return None
    try:
        path = expand_path(location, base=base, name="source")
    except InvalidInputError as error:
        return str(error)
    there = _is_there(path, scheme.needs)
    return None if there else f"there is no {scheme.needs} `{location}`"


def _parsed(text: str) -> tuple[Scheme, str]:
    name, colon, location = text.partition(":")
    scheme = _schemes.get(name)
    if scheme is None or bool(colon) != bool(location) or bool(location) != scheme.needs_location:
        known = ", ".join(f"`{scheme.usage}`" for scheme in schemes())
        raise InvalidInputError(f"`source` must be one of {known}; got {text!r}")
    return scheme, location


def _is_there(path: Path, needs: Place) -> bool:
    try:
        if needs == "file or folder":
            return path.exists()
        return path.is_dir() if needs == "folder" else path.is_file()
    except OSError:  # e.g. a name longer than any file's
        return False
