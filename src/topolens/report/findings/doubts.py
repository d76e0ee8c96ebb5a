"""What was too small, missing or doubtful to build on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from topolens.report.findings.finding import Finding
from topolens.report.findings.noise import diagram_metric
from topolens.report.findings.reading import (
    Profile,
    any_measured,
    label_of,
    main_cloud,
    main_metric,
    profiles,
    raw_cloud,
)
from topolens.report.findings.remarks import remarks
from topolens.report.findings.words import count, listing, percent, quoted, readable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from topolens.study.results import StudyReader

__all__ = ["degenerate_layers", "doubts"]

_FEW_POINTS = 300
_FEW_HALVES = 4
_AROUND = 3
_FEW_LOOPS = 0.35
_SMALL_SCALE = 0.1
_RULE = (
    "Listed: the study's own warnings and failures, what measures and metrics say of their own "
    "values, layers with non-finite values, clouds of fewer "
    "than 300 points, layers with less than 35 % of the loops or 10 % of the raw scale of the "
    "layers around them (medians of up to three on either side, the lower one), findings on which "
    "the half-samples disagree, and what could not be asked."
)


def doubts(study: StudyReader, others: list[Finding]) -> list[Finding]:
    """Return everything that limits what the other findings can say, as one finding."""
    if not any_measured(study):
        return [_nothing(study)]
    notes = [
        *_failures(study),
        *_nonfinite(study),
        *_few_points(study),
        *degenerate_layers(study),
        *_warnings(study),
        *remarks(study),
        *_unsettled(others),
        *_cautions(others),
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


def _nothing(study: StudyReader) -> Finding:
    """Say once why there is nothing to read."""
    reasons = list(dict.fromkeys(_reasons(study)))
    one = len(reasons) == 1
    why = f": {reasons[0]}" if one else ", for these reasons." if reasons else "."
    return Finding(
        key="nothing-measured",
        title="Nothing could be measured",
        sentence=f"No layer of the study has results{why}",
        measure="the study's own errors",
        value=None,
        rule="A study needs one layer with finite values at least.",
        robustness="",
        notes=() if one else tuple(reasons),
    )


def _reasons(study: StudyReader) -> Iterator[str]:
    layers = [layer for model in study.models for layer in model.layers]
    problems = [*(model.problem for model in study.models), *(one.problem for one in layers)]
    told = [problem for problem in problems if problem]
    yield from told
    yield from (failure.reason for failure in study.failures)
    yield from (line for line in study.warnings if not any(reason in line for reason in told))


def degenerate_layers(study: StudyReader) -> list[str]:
    """Return a sentence per layer that falls far below the layers around it."""
    loops = label_of(study.measures, "bar_count", 1)
    pieces, raw = label_of(study.measures, "lifespan_sum", 0), raw_cloud(study)
    reasons: dict[tuple[str, str], list[str]] = {}
    if loops is not None:
        _note_dips(reasons, profiles(study, loops, main_cloud(study)), _FEW_LOOPS, "loops")
    if pieces is not None and raw is not None:
        _note_dips(reasons, profiles(study, pieces, raw), _SMALL_SCALE, "raw scale")
    return [
        f"{quoted(layer)} of {quoted(model)} looks degenerate: it has {listing(shares)} of the "
        "layers around it."
        for (model, layer), shares in reasons.items()
    ]


def _note_dips(
    reasons: dict[tuple[str, str], list[str]], found: list[Profile], limit: float, noun: str
) -> None:
    for profile in found:
        for index in range(1, len(profile.values) - 1):
            before = profile.values[max(0, index - _AROUND) : index]
            after = profile.values[index + 1 : index + 1 + _AROUND]
            usual = min(float(np.median(before)), float(np.median(after)))
            if usual > 0 and profile.values[index] < limit * usual:
                label = (profile.model.name, profile.layers[index].name)
                share = percent(profile.values[index] / usual)
                reasons.setdefault(label, []).append(f"{share} of the {noun}")


def _failures(study: StudyReader) -> list[str]:
    models = [
        f"Model {quoted(one.name)} has no results: {one.problem}"
        for one in study.models
        if one.problem
    ]
    by_reason: dict[str, list[str]] = {}
    for failure in study.failures:
        by_reason.setdefault(failure.reason, []).append(failure.step)
    told = {one.problem for one in study.models}
    steps = [
        f"Step {quoted(steps[0])}{_more(len(steps))} failed: {reason}"
        for reason, steps in by_reason.items()
        if reason not in told
    ]
    return models + steps


def _more(amount: int) -> str:
    return f" and {count(amount - 1, 'other')}" if amount > 1 else ""


def _warnings(study: StudyReader) -> list[str]:
    """Warnings that do not repeat why a model or a layer is left out."""
    told = {one.problem for one in study.models} | {
        layer.problem for model in study.models for layer in model.layers
    }
    reasons = [reason for reason in told if reason]
    return [line for line in study.warnings if not any(reason in line for reason in reasons)]


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


def _cautions(others: list[Finding]) -> list[str]:
    doubtful = [f"“{finding.title}”" for finding in others if finding.caution]
    if not doubtful:
        return []
    return [f"Something else than the networks may be behind {listing(doubtful)}; see their notes."]


def _instead(study: StudyReader) -> str:
    """Say which metrics the findings turn to where the usual one is missing."""
    main, diagrams = main_metric(study), diagram_metric(study)
    if main is None:
        return ", nor any other metric: nothing is said about how far layers lie apart"
    uses = f", which most findings use: they use {readable(main)}"
    if diagrams is None:
        return f"{uses}, and nothing is set against the noise of sampling, which needs diagrams"
    return uses if diagrams.label == main else f"{uses} or {readable(diagrams.label)}"


def _not_asked(study: StudyReader) -> list[str]:
    notes = []
    if study.n_resamples == 0:
        notes.append("Without half-samples, no finding could be checked against sampling noise.")
    elif study.n_resamples < _FEW_HALVES:
        notes.append(
            f"There are only {study.n_resamples} half-samples: intervals are rough, those of "
            "hardly any width too, and findings settled by so few may not be."
        )
    alive = [model for model in study.models if not model.problem]
    if len(alive) < 2:
        notes.append("With a single model there is nothing to compare across models.")
    elif label_of(study.metrics, "linear_cka") is None:
        notes.append("The study has no linear CKA to set beside the topological distance.")
    if label_of(study.metrics, "sliced_wasserstein", 1) is None:
        notes.append(f"The study has no sliced Wasserstein distance on H1{_instead(study)}.")
    unknown = [model.accuracy is None for model in alive]
    if any(unknown) and not all(unknown):
        notes.append("For some models the accuracy is unknown, so it is not set against anything.")
    return notes
