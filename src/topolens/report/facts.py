"""What the page states about a study besides its findings: sizes, methods, origins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from topolens.report.cloud_words import cloud_sentence
from topolens.report.findings.reading import main_cloud
from topolens.report.findings.words import count, listing, number, percent

if TYPE_CHECKING:
    from topolens.study.cloud_spec import CloudSpec
    from topolens.study.results import ModelSummary, StudyReader

__all__ = ["fact_line", "layer_table", "method_lines", "provenance_lines"]


def fact_line(study: StudyReader) -> list[tuple[str, str]]:
    """Return the (value, noun) pairs that open the report."""
    alive = [model for model in study.models if model.layers]
    layers = sorted({len(model.layers) for model in alive})
    points = sorted({one.n_points for model in alive for one in model.layers if one.n_points})
    facts = [(f"{len(study.models)}", "model" if len(study.models) == 1 else "models")]
    if layers:
        noun = "layer" if layers == [1] else "layers"
        facts.append((_span(layers), f"{noun} each" if len(alive) > 1 else noun))
    if points:
        facts.append((_span(points), "points per layer"))
    known = [model.accuracy for model in study.models if model.accuracy is not None]
    if known:
        low, high = (percent(bound(known), decimals=1) for bound in (min, max))
        facts.append((low if low == high else f"{low[:-2]}–{high}", "accuracy"))
    if study.n_resamples:
        facts.append((f"{study.n_resamples}", "half-samples"))
    return facts


def layer_table(study: StudyReader) -> list[dict[str, Any]]:
    """Return per model its layers with every measure in the main cloud."""
    table = study.table()
    rows = table[table["cloud"] == main_cloud(study)]
    keys = zip(rows["model"], rows["layer"], rows["measure"], strict=True)
    values = dict(zip(keys, rows["value"].astype(float), strict=True))
    return [_model_rows(study, model, values) for model in study.models if model.layers]


def method_lines(study: StudyReader) -> list[tuple[str, str]]:
    """Return (term, sentence) pairs on how the points and numbers were made."""
    spec = study.spec
    lines = [("Points", _points_sentence(study)), ("Pooling", _pooling_sentence(study))]
    lines += [("Tokens", sentence) for sentence in _token_sentences(study)]
    for cloud in spec.clouds:
        lines.append((f"Cloud “{cloud.name}”", cloud_sentence(cloud)))
    degrees = "H0 and H1" if spec.max_dim >= 1 else "H0"
    degrees = "H0, H1 and H2" if spec.max_dim == 2 else degrees
    lines.append(
        (
            "Homology",
            f"Vietoris–Rips persistent homology ({degrees}, coefficients Z/2) of each cloud under "
            f"the {spec.metric} distance, up to the enclosing radius.",
        )
    )
    if study.n_resamples:
        lines.append(
            (
                "Half-samples",
                f"Everything is measured again on {study.n_resamples} random halves of the points"
                f"{_same_rows(study)}. A finding counts as settled when at least three "
                "quarters of them agree; bands are 1.96 standard errors of a delete-half "
                "jackknife.",
            )
        )
    return lines


def provenance_lines(study: StudyReader) -> list[tuple[str, str]]:
    """Return the study's provenance as flat (name, value) pairs."""
    lines: list[tuple[str, str]] = []
    _flatten("", study.provenance, lines)
    return lines


def _token_sentences(study: StudyReader) -> list[str]:
    """Say how texts became tokens, once for all models that share a tokenizer."""
    captures = study.provenance.get("captures", {})
    made: dict[str, list[str]] = {}
    for model, capture in captures.items():
        tokens = (capture.get("data") or {}).get("tokenizer")
        if tokens:
            how = (
                f"Texts are split by a tokenizer of {tokens['vocabulary']:,} ids "
                f"({tokens['kind']}), cut after {tokens['max_tokens']} tokens and filled up on "
                f"the {tokens['padding']}"
            )
            made.setdefault(how, []).append(model)
    if len(made) == 1:
        return [f"{how}." for how in made]
    return [f"{how}: {', '.join(models)}." for how, models in made.items()]


def _span(values: list[int]) -> str:
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"


def _model_rows(
    study: StudyReader, model: ModelSummary, values: Mapping[tuple[str, str, str], float]
) -> dict[str, Any]:
    rows = []
    for layer in model.layers:
        found = [values.get((model.name, layer.name, name), np.nan) for name in study.measures]
        rows.append({"layer": layer, "cells": [number(value) for value in found]})
    return {"model": model, "rows": rows}


def _points_sentence(study: StudyReader) -> str:
    data = study.spec.data
    source = f" from {data.source}" if data is not None else ""
    split = f" ({data.split} split)" if data is not None and data.split else ""
    samples = sorted({model.n_samples for model in study.models if model.layers})
    points = sorted({one.n_points for m in study.models for one in m.layers if one.n_points})
    shown = f"{_span(samples)} samples" if samples else "Samples"
    kept = _share_sentence(study, samples, points)
    return (
        f"{shown}{source}{split} are shown to every model; each sample becomes one point (row) per "
        f"layer, with one coordinate per feature.{kept}"
    )


def _share_sentence(study: StudyReader, samples: list[int], points: list[int]) -> str:
    """Say how many rows form a cloud; clouds with a number of points of their own say theirs."""
    if not points:
        return ""
    share = "All" if points == samples else f"{_span(points)} of"
    main, *others = study.spec.clouds
    if any(_choice(cloud) != _choice(main) for cloud in others):
        own = [f"{cloud.points:,} in “{cloud.name}”" for cloud in others if cloud.points]
        rest = f" ({listing(own)})" if own else ", other clouds choose their own"
        return f" {share} the rows form its cloud “{main.name}”{rest}."
    return f" {share} the rows form its cloud."


def _choice(cloud: CloudSpec) -> tuple[object, ...]:
    return cloud.points, cloud.sample, cloud.outliers


def _same_rows(study: StudyReader) -> str:
    """Say whether a half holds the same rows in every layer, as far as the clouds allow."""
    own = [f"“{cloud.name}”" for cloud in study.spec.clouds if _rows_of_its_own(cloud)]
    if not own:
        return ", the same rows in every layer"
    if len(own) == len(study.spec.clouds):
        return ", chosen anew in every layer, whose clouds hold rows of their own"
    return f", the same rows in every layer except in {listing(own)}, where layers keep their own"


def _rows_of_its_own(cloud: CloudSpec) -> bool:
    per_layer = cloud.outliers is not None and cloud.outliers.remove == "per_layer"
    return per_layer or cloud.sample == "farthest"


def _pooling_sentence(study: StudyReader) -> str:
    captured = [one for one in study.spec.models if one.activations is None]
    readymade = (
        "Ready-made activations are used as they are, flattened to one row per sample."
        if len(captured) < len(study.spec.models)
        else ""
    )
    return " ".join(filter(None, [_captured_sentence(study) if captured else "", readymade]))


def _captured_sentence(study: StudyReader) -> str:
    default = study.spec.capture.pool
    own = [f"“{one.pool}” in {one.name}" for one in study.spec.models if one.pool]
    extra = f"; {listing(own)}" if own else ""
    chosen = listing([f"“{name}”" for name in study.spec.capture.layers])
    given = [one for one in study.spec.models if one.layers]
    for one in given[:4]:
        chosen += f", in {one.name} by {listing([f'“{name}”' for name in one.layers or ()])}"
    return (
        f"Positions or tokens of a layer become rows by “{default}”{extra}{_computing(study)}. "
        f"Layers were chosen by {chosen}: {count(_n_layers(study), 'layer')} in all."
    )


def _computing(study: StudyReader) -> str:
    """Say where and how precisely it was computed, where that is not the usual."""
    used = study.spec.capture
    device = "" if used.device == "cpu" else f" on device “{used.device}”"
    precision = "" if used.precision == "float32" else f" in mixed precision, {used.precision}"
    return f", computed{device}{precision}" if device or precision else ""


def _n_layers(study: StudyReader) -> int:
    return sum(len(model.layers) for model in study.models)


def _flatten(prefix: str, value: object, lines: list[tuple[str, str]]) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _flatten(f"{prefix} · {key}" if prefix else str(key), inner, lines)
    elif isinstance(value, list | tuple):
        lines.append((prefix, ", ".join(str(one) for one in value)))
    else:
        lines.append((prefix, "–" if value is None else str(value)))
