"""From captured layers to the steps that measure and compare them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations_with_replacement, product
from typing import Any, TypeAlias

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
    "View",
    "comparison_steps",
    "descriptor_steps",
    "diagram_steps",
    "survey_step",
    "views",
]

DiagramKeys: TypeAlias = Mapping[tuple[str, str, str, int | None], str]
"""Key of the diagrams by (cloud, model, layer, resample)."""

# Raised whenever the numbers of the operation change.
_PROJECT_VERSION = 1
_PCA_VERSION = 1
# Normalisations that only shift and scale a cloud as a whole, with or without a parameter.
_SIMILARITIES = ("none", "centred", "median", "mean", "quantile")


@dataclass(frozen=True, slots=True)
class LayerSource:
    """Where the rows of one layer lie and what they are."""

    model: str
    layer: str
    store: str
    """Folder of the activation store, relative to the study."""
    digest: str
    """Of the rows' values, so that equal activations share results wherever they lie."""
    labels: str | None = None
    """Key of the class of every row, where it is known."""


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
    halves: Mapping[tuple[str, str, int], str] = field(default_factory=dict)
    """Key of the rows by (model, layer, resample) where half-samples have rows of their own."""

    @property
    def emptiness(self) -> tuple[str, str] | None:
        """What to call the failure and why, where every layer was left out."""
        if self.selections or not self.problems:
            return None
        layer, reason = next(iter(self.problems.items()))
        return f"cloud {self.spec.name}", f"no layer has enough rows; {' '.join(layer)}: {reason}"

    @property
    def corresponding(self) -> bool:
        """True if row i is the same sample in every layer."""
        return self.summary.corresponding


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step with the coordinates under which its result is looked up."""

    step: Step
    where: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class View:
    """A cloud of every layer, whole or one half-sample of it: what everything is measured on."""

    spec: StudySpec
    cloud: CloudPlan
    resample: int | None

    @property
    def name(self) -> str:
        """The name in sentences, e.g. `scaled, half 2`."""
        half = "" if self.resample is None else f", half {self.resample + 1}"
        return f"{self.cloud.spec.name}{half}"

    @property
    def where(self) -> dict[str, Any]:
        """The coordinates that all results of this view share."""
        return {"cloud": self.cloud.spec.name, "resample": self.resample}

    def identity(self, layer: LayerSource, normalisation: str | None = None) -> dict[str, Any]:
        """What decides the values of a layer's cloud, wherever it lies."""
        return {
            "rows": layer.digest,
            **self._chosen(layer),
            **_reductions(self.spec, self.cloud.spec),
            "normalise": normalisation or self.cloud.spec.normalise,
        }

    def _chosen(self, layer: LayerSource) -> dict[str, Any]:
        whole = self.cloud.selections[layer.model, layer.layer]
        if self.resample is None:
            return {"selection": whole, "resample": None}
        half = self.cloud.halves.get((layer.model, layer.layer, self.resample))
        if half is not None:
            return {"selection": half, "resample": None}
        return {"selection": whole, "resample": self.resample, "seed": self.spec.seed}

    def location(self, layer: LayerSource, normalisation: str | None = None) -> dict[str, Any]:
        """What a step needs to build a layer's cloud."""
        place = {"store": layer.store, "layer": layer.layer, "seed": self.spec.seed}
        return {**self.identity(layer, normalisation), **place}

    def items(
        self, layers: Sequence[LayerSource], operation: Operation, diagrams: DiagramKeys
    ) -> list[_Item]:
        """What an operation reads of each layer: its cloud, or its diagrams where there are any."""
        if operation.takes == "points":
            return [self._point_item(layer, operation) for layer in layers]
        if operation.takes == "labelled_points":
            return [
                self._point_item(layer, operation, {"labels": layer.labels})
                for layer in layers
                if layer.labels is not None
            ]
        found = [(layer, diagrams.get(self._coordinates(layer))) for layer in layers]
        return [
            _Item((layer.model, layer.layer), {"diagrams": key}, {"diagrams": key})
            for layer, key in found
            if key is not None
        ]

    def _point_item(
        self, layer: LayerSource, operation: Operation, labels: Mapping[str, Any] | None = None
    ) -> _Item:
        scale = _needed_normalisation(operation, self.cloud.spec.normalise)
        return _Item(
            (layer.model, layer.layer),
            {"cloud": self.identity(layer, scale), **(labels or {})},
            {"cloud": self.location(layer, scale), **(labels or {})},
        )

    def _coordinates(self, layer: LayerSource) -> tuple[str, str, str, int | None]:
        return (self.cloud.spec.name, layer.model, layer.layer, self.resample)


@dataclass(frozen=True, slots=True)
class _Item:
    """One layer as an operation sees it."""

    label: tuple[str, str]
    identity: Mapping[str, Any]
    location: Mapping[str, Any]

    @property
    def named_identity(self) -> dict[str, Any]:
        # The label is part of it because notes in the result name the layer.
        return {"label": list(self.label), **self.identity}

    @property
    def payload(self) -> dict[str, Any]:
        return {"label": list(self.label), **self.location}


def views(spec: StudySpec, cloud: CloudPlan) -> list[View]:
    """Return the whole cloud and its half-samples."""
    return [View(spec, cloud, resample) for resample in (None, *range(spec.resamples))]


def survey_step(capture: Capture) -> Step:
    """Return the step that looks at every layer of a capture."""
    label = f"survey of {capture.model.name}"
    return Step("survey", label, {"store": capture.key, "version": 2}, {"store": capture.store})


def diagram_steps(view: View, layers: Sequence[LayerSource]) -> Iterator[PlannedStep]:
    """One step per layer."""
    settings = {"max_dim": view.spec.max_dim, "metric": view.spec.metric}
    for layer in layers:
        step = Step(
            "diagrams",
            f"persistence of {layer.model} {layer.layer} ({view.name})",
            {"cloud": view.identity(layer), **settings},
            {"cloud": view.location(layer), **settings},
        )
        yield PlannedStep(step, {**view.where, "model": layer.model, "layer": layer.layer})


def descriptor_steps(
    view: View, layers: Sequence[LayerSource], diagrams: DiagramKeys
) -> Iterator[PlannedStep]:
    """One step per descriptor and model (per layer where the descriptor works on points)."""
    for chosen in view.spec.descriptors:
        operation = descriptor_registry[chosen.name]
        settings = _settings(chosen, operation)
        for group in _groups(layers, one_by_one=operation.takes != "diagrams"):
            items = view.items(group, operation, diagrams)
            if not items:
                continue
            step = Step(
                "describe",
                f"{chosen.label} of {group[0].model} ({view.name})",
                {"items": [item.named_identity for item in items], **settings},
                {"items": [item.payload for item in items], **settings},
            )
            labels = [list(item.label) for item in items]
            yield PlannedStep(step, {**view.where, "measure": chosen.label, "layers": labels})


def comparison_steps(
    view: View, layers: Sequence[LayerSource], diagrams: DiagramKeys
) -> Iterator[PlannedStep]:
    """One step per metric and pair of models: a block of the matrix of all layers.

    Of an asymmetric metric both blocks of two models are computed.
    """
    for chosen in view.spec.comparisons:
        operation = metric_registry[chosen.name]
        if operation.paired_rows and not view.cloud.corresponding:
            continue
        groups = _groups(layers, one_by_one=False)
        sides = [s for group in groups if (s := view.items(group, operation, diagrams))]
        both_ways = product(sides, repeat=2)
        pairs = combinations_with_replacement(sides, 2) if operation.symmetric else both_ways
        for rows, columns in pairs:
            yield _block_step(view, chosen, operation, rows, columns)


def _block_step(
    view: View,
    chosen: OperationSpec,
    operation: Operation,
    rows: list[_Item],
    columns: list[_Item],
) -> PlannedStep:
    settings = _settings(chosen, operation)
    sides = {"rows": rows, "columns": columns}
    step = Step(
        "compare",
        f"{chosen.label} of {rows[0].label[0]} and {columns[0].label[0]} ({view.name})",
        {**{side: [i.named_identity for i in items] for side, items in sides.items()}, **settings},
        {**{side: [i.payload for i in items] for side, items in sides.items()}, **settings},
    )
    labels = {side: [list(item.label) for item in items] for side, items in sides.items()}
    return PlannedStep(step, {**view.where, "metric": chosen.label, **labels})


def _reductions(spec: StudySpec, cloud: CloudSpec) -> dict[str, Any]:
    """Describe how coordinates become fewer; nothing where they do not."""
    found: dict[str, Any] = {}
    if cloud.project is not None:
        found["project"] = {
            "n_components": cloud.project,
            "seed": spec.seed,
            "version": _PROJECT_VERSION,
        }
    if cloud.pca is not None:
        found["pca"] = {"keep": cloud.pca, "version": _PCA_VERSION}
    return found


def _needed_normalisation(operation: Operation, normalisation: str) -> str:
    """Leave out what cannot change the value, so that clouds at any scale share the result."""
    indifferent = operation.invariances.isotropic_scaling and operation.invariances.translation
    only_scales = normalisation.partition(":")[0] in _SIMILARITIES
    return "none" if indifferent and only_scales else normalisation


def _settings(chosen: OperationSpec, operation: Operation) -> dict[str, Any]:
    return {
        "name": chosen.name,
        "version": operation.version,
        "takes": operation.takes,
        "dimension": chosen.dimension,
        "params": chosen.params,
    }


def _groups(layers: Sequence[LayerSource], *, one_by_one: bool) -> list[list[LayerSource]]:
    if one_by_one:
        return [[layer] for layer in layers]
    by_model: dict[str, list[LayerSource]] = {}
    for layer in layers:
        by_model.setdefault(layer.model, []).append(layer)
    return list(by_model.values())
