"""Paths as users write them, and files that are either whole or not there."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import RawIOBase
from pathlib import Path
from threading import get_ident
from typing import BinaryIO

from topolens.base.errors import InvalidInputError, StoreError

__all__ = [
    "append_durably",
    "atomic_file",
    "expand_path",
    "make_folder",
    "remove_half_written",
    "write_atomically",
]

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
    except ValueError as error:  # e.g. a null character
        raise StoreError(f"{str(path)!r} cannot be made a folder: {error}") from None


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file that a crash leaves either as it was or as it should be, never in between.

    Raises
    ------
    StoreError
        If it cannot be written; the message says why.
    """
    with atomic_file(path) as stream:
        stream.write(content)


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that appears under its name, whole and durable, when the block ends well.

    Raises
    ------
    StoreError
        If it cannot be written; the message says why.
    """
    with _sentence_for(path):
        temporary = path.with_name(f".{path.name}.{os.getpid()}-{get_ident()}.tmp")
        try:
            with temporary.open("wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        _sync_folder(path.parent)


def append_durably(path: Path, content: bytes) -> None:
    """Add to the end of a file; when that fails, the file is as it was.

    Raises
    ------
    StoreError
        If it cannot be written; the message says why.
    """
    with _sentence_for(path):
        is_new = not path.exists()
        with path.open("ab", buffering=0) as stream:
            before = stream.tell()
            try:
                _write_whole(stream, content)
                os.fsync(stream.fileno())
            except OSError:
                stream.truncate(before)
                raise
        if is_new:
            _sync_folder(path.parent)


def remove_half_written(folder: Path) -> None:
    """Remove what killed processes were writing into a folder, and nothing else."""
    if not folder.is_dir():
        return
    for file in folder.iterdir():
        if _HALF_WRITTEN.fullmatch(file.name):
            file.unlink(missing_ok=True)


@contextmanager
def _sentence_for(path: Path) -> Iterator[None]:
    try:
        yield
    except StoreError:
        raise
    except OSError as error:
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        advice = "; what was finished is kept: free some space and run again" if is_full else ""
        raise StoreError(f"`{path}` cannot be written: {error.strerror or error}{advice}") from None


def _write_whole(stream: RawIOBase, content: bytes) -> None:
    """Write all of it: the system may take less than it is given, as on a full disk."""
    rest = memoryview(content)
    while rest:
        rest = rest[stream.write(rest) :]


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
