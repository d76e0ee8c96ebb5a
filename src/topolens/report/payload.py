"""The numbers that the page's inspector draws, embedded as compact text."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from topolens.report.findings.reading import main_metric
from topolens.report.findings.remarks import remarks_of
from topolens.report.findings.words import unticked
from topolens.report.heatmaps import colour_span, says_anything
from topolens.report.layer_maps import layer_map
from topolens.report.operation_words import measure_words, metric_words
from topolens.report.small_profiles import log_scaled
from topolens.report.style import line_styles

if TYPE_CHECKING:
    import pandas as pd

    from topolens.base.results import Diagram, Diagrams, DistanceMatrix
    from topolens.study.results import StudyReader

__all__ = ["build_payload", "script_text"]

_BARS_BUDGET = 900_000
_FEWEST_BARS = 100
_MOST_ITEMS = 600
_MOST_REFINED = 200
_MATRICES_BUDGET = 4_000_000
_TINY = 1e-300


def build_payload(study: StudyReader) -> dict[str, Any]:
    """Return models, diagrams and matrices as plain JSON values."""
    limit = _bar_limit(study)
    styles = line_styles((model.name, model.family) for model in study.models)
    main = main_metric(study)
    return {
        "models": [
            {
                "name": model.name,
                "series": styles[model.name].series,
                "dash": styles[model.name].dash_array,
                "layers": [[layer.name, round(layer.depth, 4)] for layer in model.layers],
            }
            for model in study.models
        ],
        "clouds": list(study.clouds),
        "kin": len({model.family for model in study.models}) == 1,
        "main": None if main is None else f"0-{study.metrics.index(main)}",
        "limit": limit,
        "diagrams": [
            [
                [
                    _diagrams(study.diagrams(model.name, layer.name, cloud), limit)
                    for cloud in study.clouds
                ]
                for layer in model.layers
            ]
            for model in study.models
        ],
        "measures": _measures(study),
        "metrics": _metrics(study),
        "matrices": _matrices(study),
    }


def script_text(payload: dict[str, Any]) -> Markup:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(payload, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)


def _bar_limit(study: StudyReader) -> int | None:
    """Return how many bars per diagram fit the page; None if all do."""
    sizes = [
        len(diagram)
        for model in study.models
        for layer in model.layers
        for cloud in study.clouds
        if (diagrams := study.diagrams(model.name, layer.name, cloud)) is not None
        for diagram in diagrams
    ]
    if sum(sizes) <= _BARS_BUDGET:
        return None
    return max(_FEWEST_BARS, _BARS_BUDGET // len(sizes))


def _diagrams(diagrams: Diagrams | None, limit: int | None) -> list[dict[str, Any]] | None:
    if diagrams is None:
        return None
    return [_bars(diagram, limit) for diagram in diagrams]


def _bars(diagram: Diagram, limit: int | None) -> dict[str, Any]:
    pairs = diagram.pairs
    lifetimes = diagram.lifetimes
    if limit is not None and len(pairs) > limit:
        order = np.argsort(pairs[:, 0] - pairs[:, 1], kind="stable")
        pairs = pairs[np.sort(order[:limit])]
    record: dict[str, Any] = {"n": len(diagram), "sum": float(f"{lifetimes.sum():.6g}")}
    if len(pairs) and not pairs[:, 0].any():
        return {**record, "deaths": _packed(pairs[:, 1])}
    return {**record, "pairs": _packed(pairs)}


def _packed(values: NDArray[np.float64]) -> str:
    with np.errstate(over="ignore"):
        narrow = np.ascontiguousarray(values, dtype="<f4")
    return base64.b64encode(narrow.tobytes()).decode("ascii")


def _measures(study: StudyReader) -> list[dict[str, Any]]:
    """Return every measure's values and intervals per cloud, layers in the order of the models."""
    table = study.table()
    place = {label: number for number, label in enumerate(_labels(study))}
    listed = []
    for words in measure_words(study).values():
        clouds = []
        for cloud in study.clouds:
            rows = table[(table["measure"] == words.label) & (table["cloud"] == cloud)]
            course = _course(rows, place, words.axis(study.spec, cloud))
            doubts = [unticked(line) for line in remarks_of(study, words.label, cloud)]
            clouds.append(course and {**course, "doubts": doubts})
        listed.append(
            {"name": words.heading, "kind": words.kind, "about": words.summary, "clouds": clouds}
        )
    return listed


def _course(
    rows: pd.DataFrame, place: dict[tuple[str, str], int], axis: str
) -> dict[str, Any] | None:
    series = np.full((3, len(place)), np.nan)
    keys = zip(rows["model"], rows["layer"], strict=True)
    where = [place[key] for key in keys]
    series[:, where] = rows[["value", "low", "high"]].to_numpy(float).T
    known = series[0][np.isfinite(series[0])]
    if not len(known):
        return None
    names = ("values", "low", "high")
    packed = {name: _packed(one) for name, one in zip(names, series, strict=True)}
    return {**packed, "axis": axis, "log": log_scaled(known)}


def _metrics(study: StudyReader) -> list[dict[str, Any]]:
    return [
        {
            "name": words.heading,
            "kind": words.kind,
            "about": words.summary,
            "facts": [words.facts(study.spec, cloud) for cloud in study.clouds],
        }
        for words in metric_words(study).values()
    ]


def _labels(study: StudyReader) -> list[tuple[str, str]]:
    return [(model.name, layer.name) for model in study.models for layer in model.layers]


def _matrices(study: StudyReader) -> dict[str, dict[str, Any]]:
    """Return the matrices that fit the page, by "cloud-metric"; those of the main cloud first."""
    found, room = {}, _MATRICES_BUDGET
    for index, cloud in enumerate(study.clouds):
        for place, metric in enumerate(study.metrics):
            matrix = study.distances(metric, cloud)
            if matrix is None or len(matrix) > _MOST_ITEMS or not says_anything(matrix):
                continue
            record = _matrix(matrix, _labels(study))
            room -= len(record["values"])
            if room >= 0:
                found[f"{index}-{place}"] = record
    return found


def _matrix(matrix: DistanceMatrix, labels: list[tuple[str, str]]) -> dict[str, Any]:
    position = {label: number for number, label in enumerate(matrix.labels)}
    rows = np.array([position.get(label, -1) for label in labels])
    values = matrix.values[np.ix_(rows, rows)]
    values[rows < 0, :] = values[:, rows < 0] = np.nan
    symmetric = np.array_equal(values, values.T, equal_nan=True)
    found = layer_map(matrix, most_refined=_MOST_REFINED)
    record = {
        "similarity": matrix.is_similarity,
        "span": [float(f"{end:.6g}") for end in colour_span(matrix)],
        "triangle": symmetric,
        "values": _packed(values[np.triu_indices(len(values))] if symmetric else values),
    }
    if found is None:
        return record
    where = dict(
        zip(found.labels, found.positions / np.ptp(found.positions).clip(_TINY), strict=True)
    )
    places = [where.get(label, (np.nan, np.nan)) for label in labels]
    return {**record, "map": _packed(np.array(places)), "stress": float(f"{found.stress:.3g}")}
