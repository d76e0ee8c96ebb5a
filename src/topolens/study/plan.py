"""From captured layers to the steps that measure and compare them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

from topolens.base.hashing import content_key
from topolens.base.registry import Operation
from topolens.base.registry import descriptors as descriptor_registry
from topolens.base.registry import metrics as metric_registry
from topolens.study.capturing import Capture
from topolens.study.index import CloudSummary
from topolens.study.spec import CloudSpec, OperationSpec, StudySpec
from topolens.study.steps import Step

__all__ = [
    "CloudPlan",
    "LayerSource",
    "PlannedStep",
    "comparison_steps",
    "descriptor_steps",
    "diagram_steps",
    "survey_step",
]

# Raised whenever the numbers of a step change for other reasons than its operation's version.
_STEP_VERSION = 1
# Normalisations that only shift and scale a cloud as a whole.
_SIMILARITIES = ("none", "centred", "median")


@dataclass(frozen=True, slots=True)
class LayerSource:
    """Where the rows of one layer lie and what they are."""

    model: str
    layer: str
    store: str
    """Folder of the activation store, relative to the study."""
    digest: str
    """Of the rows' values, so that equal activations share results wherever they lie."""


@dataclass(frozen=True, slots=True)
class CloudPlan:
    """One way to make clouds, with the rows chosen for it."""

    spec: CloudSpec
    selections: Mapping[tuple[str, str], str]
    """Key of the chosen rows by (model, layer)."""
    problems: Mapping[tuple[str, str], str]
    """Layers left out of this cloud, with the reason."""
    warnings: tuple[str, ...]
    summary: CloudSummary

    @property
    def corresponding(self) -> bool:
        """True if row i is the same sample in every layer."""
        return self.summary.corresponding


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step with the coordinates under which its result is looked up."""

    step: Step
    where: Mapping[str, Any]


def survey_step(capture: Capture) -> Step:
    """Return the step that looks at every layer of a capture."""
    key = _key("survey", store=capture.key)
    return Step("survey", key, f"survey of {capture.model.name}", {"store": capture.store})


def diagram_steps(
    spec: StudySpec, cloud: CloudPlan, layers: Sequence[LayerSource]
) -> Iterator[PlannedStep]:
    """One step per layer for the whole cloud and for each half-sample."""
    for layer in layers:
        for resample in (None, *range(spec.resamples)):
            settings = {"max_dim": spec.max_dim, "metric": spec.metric}
            payload = {"cloud": _location(spec, cloud, layer, resample), **settings}
            key = _key("diagrams", cloud=_identity(spec, cloud, layer, resample), **settings)
            where = {"cloud": cloud.spec.name, "model": layer.model, "layer": layer.layer}
            label = f"persistence of {layer.model} {layer.layer} ({_cloud_name(cloud, resample)})"
            step = Step("diagrams", key, label, payload)
            yield PlannedStep(step, {**where, "resample": resample})


def descriptor_steps(
    spec: StudySpec,
    cloud: CloudPlan,
    layers: Sequence[LayerSource],
    diagrams: Mapping[tuple[str, str, str, int | None], str],
) -> Iterator[PlannedStep]:
    """One step per descriptor and model (per layer where the descriptor works on points)."""
    for chosen in spec.descriptors:
        operation = descriptor_registry[chosen.name]
        for group in _groups(layers, one_by_one=operation.takes == "points"):
            for resample in (None, *range(spec.resamples)):
                items = _items(spec, cloud, group, resample, operation, diagrams)
                if not items:
                    continue
                settings = _settings(chosen, operation.version)
                key = _key("describe", items=[i["identity"] for i in items], **settings)
                label = f"{chosen.label} of {group[0].model} ({_cloud_name(cloud, resample)})"
                step = Step("describe", key, label, {"items": items, **settings})
                where = {
                    "measure": chosen.label,
                    "cloud": cloud.spec.name,
                    "resample": resample,
                    "layers": [item["label"] for item in items],
                }
                yield PlannedStep(step, where)


def comparison_steps(
    spec: StudySpec,
    cloud: CloudPlan,
    layers: Sequence[LayerSource],
    diagrams: Mapping[tuple[str, str, str, int | None], str],
) -> Iterator[PlannedStep]:
    """One step per metric and pair of models: a block of the matrix of all layers."""
    for chosen in spec.comparisons:
        operation = metric_registry[chosen.name]
        if operation.paired_rows and not cloud.corresponding:
            continue
        for resample in (None, *range(spec.resamples)):
            sides = [
                _items(spec, cloud, group, resample, operation, diagrams)
                for group in _groups(layers, one_by_one=False)
            ]
            for first, second in combinations_with_replacement([s for s in sides if s], 2):
                yield _block_step(chosen, operation, cloud, resample, first, second)


def _block_step(
    chosen: OperationSpec,
    operation: Operation,
    cloud: CloudPlan,
    resample: int | None,
    rows: list[dict[str, Any]],
    columns: list[dict[str, Any]],
) -> PlannedStep:
    settings = _settings(chosen, operation.version)
    identity = {
        "rows": [item["identity"] for item in rows],
        "columns": [item["identity"] for item in columns],
    }
    models = f"{rows[0]['label'][0]} and {columns[0]['label'][0]}"
    step = Step(
        "compare",
        _key("compare", **identity, **settings),
        f"{chosen.label} of {models} ({_cloud_name(cloud, resample)})",
        {"rows": rows, "columns": columns, "takes": operation.takes, **settings},
    )
    where = {
        "metric": chosen.label,
        "cloud": cloud.spec.name,
        "resample": resample,
        "rows": [item["label"] for item in rows],
        "columns": [item["label"] for item in columns],
    }
    return PlannedStep(step, where)


def _items(
    spec: StudySpec,
    cloud: CloudPlan,
    layers: Sequence[LayerSource],
    resample: int | None,
    operation: Operation,
    diagrams: Mapping[tuple[str, str, str, int | None], str],
) -> list[dict[str, Any]]:
    """What an operation reads of each layer: its cloud, or its diagrams where there are any."""
    items: list[dict[str, Any]] = []
    for layer in layers:
        label = [layer.model, layer.layer]
        key = diagrams.get((cloud.spec.name, layer.model, layer.layer, resample))
        if operation.takes == "points":
            scale = _needed_normalisation(operation, cloud.spec.normalise)
            location: dict[str, Any] = {"cloud": _location(spec, cloud, layer, resample, scale)}
            identity: dict[str, Any] = {"cloud": _identity(spec, cloud, layer, resample, scale)}
        elif key is not None:
            location = identity = {"diagrams": key}
        else:
            continue
        items.append({"label": label, "identity": {"label": label, **identity}, **location})
    return items


def _needed_normalisation(operation: Operation, normalisation: str) -> str:
    """Leave out what cannot change the value, so that clouds at any scale share the result."""
    indifferent = operation.invariances.isotropic_scaling and operation.invariances.translation
    return "none" if indifferent and normalisation in _SIMILARITIES else normalisation


def _location(
    spec: StudySpec,
    cloud: CloudPlan,
    layer: LayerSource,
    resample: int | None,
    normalisation: str | None = None,
) -> dict[str, Any]:
    return {
        "store": layer.store,
        "layer": layer.layer,
        "selection": cloud.selections[layer.model, layer.layer],
        "normalise": normalisation or cloud.spec.normalise,
        "resample": resample,
        "seed": spec.seed,
    }


def _identity(
    spec: StudySpec,
    cloud: CloudPlan,
    layer: LayerSource,
    resample: int | None,
    normalisation: str | None = None,
) -> dict[str, Any]:
    location = _location(spec, cloud, layer, resample, normalisation)
    del location["store"], location["layer"]
    if resample is None:
        del location["seed"]
    return {**location, "rows": layer.digest}


def _settings(chosen: OperationSpec, version: int) -> dict[str, Any]:
    return {
        "name": chosen.name,
        "version": version,
        "dimension": chosen.dimension,
        "params": chosen.params,
    }


def _key(kind: str, **identity: Any) -> str:  # noqa: ANN401  JSON values
    return content_key({"kind": kind, "step_version": _STEP_VERSION, **identity})


def _groups(layers: Sequence[LayerSource], *, one_by_one: bool) -> list[list[LayerSource]]:
    if one_by_one:
        return [[layer] for layer in layers]
    by_model: dict[str, list[LayerSource]] = {}
    for layer in layers:
        by_model.setdefault(layer.model, []).append(layer)
    return list(by_model.values())


def _cloud_name(cloud: CloudPlan, resample: int | None) -> str:
    half = "" if resample is None else f", half {resample + 1}"
    return f"{cloud.spec.name}{half}"
