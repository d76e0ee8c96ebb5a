"""Samples to run models on: read, laid out for PyTorch, selected the same way for every model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from topolens.activations.data.choosing import Order, choose
from topolens.activations.data.samples import Inputs, Samples
from topolens.activations.data.sources import read_source
from topolens.base.checks import check_integer, check_one_of
from topolens.base.errors import InvalidInputError
from topolens.base.hashing import array_digest, content_key

__all__ = ["Samples", "load_samples"]

Layout = Literal["auto", "nhwc", "as_is"]

_IMAGE_CHANNELS = (1, 3)


def load_samples(
    source: str,
    *,
    base: Path,
    split: str | None = None,
    inputs: str | None = None,
    labels: str | None = None,
    classes: str | None = None,
    count: int | None = None,
    order: Order = "first",
    seed: int = 0,
    layout: Layout = "auto",
    download: bool = False,
) -> Samples:
    """Load samples and choose some; equal arguments choose equal samples everywhere.

    Parameters
    ----------
    source : str
        ``SCHEME`` or ``SCHEME:PATH``, as `topolens.activations.data.sources` knows them:
        ``digits``, ``npz:PATH``, ``npy:PATH``, … ``${NAME}`` in a path is an environment variable.
    base : Path
        Folder that relative paths start from.
    split, inputs, labels, classes : str, optional
        What they mean, and whether they may be given, depends on the scheme.
    count : int, optional
        How many samples; all by default (all that stay balanced, for ``balanced``).
    order : {"first", "balanced", "random"}
        ``first`` keeps the order of the source, ``random`` shuffles with `seed`, ``balanced``
        shuffles within each class and takes the classes in turn. A smaller count is always
        the beginning of a larger one.
    seed : int, default 0
        Seed of the shuffling, from 0.
    layout : {"auto", "nhwc", "as_is"}
        Of arrays. ``auto`` turns uint8 (n, h, w) into (n, 1, h, w), and uint8 (n, h, w, c) with
        1 or 3 channels last into (n, c, h, w) unless the second axis has 1 or 3 too; ``nhwc``
        does the latter always, for any type.
    download : bool, default False
        Whether ``tv:`` and ``hfds:`` may fetch what is missing.

    Returns
    -------
    Samples

    Raises
    ------
    InvalidInputError
        If the source, an array, a variable or a choice breaks a rule above.

    Examples
    --------
    >>> samples = load_samples("digits", base=Path(), split="test", count=20, order="balanced")
    >>> samples.inputs.shape, samples.labels[:10].tolist()
    ((20, 1, 8, 8), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    check_one_of(order, "order", ("first", "balanced", "random"))
    check_one_of(layout, "layout", ("auto", "nhwc", "as_is"))
    check_integer(seed, "seed", at_least=0)
    options = {"split": split, "inputs": inputs, "labels": labels, "classes": classes}
    found = read_source(source, base=base, options=options, download=download)
    everything = _laid_out(found.inputs, layout)
    n_samples = _common_length(everything)
    all_labels, class_names = _checked_labels(found.labels, found.classes, n_samples)
    chosen = choose(all_labels, n_samples, count=count, order=order, seed=seed)
    picked, digest = _pick(everything, chosen)
    picked_labels = None if all_labels is None else all_labels[chosen]
    rows = np.arange(n_samples) if found.rows is None else found.rows
    description = {
        **found.origin,
        "layout": layout,
        "count": len(chosen),
        "order": order,
        "seed": seed if order != "first" else None,
        "inputs_sha256": digest,
        "labels_sha256": None if picked_labels is None else array_digest(picked_labels),
    }
    return Samples(picked, picked_labels, class_names, rows[chosen], description)


def _laid_out(inputs: Inputs, layout: Layout) -> Inputs:
    if isinstance(inputs, np.ndarray):
        return _channels_first(_checked_array(inputs, "inputs"), layout)
    if isinstance(inputs, Mapping):
        return {name: _checked_array(array, name) for name, array in inputs.items()}
    return inputs


def _checked_array(array: NDArray[Any], name: str) -> NDArray[Any]:
    if array.ndim < 2 or len(array) == 0:
        raise InvalidInputError(
            f"`{name}` must have shape (n_samples, ...) with a sample at least; "
            f"got shape {array.shape}"
        )
    if array.dtype.kind not in "fiub":
        raise InvalidInputError(f"`{name}` must be real numbers; got dtype {array.dtype}")
    return array


def _channels_first(inputs: NDArray[Any], layout: Layout) -> NDArray[Any]:
    if layout == "nhwc":
        if inputs.ndim != 4:
            raise InvalidInputError(
                f"`inputs` must have shape (n, h, w, c) for layout `nhwc`; got {inputs.shape}"
            )
        return np.moveaxis(inputs, -1, 1)
    if layout == "as_is" or inputs.dtype != np.uint8:
        return inputs
    if inputs.ndim == 3:
        return inputs[:, None]
    channels_last = inputs.ndim == 4 and inputs.shape[-1] in _IMAGE_CHANNELS
    if channels_last and inputs.shape[1] not in _IMAGE_CHANNELS:
        return np.moveaxis(inputs, -1, 1)
    return inputs


def _common_length(inputs: Inputs) -> int:
    if not isinstance(inputs, Mapping):
        return len(inputs)
    lengths = {name: len(array) for name, array in inputs.items()}
    if len(set(lengths.values())) != 1:
        raise InvalidInputError(f"`inputs` must hold equally many samples each; got {lengths}")
    return next(iter(lengths.values()))


def _checked_labels(
    labels: NDArray[Any] | None, classes: NDArray[Any] | None, n_samples: int
) -> tuple[NDArray[np.int64] | None, tuple[str, ...] | None]:
    names = None if classes is None else tuple(str(name) for name in classes.ravel())
    if labels is None:
        return None, names
    if labels.shape != (n_samples,) or labels.dtype.kind not in "iu":
        raise InvalidInputError(
            f"`labels` must be {n_samples} integers, one per sample; "
            f"got {labels.dtype} of shape {labels.shape}"
        )
    outside = labels < 0 if names is None else (labels < 0) | (labels >= len(names))
    if outside.any():
        limit = "" if names is None else f" and below {len(names)}, the number of classes"
        raise InvalidInputError(
            f"`labels` must be from 0{limit}; got {int(labels[outside][0])} "
            f"in row {int(np.flatnonzero(outside)[0])}"
        )
    return labels.astype(np.int64), names


def _pick(inputs: Inputs, rows: NDArray[np.int64]) -> tuple[Inputs, str]:
    """Return the chosen inputs and their digest."""
    if isinstance(inputs, np.ndarray):
        picked = np.ascontiguousarray(inputs[rows])
        return picked, array_digest(picked)
    if isinstance(inputs, Mapping):
        arrays = {name: np.ascontiguousarray(array[rows]) for name, array in inputs.items()}
        return arrays, content_key({name: array_digest(array) for name, array in arrays.items()})
    taken = inputs.take(rows)
    return taken, taken.digest()
