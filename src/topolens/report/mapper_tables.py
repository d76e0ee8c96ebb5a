"""What all Mapper graphs of a study look like in numbers, and how to read their purity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from topolens.report.findings.words import number, percent
from topolens.report.mapper_charts import PURITY_TITLES

if TYPE_CHECKING:
    import pandas as pd

    from topolens.study.results import StudyReader

__all__ = ["MapperNumbers", "mapper_numbers", "purity_words"]


@dataclass(frozen=True, slots=True)
class MapperNumbers:
    """The graphs of one model, a row per layer."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def mapper_numbers(study: StudyReader) -> list[MapperNumbers]:
    """Return a table per [[mapper]] table and model."""
    graphs, purities = study.mapper_table(), study.purity_table()
    found = []
    for mapper in study.mappers:
        for model in study.models:
            ours = graphs[(graphs["mapper"] == mapper) & (graphs["model"] == model.name)]
            if ours.empty:
                continue
            pure = purities[(purities["mapper"] == mapper) & (purities["model"] == model.name)]
            pure = pure[pure["class"] == ""]
            measures = [m for m in PURITY_TITLES if (pure["measure"] == m).any()]
            rows = tuple(
                (*_graph_cells(row), *_purity_cells(pure[pure["layer"] == row.layer], measures))
                for row in ours.itertuples()
            )
            columns = (*_COLUMNS, *(PURITY_TITLES[measure] for measure in measures))
            title = f"{model.name} · {mapper}" if len(study.mappers) > 1 else model.name
            found.append(MapperNumbers(title, columns, rows))
    return found


def purity_words(study: StudyReader) -> list[str]:
    """Say what purity means and what else moves it."""
    counts = sorted({one.permutations for one in study.spec.mapper})
    n_permutations = " or ".join(map(str, counts))
    return [
        "Node-wise purity is the mean over nodes of one over the number of classes present in the "
        "node; point-wise the mean over points of the same, over the nodes that hold the point; "
        "class-wise it is the mean over the points of a class, those in no node counting 0 "
        "(Purvine et al. 2023). One stray point of another class halves them; the share of the "
        "majority class moves little.",
        f"The band is where the middle 90 % of {n_permutations} shufflings of the labels lie on "
        "the same graph, the dotted line their mean. Small nodes are pure whatever the labels, "
        "and a narrow eps leaves small nodes and much noise: so only what lies above the band says "
        "that the layer keeps classes apart, and a rise from layer to layer says so only where "
        "coverage and node sizes stay alike.",
    ]


_COLUMNS = ("layer", "eps", "nodes", "edges", "components", "loops (of cover)", "coverage", "noise")


def _graph_cells(row: Any) -> tuple[str, ...]:  # noqa: ANN401  a row of the table
    return (
        *(row.layer, number(row.eps), f"{row.nodes:,}", f"{row.edges:,}", f"{row.components:,}"),
        *(f"{row.loops:,} ({row.cover_loops:,})", percent(row.coverage), f"{row.noise:,}"),
    )


def _purity_cells(rows: pd.DataFrame, measures: list[str]) -> tuple[str, ...]:
    cells = []
    for measure in measures:
        line = rows[rows["measure"] == measure].iloc[0] if len(rows) else None
        if line is None:
            cells.append("–")
        else:
            cells.append(f"{line['value']:.2f} (null {line['null_mean']:.2f})")
    return tuple(cells)
