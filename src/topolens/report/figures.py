"""The figures of a study as files beside the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from topolens.report.charts import (
    Chart,
    distance_charts,
    overview_chart,
    profile_charts,
)
from topolens.report.layer_maps import map_chart
from topolens.report.mapper_charts import purity_charts
from topolens.report.remembered import RememberedStudy
from topolens.report.svg import save_figure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from topolens.study.results import StudyReader

__all__ = ["write_figures"]

# What the names of all charts begin with.
_NAMES = ("profile-", "distances-", "layer-map-", "diagrams-", "purity-")


def write_figures(study: StudyReader, folder: Path) -> list[Path]:
    """Write every figure of the report as PNG and SVG; equal studies give equal bytes.

    Parameters
    ----------
    study : StudyReader
        What to draw.
    folder : Path
        Made if missing; files of the same name are replaced, and figures that an earlier state
        of the study left there are removed.

    Returns
    -------
    list of Path
        The files written, in a fixed order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for chart in _all_charts(RememberedStudy(study)):
        for kind in ("png", "svg"):
            target = folder / f"{_stem(chart)}.{kind}"
            save_figure(chart.figure, str(target), kind)
            written.append(target)
    _remove_earlier(folder, set(written))
    return written


def _remove_earlier(folder: Path, written: set[Path]) -> None:
    """Remove figures of ours that the study no longer has; other files are not ours to touch."""
    for file in folder.iterdir():
        ours = file.suffix in (".png", ".svg") and file.name.startswith(_NAMES)
        if ours and file not in written:
            file.unlink()


def _all_charts(study: StudyReader) -> Iterator[Chart]:
    yield from profile_charts(study)
    yield from distance_charts(study)
    yield from purity_charts(study)
    for one in (map_chart(study), overview_chart(study)):
        if one is not None:
            yield one


def _stem(chart: Chart) -> str:
    parts = (chart.name, chart.subject, chart.cloud)
    text = "-".join(parts)
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in text)
    return safe[:80]
