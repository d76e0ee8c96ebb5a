"""All pairs of items under one registered metric; each item is prepared once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import combinations_with_replacement, product
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from topolens.base.blas import one_blas_thread
from topolens.base.checks import check_integer
from topolens.base.errors import InvalidInputError
from topolens.base.registry import Operation, metrics
from topolens.base.results import DistanceMatrix

__all__ = ["PreparedItem", "cross", "cross_prepared", "pairwise", "prepare_item"]

Label: TypeAlias = tuple[str, ...]
OnProgress: TypeAlias = Callable[[float], object]
Place: TypeAlias = tuple[int, int]

_CHUNKS_PER_WORKER = 16
"""Pairs go to threads in chunks, so that a cheap comparison is not drowned in handing over."""


@dataclass(frozen=True, slots=True, eq=False)
class PreparedItem:
    """What a metric made of one item, or why it could make nothing of it."""

    label: Label
    item: Any
    problem: InvalidInputError | None = None

    @property
    def name(self) -> str:
        """The label in sentences, e.g. `net/conv1`."""
        return "/".join(self.label)


def pairwise(
    items: Mapping[str, Any] | Mapping[Label, Any] | Sequence[Any],
    metric: str,
    *,
    params: Mapping[str, Any] | None = None,
    workers: int = 1,
    on_progress: OnProgress | None = None,
) -> DistanceMatrix:
    """Compare all pairs of labelled items; the work that one item needs is done once.

    Parameters
    ----------
    items : mapping or sequence of Diagram or array_like of shape (n_points, n_features)
        What the metric compares, by label: `{"conv1": points, …}`, or with tuples as labels,
        `{("net", "conv1"): diagrams[1], …}`. The items of a sequence are labelled "0", "1", ….
    metric : str
        Name of a registered metric.
    params : mapping, optional
        Keyword parameters of the metric.
    workers : int, default 1
        Threads; they never change a value.
    on_progress : callable, optional
        Called now and then with the share of the pairs that is done, 0 to 1; what it raises
        stops the work.

    Returns
    -------
    DistanceMatrix
        Row `i`, column `j` is the metric of item `i` and item `j`; NaN, with a note, where an
        item or a pair has no defined value. Of an asymmetric metric both triangles are computed.

    Raises
    ------
    InvalidInputError
        If the metric or one of its parameters is unknown, labels are no text or repeat, or the
        metric can make nothing of any item.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> layers = {name: rng.normal(size=(50, 8)) for name in ("conv1", "conv2", "head")}
    >>> matrix = pairwise(layers, "linear_cka")
    >>> matrix.labels, matrix.values.shape
    ((('conv1',), ('conv2',), ('head',)), (3, 3))
    """
    operation = _checked(metric, params)
    check_integer(workers, "workers", at_least=1)
    if on_progress is not None and not callable(on_progress):
        raise InvalidInputError(f"`on_progress` must be callable; got {on_progress!r}")
    labelled = _labelled(items)
    with one_blas_thread(), ThreadPoolExecutor(workers) as pool:
        prepared = list(
            pool.map(
                lambda label: prepare_item(operation, label, labelled[label], params or {}),
                labelled,
            )
        )
        _refuse_if_nothing_fits(prepared)
        at_once = _at_once(operation, prepared, prepared)
        if at_once is None:
            values, notes = _in_chunks(pool, operation, prepared, workers, on_progress)
        else:
            values, notes = at_once, []
            if on_progress is not None:
                on_progress(1.0)
    notes = [*_problems(prepared), *notes]
    return DistanceMatrix(
        values,
        tuple(labelled),
        metric,
        operation.is_similarity,
        _distinct(notes),
        operation.symmetric,
    )


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
    left, right = (
        [prepare_item(operation, label, item, params or {}) for label, item in side.items()]
        for side in (rows, columns)
    )
    return cross_prepared(operation, left, right)


def cross_prepared(
    operation: Operation, rows: Sequence[PreparedItem], columns: Sequence[PreparedItem]
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Compare prepared items as `cross` does.

    Where `rows` and `columns` are one sequence and the metric is symmetric, each pair is compared
    once.
    """
    at_once = _at_once(operation, rows, columns)
    if at_once is not None:
        return at_once, _distinct([*_problems(rows), *_problems(columns)])
    values = np.full((len(rows), len(columns)), np.nan)
    mirrored = rows is columns and operation.symmetric
    places = _pairs(len(rows)) if mirrored else _all_pairs(len(rows), len(columns))
    notes = _fill(values, operation, rows, columns, places)
    if mirrored:
        _mirror(values)
    return values, _distinct([*_problems(rows), *_problems(columns), *notes])


def prepare_item(
    operation: Operation, label: Label, item: object, params: Mapping[str, Any]
) -> PreparedItem:
    """Do for one item what the metric needs once; what it cannot use is kept as a problem."""
    try:
        return PreparedItem(label, _required(operation.prepare)(item, **params))
    except InvalidInputError as error:
        return PreparedItem(label, None, error)


def _checked(metric: str, params: Mapping[str, Any] | None) -> Operation:
    operation = metrics[metric]
    operation.check(params or {})
    _required(operation.prepare), _required(operation.compare)
    return operation


def _labelled(items: object) -> dict[Label, Any]:
    """Give every item a label that is a tuple of texts."""
    if isinstance(items, Mapping):
        given = [(_label(key), item) for key, item in items.items()]
    elif isinstance(items, Sequence) and not isinstance(items, str | bytes):
        given = [((str(number),), item) for number, item in enumerate(items)]
    else:
        raise InvalidInputError(
            "`items` must be a mapping from labels to items, or a sequence of items; "
            f"got {type(items).__name__}"
        )
    labelled = dict(given)
    if len(labelled) < len(given):
        labels = [label for label, _ in given]
        twice = next(label for label in labels if labels.count(label) > 1)
        raise InvalidInputError(f"`items` must have different labels; {twice!r} occurs twice")
    return labelled


def _label(key: object) -> Label:
    label = (key,) if isinstance(key, str) else key
    if not isinstance(label, tuple) or not label or not all(isinstance(p, str) for p in label):
        raise InvalidInputError(
            f"`items` must have texts or tuples of texts as labels; got {key!r}"
        )
    return label


def _refuse_if_nothing_fits(prepared: Sequence[PreparedItem]) -> None:
    """Raise the reason of the first item where no item is of use: the call is at fault."""
    problems = [one.problem for one in prepared if one.problem is not None]
    if problems and len(problems) == len(prepared):
        raise InvalidInputError(f"{prepared[0].name}: {problems[0]}")


def _at_once(
    operation: Operation, rows: Sequence[PreparedItem], columns: Sequence[PreparedItem]
) -> NDArray[np.float64] | None:
    """All values by the metric's `compare_many`; None if it has none or refuses a pair.

    Pair by pair the others then get their values, and the one refused its sentence.
    """
    here, there = (
        [place for place, one in enumerate(side) if one.problem is None] for side in (rows, columns)
    )
    values = np.full((len(rows), len(columns)), np.nan)
    if operation.compare_many is None or not here or not there:
        return None
    left = [rows[place].item for place in here]
    right = left if rows is columns else [columns[place].item for place in there]
    try:
        values[np.ix_(here, there)] = operation.compare_many(left, right)
    except InvalidInputError:
        return None
    if rows is columns and operation.symmetric:
        _mirror(values)
    return values


def _in_chunks(
    pool: ThreadPoolExecutor,
    operation: Operation,
    prepared: Sequence[PreparedItem],
    workers: int,
    on_progress: OnProgress | None,
) -> tuple[NDArray[np.float64], list[str]]:
    n_items = len(prepared)
    values = np.full((n_items, n_items), np.nan)
    places = list(_pairs(n_items) if operation.symmetric else _all_pairs(n_items, n_items))
    size = max(1, -(-len(places) // (_CHUNKS_PER_WORKER * workers)))
    chunks = [places[start : start + size] for start in range(0, len(places), size)]
    running = [pool.submit(_fill, values, operation, prepared, prepared, chunk) for chunk in chunks]
    try:
        for n_done, future in enumerate(as_completed(running), 1):
            future.result()
            if on_progress is not None:
                on_progress(n_done / len(running))
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise
    if operation.symmetric:
        _mirror(values)
    return values, [note for future in running for note in future.result()]


def _pairs(n_items: int) -> Iterable[Place]:
    return combinations_with_replacement(range(n_items), 2)


def _all_pairs(n_rows: int, n_columns: int) -> Iterable[Place]:
    return product(range(n_rows), range(n_columns))


def _fill(
    values: NDArray[np.float64],
    operation: Operation,
    rows: Sequence[PreparedItem],
    columns: Sequence[PreparedItem],
    places: Iterable[Place],
) -> list[str]:
    """Write the value of each pair into its place; return why some have none."""
    compare, notes = _required(operation.compare), []
    for row, column in places:
        first, second = rows[row], columns[column]
        if first.problem is not None or second.problem is not None:
            continue
        try:
            values[row, column] = compare(first.item, second.item)
        except InvalidInputError as error:
            notes.append(f"{first.name} and {second.name}: {error}")
    return notes


def _mirror(values: NDArray[np.float64]) -> None:
    below = np.tri(len(values), k=-1, dtype=bool)
    values[below] = values.T[below]


def _required(part: Callable[..., Any] | None) -> Callable[..., Any]:
    if part is None:
        raise TypeError("a metric must be registered with `prepare` and `compare`")
    return part


def _problems(prepared: Sequence[PreparedItem]) -> list[str]:
    return [f"{one.name}: {one.problem}" for one in prepared if one.problem is not None]


def _distinct(notes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(notes))
