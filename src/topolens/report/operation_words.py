"""What a measure or a metric is, in words: its name, its kind, its unit, its direction."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import topolens.comparison
import topolens.descriptors  # noqa: F401  both packages fill the registries
from topolens.base.errors import InvalidInputError
from topolens.base.registry import Registry, descriptors, metrics
from topolens.report.cloud_words import distance_unit
from topolens.report.findings.words import heading, listing, unticked

if TYPE_CHECKING:
    from topolens.base.registry import Operation
    from topolens.study.results import StudyReader
    from topolens.study.spec import OperationSpec, StudySpec

__all__ = ["DIMENSION", "OperationWords", "grouped", "measure_words", "metric_words"]

_DEGREES = ("Topology: pieces (H0)", "Topology: loops (H1)", "Topology: voids (H2)")
DIMENSION = "Dimension"
_GEOMETRY = "Geometry"
_DIAGRAMS, _SAME_SAMPLES, _CLOUDS = (
    "Between diagrams",
    "Same samples, row by row",
    "Between clouds",
)
_OTHER = "Other"
_KINDS = (*_DEGREES, DIMENSION, _GEOMETRY, _DIAGRAMS, _SAME_SAMPLES, _CLOUDS, _OTHER)
_CHANGES = (
    ("orthogonal", "rotation"),
    ("translation", "shifting"),
    ("isotropic_scaling", "scaling"),
    ("invertible_linear", "any invertible linear map"),
)

KindOf = Callable[["Operation", int | None], str]


@dataclass(frozen=True, slots=True)
class OperationWords:
    """How the page speaks of one measure or metric of a study."""

    label: str
    heading: str
    kind: str
    operation: Operation | None
    """None where the registry does not know it, so that nothing is claimed of it."""
    params: Mapping[str, Any]

    @property
    def summary(self) -> str:
        """What it is, in the first sentence of its documentation; empty where unknown."""
        text = "" if self.operation is None else inspect.getdoc(self.operation.run) or ""
        return unticked(" ".join(text.partition("\n\n")[0].split()))

    def unit(self, spec: StudySpec, cloud: str) -> str:
        """Return what a value counts in a cloud; empty for a pure number."""
        if self.operation is None:
            return ""
        unit, distance = self.operation.unit_with(self.params), "distance"
        if distance not in unit:
            return unit
        found = next((one for one in spec.clouds if one.name == cloud), None)
        ground = spec.metric if self.operation.takes == "diagrams" else "euclidean"
        words = distance if found is None else distance_unit(found, ground)
        power = unit.replace(distance, "", 1)
        return f"({words}){power}" if power else words

    def axis(self, spec: StudySpec, cloud: str) -> str:
        """Return the title of an axis: name and unit."""
        unit = self.unit(spec, cloud)
        return f"{self.heading} ({unit})" if unit else self.heading

    def facts(self, spec: StudySpec, cloud: str) -> list[str]:
        """Return what to know of a metric before reading its numbers."""
        one = self.operation
        if one is None:
            return []
        facts = [
            "similarity: larger is more alike"
            if one.is_similarity
            else "distance: smaller is more alike",
            f"in {unit}" if (unit := self.unit(spec, cloud)) else "a pure number",
            "symmetric" if one.symmetric else "not symmetric: from the row's layer to the column's",
        ]
        if one.paired_rows:
            facts.append("compares the same samples row by row")
        if not one.perfect_at_equals:
            facts.append("equal layers come near the perfect value, but need not reach it")
        kept = [word for field, word in _CHANGES if getattr(one.invariances, field)]
        return [*facts, f"unchanged by {listing(kept)}"] if kept else facts


def measure_words(study: StudyReader) -> dict[str, OperationWords]:
    """Return the words for every measure of a study, by label."""
    return _words(study.measures, study.spec.descriptors, descriptors, _measure_kind)


def metric_words(study: StudyReader) -> dict[str, OperationWords]:
    """Return the words for every metric of a study, by label."""
    return _words(study.metrics, study.spec.comparisons, metrics, _metric_kind)


def grouped(words: Iterable[OperationWords]) -> list[tuple[str, list[OperationWords]]]:
    """Return the operations by kind, kinds in a fixed order, operations in that of the study."""
    every = list(words)
    groups = [(kind, [one for one in every if one.kind == kind]) for kind in _KINDS]
    return [(kind, members) for kind, members in groups if members]


def _words(
    labels: tuple[str, ...], specs: Iterable[OperationSpec], registry: Registry, kind_of: KindOf
) -> dict[str, OperationWords]:
    known = {spec.label: spec for spec in specs}
    return {label: _one(label, known.get(label), registry, kind_of) for label in labels}


def _one(
    label: str, spec: OperationSpec | None, registry: Registry, kind_of: KindOf
) -> OperationWords:
    operation = None if spec is None else _registered(registry, spec.name)
    if spec is None or operation is None:
        return OperationWords(label, heading(label), _OTHER, None, {})
    default = operation.parameters.get("dimension")
    degree = spec.dimension if spec.dimension is not None else spec.params.get("dimension", default)
    return OperationWords(label, heading(label), kind_of(operation, degree), operation, spec.params)


def _registered(registry: Registry, name: str) -> Operation | None:
    try:
        return registry[name]
    except InvalidInputError:
        return None


def _measure_kind(operation: Operation, degree: int | None) -> str:
    if degree is not None:
        return _DEGREES[degree]
    return DIMENSION if operation.unit.startswith("dimension") else _GEOMETRY


def _metric_kind(operation: Operation, degree: int | None) -> str:
    if degree is not None:
        return _DIAGRAMS
    return _SAME_SAMPLES if operation.paired_rows else _CLOUDS
