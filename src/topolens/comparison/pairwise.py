"""All pairs of items under one registered metric; each item is prepared once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topolens.base.checks import check_integer
from topolens.base.errors import InvalidInputError
from topolens.base.registry import Operation, metrics
from topolens.base.results import DistanceMatrix

__all__ = ["cross", "pairwise"]

Label = tuple[str, ...]


def pairwise(
    items: Mapping[Label, Any],
    metric: str,
    *,
    params: Mapping[str, Any] | None = None,
    workers: int = 1,
) -> DistanceMatrix:
    """Compare all pairs of labelled items.

    Parameters
    ----------
    items : mapping of tuple of str to Diagram or array_like of shape (n_points, n_features)
        What the metric compares, by label, e.g. `{("net", "conv1"): diagrams[1], …}`.
    metric : str
        Name of a registered metric.
    params : mapping, optional
        Keyword parameters of the metric.
    workers : int, default 1
        Threads; they never change a value.

    Returns
    -------
    DistanceMatrix
        Symmetric; NaN, with a note, where an item or a pair has no defined value.

    Raises
    ------
    InvalidInputError
        If the metric or one of its parameters is unknown.
    """
    operation = _checked(metric, params)
    labels = tuple(items)
    prepared, notes = _prepare_all(items, operation, params or {})
    values = np.full((len(labels), len(labels)), np.nan)

    def fill_row(row: int) -> list[str]:
        values[row, row:], row_notes = _compare_row(
            operation, (labels[row], prepared[row]), list(zip(labels, prepared, strict=True))[row:]
        )
        return row_notes

    for row_notes in _in_threads(fill_row, len(labels), workers):
        notes += row_notes
    values = np.where(np.tri(len(labels), k=-1, dtype=bool), values.T, values)
    return DistanceMatrix(values, labels, metric, operation.is_similarity, _distinct(notes))


def cross(
    rows: Mapping[Label, Any],
    columns: Mapping[Label, Any],
    metric: str,
    *,
    params: Mapping[str, Any] | None = None,
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Compare every item of `rows` with every item of `columns`.

    Returns the values, shape (n_rows, n_columns), NaN where undefined, and the reasons.
    Parameters and errors as in `pairwise`.
    """
    operation = _checked(metric, params)
    left, left_notes = _prepare_all(rows, operation, params or {})
    right, right_notes = _prepare_all(columns, operation, params or {})
    others = list(zip(columns, right, strict=True))
    values = np.full((len(left), len(right)), np.nan)
    notes = left_notes + right_notes
    for row, item in enumerate(zip(rows, left, strict=True)):
        values[row], row_notes = _compare_row(operation, item, others)
        notes += row_notes
    return values, _distinct(notes)


def _checked(metric: str, params: Mapping[str, Any] | None) -> Operation:
    operation = metrics[metric]
    operation.check(params or {})
    return operation


def _prepare_all(
    items: Mapping[Label, Any], operation: Operation, params: Mapping[str, Any]
) -> tuple[list[Any], list[str]]:
    """Prepare each item; one that cannot be is None, with a note."""
    prepared: list[Any] = []
    notes: list[str] = []
    for label, item in items.items():
        try:
            prepared.append(_required(operation.prepare)(item, **params))
        except InvalidInputError as error:
            prepared.append(None)
            notes.append(f"{'/'.join(label)}: {error}")
    return prepared, notes


def _compare_row(
    operation: Operation, item: tuple[Label, Any], others: list[tuple[Label, Any]]
) -> tuple[NDArray[np.float64], list[str]]:
    label, prepared = item
    values = np.full(len(others), np.nan)
    notes: list[str] = []
    for column, (other_label, other) in enumerate(others):
        if prepared is None or other is None:
            continue
        try:
            values[column] = _required(operation.compare)(prepared, other)
        except InvalidInputError as error:
            notes.append(f"{'/'.join(label)} and {'/'.join(other_label)}: {error}")
    return values, notes


def _required(part: Callable[..., Any] | None) -> Callable[..., Any]:
    if part is None:
        raise TypeError("a metric must be registered with `prepare` and `compare`")
    return part


def _in_threads(task: Callable[[int], list[str]], count: int, workers: int) -> list[list[str]]:
    check_integer(workers, "workers", at_least=1)
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(task, range(count)))


def _distinct(notes: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(notes))
