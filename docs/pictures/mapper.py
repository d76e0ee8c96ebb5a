"""Draw the pictures of the guide to Mapper: python docs/pictures/mapper.py."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from look import BLUE, GREEN, GREY, ORANGE, panels, save
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.patches import Patch, Wedge
from numpy.typing import NDArray
from PIL import Image
from scipy.cluster.hierarchy import dendrogram
from sklearn.datasets import load_digits

import topolens as tl

TEN = [mpl.colormaps["tab10"](k) for k in range(10)]


def show_graph(
    axis: Axes, graph: tl.MapperGraph, counts: NDArray[np.int64], colours: list, *, size: float
) -> None:
    """Draw nodes as pies of their classes, of an area that grows with their members."""
    places = tl.mapper_layout(graph)
    lines = LineCollection(places[graph.edges], color="#b9bfc4", linewidths=0.7, zorder=0)
    axis.add_collection(lines)
    radii = size * graph.sizes ** (1 / 3)
    for place, radius, of_node in zip(places, radii, counts, strict=True):
        ends = 90 - 360 * np.cumsum([0, *of_node]) / of_node.sum()
        present = np.flatnonzero(of_node)
        pies = [Wedge(place, radius, ends[k + 1], ends[k]) for k in present]
        axis.add_collection(
            PatchCollection(pies, facecolors=[colours[k] for k in present], linewidths=0)
        )
    axis.autoscale_view()
    axis.set_aspect("equal")
    axis.axis("off")


def draw_digits() -> None:
    """Handwritten digits along their two principal coordinates, nodes as pies of the digits."""
    digits = load_digits()
    curve = tl.eps_curve(digits.data)
    graph = tl.mapper_graph(
        digits.data,
        tl.lens_values("pca:2", digits.data),
        cover=tl.UniformCover(12, 0.4),
        cluster=tl.DBSCAN(curve.eps),
    )
    found = tl.purity(graph, digits.target)
    figure, (axis,) = panels(1, height=4.8)
    show_graph(axis, graph, found.counts, TEN, size=0.075)
    entries = [Patch(color=TEN[k], label=str(k)) for k in range(10)]
    axis.legend(handles=entries, loc="center left", bbox_to_anchor=(1, 0.5), title="digit")
    axis.set_title(
        f"1,797 handwritten digits: {graph.n_nodes} nodes, {graph.n_components} components, "
        f"{graph.coverage:.0%} of the points in nodes"
    )
    save(figure, "mapper-digits")
    path = Path(__file__).with_name("mapper-digits.png")
    Image.open(path).convert("RGB").quantize(96).save(path, optimize=True)


def draw_purity() -> None:
    """The eps curve of the digits with three rules, and the purities with their nulls."""
    digits = load_digits()
    figure, (left, right) = panels(2, height=3.0)
    curve = tl.eps_curve(digits.data)
    share = np.linspace(0, 1, len(curve.distances))
    left.plot(share, curve.distances, color=GREY, label="fifth neighbour")
    nearest = tl.eps_curve(digits.data, rule="purvine")
    left.plot(share, nearest.distances, ":", color=GREY, label="nearest neighbour")
    for one, name, colour in ((curve, "knee", BLUE), (nearest, "purvine", ORANGE)):
        left.axhline(one.eps, color=colour, linewidth=1)
        left.plot(one.share_within, one.eps, "o", color=colour, label=f"{name}: {one.eps:.3g}")
    left.set(xlabel="share of the points", ylabel="distance", title="eps off the curve")
    left.set_xlim(0, 1)
    left.legend(fontsize=8)

    graph = tl.mapper_graph(
        digits.data,
        tl.lens_values("l2_norm", digits.data),
        cover=tl.UniformCover(40, 0.25),
        cluster=tl.DBSCAN(curve.eps),
    )
    scores = tl.purity(graph, digits.target).scores
    places = np.arange(len(scores))
    for place, score in zip(places, scores.values(), strict=True):
        right.plot([score.null_low, score.null_high], [place] * 2, color=GREY, linewidth=5)
        right.plot(score.value, place, "o", color=BLUE)
    right.plot([], [], color=GREY, linewidth=5, label="labels permuted, 5–95 %")
    right.plot([], [], "o", color=BLUE, label="digits")
    right.set_yticks(places, [name.replace("_", "-") for name in scores])
    right.invert_yaxis()
    right.set(xlim=(0, 1.02), title="purity of 40 intervals of the norm")
    right.legend(fontsize=8, loc="lower left", bbox_to_anchor=(0.28, 0.66))
    save(figure, "mapper-purity")


def draw_branches() -> None:
    """A tree whose four classes climb together until their ways part, and its hierarchy."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 4000)
    height = rng.uniform(0, 3, 4000)
    x = (labels // 2 * 2 - 1) * np.maximum(height - 1, 0)
    y = (labels % 2 * 2 - 1) * np.maximum(height - 2, 0)
    cloud = np.column_stack([x, y, height]) + 0.03 * rng.normal(size=(4000, 3))
    graph = tl.mapper_graph(
        cloud, cloud[:, 2], cover=tl.UniformCover(20, 0.3), cluster=tl.DBSCAN(0.15)
    )
    names = np.array(["car", "van", "cat", "dog"])[labels]
    colours = [BLUE, GREEN, ORANGE, "#d9a441"]
    found = tl.purity(graph, names)
    figure, (left, right) = panels(2, height=3.2)
    show_graph(left, graph, found.counts, [colours[k] for k in range(4)], size=0.11)
    places = tl.mapper_layout(graph)
    for point in tl.branch_points(graph, names):
        left.plot(*places[point.node], "o", markersize=22, fillstyle="none", color="black")
    left.set_title("branch points, circled")
    tree = tl.class_hierarchy(graph, names)
    dendrogram(
        tree.merges,
        labels=list(tree.classes),
        orientation="right",
        ax=right,
        color_threshold=0,
        above_threshold_color=GREY,
    )
    right.set(xlabel="1 - level at which classes meet", title="class_hierarchy by purity")
    for text in right.get_yticklabels():
        text.set_color(colours[tree.classes.index(text.get_text())])
        text.set_fontweight("bold")
    right.spines["left"].set_visible(False)
    save(figure, "mapper-branches")


if __name__ == "__main__":
    draw_digits()
    draw_purity()
    draw_branches()
