"""What was too small, missing or doubtful to build on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from topolens.report.findings.finding import Finding
from topolens.report.findings.reading import (
    Profile,
    label_of,
    main_cloud,
    profiles,
    raw_cloud,
)
from topolens.report.findings.words import count, listing, number, percent, quoted

if TYPE_CHECKING:
    from topolens.study.results import StudyReader

__all__ = ["degenerate_layers", "doubts"]

_FEW_POINTS = 300
_FAR_BELOW = 0.25
_RULE = (
    "Listed: the study's own warnings and failures, layers with non-finite values, clouds of fewer "
    "than 300 points, layers whose number of loops or raw scale is below a quarter of both "
    "neighbours', findings on which the half-samples disagree, and what could not be asked."
)


def doubts(study: StudyReader, others: list[Finding]) -> list[Finding]:
    """Return everything that limits what the other findings can say, as one finding."""
    notes = [
        *_failures(study),
        *_nonfinite(study),
        *_few_points(study),
        *degenerate_layers(study),
        *study.warnings,
        *_unsettled(others),
        *_not_asked(study),
    ]
    notes = list(dict.fromkeys(notes))
    if not notes:
        return []
    return [
        Finding(
            key="doubts",
            title="What to be careful about",
            sentence=f"{count(len(notes), 'point')} to keep in mind when reading the rest.",
            measure="all of the above",
            value=None,
            rule=_RULE,
            robustness="",
            notes=tuple(notes),
        )
    ]


def degenerate_layers(study: StudyReader) -> list[str]:
    """Return a sentence per layer that falls far below both its neighbours."""
    scale_cloud = raw_cloud(study)
    checks = [(label_of(study.measures, "bar_count", 1), main_cloud(study), "number of loops")]
    if scale_cloud is not None:
        checks.append((label_of(study.measures, "lifespan_sum", 0), scale_cloud, "scale"))
    return [
        sentence
        for measure, cloud, noun in checks
        if measure is not None
        for profile in profiles(study, measure, cloud)
        for sentence in _dips(profile, noun)
    ]


def _dips(profile: Profile, noun: str) -> list[str]:
    values = profile.values
    sentences = []
    for index in range(1, len(values) - 1):
        lower = min(values[index - 1], values[index + 1])
        if lower > 0 and values[index] < _FAR_BELOW * lower:
            name, share = profile.layers[index].name, percent(values[index] / lower)
            sentences.append(
                f"{quoted(name)} of {quoted(profile.model.name)} looks degenerate: its {noun} "
                f"({number(values[index])}) is {share} of the lower neighbour's."
            )
    return sentences


def _failures(study: StudyReader) -> list[str]:
    models = [
        f"Model {quoted(one.name)} has no results: {one.problem}"
        for one in study.models
        if one.problem
    ]
    steps = [f"Step {quoted(one.step)} failed: {one.reason}" for one in study.failures]
    return models + steps


def _nonfinite(study: StudyReader) -> list[str]:
    found = [(model, layer) for model in study.models for layer in model.layers]
    return [
        f"Layer {quoted(layer.name)} of {quoted(model.name)} is left out: "
        + (layer.problem or f"{layer.nonfinite:,} of its values are NaN or infinite")
        for model, layer in found
        if layer.problem or layer.nonfinite
    ]


def _few_points(study: StudyReader) -> list[str]:
    sizes = {layer.n_points for model in study.models for layer in model.layers if layer.n_points}
    if not sizes or min(sizes) >= _FEW_POINTS:
        return []
    return [
        f"The clouds have only {min(sizes)} points; below a few hundred, diagrams depend strongly "
        "on which points were drawn."
    ]


def _unsettled(others: list[Finding]) -> list[str]:
    loose = [f"“{finding.title}”" for finding in others if finding.settled is False]
    if not loose:
        return []
    return [f"The half-samples do not settle {listing(loose)}."]


def _not_asked(study: StudyReader) -> list[str]:
    notes = []
    if study.n_resamples == 0:
        notes.append("Without half-samples, no finding could be checked against sampling noise.")
    alive = [model for model in study.models if not model.problem]
    if len(alive) < 2:
        notes.append("With a single model there is nothing to compare across models.")
    elif label_of(study.metrics, "linear_cka") is None:
        notes.append("The study has no linear CKA to set beside the topological distance.")
    if label_of(study.metrics, "sliced_wasserstein", 1) is None:
        notes.append("The study has no sliced Wasserstein distance on H1, which most findings use.")
    if not np.isfinite([model.accuracy or np.nan for model in alive]).all():
        notes.append("For some models the accuracy is unknown, so it is not set against anything.")
    return notes
