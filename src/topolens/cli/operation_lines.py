"""Registered measures as a table: what they take, count, do not see, and may be told."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from topolens.base.registry import Operation

__all__ = ["legend", "operation_lines"]

_WIDTH = 100
_GAP = "  "
_LETTERS = {
    "permutation": "P",
    "orthogonal": "R",
    "translation": "T",
    "isotropic_scaling": "S",
    "invertible_linear": "L",
}
_TAKES = {"points": "points", "diagrams": "diagrams", "labelled_points": "classes"}


def legend(*, metrics: bool) -> str:
    """Explain the letters."""
    kinds = (
        "\n  = same samples row by row, > asymmetric, ~ larger means more alike, d triangle "
        "inequality holds."
    )
    return (
        "  Unchanged by: P another order of the points, R rotation and reflection, T shift, "
        f"S scaling,\n  L any linear map.{kinds if metrics else ''}"
    )


def operation_lines(operations: Sequence[Operation], *, metrics: bool) -> list[str]:
    """Return a title and a line per operation, no wider than a page."""
    kinds = ("kind",) if metrics else ()
    rows = [("name", "takes", "unit", "unchanged", *kinds)]
    rows += [_cells(operation, metrics=metrics) for operation in operations]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    heads = [
        "  " + _GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    parameters = ["parameters", *(_parameters(operation) for operation in operations)]
    return [
        line
        for head, text in zip(heads, parameters, strict=True)
        for line in _wrapped(head + _GAP, text)
    ]


def _cells(operation: Operation, *, metrics: bool) -> tuple[str, ...]:
    kept = operation.invariances
    letters = "".join(letter for name, letter in _LETTERS.items() if getattr(kept, name))
    unit = operation.unit or ("curve" if operation.gives == "array" else "–")
    kinds = (_kind(operation),) if metrics else ()
    return operation.name, _TAKES[operation.takes], unit, letters or "–", *kinds


def _kind(operation: Operation) -> str:
    signs = {
        "=": operation.paired_rows,
        ">": not operation.symmetric,
        "~": operation.is_similarity,
        "d": operation.is_metric,
    }
    return "".join(sign for sign, holds in signs.items() if holds)


def _parameters(operation: Operation) -> str:
    return " ".join(f"{name}={_default(value)}" for name, value in operation.parameters.items())


def _default(value: object) -> str:
    return str(value).replace(" ", "") if isinstance(value, tuple | list) else str(value)


def _wrapped(head: str, text: str) -> list[str]:
    lines = textwrap.wrap(text, max(_WIDTH - len(head), 24), break_long_words=False) or [""]
    return [(head + lines[0]).rstrip(), *(" " * len(head) + line for line in lines[1:])]
