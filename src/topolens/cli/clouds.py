"""Clouds that the command line names: arrays in files, or layers of a captured store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topolens.base.errors import InvalidInputError, nearest_names

__all__ = ["Clouds", "prepared", "read_clouds"]

_NO_LAYERS = ("sample_ids", "labels", "classes")


@dataclass(frozen=True, slots=True, eq=False)
class Clouds:
    """The arrays of one file or store by name, with the class of each row where it is known."""

    layers: Mapping[str, NDArray[Any]]
    labels: NDArray[Any] | None = None
    single: bool = field(default=False)
    """True if the file is one array without a name of its own."""


def read_clouds(path: Path, *, layer: str | None = None) -> Clouds:
    """Read `.npy` (one array), `.npz` (one per layer), `.csv`, or the folder of a store.

    Raises
    ------
    InvalidInputError
        If the file is missing, damaged, of another kind, or has no such layer.
    StoreError
        If a folder is no store.
    """
    clouds = _read(path)
    if layer is None:
        return clouds
    if clouds.single or layer not in clouds.layers:
        known = () if clouds.single else clouds.layers
        raise InvalidInputError(
            f"`{path}` must have a layer `{layer}`; {nearest_names(layer, known)}"
        )
    return Clouds({layer: clouds.layers[layer]}, clouds.labels)


def prepared(
    points: NDArray[Any], *, normalisation: str, n_points: int | None
) -> tuple[NDArray[Any], NDArray[np.int64] | None]:
    """Return a cloud of `n_points` rows at scale, and the numbers of the rows if some were drawn.

    The rows of clouds with equally many correspond: all draws have one seed.
    """
    from topolens.base.checks import check_points
    from topolens.clouds.normalise import normalise
    from topolens.clouds.sampling import sample_rows

    cloud, rows = check_points(points), None
    if n_points is not None:
        rows = sample_rows(len(cloud), n_points)
        cloud = cloud[rows]
    return normalise(cloud, normalisation), rows


def _read(path: Path) -> Clouds:
    from topolens.activations.data.array_files import array_in, load_array, open_archive

    if path.is_dir():
        return _read_store(path)
    kind = path.suffix.lower()
    if kind == ".npy":
        return Clouds({path.stem: load_array(path, name=str(path))}, single=True)
    if kind == ".csv":
        return Clouds({path.stem: _read_csv(path)}, single=True)
    if kind != ".npz":
        raise InvalidInputError(
            f"`{path}` must be an array (.npy, .csv), an archive of layers (.npz) or the folder "
            "of a store"
        )
    with open_archive(path, name=str(path)) as archive:
        arrays = {key: array_in(archive, key, name=str(path)) for key in archive.files}
    layers = {name: array for name, array in arrays.items() if name not in _NO_LAYERS}
    if not layers:
        raise InvalidInputError(f"`{path}` must hold an array per layer; it holds none")
    return Clouds(layers, arrays.get("labels"))


def _read_store(path: Path) -> Clouds:
    from topolens.activations.stores.store import ActivationStore

    store = ActivationStore.open(path)
    return Clouds({name: store.read(name)[0] for name in store.layers})


def _read_csv(path: Path) -> NDArray[Any]:
    """Read numbers with commas; a first line of names is passed over."""
    import pandas as pd

    if not path.is_file():
        raise InvalidInputError(f"`{path}` must be an existing file")
    try:
        table = pd.read_csv(path, header=None, dtype=str, skip_blank_lines=True)
        named = pd.to_numeric(table.iloc[0], errors="coerce").isna().any()
        return table.iloc[int(named) :].astype(np.float64).to_numpy()
    except (ValueError, UnicodeDecodeError, IndexError) as error:
        raise InvalidInputError(
            f"`{path}` must hold numbers with commas, one row per point ({error})"
        ) from None
