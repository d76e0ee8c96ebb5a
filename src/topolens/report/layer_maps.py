"""All layers on a flat map, also where distances are undefined or have two directions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from topolens.report.charts import Chart
from topolens.report.findings.reading import main_cloud, main_metric
from topolens.report.style import GRID, drawing_style, line_styles, new_figure, plain, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from topolens.base.arrangement import Embedding
    from topolens.base.results import DistanceMatrix
    from topolens.study.results import StudyReader

__all__ = ["layer_map", "map_chart"]

_FEWEST = 3
_ROUNDS = 200
_MOST_REFINED = 600
_MAP_WIDTH = 7.6
_MOST_MAPS_ABREAST = 3


def layer_map(matrix: DistanceMatrix, *, most_refined: int = _MOST_REFINED) -> Embedding | None:
    """Return the plane whose distances come close to the matrix; None with fewer than 3 items.

    Items with undefined distances are left out; of a metric that is not symmetric, the mean of
    both directions is drawn; more than `most_refined` items are scaled classically only.
    """
    known = (matrix if matrix.symmetric else matrix.symmetrised()).without_undefined()
    if len(known) < _FEWEST:
        return None
    return known.mds(rounds=_ROUNDS if len(known) <= most_refined else 0)


def map_chart(study: StudyReader) -> Chart | None:
    """Return the flat map of all layers under the main metric, if there are at least three.

    Each model has a panel of its own in which the layers of the others stay grey: all paths in
    one picture would be a tangle.
    """
    metric, cloud = main_metric(study), main_cloud(study)
    matrix = None if metric is None else study.distances(metric, cloud)
    found = None if matrix is None else layer_map(matrix)
    if metric is None or found is None:
        return None
    models = [m for m in study.models if any(label[0] == m.name for label in found.labels)]
    columns = min(len(models), _MOST_MAPS_ABREAST)
    lines = -(-len(models) // columns)
    side = _MAP_WIDTH / columns
    with drawing_style():
        figure = new_figure(_MAP_WIDTH, lines * (_map_height(found, side) + 0.3))
        panels = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True).ravel()
        styles = line_styles((model.name, model.family) for model in study.models)
        for ax, model in zip(panels, models, strict=False):
            _draw_map(ax, found, model.name, styles[model.name].colour)
        for ax in panels[len(models) :]:
            ax.set_axis_off()
    return Chart(
        name="layer-map",
        figure=figure,
        title="All layers on one map",
        description=f"Flat map of all layers by {metric}, a panel per model with its path",
        cloud=cloud,
        subject=metric,
        stress=found.stress,
    )


def _map_height(found: Embedding, side: float) -> float:
    width, height = np.ptp(found.positions, axis=0)
    return float(np.clip(side * height / width if width > 0 else side, 0.5 * side, 1.2 * side))


def _draw_map(ax: Axes, found: Embedding, model: str, colour: str) -> None:
    rows = [i for i, label in enumerate(found.labels) if label[0] == model]
    path = found.positions[rows]
    ax.plot(*found.positions.T, "o", color=GRID, markersize=2.6, markeredgewidth=0)
    ax.plot(*path.T, color=colour, linewidth=0.9, alpha=0.6)
    ax.plot(*path.T, "o", color=colour, markersize=3.6, markeredgewidth=0)
    ax.plot(*path[0], "o", color=colour, markersize=7, markerfacecolor="none", zorder=3)
    ax.plot(*path[-1], "s", color=colour, markersize=6, zorder=3)
    ax.set(aspect="equal", xticks=[], yticks=[])
    ax.set_title(plain(short(model, 30)), fontsize=9, color=colour)
    ax.spines[:].set_visible(False)
