"""Where the Mapper graphs of a model begin to hold the classes apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from topolens.report.findings.finding import Finding, FindingTable
from topolens.report.findings.words import listing, percent, quoted

if TYPE_CHECKING:
    import pandas as pd

    from topolens.study.results import StudyReader

__all__ = ["classes_in_graphs"]

_MEASURE = "point_wise"
_SHOWN = 3
_UNLIKE_COVERAGE = 0.1
_SMALL = 0.02
_RULE = (
    "Point-wise purity: the mean over the points in some node of one over the number of classes "
    "in their nodes (Purvine et al. 2023). Its excess is what is left above the mean over "
    "shuffled labels on the same graph. Graphs are made of whole clouds, not of half-samples."
)


@dataclass(frozen=True, slots=True)
class _Course:
    """Purity over the layers of one model."""

    mapper: str
    model: str
    first: _Purity
    largest: _Purity
    half: str
    """First layer with half of the largest excess."""
    coverage: tuple[float, float]
    """Least and most."""


@dataclass(frozen=True, slots=True)
class _Purity:
    layer: str
    value: float
    null: float

    @property
    def excess(self) -> float:
        return self.value - self.null

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.null:.2f})"


def classes_in_graphs(study: StudyReader) -> list[Finding]:
    """Return where classes come apart in the Mapper graphs, as one finding."""
    if not study.mappers:
        return []
    purity, graphs = study.purity_table(), study.mapper_table()
    rows = purity[(purity["measure"] == _MEASURE) & (purity["class"] == "")]
    courses = [
        course
        for mapper in study.mappers
        for model in study.models
        if (course := _course(rows, graphs, mapper, model.name)) is not None
    ]
    if not courses:
        return []
    return [
        Finding(
            key="classes-in-graphs",
            title="Where classes come apart in the Mapper graphs",
            sentence=_sentence(courses),
            measure="Point-wise purity of Mapper graphs, with shuffled labels in brackets",
            value=courses[0].largest.excess if len(courses) == 1 else None,
            rule=_RULE,
            robustness="not checked on half-samples",
            table=_table(courses),
            notes=_coverage_notes(courses),
        )
    ]


def _course(purity: pd.DataFrame, graphs: pd.DataFrame, mapper: str, model: str) -> _Course | None:
    ours, made = (
        table[(table["mapper"] == mapper) & (table["model"] == model)].sort_values("index")
        for table in (purity, graphs)
    )
    layers = [
        _Purity(str(layer), float(value), float(null))
        for layer, value, null in ours[["layer", "value", "null_mean"]].to_numpy().tolist()
    ]
    if len(layers) < 2:
        return None
    largest = max(layers, key=lambda one: one.excess)
    reached = (one.layer for one in layers if one.excess >= largest.excess / 2)
    half = next(reached, largest.layer)  # none where every excess is negative
    coverage = made["coverage"].to_numpy(float)
    return _Course(
        mapper, model, layers[0], largest, half, (float(np.min(coverage)), float(np.max(coverage)))
    )


def _sentence(courses: list[_Course]) -> str:
    several = len({course.mapper for course in courses}) > 1
    parts = [_clause(course, several=several) for course in courses[:_SHOWN]]
    rest = f"; {len(courses) - _SHOWN} more in the table" if len(courses) > _SHOWN else ""
    head = "Point-wise purity of the Mapper graphs, with that of shuffled labels in brackets"
    return f"{head}: {'; '.join(parts)}{rest}."


def _clause(course: _Course, *, several: bool) -> str:
    where = f" ({quoted(course.mapper)})" if several else ""
    first, largest = course.first, course.largest
    if largest.excess < _SMALL:
        return (
            f"in no layer of {quoted(course.model)}{where} more than shuffled labels give, at "
            f"most {largest} at `{largest.layer}`"
        )
    if largest.layer == first.layer:
        return (
            f"in {quoted(course.model)}{where} {first} at `{first.layer}`, nowhere further above "
            "shuffled labels"
        )
    return (
        f"in {quoted(course.model)}{where} from {first} at `{first.layer}` to {largest} at "
        f"`{largest.layer}`, half of the way above shuffled labels by `{course.half}`"
    )


def _coverage_notes(courses: list[_Course]) -> tuple[str, ...]:
    """Say where purities of layers are not of equally many points."""
    unlike = [c for c in courses if c.coverage[1] - c.coverage[0] > _UNLIKE_COVERAGE]
    if not unlike:
        return ()
    named = listing([quoted(course.model) for course in unlike], shown=_SHOWN)
    least, most = min(c.coverage[0] for c in unlike), max(c.coverage[1] for c in unlike)
    return (
        f"The share of points in some node differs from layer to layer in {named} (from "
        f"{percent(least)} to {percent(most)}); the more points are noise, the purer are the nodes "
        "that remain.",
    )


def _table(courses: list[_Course]) -> FindingTable:
    rows = tuple(
        (
            course.model,
            course.mapper,
            f"{course.first} {course.first.layer}",
            f"{course.largest} {course.largest.layer}",
            course.half,
            f"{percent(course.coverage[0])} – {percent(course.coverage[1])}",
        )
        for course in courses
    )
    columns = ("model", "graphs", "first layer", "furthest above", "half of that at", "coverage")
    return FindingTable(columns, rows)
