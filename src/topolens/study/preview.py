"""What a study would do, counted before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from topolens.activations.stores.store import ActivationStore
from topolens.base.errors import StudyError
from topolens.base.registry import descriptors, metrics
from topolens.base.sizes import size_text
from topolens.study.capturing import (
    Capture,
    is_captured,
    needs_training,
    resolve_layers,
)
from topolens.study.cloud_spec import CloudSpec
from topolens.study.reading import StudyFile
from topolens.study.run import plan_captures
from topolens.study.shown import load_study_samples
from topolens.study.spec import StudySpec
from topolens.study.storage import forecast_room

__all__ = ["preview"]


def preview(file: StudyFile, root: Path) -> list[str]:
    """Return the steps of a study as lines, with what is there already.

    Models are built and run on two samples to name their layers, but nothing is trained, captured
    or written.

    Raises
    ------
    StudyError
        If models do not run, or their layers or `pool` do not suit what they give; all are named.
    """
    spec = file.spec
    samples = load_study_samples(file)
    captures = plan_captures(root, file, samples)
    _refuse_problems(file, captures)
    layers = {c.model.name: _layers(root, file, c) for c in captures}
    total = sum(len(names) for names in layers.values())
    versions = len(spec.clouds) * (1 + spec.resamples)
    clouds = _count(len(spec.clouds), "cloud")
    lines = [f"{spec.name}: {_count(len(captures), 'model')}, {_count(total, 'layer')}, {clouds}"]
    for capture in captures:
        lines += _capture_lines(root, capture, layers[capture.model.name])
    lines.append(f"disk         {forecast_room(root, captures, refuse=False)}")
    for cloud in spec.clouds:
        lines += _rows_lines(cloud, total, spec.resamples)
    lines.append(
        f"persistence  {_count(total, 'layer')} x {clouds} x "
        f"{1 + spec.resamples} (whole and half-samples) = {total * versions} steps"
    )
    for chosen in spec.descriptors:
        groups = len(captures) if descriptors[chosen.name].takes == "diagrams" else total
        lines.append(f"describe     {chosen.label}: {groups * versions} steps")
    for chosen in spec.comparisons:
        operation, models = metrics[chosen.name], len(captures)
        pairs = models * (models + 1) // 2 if operation.symmetric else models**2
        kind = "same samples" if operation.paired_rows else "any samples"
        lines.append(f"compare      {chosen.label} ({kind}): {pairs * versions} steps")
    lines += _mapper_lines(spec, layers)
    return lines


def _refuse_problems(file: StudyFile, captures: list[Capture]) -> None:
    mistakes = [
        f'models[{number}] "{capture.model.name}": {capture.problem}'
        for number, capture in enumerate(captures, 1)
        if capture.problem is not None
    ]
    if mistakes:
        raise StudyError(file.source, mistakes)


def _layers(root: Path, file: StudyFile, capture: Capture) -> list[str]:
    """Name the layers of a capture: those that a trial found, or that lie there already."""
    if capture.layers is not None:
        return list(capture.layers)
    if is_captured(root, capture):
        return list(ActivationStore.open(root / capture.store).layers)
    return resolve_layers(file, capture.model)


def _rows_lines(cloud: CloudSpec, n_layers: int, resamples: int) -> list[str]:
    lines = []
    if cloud.outliers is not None:
        lines.append(f"outliers     {cloud.name}: {n_layers} steps")
    if cloud.sample == "farthest":
        lines.append(f"farthest     {cloud.name}: {n_layers * (1 + resamples)} steps")
    return lines


def _mapper_lines(spec: StudySpec, layers: Mapping[str, Sequence[str]]) -> list[str]:
    lines = []
    for one in spec.mapper:
        n_layers = sum(one.covers(name) for names in layers.values() for name in names)
        points = "all rows" if one.cloud is None else f"the cloud {one.cloud}"
        if one.cloud is None and one.rows.points is not None:
            points = f"{one.rows.points:,} rows"
        lines.append(f"mapper       {one.name}: {n_layers} graphs of {points}, and their purity")
    return lines


def _count(amount: int, noun: str) -> str:
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"


def _capture_lines(root: Path, capture: Capture, layers: list[str]) -> list[str]:
    model = capture.model
    lines = []
    if model.train is not None:
        state = "to do" if needs_training(root, capture) else "done"
        recipe = f"{model.train.epochs} epochs, seed {model.train.seed}"
        lines.append(f"train        {model.name}: {recipe} ({state})")
    size = "size unknown" if capture.n_bytes is None else size_text(capture.n_bytes)
    state = "done" if is_captured(root, capture) else f"to do, {size}"
    named = ", ".join(layers[:4]) + (", …" if len(layers) > 4 else "")
    lines.append(f"capture      {model.name}: {_count(len(layers), 'layer')}: {named} ({state})")
    return lines
