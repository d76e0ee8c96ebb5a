"""How much of the disk a study's captures will take, told before anything is written."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from topolens.activations.data.preprocess import preprocess_batch
from topolens.activations.data.samples import Samples
from topolens.activations.hooks.layer_batch import LayerBatch
from topolens.activations.hooks.pool_names import parse_pool
from topolens.activations.stores.storage_forecast import batch_sizes, check_room, forecast_bytes
from topolens.activations.stores.store import ActivationStore
from topolens.base.errors import InvalidInputError, StoreError, TopolensError
from topolens.base.progress import RoomNeeded
from topolens.study.capturing import (
    Capture,
    capture_settings,
    import_batch,
    load_network,
)
from topolens.study.reading import StudyFile
from topolens.study.shown import shown_to

__all__ = ["forecast_room", "with_forecast"]

_EXAMPLES = 2


def with_forecast(
    root: Path, file: StudyFile, capture: Capture, samples: Samples | None
) -> Capture:
    """Return a capture with its layers and the size of what it will write, from a trial run.

    The trial takes two samples and, where that fails, the whole first batch: a network may be
    built for batches of one size. What fails both ways will fail in the capture; it has no
    forecast, and `problem` says why.
    """
    first = file.spec.capture.batch_size
    try:
        try:
            example = _example(file, capture, samples, min(_EXAMPLES, first))
        except InvalidInputError:
            example = _example(file, capture, samples, first)
    except TopolensError as error:
        return replace(capture, n_bytes=None, problem=str(error))
    except Exception:  # noqa: BLE001  a model is foreign code and may raise anything
        return replace(capture, n_bytes=None)
    if samples is None or capture.model.activations is not None:
        sizes = [len(example.sample_ids)]
    else:
        sizes = batch_sizes(len(samples), file.spec.capture.batch_size)
    total = forecast_bytes(example, sizes)
    n_bytes = max(0, total - _written(root / capture.store))
    return replace(capture, n_bytes=n_bytes, layers=tuple(example.layers))


def forecast_room(root: Path, captures: list[Capture], *, refuse: bool) -> RoomNeeded:
    """Return what all captures together will write and what is free below `root`.

    Raises
    ------
    StoreError
        With `refuse`, if it does not fit.
    """
    sizes = {capture.key: capture.n_bytes for capture in captures}
    n_bytes = sum(size for size in sizes.values() if size is not None)
    folder = next(path for path in (root, *root.absolute().parents) if path.is_dir())
    if refuse:
        check_room(folder, n_bytes)
    return RoomNeeded(n_bytes, shutil.disk_usage(folder).free, None not in sizes.values())


def _example(
    file: StudyFile, capture: Capture, samples: Samples | None, n_examples: int
) -> LayerBatch:
    """Return what a few samples leave behind; what is imported, as a whole."""
    if capture.model.activations is not None or samples is None:
        return import_batch(file, capture.model)
    from topolens.activations.hooks.capture import capture as capture_batches

    model = capture.model
    layers, exclude, pool = capture_settings(file, model)
    few = slice(n_examples)
    shown = shown_to(file, model, samples)
    inputs = preprocess_batch(shown.batch(few), mean=model.mean, std=model.std, scale=model.scale)
    batches = [(inputs, shown.ids[few])]
    network = load_network(file, model)
    tried = str(parse_pool(pool).without_masks)
    return next(capture_batches(network, batches, layers=layers, exclude=exclude, pool=tried))


def _written(path: Path) -> int:
    try:
        return ActivationStore.open(path).n_bytes
    except StoreError:
        return 0
