"""Which layers of two networks correspond, and how often a measure finds them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from topolens.report.findings.finding import Finding, FindingTable
from topolens.report.findings.reading import (
    Block,
    blocks,
    distances_between,
    label_of,
    main_cloud,
    repeated_matrices,
)
from topolens.report.findings.recognition import recognised
from topolens.report.findings.words import listing, percent, quoted, readable

if TYPE_CHECKING:
    from topolens.base.results import DistanceMatrix
    from topolens.study.results import StudyReader

__all__ = ["Recognition", "corresponding_layers", "recognition"]

_MOST_PAIRS = 12
_RULE = (
    "For every layer of one model, the nearest layer of the other: a hit if it has the same "
    "position (equal layer counts) or the nearest relative depth (unequal counts; of two equally "
    "near, both count). Counted over all ordered pairs of models. Chance: the share of layers that "
    "would count as a hit. Settled when every half-sample lies above chance."
)


@dataclass(frozen=True, slots=True)
class Recognition:
    """How often the nearest layer of another model is the corresponding one."""

    share: float
    chance: float
    n_layers: int
    """Layers that were looked up, over all ordered pairs."""


def corresponding_layers(study: StudyReader) -> list[Finding]:
    """Return how well layers of different models are recognised, per metric, as one finding."""
    cloud = main_cloud(study)
    wanted = (
        label_of(study.metrics, "sliced_wasserstein", 1),
        label_of(study.metrics, "linear_cka"),
    )
    matrices = {
        metric: matrix
        for metric in wanted
        if metric is not None and (matrix := study.distances(metric, cloud)) is not None
    }
    known = {metric: blocks(study, matrix) for metric, matrix in matrices.items()}
    known = {metric: found for metric, found in known.items() if _comparable(found)}
    if not known:
        return []
    scores = {metric: recognition(matrices[metric], found) for metric, found in known.items()}
    again = {
        metric: [recognition(repeat, found) for repeat in repeated_matrices(study, metric, cloud)]
        for metric, found in known.items()
    }
    settled, robustness = _robustness(again)
    main = next(iter(scores))
    return [
        Finding(
            key="correspondence",
            title="Which layers of two models correspond",
            sentence=_sentence(scores, len(known[main])),
            measure=f"{listing([readable(name) for name in scores])}, cloud {quoted(cloud)}",
            value=scores[main].share,
            rule=_RULE,
            robustness=robustness,
            settled=settled,
            table=_table(known, matrices),
            notes=(*_by_family(known, matrices), *_unequal_counts(known[main])),
        )
    ]


def recognition(
    matrix: DistanceMatrix, found: list[Block], *, same_family: bool | None = None
) -> Recognition:
    """Return hits and chance over all ordered pairs of different models (of one kind)."""
    chosen = [
        one
        for (row, column), one in recognised(matrix, found).items()
        if same_family is None or _is_family(found[row], found[column]) == same_family
    ]
    if not sum(len(hits) for hits, _ in chosen):
        return Recognition(np.nan, np.nan, 0)
    hits, chances = (np.concatenate(parts) for parts in zip(*chosen, strict=True))
    return Recognition(float(hits.mean()), float(chances.mean()), len(hits))


def _comparable(found: list[Block]) -> bool:
    return len(found) > 1 and max(len(block.layers) for block in found) > 1


def _sentence(scores: dict[str, Recognition], n_models: int) -> str:
    who = "the two models" if n_models == 2 else f"{n_models} models"
    shares = [(percent(score.share), readable(name)) for name, score in scores.items()]
    parts = [f"in {share} by {name}" for share, name in shares]
    parts[0] = f"in {shares[0][0]} of cases by {shares[0][1]}"
    chance = next(iter(scores.values())).chance
    return (
        f"Between {who}, the nearest layer is the corresponding one {listing(parts)}; chance would "
        f"give {percent(chance)}."
    )


def _robustness(again: dict[str, list[Recognition]]) -> tuple[bool | None, str]:
    parts, sure = [], []
    for metric, repeats in again.items():
        shares = [one.share for one in repeats if one.n_layers]
        if not shares:
            continue
        above = [one.share > one.chance for one in repeats if one.n_layers]
        sure.append(all(above))
        parts.append(
            f"{readable(metric)} {_span(shares)} on the half-samples, above chance in "
            f"{sum(above)} of {len(above)}"
        )
    if not parts:
        return None, "not checked: the study has no half-samples"
    settled = all(sure)
    return settled, ("" if settled else "not settled: ") + "; ".join(parts)


def _span(shares: list[float]) -> str:
    low, high = percent(min(shares)), percent(max(shares))
    return low if low == high else f"{low} to {high}"


def _table(
    known: dict[str, list[Block]], matrices: dict[str, DistanceMatrix]
) -> FindingTable | None:
    main = next(iter(known))
    pairs = list(itertools.combinations(known[main], 2))
    if len(pairs) == 1:
        return _layer_table(known, matrices, pairs[0])
    if len(pairs) > _MOST_PAIRS:
        return None
    rows = []
    for first, second in pairs:
        cells = [f"{first.model.name} ↔ {second.model.name}"]
        chance = np.nan
        for metric, found in known.items():
            names = (first.model.name, second.model.name)
            two = [block for block in found if block.model.name in names]
            score = recognition(matrices[metric], two)
            cells.append(percent(score.share))
            chance = score.chance
        rows.append((*cells, percent(chance)))
    return FindingTable(("models", *map(readable, known), "chance"), tuple(rows))


def _layer_table(
    known: dict[str, list[Block]],
    matrices: dict[str, DistanceMatrix],
    pair: tuple[Block, Block],
) -> FindingTable:
    first, second = pair
    columns = [[layer.name for layer in first.layers]]
    for metric in known:
        distances = distances_between(matrices[metric], first, second)
        columns.append([_nearest_name(row, second) for row in distances])
    head = (f"layer of {first.model.name}", *(f"nearest by {readable(metric)}" for metric in known))
    return FindingTable(head, tuple(zip(*columns, strict=True)))


def _nearest_name(row: np.ndarray, second: Block) -> str:
    if not np.isfinite(row).any():
        return "–"
    return second.layers[int(np.nanargmin(row))].name


def _is_family(first: Block, second: Block) -> bool:
    return first.model.family == second.model.family


def _by_family(
    known: dict[str, list[Block]], matrices: dict[str, DistanceMatrix]
) -> tuple[str, ...]:
    kinds = {_is_family(*pair) for pair in itertools.combinations(next(iter(known.values())), 2)}
    if len(kinds) < 2:
        return ()
    parts = []
    for metric, found in known.items():
        inside = recognition(matrices[metric], found, same_family=True).share
        across = recognition(matrices[metric], found, same_family=False).share
        parts.append(f"{percent(inside)} against {percent(across)} by {readable(metric)}")
    return (f"Within one family against across families: {listing(parts)}.",)


def _unequal_counts(found: list[Block]) -> tuple[str, ...]:
    counts = sorted({len(block.model.layers) for block in found})
    if len(counts) == 1:
        return ()
    sizes = listing([str(size) for size in counts])
    return (
        f"The models have {sizes} layers; where the counts differ, layers are matched by relative "
        "depth.",
    )
