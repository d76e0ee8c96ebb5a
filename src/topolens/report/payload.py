"""The numbers that the page's inspector draws, embedded as compact text."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

if TYPE_CHECKING:
    from topolens.base.results import Diagram, Diagrams
    from topolens.study.results import StudyReader

__all__ = ["build_payload", "script_text"]

_BARS_BUDGET = 900_000
_FEWEST_BARS = 100
_MOST_ITEMS = 600


def build_payload(study: StudyReader) -> dict[str, Any]:
    """Return models, diagrams and matrices as plain JSON values."""
    limit = _bar_limit(study)
    return {
        "models": [
            {
                "name": model.name,
                "layers": [[layer.name, round(layer.depth, 4)] for layer in model.layers],
            }
            for model in study.models
        ],
        "clouds": list(study.clouds),
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
        "matrices": dict(_matrices(study)),
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
    narrow = np.ascontiguousarray(values, dtype="<f4")
    return base64.b64encode(narrow.tobytes()).decode("ascii")


def _matrices(study: StudyReader) -> list[tuple[str, dict[str, Any]]]:
    position = {
        (model.name, layer.name): [m, k]
        for m, model in enumerate(study.models)
        for k, layer in enumerate(model.layers)
    }
    found = []
    for index, cloud in enumerate(study.clouds):
        for place, metric in enumerate(study.metrics):
            matrix = study.distances(metric, cloud)
            if matrix is None or len(matrix) > _MOST_ITEMS:
                continue
            record = {
                "metric": metric,
                "cloud": cloud,
                "similarity": matrix.is_similarity,
                "items": [position[label[0], label[1]] for label in matrix.labels],
                "values": _packed(matrix.values),
            }
            found.append((f"distances-{index}-{place}", record))
    return found
