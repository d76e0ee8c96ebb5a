"""Where the topology changes most from one layer to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from topolens.report.findings.finding import Finding, FindingTable, hits_cell, verdict
from topolens.report.findings.reading import (
    Block,
    blocks,
    distances_between,
    label_of,
    main_cloud,
    repeated_matrices,
)
from topolens.report.findings.words import by_place, number, quoted, readable, times

if TYPE_CHECKING:
    from topolens.base.results import DistanceMatrix
    from topolens.study.results import StudyReader

__all__ = ["largest_step"]

_FEWEST_STEPS = 2
_RULE = (
    "The largest sliced Wasserstein distance between the H1 diagrams of consecutive layers; "
    "settled when at least three quarters of the half-samples name the same step."
)


@dataclass(frozen=True, slots=True)
class _Step:
    model: str
    before: str
    after: str
    depth: float
    size: float
    over_median: float
    hits: int
    near: int
    """Half-samples whose largest step is this one or a neighbour."""

    @property
    def place(self) -> str:
        return f"{quoted(self.before)} and {quoted(self.after)}"


def largest_step(study: StudyReader) -> list[Finding]:
    """Return the largest change between consecutive layers of each model, as one finding."""
    metric, cloud = label_of(study.metrics, "sliced_wasserstein", 1), main_cloud(study)
    matrix = None if metric is None else study.distances(metric, cloud)
    if metric is None or matrix is None:
        return []
    repeats = repeated_matrices(study, metric, cloud)
    steps = [step for block in blocks(study, matrix) if (step := _largest(block, matrix, repeats))]
    if not steps:
        return []
    settled, robustness = verdict({s.model: s.hits for s in steps}, len(repeats), "the same step")
    return [
        Finding(
            key="largest-step",
            title="Where the topology changes most",
            sentence=_sentence(steps),
            measure=f"{readable(metric)}, cloud {quoted(cloud)}",
            value=steps[0].size if len(steps) == 1 else None,
            rule=_RULE,
            robustness=robustness,
            settled=settled,
            table=_table(steps, len(repeats)),
        )
    ]


def _largest(block: Block, matrix: DistanceMatrix, repeats: list[DistanceMatrix]) -> _Step | None:
    sizes = _consecutive(block, matrix)
    if np.isfinite(sizes).sum() < _FEWEST_STEPS or not np.nanmax(sizes) > 0:
        return None
    at = int(np.nanargmax(sizes))
    again = [_consecutive(block, repeat) for repeat in repeats]
    places = np.array([np.nanargmax(one) for one in again if np.isfinite(one).any()])
    before, after = block.layers[at], block.layers[at + 1]
    typical = float(np.nanmedian(sizes))
    return _Step(
        model=block.model.name,
        before=before.name,
        after=after.name,
        depth=(before.depth + after.depth) / 2,
        size=float(sizes[at]),
        over_median=float(sizes[at]) / typical if typical > 0 else np.inf,
        hits=int((places == at).sum()),
        near=int((np.abs(places - at) <= 1).sum()),
    )


def _consecutive(block: Block, matrix: DistanceMatrix) -> NDArray[np.float64]:
    return np.diagonal(distances_between(matrix, block, block), offset=1).copy()


def _sentence(steps: list[_Step]) -> str:
    if len(steps) == 1:
        one = steps[0]
        return (
            f"In {quoted(one.model)} the topology changes most between {one.place}: a sliced "
            f"Wasserstein distance of {number(one.size)}, {times(one.over_median)} the median step."
        )
    places = by_place([(f"between {step.place}", step.model) for step in steps])
    return f"The topology changes most {places}."


def _table(steps: list[_Step], total: int) -> FindingTable:
    columns: tuple[str, ...] = (
        "model",
        "largest step",
        "at depth",
        "distance",
        "× median",
    )
    rows: list[tuple[str, ...]] = [
        (
            s.model,
            f"{s.before} → {s.after}",
            f"{s.depth:.2f}",
            number(s.size),
            number(s.over_median),
        )
        for s in steps
    ]
    if total:
        columns = (*columns, "half-samples")
        rows = [
            (*row, hits_cell(s.hits, s.near, total)) for row, s in zip(rows, steps, strict=True)
        ]
    return FindingTable(columns, tuple(rows))
