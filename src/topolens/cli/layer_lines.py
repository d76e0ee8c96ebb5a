"""The table that `topolens layers` prints: a tree of modules that fits a page."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from topolens.activations.hooks.dry_run import KeptLayer
    from topolens.activations.hooks.layers import LayerInfo

__all__ = ["json_record", "table_lines", "total_line"]

_WIDTH = 100
_SHORTEST_TYPE = 8
_TITLES = ("layer", "type", "output", "parameters", "captured", "per 1,000")
_RIGHT = (3, 5)
"""Columns of numbers."""

Cells = tuple[str, ...]


def table_lines(table: Sequence[LayerInfo], kept: Sequence[KeptLayer]) -> list[str]:
    """Return a line per module, indented by depth, names in full.

    Where that is wider than a page, each line has only the last part of the name, and a note says
    so. Where even that is too wide, types are shortened, visibly; names never.
    """
    by_module = _by_module(kept)
    lines = _aligned([_TITLES, *(_cells(info, info.name, by_module) for info in table)])
    if max(map(len, lines)) <= _WIDTH:
        return lines
    parts = [_cells(info, info.name.rpartition(".")[2], by_module) for info in table]
    lines = _aligned([_TITLES, *parts])
    excess = max(map(len, lines)) - _WIDTH
    if excess > 0:
        longest = max(len(cells[1]) for cells in parts) - excess
        shortened = [_with_short_type(cells, max(longest, _SHORTEST_TYPE)) for cells in parts]
        lines = _aligned([_TITLES, *shortened])
    deepest = max(table, key=lambda info: info.depth).name
    return [*lines, "", f"A name has the parts above it before it, with dots, as in `{deepest}`."]


def total_line(kept: Sequence[KeptLayer], n_parameters: int) -> str:
    """Return the sentence below the table."""
    layers = "1 layer" if len(kept) == 1 else f"{len(kept)} layers"
    numbers = sum(own.rows_per_sample * own.n_features for own in kept)
    return (
        f"{n_parameters:,} parameters; {layers} captured, {numbers:,} numbers per sample, "
        f"{_size(1000 * sum(own.bytes_per_sample for own in kept))} per 1,000 samples"
    )


def json_record(
    table: Sequence[LayerInfo], kept: Sequence[KeptLayer], n_parameters: int
) -> dict[str, Any]:
    """Return what the table says, for other programs."""
    by_module = _by_module(kept)
    return {
        "parameters": n_parameters,
        "bytes_per_1000_samples": 1000 * sum(own.bytes_per_sample for own in kept),
        "layers": [
            {
                "name": info.name,
                "depth": info.depth,
                "type": info.type,
                "output_shape": info.output_shape,
                "parameters": info.n_parameters,
                "calls": info.calls,
                "captured": [
                    {
                        "name": own.name,
                        "rows_per_sample": own.rows_per_sample,
                        "features": own.n_features,
                        "bytes_per_1000_samples": 1000 * own.bytes_per_sample,
                    }
                    for own in by_module.get(info.name, [])
                ],
            }
            for info in table
        ],
    }


def _by_module(kept: Sequence[KeptLayer]) -> dict[str, list[KeptLayer]]:
    grouped = defaultdict(list)
    for own in kept:
        grouped[own.module].append(own)
    return dict(grouped)


def _aligned(lines: Sequence[Cells]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if column in _RIGHT else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def _cells(info: LayerInfo, name: str, by_module: Mapping[str, Sequence[KeptLayer]]) -> Cells:
    shape = "never runs" if info.calls == 0 else "no tensor"
    if info.output_shape is not None:
        shape = " x ".join(map(str, info.output_shape)) or "one number"
    if info.calls > 1:
        shape = f"{shape}, {info.calls} times"
    own = by_module.get(info.name, [])
    size = _size(1000 * sum(one.bytes_per_sample for one in own)) if own else ""
    indent = "  " * (info.depth - 1)
    return indent + name, info.type, shape, f"{info.n_parameters:,}", _captured(own), size


def _captured(own: Sequence[KeptLayer]) -> str:
    """Write `4 x 64`, `4 x 64 @input` for another place, and equal calls together."""
    counts = Counter(
        f"{one.rows_per_sample} x {one.n_features} {_place(one)}".rstrip() for one in own
    )
    return ", ".join(
        text if count == 1 else f"{text}, {count} times" for text, count in counts.items()
    )


def _place(one: KeptLayer) -> str:
    return one.name[len(one.module) :].partition("#")[0]


def _with_short_type(cells: Cells, longest: int) -> Cells:
    name, kind, *others = cells
    return name, kind if len(kind) <= longest else f"{kind[: longest - 1]}…", *others


def _size(n_bytes: int) -> str:
    for unit, factor in (("GB", 1e9), ("MB", 1e6)):
        if n_bytes >= factor:
            return f"{n_bytes / factor:,.1f} {unit}"
    return f"{n_bytes / 1e3:,.1f} kB"
