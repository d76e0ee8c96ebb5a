"""Which two layers of a model are hardest to tell apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from topolens.report.findings.finding import Finding, FindingTable, verdict
from topolens.report.findings.noise import DiagramMetric, diagram_metric, layer_noise
from topolens.report.findings.reading import (
    Block,
    blocks,
    distances_between,
    label_of,
    main_cloud,
    repeated_matrices,
)
from topolens.report.findings.words import by_place, number, quoted, readable

if TYPE_CHECKING:
    from topolens.base.results import DistanceMatrix
    from topolens.study.results import StudyReader

__all__ = ["closest_layers"]

_SAME = 1.0
_CLOSE = 2.0
_FEWEST_LAYERS = 3
_RULE = (
    "Distance (by {metric}) of two layers on the same half-sample, averaged over the "
    "half-samples, divided by the noise: the distance of two different half-samples of one layer, "
    "averaged over both layers. Up to 1 the two cannot be told apart, up to 2 hardly. Settled "
    "when at least three quarters of the half-samples name the same two layers."
)


@dataclass(frozen=True, slots=True)
class _Closest:
    model: str
    first: str
    second: str
    ratio: float
    cka: float
    hits: int
    identical: tuple[tuple[str, str], ...]
    """Pairs at distance 0 in every half-sample; left out of the ranking."""


def closest_layers(study: StudyReader) -> list[Finding]:
    """Return the pair of layers closest to redundant in each model, as one finding."""
    metric, cloud = diagram_metric(study), main_cloud(study)
    matrix = None if metric is None else study.distances(metric.label, cloud)
    if metric is None or matrix is None:
        return []
    repeats = repeated_matrices(study, metric.label, cloud)
    cka_label = label_of(study.metrics, "linear_cka")
    cka = None if cka_label is None else study.distances(cka_label, cloud)
    wide = [block for block in blocks(study, matrix) if len(block.layers) >= _FEWEST_LAYERS]
    found = [
        pair
        for block in wide
        if (pair := _closest(study, block, metric, repeats, cka, cloud)) is not None
    ]
    if not found:
        return []
    settled, robustness = verdict({p.model: p.hits for p in found}, len(repeats), "the same pair")
    return [
        Finding(
            key="redundant-layers",
            title="Layers that are hardest to tell apart",
            sentence=_sentence(found, metric.noun),
            measure=f"{readable(metric.label)}, cloud {quoted(cloud)}",
            value=found[0].ratio if len(found) == 1 else None,
            rule=_RULE.format(metric=readable(metric.label)),
            robustness=robustness,
            settled=settled,
            table=_table(found, len(repeats)),
            notes=_identical(found),
        )
    ]


def _closest(
    study: StudyReader,
    block: Block,
    metric: DiagramMetric,
    repeats: list[DistanceMatrix],
    cka: DistanceMatrix | None,
    cloud: str,
) -> _Closest | None:
    if not repeats:
        return None
    name = block.model.name
    noise = np.array(
        [layer_noise(study, name, layer.name, cloud, metric) for layer in block.layers]
    )
    floor = (noise[:, None] + noise[None, :]) / 2
    halves = [_upper(distances_between(repeat, block, block), floor) for repeat in repeats]
    same = np.all([half == 0 for half in halves], axis=0)
    for half in halves:
        half[same] = np.nan
    ratios = np.mean(halves, axis=0)
    if not np.isfinite(ratios).any():
        return None
    at = int(np.nanargmin(ratios))
    row, column = np.unravel_index(at, ratios.shape)
    alike = np.nan if cka is None else 1 - distances_between(cka, block, block)[row, column]
    return _Closest(
        model=name,
        first=block.layers[int(row)].name,
        second=block.layers[int(column)].name,
        ratio=float(ratios.flat[at]),
        cka=float(alike),
        identical=tuple((block.layers[r].name, block.layers[c].name) for r, c in np.argwhere(same)),
        hits=sum(bool(np.isfinite(h).any()) and int(np.nanargmin(h)) == at for h in halves),
    )


def _identical(found: list[_Closest]) -> tuple[str, ...]:
    places = [
        (f"{quoted(a)} and {quoted(b)}", one.model) for one in found for a, b in one.identical
    ]
    if not places:
        return ()
    return (
        f"Left out, because they have the very same diagrams in every half-sample: "
        f"{by_place(places)}. Such layers are as a rule one tensor under two names.",
    )


def _upper(distances: NDArray[np.float64], floor: NDArray[np.float64]) -> NDArray[np.float64]:
    ratios = np.full_like(distances, np.nan)
    upper = np.triu(np.isfinite(distances) & (floor > 0), k=1)
    ratios[upper] = distances[upper] / floor[upper]
    return ratios


def _sentence(found: list[_Closest], noun: str) -> str:
    if len(found) == 1:
        one = found[0]
        return (
            f"{quoted(one.first)} and {quoted(one.second)} of {quoted(one.model)} are closest: "
            f"{number(one.ratio)} times the sampling noise{_cka(one)}. {_reading(one.ratio, noun)}"
        )
    alike = [one for one in found if one.ratio <= _SAME]
    near = [one for one in found if _SAME < one.ratio <= _CLOSE]
    if not alike and not near:
        least = min(one.ratio for one in found)
        return (
            f"In none of the {len(found)} models do two layers come within twice the sampling "
            f"noise; the closest pair lies at {number(least)} times it."
        )
    places = [(f"{quoted(p.first)} and {quoted(p.second)}", p.model) for p in alike + near]
    how = "cannot" if alike and not near else "can hardly"
    return f"By their {noun}, these layers {how} be told apart: {by_place(places)}."


def _reading(ratio: float, noun: str) -> str:
    if ratio <= _SAME:
        return (
            f"That is no more than resampling one layer gives: their {noun} cannot be told apart."
        )
    if ratio <= _CLOSE:
        return f"Their {noun} can hardly be told apart."
    return "So no two layers are redundant by this measure."


def _cka(one: _Closest) -> str:
    return f", linear CKA {one.cka:.2f}" if np.isfinite(one.cka) else ""


def _table(found: list[_Closest], total: int) -> FindingTable:
    rows = [
        (
            one.model,
            f"{one.first} ~ {one.second}",
            number(one.ratio),
            f"{one.cka:.2f}" if np.isfinite(one.cka) else "–",
            f"{one.hits} of {total}",
        )
        for one in found
    ]
    columns = ("model", "closest layers", "distance ÷ noise", "linear CKA", "half-samples")
    return FindingTable(columns, tuple(rows))
