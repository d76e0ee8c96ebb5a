"""Which layers of two networks correspond, and how often a measure finds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from topolens.base.errors import InvalidInputError
from topolens.comparison.identification import same_layer_identification
from topolens.report.findings.finding import Finding, FindingTable
from topolens.report.findings.reading import label_of, main_cloud, repeated_matrices
from topolens.report.findings.words import listing, percent, quoted, readable

if TYPE_CHECKING:
    from topolens.base.results import DistanceMatrix
    from topolens.comparison.identification import LayerIdentification, PairIdentification
    from topolens.study.results import StudyReader

__all__ = ["corresponding_layers", "looked_up"]

_MOST_PAIRS = 12
_TOLD = 2
_RULE = (
    "For every layer of one model, the nearest layer of the other: a hit if it has the same "
    "position (equal layer counts) or the nearest relative depth (unequal counts; of two equally "
    "near, both count). Counted over all ordered pairs of models. Chance: the share of layers that "
    "would count as a hit. Settled when every half-sample lies above chance."
)


def looked_up(matrix: DistanceMatrix | None) -> LayerIdentification | None:
    """Return how often layers are found; None where there is nothing to find or to mistake."""
    if matrix is None:
        return None
    try:
        found = same_layer_identification(matrix)
    except InvalidInputError:
        return None
    return found if found.chance < 1 else None


def corresponding_layers(study: StudyReader) -> list[Finding]:
    """Return how well layers of different models are recognised, by two metrics, as one finding."""
    cloud = main_cloud(study)
    found = {
        metric: one
        for metric in _metrics_told(study)
        if (one := looked_up(study.distances(metric, cloud))) is not None
    }
    if not found:
        return []
    again = {
        metric: list(map(looked_up, repeated_matrices(study, metric, cloud))) for metric in found
    }
    settled, robustness = _robustness(again)
    main = next(iter(found.values()))
    return [
        Finding(
            key="correspondence",
            title="Which layers of two models correspond",
            sentence=_sentence(found),
            measure=f"{listing([readable(name) for name in found])}, cloud {quoted(cloud)}",
            value=main.accuracy,
            rule=_RULE,
            robustness=robustness,
            settled=settled,
            table=_table(found),
            notes=(
                *_by_family(study, found),
                *_unequal_counts(study, main),
                *_others(study, found),
            ),
        )
    ]


def _metrics_told(study: StudyReader) -> list[str]:
    """Return the usual two metrics, or else the study's first."""
    usual = (
        label_of(study.metrics, "sliced_wasserstein", 1),
        label_of(study.metrics, "linear_cka"),
    )
    return [metric for metric in usual if metric is not None] or list(study.metrics[:_TOLD])


def _models(found: LayerIdentification) -> list[str]:
    return list(dict.fromkeys(pair.model for pair in found.pairs))


def _sentence(found: Mapping[str, LayerIdentification]) -> str:
    amount = max(len(_models(one)) for one in found.values())
    who = "the two models" if amount == 2 else f"{amount} models"
    shares = [(percent(one.accuracy), readable(name)) for name, one in found.items()]
    parts = [f"in {share} by {name}" for share, name in shares]
    parts[0] = f"in {shares[0][0]} of cases by {shares[0][1]}"
    chance = next(iter(found.values())).chance
    return (
        f"Between {who}, the nearest layer is the corresponding one {listing(parts)}; chance would "
        f"give {percent(chance)}."
    )


def _robustness(
    again: Mapping[str, list[LayerIdentification | None]],
) -> tuple[bool | None, str]:
    parts, sure = [], []
    for metric, repeats in again.items():
        known = [one for one in repeats if one is not None]
        if not known:
            continue
        above = [one.accuracy > one.chance for one in known]
        sure.append(all(above))
        parts.append(
            f"{readable(metric)} {_span([one.accuracy for one in known])} on the half-samples, "
            f"above chance in {sum(above)} of {len(above)}"
        )
    if not parts:
        return None, "not checked: the study has no half-samples"
    settled = all(sure)
    return settled, ("" if settled else "not settled: ") + "; ".join(parts)


def _span(shares: list[float]) -> str:
    low, high = percent(min(shares)), percent(max(shares))
    return low if low == high else f"{low} to {high}"


def _table(found: Mapping[str, LayerIdentification]) -> FindingTable | None:
    main = next(iter(found.values()))
    both = list(dict.fromkeys(frozenset((pair.model, pair.other)) for pair in main.pairs))
    if len(both) == 1:
        return _layer_table(found, main.pairs[0])
    if len(both) > _MOST_PAIRS:
        return None
    rows = []
    for names in both:
        chosen = {m: _between(one.pairs, names) for m, one in found.items()}
        shares = [percent(_share(pairs)) for pairs in chosen.values()]
        chances = np.concatenate([pair.chances for pair in next(iter(chosen.values()))])
        first = next(pair for pair in main.pairs if pair.model in names and pair.other in names)
        rows.append((f"{first.model} ↔ {first.other}", *shares, percent(float(chances.mean()))))
    return FindingTable(("models", *map(readable, found), "chance"), tuple(rows))


def _between(
    pairs: Iterable[PairIdentification], names: frozenset[str]
) -> list[PairIdentification]:
    return [pair for pair in pairs if pair.model in names and pair.other in names]


def _share(pairs: Iterable[PairIdentification]) -> float:
    hits = np.concatenate([np.empty(0), *(pair.hits for pair in pairs)])
    return float(hits.mean()) if len(hits) else float("nan")


def _layer_table(
    found: Mapping[str, LayerIdentification], shown: PairIdentification
) -> FindingTable:
    nearest = {}
    for metric, one in found.items():
        pair = next((p for p in one.pairs if p.model == shown.model), None)
        nearest[metric] = {} if pair is None else dict(zip(pair.layers, pair.nearest, strict=True))
    head = (f"layer of {shown.model}", *(f"nearest by {readable(metric)}" for metric in nearest))
    rows = [
        (layer, *(names.get(layer, "–") for names in nearest.values())) for layer in shown.layers
    ]
    return FindingTable(head, tuple(rows))


def _by_family(study: StudyReader, found: Mapping[str, LayerIdentification]) -> tuple[str, ...]:
    family = {model.name: model.family for model in study.models}
    parts = []
    for metric, one in found.items():
        kin = [pair for pair in one.pairs if family[pair.model] == family[pair.other]]
        rest = [pair for pair in one.pairs if family[pair.model] != family[pair.other]]
        if kin and rest:
            inside, across = percent(_share(kin)), percent(_share(rest))
            parts.append(f"{inside} against {across} by {readable(metric)}")
    if not parts:
        return ()
    return (f"Within one family against across families: {listing(parts)}.",)


def _unequal_counts(study: StudyReader, found: LayerIdentification) -> tuple[str, ...]:
    compared = set(_models(found))
    counts = sorted({len(model.layers) for model in study.models if model.name in compared})
    if len(counts) == 1:
        return ()
    sizes = listing([str(size) for size in counts])
    return (
        f"The models have {sizes} layers; where the counts differ, layers are matched by relative "
        "depth.",
    )


def _others(study: StudyReader, found: Mapping[str, LayerIdentification]) -> tuple[str, ...]:
    if len(study.metrics) == len(found):
        return ()
    return (f"All {len(study.metrics)} metrics stand side by side under “Same layers”.",)
