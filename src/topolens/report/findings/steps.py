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
    distance_name,
    distances_between,
    is_topological,
    main_cloud,
    main_metric,
    repeated_matrices,
)
from topolens.report.findings.words import by_place, listing, number, quoted, readable, times

if TYPE_CHECKING:
    from topolens.base.results import DistanceMatrix
    from topolens.study.results import LayerSummary, StudyReader

__all__ = ["largest_step"]

_FEWEST_STEPS = 2
_KEEPS_ALL = "flatten"
_RULE = (
    "The largest distance (by {metric}) of consecutive layers; "
    "settled when at least three quarters of the half-samples name the same step."
)


@dataclass(frozen=True, slots=True)
class _Step:
    model: str
    before: str
    after: str
    crosses_pooling: bool
    """One of both has several positions that pooling made a point of, the other has one only."""
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
    metric, cloud = main_metric(study), main_cloud(study)
    matrix = None if metric is None else study.distances(metric, cloud)
    if metric is None or matrix is None:
        return []
    repeats = repeated_matrices(study, metric, cloud)
    steps = [step for block in blocks(study, matrix) if (step := _largest(block, matrix, repeats))]
    if not steps:
        return []
    notes = _pooling_notes(study, steps)
    subject = "the topology changes" if is_topological(study, metric) else "the layers change"
    settled, robustness = verdict({s.model: s.hits for s in steps}, len(repeats), "the same step")
    return [
        Finding(
            key="largest-step",
            title=f"Where {subject} most",
            sentence=_sentence(steps, subject, distance_name(matrix)),
            measure=f"{readable(metric)}, cloud {quoted(cloud)}",
            value=steps[0].size if len(steps) == 1 else None,
            rule=_RULE.format(metric=distance_name(matrix)),
            robustness=robustness,
            settled=settled,
            table=_table(steps, len(repeats)),
            notes=notes,
            caution=bool(notes),
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
        crosses_pooling=_crosses(before, after),
        depth=(before.depth + after.depth) / 2,
        size=float(sizes[at]),
        over_median=float(sizes[at]) / typical if typical > 0 else np.inf,
        hits=int((places == at).sum()),
        near=int((np.abs(places - at) <= 1).sum()),
    )


def _consecutive(block: Block, matrix: DistanceMatrix) -> NDArray[np.float64]:
    return np.diagonal(distances_between(matrix, block, block), offset=1).copy()


def _crosses(before: LayerSummary, after: LayerSummary) -> bool:
    known = bool(before.output_shape and after.output_shape)
    return known and before.is_pooled != after.is_pooled


def _pooling_notes(study: StudyReader, steps: list[_Step]) -> tuple[str, ...]:
    """Warn where one layer's points are pooled and the next one's are not."""
    pools = {one.name: one.pool or study.spec.capture.pool for one in study.spec.models}
    lossy = [s for s in steps if s.crosses_pooling and pools.get(s.model) != _KEEPS_ALL]
    if not lossy:
        return ()
    ways = listing(list(dict.fromkeys(quoted(pools[s.model]) for s in lossy if s.model in pools)))
    whom = listing([quoted(step.model) for step in lossy])
    return (
        f"In {whom} one side of the step has many positions, of which pooling ({ways}) made one "
        "point, and the other has a single one: the step may be that of the pooling and not of "
        "the network.",
    )


def _sentence(steps: list[_Step], subject: str, distance: str) -> str:
    if len(steps) == 1:
        one = steps[0]
        return (
            f"In {quoted(one.model)} {subject} most between {one.place}: a distance of "
            f"{number(one.size)} by {distance}, {times(one.over_median)} the median step."
        )
    places = by_place([(f"between {step.place}", step.model) for step in steps])
    return f"{subject[0].upper()}{subject[1:]} most {places}."


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
