"""Draw how firm a Mapper graph is: python docs/pictures/mapper_robustness.py."""

import numpy as np
from look import BLUE, GREY, ORANGE, panels, save
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patches import Patch
from numpy.typing import NDArray

import topolens as tl

OVERLAP = 0.3
INTERVALS = list(range(3, 17))
EPS = np.round(np.geomspace(0.05, 3, 18), 3).tolist()
SIGMAS = [0.0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3]
COLOURS = ["#c3ccd2", BLUE]
WORDS = ["none", "one"]


def circle() -> NDArray[np.float64]:
    """Return 300 points near the unit circle."""
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 300)
    points: NDArray[np.float64] = np.column_stack([np.cos(angle), np.sin(angle)])
    return points + 0.1 * rng.normal(size=points.shape)


def show_sweep(axis: Axes, sweep: tl.MapperSweep) -> None:
    """Excess loops over the grid, the largest plateau outlined, the suggested setting marked."""
    loops = sweep.excess_loops[:, 0, :].astype(float)
    loops[sweep.regions[:, 0, :] < 0] = np.nan
    axis.imshow(
        loops,
        origin="lower",
        aspect="auto",
        cmap=ListedColormap(COLOURS),
        norm=BoundaryNorm([-0.5, 0.5, 1.5], 2),
        interpolation="nearest",
    )
    inside = np.pad(sweep.regions[:, 0, :] == 0, 1)
    for row, column in np.argwhere(inside[:, 1:] != inside[:, :-1]):
        axis.plot([column - 0.5] * 2, [row - 1.5, row - 0.5], color="black", lw=1.3)
    for row, column in np.argwhere(inside[1:] != inside[:-1]):
        axis.plot([column - 1.5, column - 0.5], [row - 0.5] * 2, color="black", lw=1.3)
    setting = sweep.suggested
    place = EPS.index(setting.eps), INTERVALS.index(setting.n_intervals)
    axis.plot(*place, "*", color="white", markersize=11, markeredgecolor="black", mew=0.8)
    axis.set_xticks(range(0, len(EPS), 4), [f"{eps:.2g}" for eps in EPS[::4]])
    axis.set_yticks(range(0, len(INTERVALS), 3), list(map(str, INTERVALS[::3])))
    axis.set(title="loops of a noisy circle", xlabel="eps", ylabel="intervals")
    axis.legend(
        handles=[Patch(color=c, label=w) for c, w in zip(COLOURS, WORDS, strict=True)],
        title="loops beyond those of the cover",
        title_fontsize=7,
        fontsize=7,
        ncols=2,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.2),
    )


def show_support(axis: Axes, points: NDArray[np.float64], support: tl.MapperSupport) -> None:
    """Draw the graph in the plane, its nodes coloured by their support."""
    graph = support.graph
    centres = np.array([points[node].mean(axis=0) for node in graph.nodes()])
    axis.scatter(*points.T, s=3, color="#c9ced2", linewidths=0)
    for edge, share in zip(graph.edges, support.edge_support, strict=True):
        axis.plot(*centres[edge].T, color="black", lw=0.4 + 1.6 * share, zorder=2)
    dots = axis.scatter(
        *centres.T,
        c=support.node_support,
        s=42,
        cmap="cividis",
        vmin=0,
        vmax=1,
        zorder=3,
        edgecolors="black",
        linewidths=0.5,
    )
    axis.figure.colorbar(dots, ax=axis, shrink=0.75, label="share of draws")
    axis.set_aspect("equal")
    axis.axis("off")
    axis.set_title("support, a quarter of the points")


def show_noise(axis: Axes, found: tl.MapperUnderNoise) -> None:
    """Nodes found again, points in nodes and points beyond all pieces, over the noise."""
    axis.plot(
        found.sigmas, found.node_support(), "o-", color=BLUE, markersize=4, label="nodes found"
    )
    axis.plot(found.sigmas, found.coverage, "o-", color=GREY, markersize=4, label="coverage")
    axis.plot(found.sigmas, found.outside, "o-", color=ORANGE, markersize=4, label="outside")
    axis.set(title="the same pieces and eps", xlabel="noise added", ylim=(0, 1.05))
    axis.legend(fontsize=7.5)


def main() -> None:
    """Draw the three of one circle."""
    points = circle()
    lens = points[:, 0]
    sweep = tl.mapper_sweep(
        points, lens, intervals=INTERVALS, overlaps=[OVERLAP], eps_values=EPS, min_samples=4
    )
    setting = sweep.suggested
    settings = {
        "cover": tl.UniformCover(setting.n_intervals, setting.overlap),
        "cluster": tl.DBSCAN(setting.eps, 4),
    }
    support = tl.mapper_support(points, lens, **settings, share=0.25)
    rng = np.random.default_rng(1)
    shakes = rng.normal(size=points.shape)
    noise = tl.mapper_under_noise(
        [(sigma, points + sigma * shakes) for sigma in SIGMAS],
        lambda cloud: cloud[:, 0],
        **settings,
    )

    figure, (left, middle, right) = panels(3, height=3.1)
    show_sweep(left, sweep)
    show_support(middle, points, support)
    show_noise(right, noise)
    save(figure, "mapper_robustness")


if __name__ == "__main__":
    main()
