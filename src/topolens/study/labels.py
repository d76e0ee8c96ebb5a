"""The class of every captured row, for measures of labelled clouds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from topolens.activations.data.samples import Samples
from topolens.base.hashing import array_digest, content_key
from topolens.base.registry import descriptors as descriptor_registry
from topolens.study.cache import Result, ResultCache
from topolens.study.capturing import readymade_samples
from topolens.study.reading import StudyFile
from topolens.study.survey import Surveyed

__all__ = ["class_names", "with_labels"]

Labelled = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Ids of samples, ascending, and the class index of each."""


def with_labels(
    root: Path, file: StudyFile, surveyed: Sequence[Surveyed], samples: Samples | None
) -> list[Surveyed]:
    """Return the models with the key of each layer's labels, where something asks for them.

    A model whose rows have no labels, or not all of them, stays as it is.
    """
    takes = {descriptor_registry[chosen.name].takes for chosen in file.spec.descriptors}
    if "labelled_points" not in takes and not file.spec.mapper:
        return list(surveyed)
    cache, shared = ResultCache(root / "results"), _labels_of(samples)
    return [_labelled(cache, model, _own_labels(file, model) or shared) for model in surveyed]


def class_names(
    file: StudyFile, surveyed: Sequence[Surveyed], samples: Samples | None
) -> dict[str, tuple[str, ...]]:
    """Return the names of the classes of every labelled model, where they have names."""
    shared = None if samples is None else samples.classes
    found = {}
    for model in surveyed:
        own = readymade_samples(file, model.capture.model) if model.labels else None
        names = shared if own is None else own.classes
        if model.labels and names is not None:
            found[model.name] = names
    return found


def _labels_of(samples: Samples | None) -> Labelled | None:
    if samples is None or samples.labels is None:
        return None
    return _by_id(samples.ids, samples.labels)


def _own_labels(file: StudyFile, model: Surveyed) -> Labelled | None:
    found = readymade_samples(file, model.capture.model)
    if found is None or found.labels is None:
        return None
    return _by_id(found.sample_ids, found.labels)


def _by_id(ids: NDArray[np.int64], labels: NDArray[np.int64]) -> Labelled:
    order = np.argsort(ids)
    return ids[order], labels[order]


def _labelled(cache: ResultCache, model: Surveyed, known: Labelled | None) -> Surveyed:
    if known is None:
        return model
    keys = {}
    for number, layer in enumerate(model.layers):
        labels = _per_row(model.result.arrays[f"ids:{number}"][:, 0], known)
        if labels is not None:
            keys[layer["name"]] = _kept(cache, labels)
    return replace(model, labels=keys)


def _per_row(sample_ids: NDArray[np.int64], known: Labelled) -> NDArray[np.int64] | None:
    ids, labels = known
    places = np.minimum(np.searchsorted(ids, sample_ids), len(ids) - 1)
    return labels[places] if np.array_equal(ids[places], sample_ids) else None


def _kept(cache: ResultCache, labels: NDArray[np.int64]) -> str:
    key = content_key({"kind": "labels", "labels": array_digest(labels)})
    if not cache.has(key):
        cache.put(key, Result({"labels": labels}))
    return key
