"""`digits`: the 1797 handwritten digits of scikit-learn, (n, 1, 8, 8) uint8 from 0 to 16."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topolens.activations.data.choosing import permutation
from topolens.activations.data.sources.registry import Found, Request, source
from topolens.base.checks import check_one_of

__all__ = ["read_digits"]

_SPLIT_SEED = 0


@source("digits", needs="nothing", takes=("split",))
def read_digits(request: Request) -> Found:
    """Read the digits: split ``train`` (a fixed two thirds of each class), ``test``, or all."""
    split = request.options.get("split")
    if split is not None:
        check_one_of(split, "split", ("train", "test"))
    images, labels = _digits()
    rows = _rows(labels, split)
    inputs = images[rows].astype(np.uint8).reshape(-1, 1, 8, 8)
    classes = np.array([str(digit) for digit in range(10)])
    return Found(inputs, {"source": "digits", "split": split}, labels[rows], classes, rows)


@functools.cache
def _digits() -> tuple[NDArray[Any], NDArray[Any]]:
    # Importing scikit-learn takes half a second, and other sources do without it.
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return images, labels


def _rows(labels: NDArray[Any], split: str | None) -> NDArray[np.int64]:
    in_train = np.zeros(len(labels), bool)
    for label in range(10):
        members = np.flatnonzero(labels == label)
        shuffled = members[permutation(len(members), _SPLIT_SEED, label)]
        in_train[shuffled[: round(len(members) * 2 / 3)]] = True
    if split is None:
        return np.arange(len(labels))
    return np.flatnonzero(in_train if split == "train" else ~in_train)
