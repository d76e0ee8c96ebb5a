"""What the captured layers are, which of them can be measured, and what to warn about."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from topolens.activations.data.samples import Samples
from topolens.base.registry import descriptors
from topolens.study.cache import Result, ResultCache
from topolens.study.capturing import Capture
from topolens.study.index import Entry
from topolens.study.plan import CloudPlan, LayerSource
from topolens.study.results import LayerSummary, ModelSummary
from topolens.study.selection import LayerName
from topolens.study.shown import text_doubts
from topolens.study.spec import StudySpec

__all__ = ["Surveyed", "provenance", "summarise"]

FEW_POINTS = 300
"""Below this a diagram is mostly sampling (Świder 2024: a few hundred points at least)."""
_PACKAGES = ("topolens", "numpy", "scipy", "scikit-learn", "torch", "pillow")


@dataclass(frozen=True, slots=True, eq=False)
class Surveyed:
    """One model after its capture."""

    capture: Capture
    result: Result
    problem: str | None = None
    """Why there are no layers."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Key of the class of every row, by layer, where a measure asks for it and it is known."""

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.capture.model.name

    @property
    def layers(self) -> Sequence[Mapping[str, Any]]:
        """What was found of each layer, in order."""
        found: Sequence[Mapping[str, Any]] = self.result.record.get("layers", ())
        return found

    def layer_problem(self, layer: Mapping[str, Any]) -> str | None:
        """Say why a layer cannot be measured, if it cannot."""
        if not layer["nonfinite"]:
            return None
        total = layer["n_rows"] * layer["n_features"]
        return f"{layer['nonfinite']} of {total} values are NaN or infinite"

    def sources(self) -> list[LayerSource]:
        """Layers that can be measured."""
        return [
            LayerSource(
                self.name,
                layer["name"],
                self.capture.store,
                layer["digest"],
                self.labels.get(layer["name"]),
            )
            for layer in self.layers
            if self.layer_problem(layer) is None
        ]


def summarise(
    root: Path,
    spec: StudySpec,
    surveyed: Sequence[Surveyed],
    clouds: Sequence[CloudPlan],
    diagrams: Sequence[Entry],
) -> tuple[tuple[ModelSummary, ...], tuple[str, ...]]:
    """Describe models and layers, and collect every doubt in a sentence."""
    main = clouds[0]
    duplicates = _duplicates(root, main.spec.name, diagrams)
    models = tuple(_model_summary(model, main, duplicates) for model in surveyed)
    warnings = [line for cloud in clouds for line in cloud.warnings]
    for cloud in clouds:
        if 0 < cloud.summary.n_points < FEW_POINTS:
            warnings.append(
                f"Cloud `{cloud.spec.name}` has {cloud.summary.n_points} points per layer; below "
                f"{FEW_POINTS} a diagram is mostly sampling noise."
            )
    warnings += text_doubts({m.name: m.capture.spec.get("data") or {} for m in surveyed})
    warnings += [line for model in surveyed for line in _output_warnings(model)]
    warnings += _label_warnings(spec, surveyed)
    for model in models:
        warnings += _layer_warnings(model)
    return models, tuple(warnings)


def provenance(surveyed: Sequence[Surveyed], samples: Samples | None) -> dict[str, Any]:
    """Return what made the numbers: versions, data, and the description of every capture."""
    return {
        "versions": {"python": platform.python_version(), **_versions()},
        "platform": f"{platform.system()} {platform.machine()}",
        "data": samples.description if samples else None,
        "captures": {model.name: dict(model.capture.spec) for model in surveyed},
    }


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _duplicates(root: Path, cloud: str, diagrams: Sequence[Entry]) -> dict[LayerName, int]:
    cache = ResultCache(root / "results")
    return {
        (e.where["model"], e.where["layer"]): cache.get(e.key).record["duplicates"]
        for e in diagrams
        if e.where["cloud"] == cloud and e.where["resample"] is None
    }


def _model_summary(
    model: Surveyed, main: CloudPlan, duplicates: Mapping[LayerName, int]
) -> ModelSummary:
    spec, found = model.capture.model, model.result.record.get("summary", {})
    last = max(len(model.layers) - 1, 1)
    layers = tuple(
        LayerSummary(
            name=layer["name"],
            index=index,
            depth=index / last,
            n_rows=layer["n_rows"],
            n_features=layer["n_features"],
            n_points=main.summary.n_points,
            duplicates=duplicates.get((model.name, layer["name"]), 0),
            nonfinite=layer["nonfinite"],
            output_shape=tuple(layer["output_shape"]),
            problem=model.layer_problem(layer) or main.problems.get((model.name, layer["name"])),
        )
        for index, layer in enumerate(model.layers)
    )
    source = spec.source or "activations"
    return ModelSummary(
        name=spec.name,
        source=source,
        family=spec.family or source,
        seed=spec.seed if spec.seed is not None or spec.train is None else spec.train.seed,
        epoch=spec.epoch,
        accuracy=found.get("accuracy"),
        token_loss=found.get("token_loss"),
        n_samples=found.get("n_samples", 0),
        n_parameters=found.get("n_parameters"),
        layers=layers,
        problem=model.problem,
    )


def _output_warnings(model: Surveyed) -> list[str]:
    """Say when an accuracy is low because labels mean nothing to the network."""
    found = model.result.record.get("summary", {})
    if not found.get("n_beyond") or found.get("accuracy") is None:
        return []
    return [
        f"`{model.name}` gives {found['n_outputs']} scores, but the labels of "
        f"{found['n_beyond']} of {found['n_samples']} samples lie beyond them: its accuracy says "
        "little. Name its outputs with `outputs`, or show it data of its own classes."
    ]


def _label_warnings(spec: StudySpec, surveyed: Sequence[Surveyed]) -> list[str]:
    """Say which models a measure of classes left out."""
    wanted = [d for d in spec.descriptors if descriptors[d.name].takes == "labelled_points"]
    bare = [model.name for model in surveyed if model.layers and not model.labels]
    if not wanted or not bare:
        return []
    return [
        f"{', '.join(f'`{chosen.label}`' for chosen in wanted)}: left out for "
        f"{', '.join(f'`{name}`' for name in bare)}, whose samples have no labels."
    ]


def _layer_warnings(model: ModelSummary) -> list[str]:
    lines = []
    if model.problem:
        lines.append(f"`{model.name}` has no results: {model.problem}")
    for layer in model.layers:
        if layer.problem:
            lines.append(f"`{model.name}` {layer.name} was left out: {layer.problem}.")
        elif layer.duplicates > layer.n_points // 20:
            lines.append(
                f"`{model.name}` {layer.name}: {layer.duplicates} of {layer.n_points} points "
                "repeat an earlier one; sums and counts are lower for it."
            )
    return lines
