"""Activations on disk: append-only part files and a manifest that says what may be trusted.

A store is a folder with one safetensors file per batch of samples, holding every layer's rows of
that batch, and `manifest.json`; while it is being written, `parts.log` notes each part. Each
file appears by renaming, so a crash leaves whole files only, and each is trusted only while its
SHA-256 is the one noted. Neither times nor paths are stored: an interrupted and resumed capture
leaves the same bytes as an undisturbed one.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import weakref
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from topolens.activations.hooks.layer_batch import LayerBatch
from topolens.activations.stores.journal import JOURNAL, note_part, read_journal
from topolens.activations.stores.manifest import (
    DamagedManifest,
    LayerRecord,
    Manifest,
    PartRecord,
    as_json,
    first_difference,
)
from topolens.activations.stores.part_files import part_tensors, write_part
from topolens.activations.stores.store_reading import (
    MANIFEST,
    StoreReader,
    open_manifest,
    part_path,
)
from topolens.base.errors import StoreError
from topolens.base.files import make_folder, write_atomically

__all__ = ["ActivationStore"]

_OWN_FILE = re.compile(r"part-\d{6}\.safetensors|manifest\.json|parts\.log|\..*\.tmp")


class ActivationStore(StoreReader):
    """Rows of every captured layer, on disk, with what made them.

    Made by `create`, which also resumes, or `open`, which only reads. A store being written is
    locked against other writers until `finish` or `close`, or the end of a `with` block.
    """

    def __init__(self, path: Path, manifest: Manifest, *, damaged: tuple[str, ...] = ()) -> None:
        super().__init__(path, manifest)
        self.damaged = damaged
        """Files that `create` found damaged or missing, to be captured again."""
        self._unlock: weakref.finalize[Any, Any] | None = None
        self._next = 0

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
            is writing into it, or it cannot be written.
        InvalidInputError
            If `spec` is not made of JSON values.
        """
        fresh = Manifest.of(spec)
        make_folder(path)
        lock = _lock(path)
        try:
            manifest, damaged = _resume(path, fresh)
            store = cls(path, manifest, damaged=damaged)
            store._tidy()
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
        return cls(path, open_manifest(path))

    def begin(self, settings: Mapping[str, Any]) -> None:
        """Bind the parts to how they are captured; other settings are refused from then on.

        Raises
        ------
        StoreError
            If parts were captured with other settings; the message names the first.
        """
        current = as_json(settings, "settings")
        if self._manifest.settings is not None:
            self.check_settings(current)
            return
        if self._manifest.parts:
            raise StoreError(f"`{self.path}` holds parts captured without these settings")
        self._manifest.settings = current
        self._write_manifest()

    def check_settings(self, settings: Mapping[str, Any], *, but: str = "") -> None:
        """Refuse a store whose parts were captured with other settings, one of them left aside.

        Raises
        ------
        StoreError
            If they differ; the message names the first.
        """
        there, wanted = self._manifest.settings or {}, as_json(settings, "settings")
        kept = [{k: v for k, v in each.items() if k != but} for each in (there, wanted)]
        _refuse_other(kept[0], kept[1], self.path)

    def is_like(self, other: StoreReader, *, but: str = "") -> bool:
        """Tell whether another store was captured with the same settings, one left aside."""
        if other.settings is None:
            return False
        try:
            self.check_settings(other.settings, but=but)
        except StoreError:
            return False
        return True

    def append(
        self, batch: LayerBatch, *, index: int | None = None, made_from: str | None = None
    ) -> None:
        """Write one batch as part `index`, by default the first that is missing.

        Parameters
        ----------
        batch : LayerBatch
        index : int, optional
        made_from : str, optional
            Digest of the inputs that the model was shown, by which `adopt` knows the part.

        Raises
        ------
        StoreError
            If the part is already there, the store was opened for reading, the layers are not
            those of the other parts, or the part cannot be written; what was appended before
            is kept.
        """
        number = self._free_number(index)
        layers = {name: LayerRecord.of(rows, batch) for name, rows in batch.layers.items()}
        merged = self._merged(layers, has_predictions=batch.predictions is not None)
        sha256, n_bytes = write_part(part_path(self.path, number), part_tensors(batch))
        nonfinite = {name: rows.nonfinite for name, rows in batch.layers.items() if rows.nonfinite}
        part = PartRecord(
            sha256, n_bytes, len(batch.sample_ids), nonfinite, made_from, dict(batch.sums)
        )
        self._admit(number, part, merged, has_predictions=batch.predictions is not None)

    def adopt(self, other: StoreReader, *, index: int) -> None:
        """Take part `index` of another store as it is; the file is shared where links can be made.

        The layers of the part must be those that this store would write: that the two were
        captured alike is for the caller to know.

        Raises
        ------
        StoreError
            As `append`, and if the other store does not have the part or it is damaged.
        """
        number = self._free_number(index)
        if not other.has_part(index) or not other.is_whole(index):
            raise StoreError(f"`{other.path}` must have part {index}, whole, to be taken over")
        has_predictions = other.predictions_known
        merged = self._merged(other.layers_of_part(index), has_predictions=has_predictions)
        _share(part_path(other.path, index), part_path(self.path, number))
        self._admit(number, other.parts[index], merged, has_predictions=has_predictions)

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

    def _free_number(self, index: int | None) -> int:
        self._check_writable()
        while self.has_part(self._next):
            self._next += 1
        if index is None:
            return self._next
        if self.has_part(index):
            raise StoreError(f"part {index} is already in `{self.path}`")
        return index

    def _merged(
        self, layers: dict[str, LayerRecord], *, has_predictions: bool
    ) -> dict[str, LayerRecord]:
        """Return what the layers are with another part; one unlike the others is refused."""
        known = self._manifest.layers
        if not known:
            return layers
        if self._manifest.has_predictions != has_predictions:
            raise StoreError("every part must hold predictions, or none")
        if layers.keys() != known.keys():
            other = sorted(layers.keys() ^ known.keys())
            raise StoreError(f"every part must hold the same layers; {other} not in all of them")
        merged = {}
        for name, record in known.items():
            together = record.merged(layers[name])
            if together is None:
                raise StoreError(
                    f"layer `{name}` must be {record} as in the other parts; got {layers[name]}"
                )
            merged[name] = together
        return merged

    def _admit(
        self, index: int, part: PartRecord, layers: dict[str, LayerRecord], *, has_predictions: bool
    ) -> None:
        """Let a part that is on disk count."""
        if layers != self._manifest.layers:
            self._manifest.layers = layers
            self._manifest.has_predictions = has_predictions
            self._write_manifest()
        note_part(self.path, index, part)
        self._manifest.parts[index] = part

    def _tidy(self) -> None:
        """Remove what nobody noted, and write one manifest that says all."""
        trusted = {part_path(self.path, index).name for index in self._manifest.parts}
        unknown = [f for f in self.path.iterdir() if f.name not in trusted | {MANIFEST, JOURNAL}]
        for file in unknown:
            _remove(file)
        is_noted = (self.path / JOURNAL).exists()
        if unknown or is_noted or self.damaged or not (self.path / MANIFEST).exists():
            self._write_manifest()

    def _write_manifest(self) -> None:
        """Write all that is known; the journal has said its part then."""
        write_atomically(self.path / MANIFEST, self._manifest.to_bytes())
        _remove(self.path / JOURNAL)

    def _check_writable(self) -> None:
        if self._unlock is None or not self._unlock.alive:
            raise StoreError(f"`{self.path}` is open for reading; use `ActivationStore.create`")
        if self.complete:
            raise StoreError(f"`{self.path}` is complete and takes no more parts")


def _lock(path: Path) -> int:
    """Lock the folder itself, so that no lock file is left behind; a dead owner holds nothing."""
    descriptor = -1
    try:
        descriptor = os.open(path, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if descriptor >= 0:
            os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise StoreError(f"`{path}` is being written by another process") from None
        raise StoreError(f"`{path}` cannot be locked: {error.strerror or error}") from None
    return descriptor


def _resume(path: Path, fresh: Manifest) -> tuple[Manifest, tuple[str, ...]]:
    """Return the manifest to go on with and the names of the files that are damaged."""
    _refuse_foreign(path)
    try:
        if not (path / MANIFEST).exists():
            _remove(path / JOURNAL)
            return fresh, ()
        manifest = open_manifest(path)
    except DamagedManifest:
        _remove(path / JOURNAL)
        return fresh, (MANIFEST,)
    _refuse_other(manifest.spec, fresh.spec, path)
    damaged = StoreReader(path, manifest).verify()
    for index in [i for i in manifest.parts if part_path(path, i).name in damaged]:
        del manifest.parts[index]
        manifest.complete = False
    if not manifest.complete and read_journal(path)[1]:
        damaged += (JOURNAL,)
    return manifest, damaged


def _refuse_foreign(path: Path) -> None:
    foreign = sorted(p.name for p in path.iterdir() if not _OWN_FILE.fullmatch(p.name))
    if foreign:
        raise StoreError(
            f"`{path}` must be empty or hold an activation store; it holds `{foreign[0]}`"
        )


def _refuse_other(there: Mapping[str, Any], wanted: Mapping[str, Any], path: Path) -> None:
    different = first_difference(there, wanted)
    if different is not None:
        key, old, new = different
        raise StoreError(
            f"`{path}` holds a capture with `{key}` = {old!r}, not {new!r}; choose another folder "
            "or remove this one"
        )


def _remove(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"`{file}` cannot be removed: {error.strerror or error}") from None


def _share(source: Path, target: Path) -> None:
    """Let a file appear under a second name, as a link where the file system has them."""
    copy = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        try:
            os.link(source, copy)
        except OSError:
            shutil.copyfile(source, copy)
        copy.replace(target)
    except OSError as error:
        raise StoreError(f"`{target}` cannot be written: {error.strerror or error}") from None
    finally:
        copy.unlink(missing_ok=True)
