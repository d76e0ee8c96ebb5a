"""Whether the clouds gather or spread, and gain or lose loops, on the way to the output."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from topolens.report.findings.finding import Finding, FindingTable, verdict
from topolens.report.findings.reading import Profile, label_of, main_cloud, profiles
from topolens.report.findings.words import correlation, every, listing, number, quoted, readable
from topolens.report.operation_words import DIMENSION, measure_words

if TYPE_CHECKING:
    from topolens.study.results import StudyReader

__all__ = ["dimension_over_depth", "rank_correlation", "total_lifespans"]

_FEWEST_LAYERS = 4
_CLEAR = 0.5
_HUMP = 0.85
_UNEQUAL_WIDTHS = 2
_RULE = (
    "Rank correlation ρ of the {noun} with depth: rises from 0.5, falls from −0.5, else no "
    "clear direction. Rises, then falls: the largest value lies inside and both ends stay below "
    "85 % of it, rising before (ρ ≥ 0.5) and falling after (ρ ≤ −0.5); falls, then rises: the same "
    "upside down. "
    "Settled when at least three quarters of the half-samples give the same word."
)


@dataclass(frozen=True, slots=True)
class _Subject:
    """What moves over depth, in words."""

    key: str
    title: str
    noun: str
    short: str


_SUMS = {
    0: _Subject(
        "trend-h0",
        "How the cloud gathers over depth",
        "The total lifespan of pieces (H0 lifespan sum)",
        "sum",
    ),
    1: _Subject(
        "trend-h1",
        "How loops come and go",
        "The total lifespan of loops (H1 lifespan sum)",
        "sum",
    ),
}


def _dimension_by(label: str) -> _Subject:
    return _Subject(
        "dimension",
        "How the dimension changes over depth",
        _dimension_name(label),
        "dimension",
    )


def _dimension_name(label: str) -> str:
    """Return "The PH dimension", but "The dimension by TwoNN"."""
    name = readable(label)
    return f"The {name}" if name.endswith("dimension") else f"The dimension by {name}"


@dataclass(frozen=True, slots=True)
class _Trend:
    model: str
    word: str
    ratio: float
    correlation: float
    hits: int
    n_repeats: int


def total_lifespans(study: StudyReader) -> list[Finding]:
    """Return how the H0 and the H1 lifespan sums move over depth, one finding each."""
    labels = [
        (subject, label_of(study.measures, "lifespan_sum", d)) for d, subject in _SUMS.items()
    ]
    return [
        finding
        for subject, label in labels
        if label is not None and (finding := _finding(study, label, subject)) is not None
    ]


def dimension_over_depth(study: StudyReader) -> list[Finding]:
    """Return how the dimension moves over depth, by the study's first measure of it.

    Notes say what its further measures of dimension give: estimators disagree.
    """
    words = measure_words(study).values()
    labels = [one.label for one in words if one.kind == DIMENSION]
    found = [
        finding
        for label in labels
        if (finding := _finding(study, label, _dimension_by(label))) is not None
    ]
    if not found:
        return []
    others = tuple(other.sentence for other in found[1:])
    return [replace(found[0], notes=(*others, *found[0].notes))]


def rank_correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return Spearman's rank correlation; NaN where one side is constant."""
    one, other = rankdata(first), rankdata(second)
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return np.nan
    return float(np.corrcoef(one, other)[0, 1])


def _finding(study: StudyReader, measure: str, subject: _Subject) -> Finding | None:
    cloud = main_cloud(study)
    long = [p for p in profiles(study, measure, cloud) if len(p.layers) >= _FEWEST_LAYERS]
    trends = [_trend(profile) for profile in long]
    if not trends:
        return None
    notes = _width_notes(study, long, subject.short)
    total = min(trend.n_repeats for trend in trends)
    settled, robustness = verdict({t.model: t.hits for t in trends}, total, "the same direction")
    return Finding(
        key=subject.key,
        title=subject.title,
        sentence=_sentence(trends, subject.noun),
        measure=f"{readable(measure)}, cloud {quoted(cloud)}",
        value=trends[0].ratio if len(trends) == 1 else None,
        rule=_RULE.format(noun=subject.short),
        robustness=robustness,
        settled=settled,
        table=_table(trends, total),
        notes=notes,
        caution=bool(notes),
    )


def _width_notes(study: StudyReader, found: list[Profile], noun: str) -> tuple[str, ...]:
    """Warn where a measure may say no more than how many features a layer has."""
    follows = []
    for profile in found:
        widths = np.array([layer.n_features for layer in profile.layers], dtype=np.float64)
        unequal = widths.max() >= _UNEQUAL_WIDTHS * widths.min()
        if unequal and rank_correlation(widths, profile.values) >= _CLEAR:
            follows.append((profile.model.name, int(widths.min()), int(widths.max())))
    if not follows:
        return ()
    narrow, wide = min(low for _, low, _ in follows), max(high for *_, high in follows)
    names = [name for name, *_ in follows]
    whom = listing([quoted(name) for name in names])
    if len(found) > 1 and len(names) == len(found):
        whom = every(len(found), "model")
    captured = [one for one in study.spec.models if one.activations is None and one.name in names]
    ways = dict.fromkeys(quoted(one.pool or study.spec.capture.pool) for one in captured)
    other = f", or another pooling than {listing(list(ways))}," if ways else ""
    return (
        f"In {whom} the {noun} follows the width of the layers ({narrow:,} to {wide:,} features; "
        "rank correlation at least 0.5): distances in few dimensions differ from those in many, so "
        "this course may be one of width and not of what the network does. Layers of equal "
        f"width{other} would tell.",
    )


def _trend(profile: Profile) -> _Trend:
    depths, values = profile.depths, profile.values
    word = _direction(depths, values)
    return _Trend(
        model=profile.model.name,
        word=word,
        ratio=float(values[-1] / values[0]) if values[0] > 0 else np.nan,
        correlation=rank_correlation(depths, values),
        hits=sum(_direction(depths, one) == word for one in profile.repeats),
        n_repeats=len(profile.repeats),
    )


def _direction(depths: NDArray[np.float64], values: NDArray[np.float64]) -> str:
    if _is_hunchback(depths, values):
        return "rises, then falls"
    if _is_hunchback(depths, values.max() + values.min() - values):
        return "falls, then rises"
    strength = rank_correlation(depths, values)
    if strength >= _CLEAR:
        return "rises"
    return "falls" if strength <= -_CLEAR else "shows no clear direction"


def _is_hunchback(depths: NDArray[np.float64], values: NDArray[np.float64]) -> bool:
    peak = int(np.argmax(values))
    if peak in (0, len(values) - 1) or max(values[0], values[-1]) > _HUMP * values[peak]:
        return False
    before = rank_correlation(depths[: peak + 1], values[: peak + 1])
    after = rank_correlation(depths[peak:], values[peak:])
    return before >= _CLEAR and after <= -_CLEAR


def _sentence(trends: list[_Trend], noun: str) -> str:
    if len(trends) == 1:
        one = trends[0]
        return (
            f"{noun} {one.word} over the depth of {quoted(one.model)}: the last layer has "
            f"{number(one.ratio)} times the first, rank correlation with depth "
            f"{correlation(one.correlation)}."
        )
    words = Counter(trend.word for trend in trends).most_common()
    ratios = sorted(trend.ratio for trend in trends if np.isfinite(trend.ratio))
    ends = dict.fromkeys(number(ratio) for ratio in ratios[:1] + ratios[-1:])
    spread = f"; the last layer has {' to '.join(ends)} times the first" if ends else ""
    if len(words) == 1:
        return f"{noun} {words[0][0]} over depth in {every(len(trends), 'model')}{spread}."
    parts = listing([f"{word} in {amount}" for word, amount in words])
    return f"{noun} {parts} of {len(trends)} models{spread}."


def _table(trends: list[_Trend], total: int) -> FindingTable:
    columns: tuple[str, ...] = ("model", "over depth it", "last ÷ first", "ρ with depth")
    rows: list[tuple[str, ...]] = [
        (t.model, t.word, number(t.ratio), correlation(t.correlation)) for t in trends
    ]
    if total:
        columns = (*columns, "half-samples")
        rows = [(*row, f"{t.hits} of {total}") for row, t in zip(rows, trends, strict=True)]
    return FindingTable(columns, tuple(rows))
