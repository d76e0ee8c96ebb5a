"""From chosen rows to the steps that make Mapper graphs of layers and hold them against labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from topolens.study.plan import CloudPlan, LayerSource, PlannedStep, View
from topolens.study.spec import MapperSpec
from topolens.study.steps import Step
from topolens.study.survey import Surveyed

__all__ = ["MapperPlan", "graph_steps", "mapper_warnings", "purity_steps"]

# Raised whenever the numbers of the operation change.
_GRAPH_VERSION = 1
_PURITY_VERSION = 1


@dataclass(frozen=True, slots=True)
class MapperPlan:
    """The graphs of one [[mapper]] table, and the points they are made of."""

    spec: MapperSpec
    view: View
    layers: Sequence[LayerSource]

    def where(self, layer: LayerSource) -> dict[str, Any]:
        """The coordinates of a layer's graph."""
        return {"mapper": self.spec.name, "model": layer.model, "layer": layer.layer}


def graph_steps(plan: MapperPlan) -> Iterator[PlannedStep]:
    """One step per layer: the graph, its layout, and the curve that eps was read off."""
    settings = _settings(plan.spec)
    for layer in plan.layers:
        step = Step(
            "mapper",
            f"Mapper graph of {layer.model} {layer.layer} ({plan.spec.name})",
            {"cloud": plan.view.identity(layer), "version": _GRAPH_VERSION, **settings},
            {"cloud": plan.view.location(layer), **settings},
        )
        yield PlannedStep(step, plan.where(layer))


def purity_steps(
    plan: MapperPlan, graphs: Mapping[tuple[str, str, str], str]
) -> Iterator[PlannedStep]:
    """One step per layer whose graph is there and whose rows have labels.

    `graphs` holds the key of each graph by (mapper, model, layer).
    """
    settings = {"permutations": plan.spec.permutations, "seed": plan.spec.seed}
    for layer in plan.layers:
        graph = graphs.get((plan.spec.name, layer.model, layer.layer))
        if graph is None or layer.labels is None:
            continue
        step = Step(
            "purity",
            f"purity of {layer.model} {layer.layer} ({plan.spec.name})",
            # The rows of the graph are part of its key.
            {"graph": graph, "labels": layer.labels, "version": _PURITY_VERSION, **settings},
            {
                "graph": graph,
                "labels": layer.labels,
                "cloud": plan.view.location(layer),
                **settings,
            },
        )
        yield PlannedStep(step, plan.where(layer))


def mapper_warnings(
    plans: Sequence[MapperPlan], clouds: Sequence[CloudPlan], surveyed: Sequence[Surveyed]
) -> list[str]:
    """Say which layers and models the graphs and their purities leave out."""
    names = {layer["name"] for model in surveyed for layer in model.layers}
    bare = [model.name for model in surveyed if model.layers and not model.labels]
    lines: list[str] = []
    for plan in plans:
        mapper, cloud = plan.spec, plan.view.cloud
        lines += [] if cloud in clouds else cloud.warnings
        unmatched = [one for one in mapper.layers if not any(fnmatchcase(n, one) for n in names)]
        start = f"Mapper `{mapper.name}`:"
        lines += [f"{start} no captured layer is called `{one}`." for one in unmatched]
        if bare:
            lines.append(
                f"{start} no purity for {', '.join(f'`{name}`' for name in bare)}, "
                "whose samples have no labels."
            )
    return lines


def _settings(spec: MapperSpec) -> dict[str, Any]:
    """What decides a graph, but for its points; only what its cover and clustering look at."""
    cluster = spec.cluster.model_dump(include=spec.cluster.looked_at)
    cover = spec.cover.model_dump(mode="json", include=spec.cover.looked_at)
    return {
        "lens": spec.lens,
        "cover": cover,
        "cluster": cluster,
        "eps": spec.eps,
        "seed": spec.seed,
    }
