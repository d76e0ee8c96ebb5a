"""Which model differs most from the others, place by place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from topolens.report.findings.finding import Finding, FindingTable, agreement
from topolens.report.findings.reading import (
    Block,
    blocks,
    corresponding,
    distance_name,
    distances_between,
    main_cloud,
    main_metric,
    repeated_matrices,
)
from topolens.report.findings.words import number, percent, quoted, readable

if TYPE_CHECKING:
    from topolens.base.results import DistanceMatrix
    from topolens.study.results import StudyReader

__all__ = ["most_different_model"]

_FEWEST_MODELS = 3
_CLEAR_MARGIN = 0.1
_RULE = (
    "Mean distance (by {metric}) between corresponding layers, averaged over the other "
    "models. Margin: by how much it exceeds the runner-up. Settled when at least three quarters of "
    "the half-samples name the same model and the margin is at least 10 %."
)


def most_different_model(study: StudyReader) -> list[Finding]:
    """Return the model that lies farthest from the others, as one finding."""
    metric, cloud = main_metric(study), main_cloud(study)
    matrix = None if metric is None else study.distances(metric, cloud)
    if metric is None or matrix is None:
        return []
    found = blocks(study, matrix)
    means = _mean_distances(matrix, found)
    if len(means) < _FEWEST_MODELS:
        return []
    order = sorted(means, key=lambda name: -means[name])
    margin = means[order[0]] / means[order[1]] - 1 if means[order[1]] > 0 else np.inf
    again = [_mean_distances(one, found) for one in repeated_matrices(study, metric, cloud)]
    hits = sum(max(one, key=lambda n: one[n]) == order[0] for one in again if one)
    settled, robustness = agreement(hits, len(again), "the same model")
    if settled and margin < _CLEAR_MARGIN:
        settled, robustness = False, f"not settled: a narrow margin ({robustness})"
    return [
        Finding(
            key="most-different-model",
            title="Which model differs most",
            sentence=(
                f"{quoted(order[0])} differs most from the others: its layers lie "
                f"{number(means[order[0]])} away on average, {percent(margin)} more than the "
                f"runner-up {quoted(order[1])}."
            ),
            measure=f"{readable(metric)}, cloud {quoted(cloud)}",
            value=means[order[0]],
            rule=_RULE.format(metric=distance_name(matrix)),
            robustness=robustness,
            settled=settled,
            table=FindingTable(
                ("model", "mean distance to the others"),
                tuple((name, number(means[name])) for name in order),
            ),
        )
    ]


def _mean_distances(matrix: DistanceMatrix, found: list[Block]) -> dict[str, float]:
    means = {}
    for one in found:
        others = [_gap(matrix, one, other) for other in found if other is not one]
        finite = [gap for gap in others if np.isfinite(gap)]
        if finite:
            means[one.model.name] = float(np.mean(finite))
    return means


def _gap(matrix: DistanceMatrix, one: Block, other: Block) -> float:
    distances = distances_between(matrix, one, other)
    both_ways = corresponding(one, other) | corresponding(other, one).T
    pairs = distances[both_ways & np.isfinite(distances)]
    return float(pairs.mean()) if len(pairs) else np.nan
