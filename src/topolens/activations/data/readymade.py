"""Activations made elsewhere, by any framework: one array per layer, one row per sample."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topolens.activations.data.array_files import array_in, load_array, open_archive
from topolens.base.errors import InvalidInputError

__all__ = ["ReadyMade", "load_readymade"]

_RESERVED = ("sample_ids", "labels", "classes")


@dataclass(frozen=True, slots=True, eq=False)
class ReadyMade:
    """Layers in their order, every one with the same samples in the same rows."""

    layers: dict[str, NDArray[Any]]
    """One array of shape (n_samples, n_features) per layer."""
    shapes: dict[str, tuple[int, ...]]
    """Shape of one sample in each layer as it came; more than one axis means it was flattened."""
    sample_ids: NDArray[np.int64]
    """Which sample each row is, shape (n_samples,); the row number unless the source says."""
    labels: NDArray[np.int64] | None
    """Class index per sample, shape (n_samples,)."""
    classes: tuple[str, ...] | None
    """Name of each class index."""

    def __len__(self) -> int:
        return len(self.sample_ids)


def load_readymade(path: Path) -> ReadyMade:
    """Read an .npz archive, or a folder of .npy files, with one array per layer.

    Parameters
    ----------
    path : Path
        An archive whose layers keep their order, or a folder whose layers are sorted by name
        with numbers by value (`layer2` before `layer10`) and stay on disk until read. The
        names `sample_ids`, `labels` and `classes` are no layers. An array with more than two
        axes is flattened to (n_samples, n_features) in C order.

    Returns
    -------
    ReadyMade

    Raises
    ------
    InvalidInputError
        If nothing is there, an array holds Python objects or no real numbers, layers disagree
        about the number of samples, or a sample id occurs twice.
    """
    arrays = _read_folder(path) if path.is_dir() else _read_archive(path)
    layers = {name: array for name, array in arrays.items() if name not in _RESERVED}
    if not layers:
        raise InvalidInputError(f"`path` must hold one array per layer; `{path}` holds none")
    for name in layers:
        if not name.isprintable():
            raise InvalidInputError(f"layer names must be printable; got {name!r}")
    n_samples = _common_length(layers)
    return ReadyMade(
        {name: array.reshape(n_samples, -1) for name, array in layers.items()},
        {name: array.shape[1:] for name, array in layers.items()},
        _sample_ids(arrays.get("sample_ids"), n_samples),
        _labels(arrays.get("labels"), n_samples),
        _classes(arrays.get("classes")),
    )


def _read_archive(path: Path) -> dict[str, NDArray[Any]]:
    with open_archive(path, name="path") as archive:
        return {key: array_in(archive, key, name="path") for key in archive.files}


def _read_folder(path: Path) -> dict[str, NDArray[Any]]:
    files = sorted(path.glob("*.npy"), key=lambda file: _natural(file.stem))
    return {file.stem: load_array(file, name="path", in_place=True) for file in files}


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort key under which digits compare by their value."""
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def _common_length(layers: dict[str, NDArray[Any]]) -> int:
    first, lengths = next(iter(layers)), {}
    for name, array in layers.items():
        if array.ndim < 2 or array.size == 0:
            raise InvalidInputError(
                f"layer `{name}` must have shape (n_samples, n_features, ...) and hold a value "
                f"at least; got shape {array.shape}"
            )
        if array.dtype.kind not in "fiu" or array.dtype.itemsize > 8:
            raise InvalidInputError(
                f"layer `{name}` must hold real numbers of at most 64 bits; got dtype {array.dtype}"
            )
        lengths[name] = len(array)
        if lengths[name] != lengths[first]:
            raise InvalidInputError(
                f"layer `{name}` must hold the same samples as `{first}` row by row; "
                f"got {lengths[name]} and {lengths[first]} rows"
            )
    return lengths[first]


def _sample_ids(ids: NDArray[Any] | None, n_samples: int) -> NDArray[np.int64]:
    if ids is None:
        return np.arange(n_samples)
    checked = _one_integer_per_sample(ids, "sample_ids", n_samples)
    values, counts = np.unique(checked, return_counts=True)
    if len(values) < n_samples:
        repeated = int(values[counts > 1][0])
        raise InvalidInputError(f"`sample_ids` must not repeat; {repeated} occurs more than once")
    return checked


def _labels(labels: NDArray[Any] | None, n_samples: int) -> NDArray[np.int64] | None:
    return None if labels is None else _one_integer_per_sample(labels, "labels", n_samples)


def _classes(classes: NDArray[Any] | None) -> tuple[str, ...] | None:
    return None if classes is None else tuple(str(name) for name in classes.ravel())


def _one_integer_per_sample(values: NDArray[Any], name: str, n_samples: int) -> NDArray[np.int64]:
    if values.shape != (n_samples,) or values.dtype.kind not in "iu":
        raise InvalidInputError(
            f"`{name}` must be {n_samples} integers, one per sample; "
            f"got {values.dtype} of shape {values.shape}"
        )
    return np.asarray(values, dtype=np.int64)
