"""How much of a raw distance is nothing but scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from topolens.report.findings.finding import Finding, FindingTable, agreement
from topolens.report.findings.noise import diagram_metric
from topolens.report.findings.reading import label_of, main_cloud, raw_cloud
from topolens.report.findings.trends import rank_correlation
from topolens.report.findings.words import correlation, quoted, readable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from topolens.base.results import DistanceMatrix
    from topolens.study.results import StudyReader

__all__ = ["share_of_scale"]

_FEWEST_PAIRS = 6
_MOSTLY = 0.8
_PARTLY = 0.5
_BEYOND_SCALED = 0.1
_RULE = (
    "Rank correlation, over all pairs of layers, of the distance by {metric} with the "
    "difference of the two total H1 lifespans. From 0.8 the distance is mostly scale, from 0.5 "
    "partly, provided the correlation lies at least 0.1 above that in the rescaled cloud. Settled "
    "when at least three quarters of the half-samples give the same word."
)


def share_of_scale(study: StudyReader) -> list[Finding]:
    """Return how far scale alone explains the raw cloud's distances, as one finding."""
    raw = raw_cloud(study)
    chosen = diagram_metric(study, degree=1)
    measure = label_of(study.measures, "lifespan_sum", 1)
    if raw is None or chosen is None or measure is None:
        return []
    metric = chosen.label
    clouds = (raw, main_cloud(study))
    found = {cloud: _correlation(study, metric, measure, cloud) for cloud in clouds}
    value = found[raw]
    if not np.isfinite(value):
        return []
    again = [
        [_repeated(study, metric, measure, cloud, r) for cloud in clouds]
        for r in range(study.n_resamples)
    ]
    known = [one for one in again if np.isfinite(one[0])]
    hits = sum(_word(*one) == _word(value, found[clouds[1]]) for one in known)
    settled, robustness = agreement(hits, len(known), "the same reading")
    return [
        Finding(
            key="scale",
            title="How much of the raw distance is scale",
            sentence=_sentence(value, found[main_cloud(study)], clouds),
            measure=f"{readable(metric)} against {readable(measure)}",
            value=value,
            rule=_RULE.format(metric=readable(metric)),
            robustness=robustness,
            settled=settled,
            table=FindingTable(
                ("cloud", "rank correlation with the difference of total lifespan"),
                tuple((cloud, correlation(found[cloud])) for cloud in clouds),
            ),
        )
    ]


def _sentence(value: float, scaled: float, clouds: tuple[str, str]) -> str:
    rest = ""
    if np.isfinite(scaled):
        rest = f" In the cloud {quoted(clouds[1])}, which is rescaled, it is {correlation(scaled)}."
    return (
        f"Distances in the cloud {quoted(clouds[0])} are {_word(value, scaled)} scale: their rank "
        f"correlation with the difference of total lifespan is {correlation(value)}.{rest}"
    )


def _word(raw: float, scaled: float) -> str:
    if np.isfinite(scaled) and raw - scaled < _BEYOND_SCALED:
        return "not mainly"
    if raw >= _MOSTLY:
        return "mostly"
    return "partly" if raw >= _PARTLY else "not mainly"


def _correlation(study: StudyReader, metric: str, measure: str, cloud: str) -> float:
    table = study.table()
    rows = table[(table["measure"] == measure) & (table["cloud"] == cloud)]
    keys = zip(rows["model"], rows["layer"], strict=True)
    totals = dict(zip(keys, rows["value"].astype(float), strict=True))
    return _against_totals(study.distances(metric, cloud), totals)


def _repeated(study: StudyReader, metric: str, measure: str, cloud: str, index: int) -> float:
    repeats = study.resampled_values(measure, cloud)
    totals = {label: values[index] for label, values in repeats.items() if index < len(values)}
    return _against_totals(study.distances(metric, cloud, resample=index), totals)


def _against_totals(
    matrix: DistanceMatrix | None, totals: Mapping[tuple[str, str], float]
) -> float:
    if matrix is None:
        return np.nan
    sums = np.array([totals.get((label[0], label[1]), np.nan) for label in matrix.labels])
    gaps: NDArray[np.float64] = np.abs(sums[:, None] - sums[None, :])
    pairs = np.triu(np.isfinite(gaps) & np.isfinite(matrix.distances), k=1)
    if pairs.sum() < _FEWEST_PAIRS:
        return np.nan
    return rank_correlation(gaps[pairs], matrix.distances[pairs])
