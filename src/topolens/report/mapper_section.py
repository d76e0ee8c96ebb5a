"""The page's section on Mapper graphs: drawings, curves of eps and facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from topolens.report.findings.words import number, percent
from topolens.report.mapper_drawing import OTHERS, ClassColours, GraphDrawing, drawn_graph
from topolens.report.style import short_names

if TYPE_CHECKING:
    from topolens.descriptors.mapper.eps import EpsCurve
    from topolens.study.mapped import MappedLayer
    from topolens.study.mapper_spec import CoverSpec, MapperSpec
    from topolens.study.results import ModelSummary, StudyReader

__all__ = ["MapperBlock", "MapperPanel", "class_key", "mapper_blocks"]

_NODES_BUDGET = 12_000
_NODES_OF_GRAPH = (120, 1_200)
_MOST_GRAPHS = 60
_LETTERS = 22
_CURVE_BOX = (220.0, 96.0)
_CURVE_POINTS = 60


@dataclass(frozen=True, slots=True)
class CurveDrawing:
    """The distances of neighbours in ascending order, and where eps lies."""

    path: str
    level: float
    """Height of eps."""
    share: float
    """Where the curve crosses eps."""
    top: str
    """The largest distance drawn."""
    words: str


@dataclass(frozen=True, slots=True)
class MapperPanel:
    """The graph of one layer."""

    key: str
    """Id of its drawing on the page."""
    layer: str
    label: str
    drawing: GraphDrawing
    curve: CurveDrawing | None
    facts: str
    """What there is to say of it, in a sentence or two."""


@dataclass(frozen=True, slots=True)
class MapperBlock:
    """All graphs of one [[mapper]] table."""

    name: str
    recipe: str
    rows: tuple[tuple[str, tuple[MapperPanel, ...]], ...]
    """Panels by model."""
    n_left_out: int
    """Layers whose graphs there was no room for."""

    @property
    def main(self) -> MapperPanel:
        """The graph that is shown large where only one is: the deepest of the first model."""
        return self.rows[0][1][-1]


def mapper_blocks(study: StudyReader) -> list[MapperBlock]:
    """Return what the page shows of each [[mapper]] table that has graphs."""
    specs = {one.name: one for one in study.spec.mapper}
    places = [
        (mapper, model, layer.name)
        for mapper in study.mappers
        for model in study.models
        for layer in model.layers
        if study.mapped(mapper, model.name, layer.name) is not None
    ]
    if not places:
        return []
    room = int(np.clip(_NODES_BUDGET // len(places), *_NODES_OF_GRAPH))
    fewer = _MOST_GRAPHS / len(places)
    colours = _colours_by_name(study)
    blocks = []
    for number_of, mapper in enumerate(study.mappers):
        rows, n_left_out = [], 0
        for m, model in enumerate(study.models):
            layers = [layer for name, one, layer in places if name == mapper and one is model]
            shown = _spread(layers, fewer)
            n_left_out += len(layers) - len(shown)
            panels = _panels(study, mapper, model, shown, f"{number_of}-{m}", colours, room)
            if panels:
                rows.append((model.name, panels))
        if rows:
            blocks.append(MapperBlock(mapper, _recipe(specs[mapper]), tuple(rows), n_left_out))
    return blocks


def class_key(study: StudyReader) -> list[tuple[int, str]]:
    """Return colour and name of each class, as the legend shows them."""
    colours = _colours_by_name(study)
    shown = [(colour, name) for name, colour in colours.items() if colour != OTHERS]
    n_others = len(colours) - len(shown)
    return [*shown, *([(OTHERS, f"{n_others} smaller classes")] if n_others else [])]


def _colours_by_name(study: StudyReader) -> dict[str, int]:
    """Give a class the same colour in every graph; beyond twenty the smallest share one."""
    sizes: dict[str, int] = {}
    for one in _all_mapped(study):
        if one.counts is not None:
            for name, size in zip(one.classes, one.counts.sum(axis=0).tolist(), strict=True):
                sizes[name] = sizes.get(name, 0) + size
    largest = sorted(sizes, key=lambda name: -sizes[name])[:OTHERS]
    kept = [name for name in sizes if name in set(largest)]
    return {name: kept.index(name) if name in kept else OTHERS for name in sizes}


def _all_mapped(study: StudyReader) -> Iterator[MappedLayer]:
    for mapper in study.mappers:
        for model in study.models:
            for layer in model.layers:
                found = study.mapped(mapper, model.name, layer.name)
                if found is not None:
                    yield found


def _spread(layers: list[str], share: float) -> list[str]:
    """Keep the first, the last and evenly many between."""
    if share >= 1:
        return layers
    n_kept = min(len(layers), max(2, int(share * len(layers))))
    kept = np.linspace(0, len(layers) - 1, n_kept).round().astype(int)
    return [layers[k] for k in dict.fromkeys(kept.tolist())]


def _panels(
    study: StudyReader,
    mapper: str,
    model: ModelSummary,
    layers: list[str],
    prefix: str,
    colours: dict[str, int],
    room: int,
) -> tuple[MapperPanel, ...]:
    labels = short_names(layers, _LETTERS)
    panels = []
    for place, layer in enumerate(layers):
        found = study.mapped(mapper, model.name, layer)
        if found is None:
            continue
        own = ClassColours(
            found.classes, np.array([colours[name] for name in found.classes], dtype=np.int64)
        )
        drawing = drawn_graph(found.graph, found.counts, own, most_nodes=room)
        curve = None if found.curve is None else _curve(found.curve)
        key = f"{prefix}-{place}"
        panels.append(
            MapperPanel(key, layer, labels[layer], drawing, curve, _facts(found, drawing))
        )
    return tuple(panels)


def _recipe(spec: MapperSpec) -> str:
    """Say what made the graphs, in a line."""
    scale = "" if spec.rows.normalise == "none" else f", normalised by {spec.rows.normalise}"
    points = f"the points of the cloud “{spec.cloud}”" if spec.cloud else f"rows as captured{scale}"
    eps = f"eps {spec.eps:g}" if isinstance(spec.eps, float) else f"eps by the rule “{spec.eps}”"
    cluster = (
        f"DBSCAN with {spec.cluster.min_samples} samples"
        if spec.cluster.kind == "dbscan"
        else "single linkage cut at the first gap"
    )
    lens = " and ".join(spec.lens)
    return f"Lens {lens} of {points}; {_cover_words(spec.cover)}; {cluster}; {eps}."


def _cover_words(cover: CoverSpec) -> str:
    if cover.kind == "ball":
        return f"balls of radius {cover.radius:g}"
    counts = cover.n_intervals if isinstance(cover.n_intervals, tuple) else (cover.n_intervals,)
    shares = cover.overlap if isinstance(cover.overlap, tuple) else (cover.overlap,)
    kind = "" if cover.kind == "uniform" else f"{cover.kind} "
    overlap = " and ".join(percent(share) for share in shares)
    return f"{' x '.join(map(str, counts))} {kind}intervals with {overlap} overlap"


def _facts(found: MappedLayer, drawing: GraphDrawing) -> str:
    graph = found.graph
    excess = graph.loops - graph.cover_loops
    beyond = f"{excess} beyond those of the cover" if excess > 0 else "none beyond the cover's"
    sentence = (
        f"{graph.n_nodes:,} nodes, {graph.n_edges:,} edges, {graph.n_components:,} components, "
        f"{graph.loops:,} loops ({beyond}). {percent(graph.coverage)} of {graph.n_points:,} points "
        f"lie in a node, {len(graph.noise):,} are noise at eps {number(found.eps)}."
    )
    if drawing.n_left_out:
        sentence += f" The {drawing.n_left_out:,} smallest nodes are not drawn."
    return sentence


def _curve(curve: EpsCurve) -> CurveDrawing:
    """Draw the curve up to three times eps, so that a few far points do not flatten it."""
    width, height = _CURVE_BOX
    places = np.linspace(0, len(curve.distances) - 1, _CURVE_POINTS).round().astype(int)
    top = min(float(curve.distances[-1]), 3 * curve.eps)
    shares = places / max(1, len(curve.distances) - 1)
    inside = curve.distances[places] <= top
    points = np.column_stack(
        [width * shares[inside], height * (1 - curve.distances[places][inside] / top)]
    )
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points.tolist())
    neighbour = "nearest neighbour" if curve.k == 1 else f"neighbour number {curve.k}"
    found = "" if curve.has_knee or curve.rule == "quantile" else "; it found no knee"
    words = (
        f"distance to the {neighbour}; eps {number(curve.eps)} by the rule “{curve.rule}”{found}: "
        f"{percent(curve.share_within)} lie below"
    )
    return CurveDrawing(
        path,
        round(height * (1 - curve.eps / top), 1),
        round(width * curve.share_within, 1),
        number(top),
        words,
    )
