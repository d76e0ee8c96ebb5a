"""How often each metric finds the layer of the same place in another network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from topolens.report.findings.correspondence import looked_up
from topolens.report.findings.reading import repeated_matrices
from topolens.report.findings.words import listing, percent, quoted, readable
from topolens.report.operation_words import OperationWords, metric_words

if TYPE_CHECKING:
    from topolens.comparison.identification import LayerIdentification
    from topolens.study.results import StudyReader

__all__ = ["Identification", "identifications", "reading_of"]

_INTERVAL = 1.96
_FEWEST_HALVES = 2
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Identification:
    """One metric in one cloud: the share of layers whose nearest is the one of the same place."""

    words: OperationWords
    clouds: tuple[str, ...]
    """Several where the numbers are the same, as of a metric that scale does not change."""
    share: float
    """Over all layers of all ordered pairs of models."""
    chance: float
    """What picking a layer at random would give."""
    low: float
    """Share minus 1.96 standard errors of the half-samples; NaN without them."""
    high: float
    worst: float
    """The share of the pair of models with the smallest."""
    best: float
    n_pairs: int
    """Pairs of models."""
    n_layers: int
    """Layers looked up."""

    @property
    def above_chance(self) -> bool:
        """Whether the whole interval lies above chance; without one, the share."""
        return bool((self.low if np.isfinite(self.low) else self.share) > self.chance)


def identifications(study: StudyReader) -> list[Identification]:
    """Return one line per metric and cloud that compares two models at least, best first."""
    words = metric_words(study)
    found = [
        one
        for cloud in study.clouds
        for metric in study.metrics
        if (one := _identification(study, words[metric], cloud)) is not None
    ]
    return sorted(_merged(found), key=lambda one: -one.share)


def reading_of(found: list[Identification]) -> list[str]:
    """Return what the lines say together, in sentences that claim no more than they can."""
    if not found:
        return []
    return [_against_chance(found), *_first_places(found)]


def _against_chance(found: list[Identification]) -> str:
    above = sum(one.above_chance for one in found)
    measured = any(np.isfinite(one.low) for one in found)
    what = "whole interval" if measured else "share"
    if len(found) == 1:
        return f"The {what} lies {'' if above else 'not '}above chance."
    lines = {0: "no line", len(found): f"all {len(found)} lines"}
    where = lines.get(above, f"{above} of {len(found)} lines")
    rest = ": there the layer of the same place is nearest more often than one drawn at random"
    return f"In {where} of the table the {what} lies above chance{rest if above else ''}."


def _first_places(found: list[Identification]) -> list[str]:
    best, others = found[0], found[1:]
    if not others or not best.above_chance:
        return []
    first = f"The largest share, {percent(best.share)}, is that of {_name(best)}"
    if best.n_pairs > 1:
        first += f" (from {percent(best.worst)} to {percent(best.best)} over the pairs of models)"
    rivals = [_name(one) for one in others if one.high >= best.low]
    if not np.isfinite(best.low):
        return [f"{first}; without half-samples the order is not checked."]
    if not rivals:
        return [f"{first}; on these networks, its interval lies above all others."]
    return [
        f"{first}; the intervals of {listing(rivals, shown=_SHOWN)} reach into its own, so the "
        "order among these is not settled."
    ]


def _name(one: Identification) -> str:
    return f"{readable(one.words.label)} in {listing([quoted(cloud) for cloud in one.clouds])}"


def _merged(found: list[Identification]) -> list[Identification]:
    merged: dict[tuple[object, ...], Identification] = {}
    for one in found:
        numbers = (one.share, one.chance, one.low, one.high, one.worst, one.best, one.n_layers)
        key = (one.words.label, *(f"{value:.9g}" for value in numbers))
        before = merged[key].clouds if key in merged else ()
        merged[key] = replace(one, clouds=(*before, *one.clouds))
    return list(merged.values())


def _identification(study: StudyReader, words: OperationWords, cloud: str) -> Identification | None:
    found = looked_up(study.distances(words.label, cloud))
    if found is None:
        return None
    repeats = map(looked_up, repeated_matrices(study, words.label, cloud))
    halves = [half.accuracy for half in repeats if half is not None]
    # By a delete-half jackknife, the spread of the halves is the standard error of the whole.
    error = _INTERVAL * np.std(halves) if len(halves) >= _FEWEST_HALVES else np.nan
    pairs = _by_pair(found)
    return Identification(
        words=words,
        clouds=(cloud,),
        share=found.accuracy,
        chance=found.chance,
        low=float(np.clip(found.accuracy - error, 0, 1)),
        high=float(np.clip(found.accuracy + error, 0, 1)),
        worst=min(pairs),
        best=max(pairs),
        n_pairs=len(pairs),
        n_layers=found.n_layers,
    )


def _by_pair(found: LayerIdentification) -> list[float]:
    """Return the share per pair of models, both directions together."""
    hits: dict[frozenset[str], list[float]] = {}
    for pair in found.pairs:
        hits.setdefault(frozenset((pair.model, pair.other)), []).extend(pair.hits)
    return [float(np.mean(both)) for both in hits.values() if both]
