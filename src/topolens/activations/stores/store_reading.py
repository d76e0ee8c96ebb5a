"""Reading a store: whole layers, some of their rows, or one part after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from topolens.activations.stores.journal import JOURNAL, read_journal
from topolens.activations.stores.manifest import LayerRecord, Manifest, PartRecord
from topolens.activations.stores.part_files import PartLayout, damaged, read_layout
from topolens.activations.stores.row_numbers import RowNumbers, numbers_of_rows, numbers_of_samples
from topolens.base.errors import InvalidInputError, StoreError, nearest_names
from topolens.base.hashing import file_digest

__all__ = ["MANIFEST", "StoreReader", "find_stores", "open_manifest", "part_path"]

MANIFEST = "manifest.json"

Chosen: TypeAlias = slice | Sequence[int] | NDArray[np.integer[Any]] | None


class StoreReader:
    """What a store holds; nothing here changes it."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path = path
        self._manifest = manifest
        self._layouts: dict[int, PartLayout] = {}
        self._slots: Mapping[str, int] = {}
        self._ids: dict[int, NDArray[np.int64]] = {}

    @property
    def spec(self) -> dict[str, Any]:
        """What makes the activations, as given to `create`."""
        return self._manifest.spec

    @property
    def settings(self) -> dict[str, Any] | None:
        """How the parts were captured, as given to `begin`: model, samples, versions."""
        return self._manifest.settings

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers, in the order in which they ran."""
        return tuple(self._manifest.layers)

    @property
    def complete(self) -> bool:
        """True once `finish` was called and every part is there."""
        return self._manifest.complete

    @property
    def predictions_known(self) -> bool:
        """True if the model's classes are stored."""
        return self._manifest.has_predictions

    @property
    def summary(self) -> dict[str, Any]:
        """What `finish` was told, e.g. accuracy and n_parameters."""
        return self._manifest.summary

    @property
    def n_samples(self) -> int:
        """Number of samples captured so far."""
        return sum(part.n_samples for part in self._manifest.parts.values())

    @property
    def n_bytes(self) -> int:
        """Size of all part files."""
        return sum(part.n_bytes for part in self._manifest.parts.values())

    @property
    def parts(self) -> dict[int, PartRecord]:
        """What is known of each part file, by number."""
        return dict(sorted(self._manifest.parts.items()))

    def layer(self, name: str) -> LayerRecord:
        """Return width, dtype, rows per sample, origin and shape before pooling of one layer."""
        if name not in self._manifest.layers:
            hint = nearest_names(name, self.layers)
            raise InvalidInputError(f"`layer` must be a layer of the store; got {name!r}; {hint}")
        return self._manifest.layers[name]

    def n_rows(self, layer: str) -> int:
        """Return how many rows a layer has."""
        per_sample = self.layer(layer).rows_per_sample
        if per_sample is not None:
            return self.n_samples * per_sample
        return sum(layout.length(f"rows:{layer}") for layout in self._all_layouts())

    def layers_of_part(self, index: int) -> dict[str, LayerRecord]:
        """Return what one part says of every layer, rows per sample as in this part."""
        layout, n_samples = self._layout(index), self._manifest.parts[index].n_samples
        return {
            name: replace(record, rows_per_sample=rows_per_sample(layout, name, n_samples))
            for name, record in self._manifest.layers.items()
        }

    def nonfinite(self, layer: str) -> int:
        """Return how many values of a layer are NaN or infinite."""
        self.layer(layer)
        return sum(part.nonfinite.get(layer, 0) for part in self._manifest.parts.values())

    def has_part(self, index: int) -> bool:
        """Tell whether the part is there and whole."""
        return index in self._manifest.parts

    def sample_ids(self) -> NDArray[np.int64]:
        """Return the sample ids in capture order, shape (n_samples,)."""
        return self._whole("sample_ids")

    def predictions(self) -> NDArray[np.int64] | None:
        """Return the model's class per sample, shape (n_samples,), or None where it has none."""
        if not self._manifest.has_predictions:
            return None
        return self._whole("predictions")

    def read(
        self, layer: str, *, rows: Chosen = None, samples: Chosen = None
    ) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Return rows of a layer, (n_rows, n_features), and the sample id of each, (n_rows,).

        Only what is asked for is read, so that rows of a layer larger than memory cost what
        they weigh.

        Parameters
        ----------
        layer : str
        rows : slice or sequence of int, optional
            Numbers of rows, from 0, in any order; all by default.
        samples : slice or sequence of int, optional
            Ids of samples, each with all its rows, in this order; a slice means samples by
            their place in the store. Instead of `rows`.

        Raises
        ------
        InvalidInputError
            If there is no such layer, row or sample.
        StoreError
            If a part is missing or visibly damaged; `verify` looks at every byte.
        """
        numbers = self._numbers(layer, rows, samples)
        record = self.layer(layer)
        values = np.empty((numbers.n_rows, record.n_features), record.dtype)
        self._fill(f"rows:{layer}", numbers, values)
        ids = np.empty(numbers.n_rows, np.int64)
        for index, chosen, places in numbers.by_part():
            ids[places] = self._row_ids(index, layer)[chosen]
        return values, ids

    def positions(
        self, layer: str, *, rows: Chosen = None, samples: Chosen = None
    ) -> NDArray[np.int64] | None:
        """Return the position each row was taken from, shape (n_rows,), if it was one position.

        `rows` and `samples` choose as in `read`.
        """
        if not self.layer(layer).has_positions:
            return None
        numbers = self._numbers(layer, rows, samples)
        found = np.empty(numbers.n_rows, np.int64)
        self._fill(f"positions:{layer}", numbers, found)
        return found

    def blocks(self, layer: str) -> Iterator[tuple[NDArray[Any], NDArray[np.int64]]]:
        """Yield a layer part by part: read-only rows mapped from the file, and their sample ids.

        Memory holds what is being looked at, so a layer may be larger than memory.

        Raises
        ------
        InvalidInputError
            If there is no such layer.
        StoreError
            If there is no part, or one is missing or visibly damaged.
        """
        self.layer(layer)
        for index in self._indices():
            yield self._layout(index).mapped(f"rows:{layer}"), self._row_ids(index, layer)

    def verify(self) -> tuple[str, ...]:
        """Return the names of the parts that are missing or whose bytes have changed."""
        return tuple(
            part_path(self.path, index).name for index in self.parts if not self.is_whole(index)
        )

    def is_whole(self, index: int) -> bool:
        """Tell whether every byte of a part is what was written."""
        path, part = part_path(self.path, index), self._manifest.parts[index]
        try:
            return path.stat().st_size == part.n_bytes and file_digest(path) == part.sha256
        except OSError:
            return False

    def _numbers(self, layer: str, rows: Chosen, samples: Chosen) -> RowNumbers:
        self.layer(layer)
        if rows is not None and samples is not None:
            raise InvalidInputError("`rows` must be left out where `samples` are given")
        indices = self._indices()
        if samples is None:
            lengths = [self._layout(index).length(f"rows:{layer}") for index in indices]
            return numbers_of_rows(rows, indices, lengths)
        counts = [self._counts(index, layer) for index in indices]
        return numbers_of_samples(samples, indices, self.sample_ids(), counts)

    def _fill(self, tensor: str, numbers: RowNumbers, out: NDArray[Any]) -> None:
        for index, chosen, places in numbers.by_part():
            layout = self._layout(index)
            if isinstance(places, slice):
                layout.read_into(tensor, chosen, out[places])
            else:
                picked = np.empty((len(places), *out.shape[1:]), out.dtype)
                layout.read_into(tensor, chosen, picked)
                out[places] = picked

    def _whole(self, tensor: str) -> NDArray[np.int64]:
        return np.concatenate([self._layout(index).mapped(tensor) for index in self._indices()])

    def _row_ids(self, index: int, layer: str) -> NDArray[np.int64]:
        if index not in self._ids:
            self._ids[index] = np.array(self._layout(index).mapped("sample_ids"))
        return np.repeat(self._ids[index], self._counts(index, layer))

    def _counts(self, index: int, layer: str) -> NDArray[np.int64]:
        """Return the number of rows of each sample of a part."""
        layout, n_samples = self._layout(index), self._manifest.parts[index].n_samples
        each = rows_per_sample(layout, layer, n_samples)
        return layout.mapped(f"counts:{layer}") if each is None else np.full(n_samples, each)

    def _indices(self) -> list[int]:
        if not self._manifest.parts:
            raise StoreError(f"`{self.path}` holds no parts yet")
        return sorted(self._manifest.parts)

    def _all_layouts(self) -> Iterator[PartLayout]:
        return (self._layout(index) for index in self._manifest.parts)

    def _layout(self, index: int) -> PartLayout:
        """Return where the tensors of a part lie; headers of many layers are long, so once."""
        if index not in self._layouts:
            path, part = part_path(self.path, index), self._manifest.parts[index]
            layout = read_layout(path, part.n_bytes, self._slots)
            _check_layout(layout, self._manifest, part)
            self._layouts[index], self._slots = layout, layout.slots
        return self._layouts[index]


def open_manifest(path: Path) -> Manifest:
    """Read the manifest of a store and what the journal adds to it."""
    # The journal first: a writer moves its lines into the manifest, never back.
    noted, _ = read_journal(path) if (path / JOURNAL).is_file() else ({}, False)
    manifest = Manifest.read(path / MANIFEST)
    if not manifest.complete:
        manifest.parts.update(noted)
    return manifest


def find_stores(path: Path) -> list[Path]:
    """Return the stores that a path means: itself, or those in it or in its `activations`.

    Raises
    ------
    StoreError
        If there is none.
    """
    if (path / MANIFEST).exists() or _has_parts(path):
        return [path]
    for folder in (path / "activations", path):
        inside = sorted(below for below in folder.glob("*") if below.is_dir())
        found = [below for below in inside if (below / MANIFEST).exists() or _has_parts(below)]
        if found:
            return found
    raise StoreError(
        f"`{path}` must be a store, a folder of stores or the folder of a study; it holds no "
        f"{MANIFEST}, nor does a folder in it or in its `activations`"
    )


def part_path(folder: Path, index: int) -> Path:
    """Return where a part of a store lies."""
    return folder / f"part-{index:06d}.safetensors"


def _has_parts(path: Path) -> bool:
    return any(path.glob("part-*.safetensors"))


def _check_layout(layout: PartLayout, manifest: Manifest, part: PartRecord) -> None:
    """Refuse a file that lies where the part should, and is not like it."""
    if layout.length("sample_ids") != part.n_samples:
        raise damaged(layout.path, f"it should hold {part.n_samples} samples")
    for name, record in manifest.layers.items():
        tensor = f"rows:{name}"
        is_alike = (
            layout.dtype(tensor) == record.dtype
            and layout.width(tensor) == record.n_features
            and record.rows_per_sample in (None, rows_per_sample(layout, name, part.n_samples))
        )
        if not is_alike:
            raise damaged(layout.path, f"it does not hold `{name}` as the manifest says")


def rows_per_sample(layout: PartLayout, layer: str, n_samples: int) -> int | None:
    """Return the rows of each sample in a part, None where they are unequally many."""
    if f"counts:{layer}" in layout:
        return None
    each, rest = divmod(layout.length(f"rows:{layer}"), n_samples)
    if rest:
        raise damaged(layout.path, f"the rows of `{layer}` belong to no sample")
    return each
