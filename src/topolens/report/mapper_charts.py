"""Purity of Mapper graphs over depth, each measure beside the band of shuffled labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from topolens.report.charts import Chart
from topolens.report.style import (
    GRID,
    LineStyle,
    drawing_style,
    line_styles,
    new_figure,
    plain,
    short,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from topolens.study.results import StudyReader

__all__ = ["PURITY_TITLES", "purity_charts"]

PURITY_TITLES = {
    "node_wise": "node-wise",
    "point_wise": "point-wise",
    "class_wise": "class-wise, mean of the classes",
    "majority": "share of the majority class",
}
"""The measures that are drawn, in reading order."""
_MOST_LEGEND = 8
_PANEL = (3.1, 2.5)


def purity_charts(study: StudyReader) -> list[Chart]:
    """Return a chart per [[mapper]] table whose points have labels."""
    table = study.purity_table()
    styles = line_styles((model.name, model.family) for model in study.models)
    charts = []
    for place, mapper in enumerate(study.mappers):
        rows = table[(table["mapper"] == mapper) & (table["class"] == "")]
        rows = rows[rows["measure"].isin(list(PURITY_TITLES))]
        if not rows.empty:
            charts.append(_purity_chart(rows, mapper, styles, f"purity-{place}"))
    return charts


def _purity_chart(
    rows: pd.DataFrame, mapper: str, styles: dict[str, LineStyle], name: str
) -> Chart:
    shown = [measure for measure in PURITY_TITLES if (rows["measure"] == measure).any()]
    with drawing_style():
        figure = new_figure(_PANEL[0] * len(shown), _PANEL[1] + 0.3)
        panels = figure.subplots(1, len(shown), squeeze=False, sharex=True, sharey=True)[0]
        for ax, measure in zip(panels, shown, strict=True):
            _draw_panel(ax, rows[rows["measure"] == measure], styles)
            ax.set(title=PURITY_TITLES[measure], xlabel="relative depth")
        panels[0].set(ylim=(0, 1.02), xlim=(-0.03, 1.03), ylabel="purity")
        models = rows["model"].nunique()
        if 1 < models <= _MOST_LEGEND:
            handles, labels = panels[0].get_legend_handles_labels()
            figure.legend(handles, labels, loc="outside lower center", ncols=min(models, 4))
    return Chart(
        name=name,
        figure=figure,
        title="Purity over depth",
        description=f"Purity of the graphs {mapper} over relative depth, with shuffled labels",
        cloud=mapper,
        subject="purity",
    )


def _draw_panel(ax: Axes, rows: pd.DataFrame, styles: dict[str, LineStyle]) -> None:
    ax.grid(visible=True, axis="y", color=GRID, linewidth=0.8)
    ax.set_axisbelow(True)
    for model, one in rows.groupby("model", sort=False):
        style, line = styles[str(model)], one.sort_values("index")
        depth = line["depth"].to_numpy(float)
        low, high, mean = (
            line[name].to_numpy(float) for name in ("null_low", "null_high", "null_mean")
        )
        ax.fill_between(depth, low, high, color=style.colour, alpha=0.18, linewidth=0)
        ax.plot(depth, mean, color=style.colour, linewidth=0.9, linestyle=(0, (1.5, 1.5)))
        ax.plot(
            depth,
            line["value"].to_numpy(float),
            color=style.colour,
            linestyle=style.dash,
            linewidth=1.6,
            marker=style.marker,
            markersize=4.5,
            markeredgewidth=0,
            label=plain(short(str(model), 30)),
        )
