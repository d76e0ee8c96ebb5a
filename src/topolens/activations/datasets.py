"""Samples to run models on: read, laid out for PyTorch, selected the same way for every model."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from topolens.activations.array_files import array_in, load_array, open_archive
from topolens.base.checks import check_integer, check_one_of
from topolens.base.errors import InvalidInputError
from topolens.base.files import expand_path
from topolens.base.hashing import array_digest

__all__ = ["Samples", "load_samples"]

Order = Literal["first", "balanced", "random"]
Layout = Literal["auto", "nhwc", "as_is"]

_DIGITS_SPLIT_SEED = 0
_IMAGE_CHANNELS = (1, 3)


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Inputs of a model with what is known about each."""

    inputs: NDArray[Any]
    """One entry per sample along the first axis; images are (n, channels, height, width)."""
    labels: NDArray[np.int64] | None
    """Class index per sample, shape (n,)."""
    classes: tuple[str, ...] | None
    """Name of each class index."""
    ids: NDArray[np.int64]
    """Row of each sample in its source, shape (n,); no two are equal."""
    description: dict[str, Any]
    """Where they come from and how they were chosen, with a digest; the same on any machine."""

    def __len__(self) -> int:
        return len(self.inputs)


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
) -> Samples:
    """Load samples and choose some; equal arguments choose equal samples everywhere.

    Parameters
    ----------
    source : str
        ``digits`` (the 1797 handwritten digits of scikit-learn, (n, 1, 8, 8) uint8 from 0 to
        16), ``npz:PATH`` or ``npy:PATH``. ``${NAME}`` in a path is an environment variable.
    base : Path
        Folder that relative paths start from.
    split : str, optional
        For digits: ``train`` (a fixed two thirds of each class), ``test`` (the rest), or all.
        For npz: the default arrays are ``x_SPLIT`` and ``y_SPLIT``, with split ``test``.
    inputs, labels, classes : str, optional
        For npz: names of the arrays to use instead. For npy: `labels` is the path of a second
        .npy file.
    count : int, optional
        How many samples; all by default (all that stay balanced, for ``balanced``).
    order : {"first", "balanced", "random"}
        ``first`` keeps the order of the source, ``random`` shuffles with `seed`, ``balanced``
        shuffles within each class and takes the classes in turn. A smaller count is always
        the beginning of a larger one.
    seed : int, default 0
        Seed of the shuffling, from 0.
    layout : {"auto", "nhwc", "as_is"}
        ``auto`` turns uint8 (n, h, w) into (n, 1, h, w), and uint8 (n, h, w, c) with 1 or 3
        channels last into (n, c, h, w) unless the second axis has 1 or 3 too; ``nhwc`` does
        the latter always, for any type.

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
    names = {"inputs": inputs, "labels": labels, "classes": classes}
    found = _read_source(source, base, split, names)
    everything = _channels_first(_checked_inputs(found.inputs), layout)
    all_labels, class_names = _checked_labels(found.labels, found.classes, len(everything))
    chosen = _choose(all_labels, len(everything), count, order, seed)
    picked = np.ascontiguousarray(everything[chosen])
    picked_labels = None if all_labels is None else all_labels[chosen]
    description = {
        **found.origin,
        "layout": layout,
        "count": len(chosen),
        "order": order,
        "seed": seed if order != "first" else None,
        "inputs_sha256": array_digest(picked),
        "labels_sha256": None if picked_labels is None else array_digest(picked_labels),
    }
    return Samples(picked, picked_labels, class_names, found.rows[chosen], description)


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """Arrays as they lie in the source."""

    inputs: NDArray[Any]
    labels: NDArray[Any] | None
    classes: NDArray[Any] | None
    rows: NDArray[np.int64]
    origin: dict[str, Any]


def _read_source(
    source: str, base: Path, split: str | None, names: Mapping[str, str | None]
) -> _Found:
    if source == "digits":
        _refuse_given(names, source)
        return _read_digits(split)
    kind, _, location = source.partition(":")
    if not location or kind not in ("npz", "npy"):
        raise InvalidInputError(
            f"`source` must be `digits`, `npz:PATH` or `npy:PATH`; got {source!r}"
        )
    path = expand_path(location, base=base, name="source")
    if kind == "npz":
        return _read_npz(path, split or "test", names)
    refused = {"split": split, "inputs": names["inputs"], "classes": names["classes"]}
    _refuse_given(refused, f"npy:{path.name}")
    labels = names["labels"]
    return _read_npy(path, labels and expand_path(labels, base=base, name="labels"))


def _refuse_given(given: Mapping[str, str | None], source: str) -> None:
    for name, value in given.items():
        if value is not None:
            raise InvalidInputError(f"`{name}` must be left out for `{source}`; got {value!r}")


def _read_digits(split: str | None) -> _Found:
    if split is not None:
        check_one_of(split, "split", ("train", "test"))
    images, labels = _digits()
    rows = _digits_rows(labels, split)
    inputs = images[rows].astype(np.uint8).reshape(-1, 1, 8, 8)
    classes = np.array([str(digit) for digit in range(10)])
    return _Found(inputs, labels[rows], classes, rows, {"source": "digits", "split": split})


@functools.cache
def _digits() -> tuple[NDArray[Any], NDArray[Any]]:
    # Importing scikit-learn takes half a second, and other sources do without it.
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return images, labels


def _digits_rows(labels: NDArray[Any], split: str | None) -> NDArray[np.int64]:
    in_train = np.zeros(len(labels), bool)
    for label in range(10):
        members = np.flatnonzero(labels == label)
        shuffled = members[_permutation(len(members), _DIGITS_SPLIT_SEED, label)]
        in_train[shuffled[: round(len(members) * 2 / 3)]] = True
    if split is None:
        return np.arange(len(labels))
    return np.flatnonzero(in_train if split == "train" else ~in_train)


def _read_npz(path: Path, split: str, names: Mapping[str, str | None]) -> _Found:
    wanted = {"inputs": f"x_{split}", "labels": f"y_{split}", "classes": "classes"}
    wanted |= {role: key for role, key in names.items() if key is not None}
    arrays: dict[str, NDArray[Any] | None] = {"labels": None, "classes": None}
    with open_archive(path, name="source") as archive:
        inputs = array_in(archive, wanted["inputs"], name="source")
        for role in arrays:
            if names[role] is not None or wanted[role] in archive.files:
                arrays[role] = array_in(archive, wanted[role], name="source")
    origin = {
        "source": f"npz:{path.name}",
        "inputs": wanted["inputs"],
        "labels": None if arrays["labels"] is None else wanted["labels"],
    }
    rows = np.arange(inputs.shape[0] if inputs.ndim else 0)
    return _Found(inputs, arrays["labels"], arrays["classes"], rows, origin)


def _read_npy(path: Path, label_path: Path | str | None) -> _Found:
    inputs = load_array(path, name="source", in_place=True)
    labels = load_array(Path(label_path), name="labels") if label_path else None
    origin = {
        "source": f"npy:{path.name}",
        "labels": Path(label_path).name if label_path else None,
    }
    rows = np.arange(inputs.shape[0] if inputs.ndim else 0)
    return _Found(inputs, labels, None, rows, origin)


def _checked_inputs(inputs: NDArray[Any]) -> NDArray[Any]:
    if inputs.ndim < 2 or len(inputs) == 0:
        raise InvalidInputError(
            f"`inputs` must have shape (n_samples, ...) with a sample at least; "
            f"got shape {inputs.shape}"
        )
    if inputs.dtype.kind not in "fiub":
        raise InvalidInputError(f"`inputs` must be real numbers; got dtype {inputs.dtype}")
    return inputs


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


def _choose(
    labels: NDArray[np.int64] | None, n_samples: int, count: int | None, order: Order, seed: int
) -> NDArray[np.int64]:
    """Return the chosen rows in their order; any beginning of them is a choice as well."""
    if order == "balanced":
        if labels is None:
            raise InvalidInputError("`order` must be `first` or `random` where there are no labels")
        candidates = _in_turn(labels, seed)
    elif order == "random":
        candidates = _permutation(n_samples, seed)
    else:
        candidates = np.arange(n_samples)
    if count is None:
        return candidates
    limit = len(candidates)
    check_integer(count, "count", at_least=1)
    if count > limit:
        how = "that are balanced" if order == "balanced" else "in the source"
        raise InvalidInputError(
            f"`count` must be at most {limit}, the number of samples {how}; got {count}"
        )
    return candidates[:count]


def _in_turn(labels: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Return rows shuffled within their class, one of each class after the other."""
    members = {int(label): np.flatnonzero(labels == label) for label in np.unique(labels)}
    smallest = min(len(rows) for rows in members.values())
    shuffled = [
        rows[_permutation(len(rows), seed, label)][:smallest] for label, rows in members.items()
    ]
    return np.stack(shuffled, axis=1).ravel()


def _permutation(size: int, *seeds: int) -> NDArray[np.int64]:
    """Shuffle by sorting raw bits, whose stream NumPy promises never to change."""
    return np.argsort(np.random.PCG64(seeds).random_raw(size), kind="stable")
