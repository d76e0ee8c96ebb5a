"""The figures of a study, drawn once and used on the page and as files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from topolens.report.findings.reading import main_cloud, main_metric
from topolens.report.findings.words import heading
from topolens.report.heatmaps import heatmap_side, plot_distances
from topolens.report.operation_words import measure_words
from topolens.report.plots import plot_profiles
from topolens.report.style import (
    GRID,
    MUTED,
    SERIES,
    drawing_style,
    new_figure,
    plain,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from topolens.base.results import DistanceMatrix
    from topolens.study.results import StudyReader

__all__ = [
    "Chart",
    "constant_measures",
    "distance_charts",
    "main_distance_chart",
    "overview_chart",
    "profile_charts",
]

_MOST_PANELS = 100
_MOST_DOTS = 300
_MOST_COLUMNS = 10
_PITCH = (1.08, 1.24)


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure with what the page needs beside it."""

    name: str
    """Stem of its file."""
    figure: Figure
    title: str
    description: str
    cloud: str
    subject: str
    """Label of the measure or metric."""
    stress: float | None = None
    """How much a flat map distorts."""


def profile_charts(study: StudyReader) -> Iterator[Chart]:
    """Yield one chart per measure and cloud whose values differ from layer to layer."""
    table, words = study.table(), measure_words(study)
    for index, cloud in enumerate(study.clouds):
        for place, measure in enumerate(study.measures):
            rows = table[(table["measure"] == measure) & (table["cloud"] == cloud)]
            rows = rows[np.isfinite(rows["value"].astype(float))]
            if rows.empty or _is_constant(rows):
                continue
            unit = words[measure].unit(study.spec, cloud)
            figure = _profile_figure(table, measure, cloud, unit)
            yield Chart(
                name=f"profile-{index}-{place}",
                figure=figure,
                title=measure,
                description=f"{measure} over relative depth, cloud {cloud}, one line per model",
                cloud=cloud,
                subject=measure,
            )


def constant_measures(study: StudyReader) -> list[tuple[str, float]]:
    """Return the measures that say the same of every layer in the main cloud."""
    table = study.table()
    known = np.isfinite(table["value"].astype(float))
    table = table[known & (table["cloud"] == main_cloud(study))]
    groups = ((name, table[table["measure"] == name]) for name in study.measures)
    return [
        (name, float(rows["value"].iloc[0]))
        for name, rows in groups
        if len(rows) and _is_constant(rows)
    ]


def _is_constant(rows: pd.DataFrame) -> bool:
    return rows["value"].nunique() == 1


def _profile_figure(table: pd.DataFrame, measure: str, cloud: str, unit: str) -> Figure:
    with drawing_style():
        figure = new_figure(4.5, 3.1)
        ax = plot_profiles(table, measure, cloud=cloud, ax=figure.add_subplot())
        ax.set_ylabel(unit)
    return figure


def distance_charts(study: StudyReader) -> Iterator[Chart]:
    """Yield one heat map per metric and cloud that has values."""
    for index, cloud in enumerate(study.clouds):
        for place, metric in enumerate(study.metrics):
            matrix = study.distances(metric, cloud)
            if matrix is None or len(matrix) < 2:
                continue
            yield _distance_chart(f"distances-{index}-{place}", matrix, metric, cloud)


def main_distance_chart(study: StudyReader) -> Chart | None:
    """Return the heat map of the main metric in the main cloud."""
    metric, cloud = main_metric(study), main_cloud(study)
    matrix = None if metric is None else study.distances(metric, cloud)
    if metric is None or matrix is None or len(matrix) < 2:
        return None
    return _distance_chart("distances", matrix, metric, cloud)


def _distance_chart(name: str, matrix: DistanceMatrix, metric: str, cloud: str) -> Chart:
    with drawing_style():
        side = heatmap_side(len(matrix))
        figure = new_figure(side + 1.3, side + 0.8)
        plot_distances(matrix, ax=figure.add_subplot())
    return Chart(
        name=name,
        figure=figure,
        title=heading(metric),
        description=f"{metric} between all {len(matrix)} layers, cloud {cloud}",
        cloud=cloud,
        subject=metric,
    )


def overview_chart(study: StudyReader) -> Chart | None:
    """Return small H1 diagrams of every layer in the main cloud, one row per model."""
    cloud = main_cloud(study)
    rows = [
        [(model.name, layer.name) for layer in model.layers if not layer.problem]
        for model in study.models
    ]
    rows = [row for row in rows if row]
    if not rows or sum(map(len, rows)) > _MOST_PANELS:
        return None
    figure = _panels_figure(study, rows, _loop_range(study, cloud))
    return Chart(
        name="diagrams",
        figure=figure,
        title="H1 diagrams of all layers",
        description=f"Small persistence diagrams (H1) of every layer, cloud {cloud}",
        cloud=cloud,
        subject="H1",
    )


def _loop_range(study: StudyReader, cloud: str) -> tuple[float, float]:
    found = (
        study.diagrams(model.name, layer.name, cloud)
        for model in study.models
        for layer in model.layers
    )
    loops = [one[1].finite for one in found if one is not None and len(one) > 1]
    bars = np.concatenate([np.empty((0, 2)), *loops])
    if len(bars) == 0:
        return 0.0, 1.0
    low, high = float(bars[:, 0].min()), float(bars[:, 1].max())
    return low, high if high > low else low + 1.0


def _panels_figure(
    study: StudyReader, rows: list[list[tuple[str, str]]], limits: tuple[float, float]
) -> Figure:
    """Draw all panels into one pair of axes, which is many times faster than a pair for each."""
    columns = min(_MOST_COLUMNS, max(map(len, rows)))
    lines = [row[start : start + columns] for row in rows for start in range(0, len(row), columns)]
    with drawing_style():
        figure = new_figure(1.15 * columns + 0.3, 1.3 * len(lines) + 0.2)
        ax = figure.add_subplot()
        for down, line in enumerate(lines):
            ax.text(
                -0.1,
                down * _PITCH[1] + 0.5,
                plain(line[0][0][-18:]),
                rotation=90,
                fontsize=6.5,
                va="center",
            )
            for across, label in enumerate(line):
                corner = (across * _PITCH[0], down * _PITCH[1])
                _draw_panel(ax, study, label, limits, corner)
        ax.set(xlim=(-0.15, columns * _PITCH[0]), ylim=(len(lines) * _PITCH[1], -0.2))
        ax.set_aspect("equal")
        ax.set_axis_off()
    return figure


def _draw_panel(
    ax: Axes,
    study: StudyReader,
    label: tuple[str, str],
    limits: tuple[float, float],
    corner: tuple[float, float],
) -> None:
    left, top = corner
    square = ([left, left + 1, left + 1, left, left], [top, top, top + 1, top + 1, top])
    ax.plot(*square, color=GRID, linewidth=0.6)
    ax.plot([left, left + 1], [top + 1, top], color=MUTED, linewidth=0.5)
    name = plain(label[1][-16:])
    ax.text(left + 0.5, top - 0.03, name, fontsize=6.5, color=MUTED, ha="center", va="bottom")
    diagrams = study.diagrams(*label, main_cloud(study))
    if diagrams is None or len(diagrams) < 2:
        return
    finite = diagrams[1].finite
    longest = np.argsort(finite[:, 0] - finite[:, 1], kind="stable")[:_MOST_DOTS]
    births, deaths = ((finite[longest] - limits[0]) / (limits[1] - limits[0])).T
    style: dict[str, Any] = {
        "color": SERIES[1],
        "markersize": 2.2,
        "markeredgewidth": 0,
        "rasterized": True,
    }
    ax.plot(left + births, top + 1 - deaths, ".", **style)
