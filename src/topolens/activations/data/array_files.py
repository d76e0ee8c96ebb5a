"""NumPy files, read without ever running what is in them."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from topolens.base.errors import InvalidInputError, nearest_names

__all__ = ["array_in", "load_array", "open_archive"]

_UNREADABLE = (
    ValueError,
    EOFError,
    OSError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    SyntaxError,
)


def load_array(path: Path, *, name: str, in_place: bool = False) -> NDArray[Any]:
    """Read one .npy file; `in_place` maps it into memory instead of copying it.

    Raises
    ------
    InvalidInputError
        If the file is missing, damaged, an archive, or holds Python objects.
    """
    loaded = _load(path, name, "r" if in_place else None)
    if isinstance(loaded, NpzFile):
        loaded.close()
        raise InvalidInputError(f"`{name}` must be one .npy array; `{path}` is an archive")
    return loaded


@contextmanager
def open_archive(path: Path, *, name: str) -> Iterator[NpzFile]:
    """Open an .npz archive; its arrays are read by `array_in`.

    Raises
    ------
    InvalidInputError
        If the file is missing, damaged or not an archive.
    """
    loaded = _load(path, name, None)
    if not isinstance(loaded, NpzFile):
        raise InvalidInputError(f"`{name}` must be an .npz archive; `{path}` is one array")
    with loaded:
        yield loaded


def array_in(archive: NpzFile, key: str, *, name: str) -> NDArray[Any]:
    """Read one array of an archive.

    Raises
    ------
    InvalidInputError
        If there is no such array, it is damaged, or it holds Python objects.
    """
    if key not in archive.files:
        raise InvalidInputError(
            f"`{name}` must hold an array `{key}`; {nearest_names(key, archive.files)}"
        )
    try:
        array: NDArray[Any] | bytes = archive[key]
    except _UNREADABLE as error:
        raise InvalidInputError(_sentence(name, f"array `{key}`", error)) from None
    if not isinstance(array, np.ndarray):
        raise InvalidInputError(f"`{name}` must hold arrays only; `{key}` in it is none")
    return array


def _load(path: Path, name: str, mmap_mode: Any) -> NDArray[Any] | NpzFile:  # noqa: ANN401  numpy's own literals
    if not path.is_file():
        raise InvalidInputError(f"`{name}` must be an existing file; got `{path}`")
    try:
        loaded: NDArray[Any] | NpzFile = np.load(path, mmap_mode=mmap_mode, allow_pickle=False)
    except _UNREADABLE as error:
        raise InvalidInputError(_sentence(name, f"`{path}`", error)) from None
    return loaded


def _sentence(name: str, what: str, error: Exception) -> str:
    if any(sign in str(error) for sign in ("pickle", "Object arrays", "Python objects")):
        return (
            f"`{name}` must hold plain numbers; {what} holds Python objects (or is no NumPy "
            "file), which are not read because reading them can run code"
        )
    return f"`{name}` must be a readable NumPy file; {what} is damaged ({error})"
