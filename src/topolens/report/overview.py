"""Small diagrams of every layer, as light markup that prints and needs no script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from topolens.report.findings.reading import main_cloud
from topolens.report.style import short_names

if TYPE_CHECKING:
    from topolens.study.results import ModelSummary, StudyReader

__all__ = ["OverviewRow", "SmallDiagram", "overview_rows"]

_SIDE = 100
_DOTS_BUDGET = 60_000
_MOST_DOTS = 400
_SHOWN_SHARE = 0.998
_LETTERS = 17


@dataclass(frozen=True, slots=True)
class SmallDiagram:
    """One layer's loops in a square of side 100."""

    layer: str
    label: str
    """The layer's name, cut to fit below its square."""
    layer_index: int
    path: str
    """SVG path of dots; empty without loops."""
    n_loops: int
    problem: str | None


@dataclass(frozen=True, slots=True)
class OverviewRow:
    """The layers of one model."""

    model: str
    model_index: int
    panels: tuple[SmallDiagram, ...]


def overview_rows(study: StudyReader) -> list[OverviewRow]:
    """Return the small H1 diagrams of all models on common axes, main cloud."""
    n_layers = sum(len(model.layers) for model in study.models)
    dots = int(np.clip(_DOTS_BUDGET // max(1, n_layers), 20, _MOST_DOTS))
    found = {
        (m, k): _loops(study, model, k)
        for m, model in enumerate(study.models)
        for k in range(len(model.layers))
    }
    low, high = _range(list(found.values()))
    labels = [short_names([one.name for one in m.layers], _LETTERS) for m in study.models]
    return [
        OverviewRow(
            model.name,
            m,
            tuple(
                SmallDiagram(
                    layer.name,
                    labels[m][layer.name],
                    k,
                    _dots_path(found[m, k], low, high, dots),
                    len(found[m, k]),
                    layer.problem,
                )
                for k, layer in enumerate(model.layers)
            ),
        )
        for m, model in enumerate(study.models)
        if model.layers
    ]


def _loops(study: StudyReader, model: ModelSummary, index: int) -> NDArray[np.float64]:
    diagrams = study.diagrams(model.name, model.layers[index].name, main_cloud(study))
    if diagrams is None or len(diagrams) < 2:
        return np.empty((0, 2))
    return diagrams[1].finite


def _range(found: list[NDArray[np.float64]]) -> tuple[float, float]:
    """Return common axes that show nearly every loop; a few outliers must not squeeze the rest."""
    every = np.concatenate([np.empty((0, 2)), *found])
    if not len(every):
        return 0.0, 1.0
    low, high = float(every[:, 0].min()), float(np.quantile(every[:, 1], _SHOWN_SHARE))
    return (low, high) if high > low else (low, low + 1.0)


def _dots_path(bars: NDArray[np.float64], low: float, high: float, most: int) -> str:
    """Return zero-length strokes, which round caps turn into dots: the shortest way to say it."""
    order = np.argsort(bars[:, 0] - bars[:, 1], kind="stable")[:most]
    scaled = np.round(np.clip(_SIDE * (bars[order] - low) / (high - low), 0, _SIDE), 1)
    return "".join(f"M{x:g} {_SIDE - y:g}h0" for x, y in scaled.tolist())
