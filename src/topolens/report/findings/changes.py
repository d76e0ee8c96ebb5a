"""Which layers changed between two networks whose layers bear the same names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from topolens.report.findings.finding import Finding, FindingTable, verdict
from topolens.report.findings.noise import DiagramMetric, diagram_metric, layer_noise
from topolens.report.findings.pairs import Pair, by_epoch, like_pairs, most_different
from topolens.report.findings.reading import (
    Block,
    blocks,
    distances_between,
    main_cloud,
    repeated_matrices,
)
from topolens.report.findings.words import listing, number, quoted, readable

if TYPE_CHECKING:
    from topolens.base.results import DistanceMatrix
    from topolens.study.results import StudyReader

__all__ = ["changed_layers"]

_CHANGED = 2.0
_MOST_PAIRS = 3
_MOST_NAMES = 4
_RULE = (
    "Distance (by {metric}) between the layers of one name in two models, on the same "
    "half-sample, averaged over the half-samples, divided by the noise: the distance of two "
    "different half-samples of one layer, averaged over both models. Above 2 a layer counts as "
    "changed. Over a training run consecutive checkpoints are compared, and from the last change "
    "on the first of the rest with the last. Settled when at least three quarters of the "
    "half-samples name the same layer as the "
    "one that changed most, or agree that none did."
)


@dataclass(frozen=True, slots=True)
class _Change:
    first: str
    second: str
    layers: tuple[str, ...]
    ratios: NDArray[np.float64]
    """Distance divided by noise, shape (n_layers,), finite."""
    hits: int

    @property
    def pair(self) -> str:
        return f"{quoted(self.first)} and {quoted(self.second)}"

    @property
    def changed(self) -> list[str]:
        """The layers that moved by more than the noise explains."""
        both = zip(self.layers, self.ratios, strict=True)
        return [name for name, ratio in both if ratio > _CHANGED]

    @property
    def most(self) -> int:
        return int(np.argmax(self.ratios))


@dataclass(frozen=True, slots=True)
class _Course:
    """A training run."""

    steps: tuple[_Change, ...]
    drift: _Change | None
    """From the last checkpoint that a step changed to the end, over several steps."""

    @property
    def every(self) -> tuple[_Change, ...]:
        return self.steps if self.drift is None else (*self.steps, self.drift)


_Measure = Callable[[Block, Block], _Change | None]


def changed_layers(study: StudyReader) -> list[Finding]:
    """Return how far each layer moved between models that share all layer names."""
    metric, cloud = diagram_metric(study), main_cloud(study)
    matrix = None if metric is None else study.distances(metric.label, cloud)
    repeats = [] if metric is None else repeated_matrices(study, metric.label, cloud)
    if metric is None or matrix is None or not repeats:
        return []
    known = blocks(study, matrix)
    runs = by_epoch(known)
    every = like_pairs(known)
    pairs = [pair for run in runs for pair in run] or most_different(every, matrix, _MOST_PAIRS)
    if not runs and len(every) <= _MOST_PAIRS:
        pairs = every
    measured = _measured(study, cloud, metric, repeats)
    courses = [course for run in runs if (course := _followed(run, measured)).steps]
    if runs:
        changes = [change for course in courses for change in course.every]
    else:
        changes = [change for pair in pairs if (change := measured(*pair)) is not None]
    if not changes:
        return []
    settled, robustness = verdict(
        {c.pair: c.hits for c in changes}, len(repeats), "the same answer"
    )
    return [
        Finding(
            key="changed-layers",
            title="Which layers still change from epoch to epoch"
            if runs
            else "Which layers differ between networks of one family",
            sentence=" ".join(map(_course, courses))
            if runs
            else _pairs_sentence(changes, len(every)),
            measure=f"{readable(metric.label)}, cloud {quoted(cloud)}",
            value=float(changes[0].ratios.max()) if len(changes) == 1 else None,
            rule=_RULE.format(metric=readable(metric.label)),
            robustness=robustness,
            settled=settled,
            table=_table(changes),
        )
    ]


def _measured(
    study: StudyReader, cloud: str, metric: DiagramMetric, repeats: list[DistanceMatrix]
) -> _Measure:
    noise: dict[tuple[str, str], float] = {}

    def change(first: Block, second: Block) -> _Change | None:
        for label in first.labels + second.labels:
            if label not in noise:
                noise[label] = layer_noise(study, *label, cloud, metric)
        halves = [np.diag(distances_between(repeat, first, second)) for repeat in repeats]
        return _change(first, second, noise, halves)

    return change


def _followed(run: list[Pair], measured: _Measure) -> _Course:
    """Measure every step of a run, and the way that its last calm steps make together."""
    found = [(pair, step) for pair in run if (step := measured(*pair)) is not None]
    calm = list(takewhile(lambda one: not one[1].changed, reversed(found)))
    drift = None
    if len(calm) > 1:
        drift = measured(calm[-1][0][0], calm[0][0][1])
    return _Course(tuple(step for _, step in found), drift)


def _names(block: Block) -> list[str]:
    return [layer.name for layer in block.layers]


def _change(
    first: Block,
    second: Block,
    noise: dict[tuple[str, str], float],
    halves: list[NDArray[np.float64]],
) -> _Change | None:
    floor = np.array(
        [(noise[a] + noise[b]) / 2 for a, b in zip(first.labels, second.labels, strict=True)]
    )
    usable = np.isfinite(floor) & (floor > 0) & np.isfinite(halves).all(axis=0)
    if not usable.any():
        return None
    ratios = np.array(halves)[:, usable] / floor[usable]
    mean = ratios.mean(axis=0)
    layers = tuple(name for name, kept in zip(_names(first), usable, strict=True) if kept)
    alike = ratios.argmax(axis=1) == mean.argmax()
    if mean.max() <= _CHANGED:
        alike = ratios.max(axis=1) <= _CHANGED
    hits = int(np.count_nonzero(alike))
    return _Change(first.model.name, second.model.name, layers, mean, hits)


def _pairs_sentence(changes: list[_Change], total: int) -> str:
    opening = (
        f"Of {total} pairs, the {len(changes)} that differ most: " if total > _MOST_PAIRS else ""
    )
    return opening + " ".join(_sentence(change) for change in changes)


def _course(course: _Course) -> str:
    """Say of one training run what moves from checkpoint to checkpoint, and whether it settles."""
    run, drift = course.steps, course.drift
    if len(run) <= _MOST_PAIRS:
        steps = " ".join(_sentence(change) for change in run)
    else:
        amounts = listing([f"{len(change.changed)}" for change in run], shown=12)
        steps = (
            f"Between the {len(run)} consecutive checkpoints from {quoted(run[0].first)} to "
            f"{quoted(run[-1].second)}, {amounts} of {len(run[0].layers)} layers move by more than "
            "twice the sampling noise."
        )
    moving = [index for index, change in enumerate(run) if change.changed]
    if moving and moving[-1] == len(run) - 1:
        still = listing([quoted(name) for name in run[-1].changed], shown=_MOST_NAMES)
        return f"{steps} Between the last two checkpoints, still changing: {still}."
    calm = f"From {quoted(run[moving[-1]].second)} on, no" if moving else "So no"
    if drift is not None and drift.changed:
        return (
            f"{steps} {calm} single step exceeds the noise, but together they do. "
            f"{_sentence(drift)}"
        )
    together = ", nor do all of them together" if drift is not None else ""
    end = ": the shape of the layers has settled" if moving else ""
    return f"{steps} {calm} step exceeds the noise{together}{end}."


def _sentence(change: _Change) -> str:
    most = f"{number(float(change.ratios.max()))} times it, in {quoted(change.layers[change.most])}"
    changed = change.changed
    if not changed:
        return (
            f"Between {change.pair} no layer moves by more than twice the sampling noise; the most "
            f"is {most}."
        )
    total = len(change.layers)
    share = f"all {total}" if len(changed) == total else f"{len(changed)} of {total}"
    named = f" ({listing([quoted(name) for name in changed])})" if len(changed) < total else ""
    return (
        f"Between {change.pair} {share} layers{named if len(changed) <= _MOST_NAMES else ''} move "
        f"by more than twice the sampling noise; the most is {most}."
    )


def _table(found: list[_Change]) -> FindingTable:
    rows = [
        (f"{change.first} ~ {change.second}", name, number(float(ratio)))
        for change in found
        for name, ratio in zip(change.layers, change.ratios, strict=True)
    ]
    return FindingTable(("models", "layer", "distance ÷ noise"), tuple(rows))
