"""Lenses from what the network answers: margin, entropy and loss of its logits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_points
from topolens.base.errors import InvalidInputError

__all__ = ["entropy", "loss", "margin"]

Values = NDArray[np.float64]


def margin(logits: ArrayLike, labels: ArrayLike | None = None) -> Values:
    """Logit of the true class less the largest other: negative where the network errs.

    Parameters
    ----------
    logits : array_like of shape (n_points, n_classes)
        Output of the network before softmax, at least two classes.
    labels : array_like of int of shape (n_points,), optional
        Column of the true class of each point. Default: the largest logit less the second.

    Returns
    -------
    ndarray of shape (n_points,)
        In the units of the logits.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above.
    """
    outputs = _check_logits(logits)
    rows = np.arange(len(outputs))
    true = outputs.argmax(axis=1) if labels is None else _check_columns(labels, outputs)
    others = outputs.copy()
    others[rows, true] = -np.inf
    margins: Values = outputs[rows, true] - others.max(axis=1)
    return margins


def entropy(logits: ArrayLike) -> Values:
    """Entropy of the softmax of the logits: 0 where the network is sure.

    Parameters
    ----------
    logits : array_like of shape (n_points, n_classes)
        Output of the network before softmax, at least two classes.

    Returns
    -------
    ndarray of shape (n_points,)
        In nats, from 0 to log(n_classes).

    Raises
    ------
    InvalidInputError
        If `logits` is not finite or has one class.
    """
    logs = _log_softmax(_check_logits(logits))
    # exp underflows before its product with the logarithm matters.
    nats: Values = np.maximum(-(np.exp(logs) * logs).sum(axis=1), 0)
    return nats


def loss(logits: ArrayLike, labels: ArrayLike) -> Values:
    """Cross-entropy of each point: minus the log of its true class's probability.

    Parameters
    ----------
    logits : array_like of shape (n_points, n_classes)
        Output of the network before softmax, at least two classes.
    labels : array_like of int of shape (n_points,)
        Column of the true class of each point.

    Returns
    -------
    ndarray of shape (n_points,)
        In nats.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above.
    """
    outputs = _check_logits(logits)
    true = _check_columns(labels, outputs)
    return np.maximum(-_log_softmax(outputs)[np.arange(len(outputs)), true], 0)


def _check_logits(logits: ArrayLike) -> Values:
    outputs = check_points(logits, name="logits", at_least=1).astype(np.float64)
    if outputs.shape[1] < 2:
        raise InvalidInputError(
            f"`logits` must have a column for each of two classes or more; got {outputs.shape[1]}"
        )
    return outputs


def _check_columns(labels: ArrayLike, outputs: Values) -> NDArray[np.int64]:
    array: NDArray[Any] = np.asarray(labels)
    if array.shape != (len(outputs),) or array.dtype.kind not in "iu":
        raise InvalidInputError(
            f"`labels` must be one column of `logits` for each of the {len(outputs)} points; "
            f"got {array.dtype} of shape {array.shape}"
        )
    outside = np.flatnonzero((array < 0) | (array >= outputs.shape[1]))
    if len(outside):
        raise InvalidInputError(
            f"`labels` must be from 0 to {outputs.shape[1] - 1}, the columns of `logits`; row "
            f"{outside[0]} is {array[outside[0]]}"
        )
    return array.astype(np.int64)


def _log_softmax(outputs: Values) -> Values:
    moved = outputs - outputs.max(axis=1, keepdims=True)
    logs: Values = moved - np.log(np.exp(moved).sum(axis=1, keepdims=True))
    return logs
