"""Where loops are most pronounced and where they are gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from topolens.report.findings.finding import Finding, FindingTable, hits_cell, verdict
from topolens.report.findings.reading import Profile, label_of, main_cloud, profiles
from topolens.report.findings.words import by_place, number, percent, quoted, readable

if TYPE_CHECKING:
    from topolens.study.results import StudyReader

__all__ = ["loops_over_depth"]

_GONE_SHARE = 0.05
_RULE = (
    "Peak: the layer with the largest total H1 lifespan. Gone: the first layer after the peak "
    "from which every value stays below 5 % of the peak; settled when at least three quarters of "
    "the half-samples name the same peak and the same end."
)


@dataclass(frozen=True, slots=True)
class _Loops:
    model: str
    peak: str
    depth: float
    value: float
    gone: str | None
    last_share: float
    hits: int
    near: int
    n_repeats: int


def loops_over_depth(study: StudyReader) -> list[Finding]:
    """Return where loops peak and vanish in each model, as one finding."""
    measure, cloud = label_of(study.measures, "lifespan_sum", 1), main_cloud(study)
    if measure is None:
        return []
    found = [_loops(profile) for profile in profiles(study, measure, cloud)]
    models = [one for one in found if one is not None]
    if not models:
        return []
    total = min(one.n_repeats for one in models)
    hits = {one.model: one.hits for one in models}
    settled, robustness = verdict(hits, total, "the same peak and end")
    return [
        Finding(
            key="loops",
            title="Where loops peak and where they vanish",
            sentence=_sentence(models),
            measure=f"{readable(measure)}, cloud {quoted(cloud)}",
            value=models[0].value if len(models) == 1 else None,
            rule=_RULE,
            robustness=robustness,
            settled=settled,
            table=_table(models, total),
        )
    ]


def _loops(profile: Profile) -> _Loops | None:
    if len(profile.layers) < 2 or not profile.values.max() > 0:
        return None
    peak, gone = _peak_and_end(profile.values)
    layer = profile.layers[peak]
    again = [_peak_and_end(one) for one in profile.repeats]
    return _Loops(
        model=profile.model.name,
        peak=layer.name,
        depth=layer.depth,
        value=float(profile.values[peak]),
        gone=None if gone is None else profile.layers[gone].name,
        last_share=float(profile.values[-1] / profile.values[peak]),
        hits=sum(place == (peak, gone) for place in again),
        near=sum(_is_near(place, (peak, gone)) for place in again),
        n_repeats=len(profile.repeats),
    )


def _peak_and_end(values: NDArray[np.float64]) -> tuple[int, int | None]:
    peak = int(np.argmax(values))
    present = np.flatnonzero(values >= _GONE_SHARE * values[peak])
    end = int(present[-1]) + 1
    return peak, end if end < len(values) else None


def _is_near(place: tuple[int, int | None], other: tuple[int, int | None]) -> bool:
    if abs(place[0] - other[0]) > 1:
        return False
    if place[1] is None or other[1] is None:
        return place[1] is other[1]
    return abs(place[1] - other[1]) <= 1


def _sentence(models: list[_Loops]) -> str:
    if len(models) == 1:
        one = models[0]
        where = f"Loops are most pronounced in {quoted(one.peak)} of {quoted(one.model)}"
        return f"{where} (total lifespan {number(one.value)}) and {_end(one)}."
    start = f"Loops peak {by_place([(f'in {quoted(one.peak)}', one.model) for one in models])}"
    ended = sum(one.gone is not None for one in models)
    if ended == 0:
        return f"{start}; in none of them do they vanish before the last layer."
    if ended == len(models):
        return f"{start}; in every model they vanish before the end."
    return f"{start}; they vanish before the end in {ended} of {len(models)}."


def _end(one: _Loops) -> str:
    if one.gone is not None:
        return f"vanish from {quoted(one.gone)} on"
    share = f"{percent(one.last_share)} of the peak"
    return f"never vanish: the last layer still holds {share}"


def _table(models: list[_Loops], total: int) -> FindingTable:
    columns: tuple[str, ...] = (
        "model",
        "peak",
        "at depth",
        "total",
        "gone from",
        "last ÷ peak",
    )
    rows: list[tuple[str, ...]] = [
        (
            one.model,
            one.peak,
            f"{one.depth:.2f}",
            number(one.value),
            one.gone or "never",
            percent(one.last_share),
        )
        for one in models
    ]
    if total:
        columns = (*columns, "half-samples")
        rows = [
            (*row, hits_cell(one.hits, one.near, total))
            for row, one in zip(rows, models, strict=True)
        ]
    return FindingTable(columns, tuple(rows))
