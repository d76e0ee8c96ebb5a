"""The four charts of the subject, for notebooks and for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator

from topolens.report.findings.words import heading
from topolens.report.style import (
    GRID,
    MUTED,
    SERIES,
    LineStyle,
    drawing_style,
    line_styles,
    new_figure,
    plain,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from topolens.base.results import Diagram, Diagrams

__all__ = ["plot_barcode", "plot_diagram", "plot_profiles"]

_MOST_LEGEND = 8
_NEAR_ZERO = 0.6


def plot_diagram(diagrams: Diagrams, *, ax: Axes | None = None) -> Axes:
    """Draw persistence diagrams: each dot is a feature, born at x and gone at y.

    Dots far above the diagonal are pronounced; features that never die sit on the dotted line
    at the top.

    Parameters
    ----------
    diagrams : Diagrams
        All degrees are drawn, each in its own colour.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
        Save it with ``plot_diagram(diagrams).figure.savefig("diagram.png")``.
    """
    with drawing_style():
        ax = _own_axes(4.2, 4.2) if ax is None else ax
        top = _top(diagrams)
        ax.plot([0, top], [0, top], color=MUTED, linewidth=0.8)
        for diagram in diagrams:
            _draw_dots(ax, diagram, top)
        if any(diagram.n_essential for diagram in diagrams):
            ax.axhline(1.05 * top, color=MUTED, linewidth=0.8, linestyle=":")
        ax.set(xlabel="born at", ylabel="gone at", xlim=(-0.03 * top, 1.1 * top))
        ax.set(ylim=(-0.03 * top, 1.1 * top), aspect="equal")
        ax.legend(loc="lower right", handletextpad=0.2, frameon=False)
    return ax


def plot_barcode(diagrams: Diagrams, *, ax: Axes | None = None, most: int = 150) -> Axes:
    """Draw barcodes: one line per feature from birth to death, the longest `most` per degree.

    Parameters
    ----------
    diagrams : Diagrams
        All degrees are drawn, degree 0 at the bottom.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    most : int, default 150
        Bars drawn per degree; the legend says how many there are.

    Returns
    -------
    matplotlib.axes.Axes
    """
    with drawing_style():
        ax = _own_axes(5.2, 4.2) if ax is None else ax
        top, row = 1.05 * _top(diagrams), 0
        for diagram in diagrams:
            bars = _longest(diagram.pairs, most)
            rows = row + np.arange(len(bars))
            label = f"H{diagram.dimension}: {len(diagram)} bars"
            label += f", longest {len(bars)} shown" if len(bars) < len(diagram) else ""
            ends = np.minimum(bars[:, 1], top)
            ax.hlines(
                rows, bars[:, 0], ends, color=_colour(diagram.dimension), linewidth=1, label=label
            )
            row += len(bars) + max(2, most // 20)
        ax.set(xlabel="scale", yticks=[], xlim=(0, top))
        ax.spines["left"].set_visible(False)
        ax.legend(loc="lower right", frameon=False)
    return ax


def plot_profiles(
    table: pd.DataFrame, measure: str, *, cloud: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw a measure over relative depth, one line per model, with its band low..high.

    Parameters
    ----------
    table : pandas.DataFrame
        Long-form measures as `Study.table` gives them.
    measure : str
        Label of the measure, e.g. ``"lifespan_sum H1"``.
    cloud : str, optional
        Name of the cloud; the first in the table by default.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
    """
    with drawing_style():
        ax = _own_axes(4.6, 3.2) if ax is None else ax
        wanted = table["measure"] == measure
        names = table.loc[wanted, "cloud"]
        chosen = names.iloc[0] if cloud is None and len(names) else cloud
        rows = table[
            wanted & (table["cloud"] == chosen) & np.isfinite(table["value"].astype(float))
        ]
        styles = line_styles(zip(table["model"], table["family"], strict=True))
        ax.grid(visible=True, axis="y", color=GRID, linewidth=0.8)
        ax.set_axisbelow(True)
        for name, one in rows.groupby("model", sort=False):
            _draw_profile(ax, one.sort_values("index"), str(name), styles[str(name)], len(styles))
        ax.set(xlabel="relative depth", title=plain(heading(measure)), xlim=(-0.03, 1.03))
        ax.yaxis.set_major_locator(MaxNLocator(5))
        low, high = rows["value"].min(), rows["value"].max()
        if len(rows) and 0 <= low <= _NEAR_ZERO * high:
            ax.set_ylim(bottom=0)
        if 1 < len(styles) <= _MOST_LEGEND:
            ax.legend(loc="best", handlelength=2.4, frameon=False)
    return ax


def _own_axes(width: float, height: float) -> Axes:
    axes: Axes = new_figure(width, height).add_subplot()
    return axes


def _colour(dimension: int) -> str:
    return SERIES[dimension % len(SERIES)]


def _top(diagrams: Diagrams) -> float:
    deaths = [diagram.finite[:, 1].max() for diagram in diagrams if len(diagram.finite)]
    births = [diagram.pairs[:, 0].max() for diagram in diagrams if len(diagram)]
    top = max(deaths + births, default=0.0)
    return float(top) if top > 0 else 1.0


def _draw_dots(ax: Axes, diagram: Diagram, top: float) -> None:
    ends = np.where(np.isfinite(diagram.pairs[:, 1]), diagram.pairs[:, 1], 1.05 * top)
    ax.plot(
        diagram.pairs[:, 0],
        ends,
        linestyle="none",
        marker="o",
        markersize=3.2,
        markeredgewidth=0,
        alpha=0.7,
        color=_colour(diagram.dimension),
        label=f"H{diagram.dimension}",
        clip_on=False,
    )


def _longest(pairs: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    lifetimes = pairs[:, 1] - pairs[:, 0]
    kept = np.sort(np.argsort(-lifetimes, kind="stable")[:most])
    chosen = pairs[kept]
    return chosen[np.lexsort((chosen[:, 1], chosen[:, 0]))]


def _draw_profile(ax: Axes, rows: pd.DataFrame, name: str, style: LineStyle, n_models: int) -> None:
    crowded = n_models > _MOST_LEGEND
    depth = rows["depth"].to_numpy(float)
    low, high = rows["low"].to_numpy(float), rows["high"].to_numpy(float)
    if np.isfinite(low).any() and not crowded:
        ax.fill_between(depth, low, high, color=style.colour, alpha=0.13, linewidth=0)
    size = 4.5 if len(rows) <= 25 and not crowded else 2.5
    ax.plot(
        depth,
        rows["value"].to_numpy(float),
        color=style.colour,
        linestyle=style.dash,
        linewidth=0.7 if crowded else 1.5,
        alpha=0.6 if crowded else 1.0,
        marker=style.marker,
        markersize=size,
        markeredgewidth=0,
        label=plain(name),
    )
