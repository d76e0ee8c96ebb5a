"""The figures of a study, drawn once and used on the page and as files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from topolens.report.embedding import LayerMap, layer_map
from topolens.report.findings.reading import label_of, main_cloud
from topolens.report.findings.words import number, readable
from topolens.report.heatmaps import heatmap_side, plot_distances
from topolens.report.plots import plot_profiles
from topolens.report.style import MUTED, drawing_style, line_styles, new_figure, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from topolens.study.results import StudyReader

__all__ = [
    "Chart",
    "distance_charts",
    "main_metric",
    "map_chart",
    "overview_chart",
    "profile_charts",
]

_MOST_PANELS = 100
_MOST_DOTS = 300
_MOST_LEGEND = 10


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
    tips: Mapping[str, Sequence[str]] = field(default_factory=dict)
    stress: float | None = None
    """How much a flat map distorts."""


def profile_charts(study: StudyReader) -> Iterator[Chart]:
    """Yield one chart per measure and cloud that has values."""
    table = study.table()
    for index, cloud in enumerate(study.clouds):
        for place, measure in enumerate(study.measures):
            rows = table[(table["measure"] == measure) & (table["cloud"] == cloud)]
            rows = rows[np.isfinite(rows["value"])]
            if rows.empty:
                continue
            with drawing_style():
                figure = new_figure(4.5, 3.1)
                plot_profiles(table, measure, cloud=cloud, ax=figure.add_subplot())
            tips = {
                f"profile of {model}": [
                    f"{model} · {row.layer}\ndepth {row.depth:.2f} · {number(row.value)}"
                    for row in one.sort_values("index").itertuples()
                ]
                for model, one in rows.groupby("model", sort=False)
            }
            yield Chart(
                name=f"profile-{index}-{place}",
                figure=figure,
                title=measure,
                description=f"{measure} over relative depth, cloud {cloud}, one line per model",
                cloud=cloud,
                subject=measure,
                tips=tips,
            )


def distance_charts(study: StudyReader) -> Iterator[Chart]:
    """Yield one heat map per metric and cloud that has values."""
    for index, cloud in enumerate(study.clouds):
        for place, metric in enumerate(study.metrics):
            matrix = study.distances(metric, cloud)
            if matrix is None or len(matrix) < 2:
                continue
            with drawing_style():
                side = heatmap_side(len(matrix))
                figure = new_figure(side + 1.3, side + 0.8)
                plot_distances(matrix, ax=figure.add_subplot())
            yield Chart(
                name=f"distances-{index}-{place}",
                figure=figure,
                title=readable(metric),
                description=f"{metric} between all {len(matrix)} layers, cloud {cloud}",
                cloud=cloud,
                subject=metric,
            )


def main_metric(study: StudyReader) -> str | None:
    """Return the metric that maps and pair views show first."""
    loops = label_of(study.metrics, "sliced_wasserstein", 1)
    return loops or next(iter(study.metrics), None)


def map_chart(study: StudyReader) -> Chart | None:
    """Return the flat map of all layers under the main metric, if there are at least three."""
    metric, cloud = main_metric(study), main_cloud(study)
    matrix = None if metric is None else study.distances(metric, cloud)
    found = None if matrix is None else layer_map(matrix)
    if metric is None or found is None:
        return None
    with drawing_style():
        figure = new_figure(6.4, 4.8)
        tips = _draw_map(figure.add_subplot(), study, found)
    return Chart(
        name="layer-map",
        figure=figure,
        title="All layers on one map",
        description=f"Flat map of all layers by {metric}; each model is a path from first to last",
        cloud=cloud,
        subject=metric,
        tips=tips,
        stress=found.stress,
    )


def _draw_map(ax: Axes, study: StudyReader, found: LayerMap) -> dict[str, list[str]]:
    styles = line_styles((model.name, model.family) for model in study.models)
    tips = {}
    crowded = len(study.models) > _MOST_LEGEND
    for model in study.models:
        rows = [i for i, label in enumerate(found.labels) if label[0] == model.name]
        if not rows:
            continue
        path, style = found.positions[rows], styles[model.name]
        gid, colour = f"map of {model.name}", style.colour
        ax.plot(*path.T, color=colour, linestyle=style.dash, linewidth=0.8, alpha=0.55)
        ax.plot(*path.T, "o", color=colour, markersize=4, markeredgewidth=0, gid=gid, alpha=0.85)
        ax.plot(*path[0], "o", color=colour, markersize=8, markerfacecolor="none", zorder=3)
        ax.plot(*path[-1], "s", color=colour, markersize=7, zorder=3, label=plain(model.name))
        tips[gid] = [f"{found.labels[row][0]} · {found.labels[row][1]}" for row in rows]
    ax.set(aspect="equal", xticks=[], yticks=[])
    ax.set_adjustable("datalim")
    ax.spines[:].set_visible(False)
    if not crowded:
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    return tips


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
    columns = min(10, max(map(len, rows)))
    heights = [-(-len(row) // columns) for row in rows]
    with drawing_style():
        figure = new_figure(1.15 * columns + 0.2, 1.35 * sum(heights) + 0.2)
        top = _largest_death(study, cloud)
        first = 0
        for row, height in zip(rows, heights, strict=True):
            for place, (model, layer) in enumerate(row):
                ax = figure.add_subplot(sum(heights), columns, first * columns + place + 1)
                _draw_panel(ax, study, model, layer, top)
            first += height
    return Chart(
        name="diagrams",
        figure=figure,
        title="H1 diagrams of all layers",
        description=f"Small persistence diagrams (H1) of every layer, cloud {cloud}",
        cloud=cloud,
        subject="H1",
    )


def _largest_death(study: StudyReader, cloud: str) -> float:
    found = (
        study.diagrams(model.name, layer.name, cloud)
        for model in study.models
        for layer in model.layers
    )
    deaths = [
        float(one[1].finite[:, 1].max())
        for one in found
        if one is not None and len(one) > 1 and len(one[1].finite)
    ]
    return max(deaths, default=1.0)


def _draw_panel(ax: Axes, study: StudyReader, model: str, layer: str, top: float) -> None:
    ax.plot([0, top], [0, top], color=MUTED, linewidth=0.5)
    diagrams = study.diagrams(model, layer, main_cloud(study))
    if diagrams is not None and len(diagrams) > 1:
        finite = diagrams[1].finite
        longest = np.argsort(finite[:, 0] - finite[:, 1], kind="stable")[:_MOST_DOTS]
        ax.plot(*finite[longest].T, ".", color="#c4510c", markersize=1.8, markeredgewidth=0)
    ax.set(xlim=(0, top), ylim=(0, top), xticks=[], yticks=[], aspect="equal")
    ax.spines[:].set_visible(False)
    ax.set_title(plain(layer[-16:]), fontsize=6.5, color=MUTED, loc="center", pad=2)
    if ax.get_subplotspec().is_first_col():
        ax.set_ylabel(plain(model[-18:]), fontsize=6.5)
