"""Activations on disk: append-only part files and a manifest that says what may be trusted.

A store is a folder with one safetensors file per batch of samples, holding every layer's rows of
that batch, and `manifest.json`. Each file appears by renaming, so a crash leaves whole files
only, and each is trusted only while its SHA-256 is the one in the manifest. Neither times nor
paths are stored: an interrupted and resumed capture leaves the same bytes as an undisturbed one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import weakref
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from topolens.activations.layer_batch import LayerBatch
from topolens.activations.manifest import (
    DamagedManifest,
    LayerRecord,
    Manifest,
    PartRecord,
    as_json,
)
from topolens.base.errors import InvalidInputError, StoreError, nearest_names
from topolens.base.files import make_folder, write_atomically
from topolens.base.hashing import file_digest

__all__ = ["ActivationStore"]

_MANIFEST = "manifest.json"
_OWN_FILE = re.compile(r"part-\d{6}\.safetensors|manifest\.json|\..*\.tmp")


class ActivationStore:
    """Rows of every captured layer, on disk, with what made them.

    Made by `create`, which also resumes, or `open`, which only reads. A store being written is
    locked against other writers until `finish` or `close`, or the end of a `with` block.
    """

    def __init__(self, path: Path, manifest: Manifest, *, damaged: tuple[str, ...] = ()) -> None:
        self.path = path
        self.damaged = damaged
        """Files that `create` found damaged or missing, to be captured again."""
        self._manifest = manifest
        self._unlock: weakref.finalize[Any, Any] | None = None

    @classmethod
    def create(cls, path: Path, spec: Mapping[str, Any]) -> ActivationStore:
        """Make a store for what `spec` describes, or go on with the one that is there.

        Every part that is already there is checked against its SHA-256; the names of those
        that are damaged are in `damaged`, and `has_part` is False for them.

        Parameters
        ----------
        path : Path
            Folder of the store, made if it is missing.
        spec : mapping
            What makes the activations, as JSON values without times or machine paths.

        Raises
        ------
        StoreError
            If the folder holds a store of another spec or something else, or another process
            is writing into it.
        InvalidInputError
            If `spec` is not made of JSON values.
        """
        fresh = Manifest.of(spec)
        make_folder(path)
        lock = _lock(path)
        try:
            manifest, damaged = _resume(path, fresh)
            store = cls(path, manifest, damaged=damaged)
            store._remove_untrusted()
            store._write_manifest()
        except BaseException:
            os.close(lock)
            raise
        store._unlock = weakref.finalize(store, os.close, lock)
        return store

    @classmethod
    def open(cls, path: Path) -> ActivationStore:
        """Open a store for reading.

        Raises
        ------
        StoreError
            If there is no store, or its manifest is damaged or of an unknown format.
        """
        return cls(path, Manifest.read(path / _MANIFEST))

    @property
    def spec(self) -> dict[str, Any]:
        """What makes the activations, as given to `create`."""
        return self._manifest.spec

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers, in the order in which they ran."""
        return tuple(self._manifest.layers)

    @property
    def complete(self) -> bool:
        """True once `finish` was called and every part is there."""
        return self._manifest.complete

    @property
    def summary(self) -> dict[str, Any]:
        """What `finish` was told, e.g. accuracy and n_parameters."""
        return self._manifest.summary

    @property
    def n_samples(self) -> int:
        """Number of samples captured so far."""
        return sum(part.n_samples for part in self._manifest.parts.values())

    def layer(self, name: str) -> LayerRecord:
        """Return width, dtype, rows per sample and the shape before pooling of one layer."""
        if name not in self._manifest.layers:
            hint = nearest_names(name, self.layers)
            raise InvalidInputError(f"`layer` must be a layer of the store; got {name!r}; {hint}")
        return self._manifest.layers[name]

    def nonfinite(self, layer: str) -> int:
        """Return how many values of a layer are NaN or infinite."""
        self.layer(layer)
        return sum(part.nonfinite.get(layer, 0) for part in self._manifest.parts.values())

    def has_part(self, index: int) -> bool:
        """Tell whether the part is there and whole."""
        return index in self._manifest.parts

    def begin(self, settings: Mapping[str, Any]) -> None:
        """Bind the parts to how they are captured; other settings are refused from then on.

        Raises
        ------
        StoreError
            If parts were captured with other settings; the message names the first.
        """
        current = as_json(settings, "settings")
        if self._manifest.settings is not None:
            _refuse_other(self._manifest.settings, current, self.path)
        elif self._manifest.parts:
            raise StoreError(f"`{self.path}` holds parts captured without these settings")
        self._manifest.settings = current
        self._write_manifest()

    def append(self, batch: LayerBatch, *, index: int | None = None) -> None:
        """Write one batch as part `index`, by default the first that is missing.

        Raises
        ------
        StoreError
            If the part is already there, the store was opened for reading, or the layers are
            not those of the other parts.
        """
        self._check_writable()
        if index is None:
            index = next(i for i in range(len(self._manifest.parts) + 1) if not self.has_part(i))
        if self.has_part(index):
            raise StoreError(f"part {index} is already in `{self.path}`")
        self._check_layers(batch)
        content = save(_tensors(batch))
        write_atomically(self._part_path(index), content)
        self._manifest.parts[index] = PartRecord(
            hashlib.sha256(content).hexdigest(),
            len(batch.sample_ids),
            {name: rows.nonfinite for name, rows in batch.layers.items() if rows.nonfinite},
        )
        self._write_manifest()

    def extend(self, batches: Iterable[LayerBatch]) -> None:
        """Append each batch as it comes."""
        for batch in batches:
            self.append(batch)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Mark the store complete and let other writers in.

        Raises
        ------
        StoreError
            If there is no part, one between the first and the last is missing, or a sample
            occurs twice.
        """
        self._check_writable()
        n_parts = max(self._manifest.parts, default=0) + 1
        missing = [index for index in range(n_parts) if not self.has_part(index)]
        if missing:
            raise StoreError(f"`{self.path}` must hold parts 0 to {n_parts - 1}; {missing} missing")
        ids = self.sample_ids()
        if len(np.unique(ids)) < len(ids):
            raise StoreError(f"`{self.path}` must hold each sample once; some occur twice")
        self._manifest.finish(summary)
        self._write_manifest()
        self.close()

    def close(self) -> None:
        """Let other writers in; what was appended stays."""
        if self._unlock is not None:
            self._unlock()

    def __enter__(self) -> ActivationStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def sample_ids(self) -> NDArray[np.int64]:
        """Return the sample ids in capture order, shape (n_samples,)."""
        return self._joined("sample_ids")

    def predictions(self) -> NDArray[np.int64] | None:
        """Return the model's class per sample, shape (n_samples,), or None where it has none."""
        if not self._manifest.has_predictions:
            return None
        return self._joined("predictions")

    def read(self, layer: str) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Return a layer's rows, (n_rows, n_features), and the sample id of each, (n_rows,).

        Raises
        ------
        StoreError
            If a part is missing or visibly damaged; `verify` looks at every byte.
        """
        record = self.layer(layer)
        rows = self._joined(f"rows:{layer}", record.rows_per_sample)
        return rows, np.repeat(self.sample_ids(), record.rows_per_sample)

    def positions(self, layer: str) -> NDArray[np.int64] | None:
        """Return the position each row was taken from, shape (n_rows,), if it was one position."""
        record = self.layer(layer)
        if not record.has_positions:
            return None
        return self._joined(f"positions:{layer}", record.rows_per_sample)

    def verify(self) -> tuple[str, ...]:
        """Return the names of the parts that are missing or whose bytes have changed."""
        return tuple(
            self._part_path(index).name
            for index, part in sorted(self._manifest.parts.items())
            if not _is_whole(self._part_path(index), part)
        )

    def _joined(self, tensor: str, rows_per_sample: int = 1) -> NDArray[Any]:
        joined, filled = None, 0
        for block in self._blocks(tensor):
            if joined is None:
                n_rows = self.n_samples * rows_per_sample
                joined = np.empty((n_rows, *block.shape[1:]), block.dtype)
            joined[filled : filled + len(block)] = block
            filled += len(block)
        if joined is None:
            raise StoreError(f"`{self.path}` holds no parts yet")
        return joined

    def _blocks(self, tensor: str) -> Iterator[NDArray[Any]]:
        for index in sorted(self._manifest.parts):
            path = self._part_path(index)
            try:
                with safe_open(path, framework="numpy") as part:
                    yield part.get_tensor(tensor)
            except (OSError, SafetensorError) as error:
                raise StoreError(
                    f"`{path}` is missing or damaged ({error}); capture again into the same "
                    "folder to replace it"
                ) from None

    def _part_path(self, index: int) -> Path:
        return self.path / f"part-{index:06d}.safetensors"

    def _remove_untrusted(self) -> None:
        trusted = {self._part_path(index).name for index in self._manifest.parts} | {_MANIFEST}
        for file in self.path.iterdir():
            if file.name not in trusted:
                file.unlink()

    def _write_manifest(self) -> None:
        write_atomically(self.path / _MANIFEST, self._manifest.to_bytes())

    def _check_writable(self) -> None:
        if self._unlock is None or not self._unlock.alive:
            raise StoreError(f"`{self.path}` is open for reading; use `ActivationStore.create`")
        if self.complete:
            raise StoreError(f"`{self.path}` is complete and takes no more parts")

    def _check_layers(self, batch: LayerBatch) -> None:
        found = {name: LayerRecord.of(rows, batch) for name, rows in batch.layers.items()}
        known = self._manifest.layers
        if not known:
            self._manifest.layers = found
            self._manifest.has_predictions = batch.predictions is not None
            return
        if self._manifest.has_predictions != (batch.predictions is not None):
            raise StoreError("every part must hold predictions, or none")
        if found.keys() != known.keys():
            other = sorted(found.keys() ^ known.keys())
            raise StoreError(f"every part must hold the same layers; {other} not in all of them")
        for name, record in found.items():
            if record != known[name]:
                raise StoreError(
                    f"layer `{name}` must be {known[name]} as in the other parts; got {record}"
                )


def _lock(path: Path) -> int:
    """Lock the folder itself, so that no lock file is left behind; a dead owner holds nothing."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StoreError(f"`{path}` is being written by another process") from None
    return descriptor


def _resume(path: Path, fresh: Manifest) -> tuple[Manifest, tuple[str, ...]]:
    """Return the manifest to go on with and the names of the files that are damaged."""
    _refuse_foreign(path)
    if not (path / _MANIFEST).exists():
        return fresh, ()
    try:
        manifest = Manifest.read(path / _MANIFEST)
    except DamagedManifest:
        return fresh, (_MANIFEST,)
    _refuse_other(manifest.spec, fresh.spec, path)
    store = ActivationStore(path, manifest)
    damaged = store.verify()
    for index in [i for i in manifest.parts if store._part_path(i).name in damaged]:
        del manifest.parts[index]
        manifest.complete = False
    return manifest, damaged


def _is_whole(path: Path, part: PartRecord) -> bool:
    try:
        return file_digest(path) == part.sha256
    except OSError:
        return False


def _refuse_foreign(path: Path) -> None:
    foreign = sorted(p.name for p in path.iterdir() if not _OWN_FILE.fullmatch(p.name))
    if foreign:
        raise StoreError(
            f"`{path}` must be empty or hold an activation store; it holds `{foreign[0]}`"
        )


def _refuse_other(there: Mapping[str, Any], wanted: Mapping[str, Any], path: Path) -> None:
    for key in sorted(there.keys() | wanted.keys()):
        if there.get(key) != wanted.get(key):
            raise StoreError(
                f"`{path}` holds a capture with `{key}` = {there.get(key)!r}, not "
                f"{wanted.get(key)!r}; choose another folder or remove this one"
            )


def _tensors(batch: LayerBatch) -> dict[str, NDArray[Any]]:
    tensors: dict[str, NDArray[Any]] = {"sample_ids": batch.sample_ids}
    if batch.predictions is not None:
        tensors["predictions"] = batch.predictions
    for name, layer in batch.layers.items():
        tensors[f"rows:{name}"] = np.ascontiguousarray(layer.rows)
        if layer.positions is not None:
            tensors[f"positions:{name}"] = layer.positions
    return tensors
