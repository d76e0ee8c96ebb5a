"""A Mapper graph as light markup: a pie per node, cut by class, and a line per edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from topolens.base.mapper_graph import MapperGraph

__all__ = ["OTHERS", "ClassColours", "GraphDrawing", "NodeMark", "drawn_graph"]

OTHERS = 20
"""Colour of the classes beyond the twentieth, and of nodes whose classes are not known."""
_SIDE = 1000.0
_LARGEST_RADIUS = 42.0
_SMALLEST_RADIUS = 3.0
_SHARE_OF_AREA = 0.2
_HALF_OF_EDGE = 0.55
_JACCARD_STEPS = (0.1, 0.3)
_CLASSES_TOLD = 5


@dataclass(frozen=True, slots=True)
class ClassColours:
    """Which colour each class has."""

    names: tuple[str, ...]
    numbers: NDArray[np.int64]
    """Colour of each class, shape (n_classes,)."""


@dataclass(frozen=True, slots=True)
class NodeMark:
    """Where a node lies and what to say of it."""

    x: float
    y: float
    radius: float
    words: str


@dataclass(frozen=True, slots=True)
class GraphDrawing:
    """Paths in a box of the given width and height."""

    width: float
    height: float
    edges: tuple[str, ...]
    """Path of the edges of small, medium and large Jaccard weight."""
    slices: tuple[tuple[int, str], ...]
    """Colour and path of all slices of one class."""
    nodes: tuple[NodeMark, ...]
    n_left_out: int
    """Smallest nodes that did not fit."""


def drawn_graph(
    graph: MapperGraph,
    counts: NDArray[np.int64] | None,
    colours: ClassColours,
    *,
    most_nodes: int,
) -> GraphDrawing:
    """Draw the largest nodes of a graph and the edges between them.

    Parameters
    ----------
    graph : MapperGraph
        With the positions of its nodes.
    counts : array of shape (n_nodes, n_classes) or None
        Members of each node by class.
    colours : ClassColours
        Colour of each class.
    most_nodes : int
        Nodes that are drawn; the smallest are left out.
    """
    shown = np.sort(np.argsort(-graph.sizes, kind="stable")[:most_nodes])
    positions = np.zeros((graph.n_nodes, 2)) if graph.positions is None else graph.positions
    places, width, height = _fitted(positions[shown])
    largest = min(_LARGEST_RADIUS, _HALF_OF_EDGE * _edge_length(graph, shown, places))
    radii = _radii(graph.sizes[shown], width * height, largest)
    places += radii.max(initial=0.0)
    width, height = (side + 2 * radii.max(initial=0.0) for side in (width, height))
    order = np.argsort(-radii, kind="stable")  # small nodes above large ones
    return GraphDrawing(
        round(width, 1),
        round(height, 1),
        _edge_paths(graph, shown, places),
        _slice_paths(None if counts is None else counts[shown], colours, places, radii),
        tuple(
            NodeMark(
                round(float(places[k, 0]), 1),
                round(float(places[k, 1]), 1),
                round(float(radii[k]), 1),
                _words(graph, int(shown[k]), None if counts is None else counts[shown[k]], colours),
            )
            for k in order
        ),
        graph.n_nodes - len(shown),
    )


def _fitted(positions: NDArray[np.float64]) -> tuple[NDArray[np.float64], float, float]:
    """Scale a layout to the width of the box, the longer side lying."""
    if len(positions) == 0:
        return positions, _SIDE, _SIDE / 2
    spread = np.ptp(positions, axis=0)
    lying = positions if spread[0] >= spread[1] else positions[:, ::-1]
    lying = lying - lying.min(axis=0)
    extent = np.maximum(np.ptp(lying, axis=0), 1e-12)
    scale = _SIDE / extent.max()
    return lying * scale, _SIDE, float(np.clip(extent[1] * scale, _SIDE / 5, _SIDE))


def _edge_length(
    graph: MapperGraph, shown: NDArray[np.int64], places: NDArray[np.float64]
) -> float:
    """Return the length of a usual edge, so that no pie covers its neighbours."""
    ends = _ends(graph, shown)
    if len(ends) == 0:
        return _SIDE
    return float(np.median(np.linalg.norm(places[ends[:, 0]] - places[ends[:, 1]], axis=1)))


def _ends(graph: MapperGraph, shown: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places, among the nodes shown, of both ends of the edges between them."""
    place_of = np.full(graph.n_nodes, -1)
    place_of[shown] = np.arange(len(shown))
    ends: NDArray[np.int64] = place_of[graph.edges]
    return ends[(ends >= 0).all(axis=1)]


def _radii(sizes: NDArray[np.int64], area: float, largest: float) -> NDArray[np.float64]:
    """Areas in proportion to the members; together a fifth of the picture at most."""
    if len(sizes) == 0:
        return np.zeros(0)
    roots = np.sqrt(sizes)
    fitting = np.sqrt(_SHARE_OF_AREA * area / (np.pi * sizes.sum()))
    scale = min(fitting, largest / roots.max())
    radii: NDArray[np.float64] = np.maximum(scale * roots, _SMALLEST_RADIUS)
    return radii


def _edge_paths(
    graph: MapperGraph, shown: NDArray[np.int64], places: NDArray[np.float64]
) -> tuple[str, ...]:
    kept = np.isin(graph.edges, shown).all(axis=1)
    steps = np.searchsorted(_JACCARD_STEPS, graph.jaccard[kept])
    lines = [
        f"M{_number(a[0])} {_number(a[1])}L{_number(b[0])} {_number(b[1])}"
        for a, b in places[_ends(graph, shown)].tolist()
    ]
    return tuple(
        "".join(line for line, one in zip(lines, steps, strict=True) if one == step)
        for step in range(len(_JACCARD_STEPS) + 1)
    )


def _slice_paths(
    counts: NDArray[np.int64] | None,
    colours: ClassColours,
    places: NDArray[np.float64],
    radii: NDArray[np.float64],
) -> tuple[tuple[int, str], ...]:
    """Gather the slices of all pies by colour, which takes a third of the room."""
    paths: dict[int, list[str]] = {}
    for k, (place, radius) in enumerate(zip(places.tolist(), radii.tolist(), strict=True)):
        shares = np.zeros(OTHERS + 1)
        if counts is None or counts[k].sum() == 0:
            shares[OTHERS] = 1.0
        else:
            np.add.at(shares, colours.numbers, counts[k] / counts[k].sum())
        begin = 0.0
        for colour in np.flatnonzero(shares).tolist():
            end = begin + float(shares[colour])
            paths.setdefault(colour, []).append(_slice(place, radius, begin, end))
            begin = end
    return tuple((colour, "".join(paths[colour])) for colour in sorted(paths))


def _slice(place: list[float], radius: float, begin: float, end: float) -> str:
    """Path of a slice from share `begin` to `end` of a pie, clockwise from the top."""
    x, y = place
    r = _number(radius)
    if end - begin > 0.999:  # an arc that ends where it begins is none
        up, across = _number(y - radius), _number(2 * radius)
        return f"M{_number(x)} {up}a{r} {r} 0 1 1 0 {across}a{r} {r} 0 1 1 0 -{across}z"
    corners = [
        (x + radius * np.sin(2 * np.pi * share), y - radius * np.cos(2 * np.pi * share))
        for share in (begin, end)
    ]
    (x0, y0), (x1, y1) = ((_number(a), _number(b)) for a, b in corners)
    large = int(end - begin > 0.5)
    return f"M{_number(x)} {_number(y)}L{x0} {y0}A{r} {r} 0 {large} 1 {x1} {y1}z"


def _words(
    graph: MapperGraph, node: int, counts: NDArray[np.int64] | None, colours: ClassColours
) -> str:
    """Say how many points a node has, of which classes, and where on the lens it lies."""
    size = int(graph.sizes[node])
    lines = [f"{size:,} {'point' if size == 1 else 'points'}"]
    if counts is not None:
        largest = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
        lines += [f"{colours.names[k]}: {counts[k]:,}" for k in largest[:_CLASSES_TOLD].tolist()]
        rest = len(largest) - _CLASSES_TOLD
        if rest > 0:
            left = int(counts[largest[_CLASSES_TOLD:]].sum())
            lines.append(f"{rest} more {'class' if rest == 1 else 'classes'}: {left:,}")
    low, high = graph.lens_low[node], graph.lens_high[node]
    spans = [f"{a:.4g}–{b:.4g}" for a, b in zip(low.tolist(), high.tolist(), strict=True)]
    return "\n".join([*lines, f"lens {', '.join(spans)}"])


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
