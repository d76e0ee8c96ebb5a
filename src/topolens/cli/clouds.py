"""Clouds that the command line names: arrays in files, or layers of a captured store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
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
    sample_ids: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    """Of a store: the sample that each row of a layer comes from."""

    def with_labels(self, path: Path | None) -> Clouds:
        """Return the clouds with the classes in a file: of each row, or of each sample of a store.

        Raises InvalidInputError if the file cannot be read.
        """
        if path is None:
            return self
        from topolens.activations.data.array_files import load_array

        return replace(self, labels=load_array(path, name="--labels"))

    def labels_of(self, layer: str) -> NDArray[Any] | None:
        """Return the class of each row of a layer, None where it is not known.

        Rows of a store know their sample, so several rows of one sample share its class.

        Raises InvalidInputError if a store has samples beyond the labels.
        """
        ids = self.sample_ids.get(layer)
        if self.labels is None or ids is None:
            return self.labels
        if len(ids) and ids.max() >= len(self.labels):
            raise InvalidInputError(
                "`--labels` must hold the class of every sample of the store's source; got "
                f"{len(self.labels)} labels for sample {ids.max()}"
            )
        classes: NDArray[Any] = self.labels[ids]
        return classes


def read_clouds(path: Path, *, layer: str | None = None) -> Clouds:
    """Read `.npy` (one array), `.npz` (one per layer), `.csv`, or the folder of a store.

    Raises
    ------
    InvalidInputError
        If the file is missing, damaged, of another kind, or has no such layer.
    StoreError
        If a folder is no store.
    """
    clouds = _read_store(path, layer) if path.is_dir() else _read_file(path)
    if layer is None:
        return clouds
    _check_layer(path, layer, () if clouds.single else clouds.layers)
    return replace(clouds, layers={layer: clouds.layers[layer]})


def prepared(
    points: NDArray[Any], *, name: str, normalisation: str, n_points: int | None
) -> tuple[NDArray[Any], NDArray[np.int64] | None]:
    """Return a cloud of `n_points` rows at scale, and the numbers of the rows if some were drawn.

    The rows of clouds with equally many correspond: all draws have one seed.
    """
    from topolens.base.checks import check_points
    from topolens.clouds.normalise import normalise
    from topolens.clouds.sampling import sample_rows

    cloud, rows = check_points(points, name=name), None
    if n_points is not None:
        rows = sample_rows(len(cloud), n_points)
        cloud = cloud[rows]
    return normalise(cloud, normalisation), rows


def _check_layer(path: Path, layer: str, known: Iterable[str]) -> None:
    if layer not in known:
        raise InvalidInputError(
            f"`{path}` must have a layer `{layer}`; {nearest_names(layer, known)}"
        )


def _read_file(path: Path) -> Clouds:
    from topolens.activations.data.array_files import array_in, load_array, open_archive

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


def _read_store(path: Path, layer: str | None) -> Clouds:
    from topolens.activations.stores.store import ActivationStore

    store = ActivationStore.open(path)
    if layer is not None:
        _check_layer(path, layer, store.layers)
    read = {name: store.read(name) for name in (store.layers if layer is None else (layer,))}
    return Clouds(
        {name: rows for name, (rows, _) in read.items()},
        sample_ids={name: ids for name, (_, ids) in read.items()},
    )


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
