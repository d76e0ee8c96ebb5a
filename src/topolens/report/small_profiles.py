"""Every measure over depth as a small picture: light markup that prints and needs no script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from topolens.report.findings.words import number
from topolens.report.operation_words import grouped, measure_words

if TYPE_CHECKING:
    import pandas as pd

    from topolens.report.operation_words import OperationWords
    from topolens.report.style import LineStyle
    from topolens.study.results import StudyReader

__all__ = ["SmallLine", "SmallProfile", "log_scaled", "small_profiles"]

_WIDTH, _HEIGHT = 200, 90
_NEAR_ZERO = 0.6
# Whole numbers are written out below this.
_LONG = 10_000
_DECADES = 1e3


@dataclass(frozen=True, slots=True)
class SmallLine:
    """One model's course."""

    series: int
    dash: str
    path: str


@dataclass(frozen=True, slots=True)
class SmallProfile:
    """One measure in one cloud."""

    heading: str
    unit: str
    measure: int
    """Position among the study's measures."""
    span: str
    """From the lowest to the highest value drawn."""
    lines: tuple[SmallLine, ...]


def small_profiles(
    study: StudyReader, styles: Mapping[str, LineStyle]
) -> list[tuple[str, list[tuple[str, list[SmallProfile]]]]]:
    """Return, per cloud and kind, the measures that differ from layer to layer."""
    table, words = study.table(), grouped(measure_words(study).values())
    by_cloud = []
    for cloud in study.clouds:
        rows = table[table["cloud"] == cloud]
        groups = [
            (kind, [one for each in members if (one := _small(study, rows, each, cloud, styles))])
            for kind, members in words
        ]
        if any(members for _, members in groups):
            by_cloud.append((cloud, [group for group in groups if group[1]]))
    return by_cloud


def log_scaled(values: NDArray[np.float64]) -> bool:
    """Return whether values range so far that only their order of magnitude can be drawn."""
    return bool(values.min() > 0 and values.max() / _DECADES > values.min())


def _small(
    study: StudyReader,
    table: pd.DataFrame,
    words: OperationWords,
    cloud: str,
    styles: Mapping[str, LineStyle],
) -> SmallProfile | None:
    rows = table[table["measure"] == words.label]
    rows = rows[np.isfinite(rows["value"].astype(float))]
    values = rows["value"].to_numpy(float)
    if len(values) == 0 or values.min() == values.max():
        return None
    heights = _heights(values)
    unit = words.unit(study.spec, cloud)
    lines = []
    for model, style in styles.items():
        own = (rows["model"] == model).to_numpy()
        if own.any():
            places = rows["depth"].to_numpy(float)[own]
            order = np.argsort(places, kind="stable")
            path = _path(places[order], heights[own][order])
            lines.append(SmallLine(style.series, style.dash_array, path))
    return SmallProfile(
        heading=words.heading,
        unit=f"{unit}, log scale".lstrip(", ") if log_scaled(values) else unit,
        measure=study.measures.index(words.label),
        span=_span(values),
        lines=tuple(lines),
    )


def _span(values: NDArray[np.float64]) -> str:
    ends = (float(values.min()), float(values.max()))
    # A count of bars is no 1.00.
    whole = bool((values == np.round(values)).all()) and max(map(abs, ends)) < _LONG
    return " – ".join(f"{end:.0f}" if whole else number(end) for end in ends)


def _heights(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where values lie from the lower edge (0) to the upper (1)."""
    drawn = np.log10(values) if log_scaled(values) else values
    low, high = drawn.min(), drawn.max()
    if drawn is values and 0 <= low <= _NEAR_ZERO * high:
        low = 0.0
    size = max(abs(low), abs(high))
    heights: NDArray[np.float64] = (drawn / size - low / size) / (high / size - low / size)
    return heights


def _path(depths: NDArray[np.float64], heights: NDArray[np.float64]) -> str:
    across = np.round(_WIDTH * depths, 1).tolist()
    up = np.round(_HEIGHT * (1 - heights), 1).tolist()
    points = [f"{x:g} {y:g}" for x, y in zip(across, up, strict=True)]
    return f"M{'L'.join(points)}" if len(points) > 1 else f"M{points[0]}h0"
