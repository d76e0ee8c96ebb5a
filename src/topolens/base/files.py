"""Paths as users write them, and files that are either whole or not there."""

from __future__ import annotations

import os
import re
from pathlib import Path
from threading import get_ident

from topolens.base.errors import InvalidInputError, StoreError

__all__ = ["expand_path", "make_folder", "remove_half_written", "write_atomically"]

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_HALF_WRITTEN = re.compile(r"\..+\.\d+-\d+\.tmp")


def expand_path(text: str, *, base: Path, name: str = "path") -> Path:
    """Return the path that `text` means: `${NAME}` expanded, relative paths below `base`.

    Raises
    ------
    InvalidInputError
        If an environment variable or a home folder that `text` names does not exist.
    """

    def value_of(match: re.Match[str]) -> str:
        variable = match.group(1)
        value = os.environ.get(variable)
        if not value:
            raise InvalidInputError(
                f"`{name}` must name variables that are set; got {text!r}, and the environment "
                f"has no `{variable}`"
            )
        return value

    expanded = _VARIABLE.sub(value_of, text)
    try:
        return base / Path(expanded).expanduser()
    except RuntimeError:
        raise InvalidInputError(
            f"`{name}` must begin with the home folder of a user of this machine; got {text!r}"
        ) from None


def make_folder(path: Path) -> None:
    """Make a folder and those above it, unless they are there.

    Raises
    ------
    StoreError
        If it cannot be made; the message says why.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"`{path}` cannot be made a folder: {error.strerror or error}") from None


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file that a crash leaves either as it was or as it should be, never in between.

    Raises
    ------
    StoreError
        If it cannot be written; the message says why.
    """
    try:
        _write_and_rename(path, content)
    except OSError as error:
        raise StoreError(f"`{path}` cannot be written: {error.strerror or error}") from None


def remove_half_written(folder: Path) -> None:
    """Remove what killed processes were writing into a folder, and nothing else."""
    if not folder.is_dir():
        return
    for file in folder.iterdir():
        if _HALF_WRITTEN.fullmatch(file.name):
            file.unlink(missing_ok=True)


def _write_and_rename(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{get_ident()}.tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
