"""Distance matrices as heat maps with readable edges, from 2 to 2,000 layers."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from topolens.report.style import (
    INK,
    MUTED,
    PAPER,
    drawing_style,
    new_figure,
    plain,
    short,
    short_names,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from topolens.base.results import DistanceMatrix

__all__ = ["colour_span", "heatmap_side", "plot_distances", "says_anything"]

_TICK_POINTS = 8.5
_MOST_NAMED_MODELS = 12
_COLOURS = "viridis"
_MOST_SHOWN = 0.98
_FAR_ABOVE = 5
_FAR_FROM_ZERO = 0.4


def plot_distances(matrix: DistanceMatrix, *, ax: Axes | None = None) -> Axes:
    """Draw all pairs of layers; the darker, the more alike. Models are set apart by lines.

    Parameters
    ----------
    matrix : DistanceMatrix
        Labels are (model, layer). Undefined entries stay empty.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure that grows with the number of layers by default.

    Returns
    -------
    matplotlib.axes.Axes
    """
    with drawing_style():
        if ax is None:
            side = heatmap_side(len(matrix))
            ax = new_figure(side + 1.3, side + 0.8).add_subplot()
        low, high = colour_span(matrix)
        colours = f"{_COLOURS}_r" if matrix.is_similarity else _COLOURS
        ax.imshow(matrix.values, cmap=colours, vmin=low, vmax=high, aspect="equal")
        ax.spines[:].set_visible(False)
        groups = _groups(matrix)
        _draw_separators(ax, groups, len(matrix))
        _name_layers(ax, matrix, groups)
        if len(groups) > 1:
            _name_models(ax, groups, len(matrix))
        _draw_scale(ax, low, high, colours)
    return ax


def heatmap_side(n_items: int) -> float:
    """Return the side of the square of cells in inches."""
    return float(np.clip(0.105 * n_items, 3.1, 8.5))


def colour_span(matrix: DistanceMatrix) -> tuple[float, float]:
    """Return the values at both ends of the colours.

    A layer against itself would hide all other differences, and so would few values far above
    the rest: the span then ends at the 98 % quantile, and what lies beyond has its last colour.
    Values that all lie far from zero would hardly differ in colour: the span then begins at
    their 2 % quantile.
    """
    finite = _between_layers(matrix)
    if len(finite) == 0:
        return 0.0, 1.0
    low, high = min(0.0, float(finite.min())), float(finite.max())
    most = max(float(np.quantile(finite, _MOST_SHOWN)), 0.0)
    if most > low and high / _FAR_ABOVE > most - low:
        high = most
    least = float(np.quantile(finite, 1 - _MOST_SHOWN))
    if least > _FAR_FROM_ZERO * high:
        low = least
    return (low, high) if high > low else (low, low + 1.0)


def says_anything(matrix: DistanceMatrix) -> bool:
    """Return whether there is a single defined value between two different layers."""
    return len(_between_layers(matrix)) > 0


def _between_layers(matrix: DistanceMatrix) -> NDArray[np.float64]:
    off_diagonal: NDArray[np.float64] = matrix.values[~np.eye(len(matrix), dtype=bool)]
    return off_diagonal[np.isfinite(off_diagonal)]


def _groups(matrix: DistanceMatrix) -> list[tuple[str, int, int]]:
    """Return (model, first, end) of each run of rows that share a model."""
    groups, start = [], 0
    for model, run in itertools.groupby(matrix.labels, key=lambda label: label[0]):
        end = start + len(list(run))
        groups.append((model, start, end))
        start = end
    return groups


def _draw_separators(ax: Axes, groups: list[tuple[str, int, int]], n_items: int) -> None:
    width = 1.4 if len(groups) <= _MOST_NAMED_MODELS else 0.4
    for _, start, _ in groups[1:]:
        ax.plot([-0.5, n_items - 0.5], [start - 0.5] * 2, color=PAPER, linewidth=width)
        ax.plot([start - 0.5] * 2, [-0.5, n_items - 0.5], color=PAPER, linewidth=width)
    ax.set(xlim=(-0.5, n_items - 0.5), ylim=(n_items - 0.5, -0.5))


def _name_layers(ax: Axes, matrix: DistanceMatrix, groups: list[tuple[str, int, int]]) -> None:
    ax.set_xticks([])
    if len(groups) > _MOST_NAMED_MODELS:
        ax.set_yticks([])
        return
    step = _thinning(len(matrix), len(matrix))
    # A last name too close to the next model's first would overlap it.
    ends = [end - step + 1 if end < len(matrix) else end for _, _, end in groups]
    starts = [start for _, start, _ in groups]
    rows = [r for s, e in zip(starts, ends, strict=True) for r in range(s, max(e, s + 1), step)]
    shown = short_names([layer for _, layer in matrix.labels])
    ax.set_yticks(rows, [plain(shown[matrix.labels[row][1]]) for row in rows])
    ax.tick_params(axis="y", length=0, labelsize=7.5, pad=3, labelcolor=MUTED)


def _name_models(ax: Axes, groups: list[tuple[str, int, int]], n_items: int) -> None:
    points = 72 * heatmap_side(n_items) / n_items
    step = _thinning(len(groups), n_items) if len(groups) > _MOST_NAMED_MODELS else 1
    for model, start, end in groups[::step]:
        letters = int(max(4, (end - start) * step * points / 6))
        centre = (start + end - 1) / 2
        name = plain(short(model, min(28, letters)))
        style: dict[str, Any] = {"fontsize": 8, "color": INK, "clip_on": False}
        ax.text(centre, -0.5 - 3 / points, name, ha="center", va="bottom", **style)
        right = n_items - 0.5 + 3 / points
        ax.text(right, centre, name, ha="left", va="center", rotation=-90, **style)


def _thinning(n_marks: int, n_items: int) -> int:
    points_per_mark = 72 * heatmap_side(n_items) / n_marks
    return max(1, int(np.ceil(_TICK_POINTS / points_per_mark)))


def _draw_scale(ax: Axes, low: float, high: float, colours: str) -> None:
    scale = ax.inset_axes((0.0, -0.075, 0.45, 0.025))
    ramp: NDArray[np.float64] = np.linspace(low, high, 128)[None, :]
    scale.imshow(ramp, cmap=colours, aspect="auto", extent=(low, high, 0, 1))
    scale.set_yticks([])
    scale.spines[:].set_visible(False)
    scale.tick_params(axis="x", length=2, labelsize=7.5, labelcolor=MUTED, color=MUTED)
