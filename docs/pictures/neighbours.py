"""Draw the pictures of measures of neighbours: python docs/pictures/neighbours.py."""

import numpy as np
from look import BLUE, GREEN, GREY, ORANGE, panels, save
from matplotlib.axes import Axes
from numpy.typing import NDArray

import topolens as tl

N_POINTS = 600


def draw_mutual_knn() -> None:
    """A cloud and its noisy copies, for each k, beside what chance gives; and a shifted copy."""
    rng = np.random.default_rng(0)
    sizes = np.unique(np.geomspace(1, N_POINTS - 1, 40).astype(int))
    cloud = rng.standard_normal((N_POINTS, 8))
    figure, (left, right) = panels(2)
    for noise, colour in ((0.05, BLUE), (0.3, GREEN), (1.0, ORANGE)):
        other = cloud + noise * rng.standard_normal(cloud.shape)
        shares = tl.shared_neighbours(cloud, other, sizes=sizes.tolist(), metric="cosine")
        left.semilogx(sizes, shares.mean(axis=1), color=colour, label=f"noise {noise:g}")
    stranger = tl.shared_neighbours(
        cloud, rng.standard_normal((N_POINTS, 30)), sizes=sizes.tolist(), metric="cosine"
    )
    left.semilogx(sizes, stranger.mean(axis=1), color=GREY, label="another cloud")
    left.semilogx(sizes, sizes / (N_POINTS - 1), ":", color="black", label="chance")
    left.set(xlabel="k, of 600 points", title="mutual_knn of a cloud and its noisy copies")
    left.set_ylim(0, 1.02)
    left.legend(fontsize=7.5, loc="upper left", bbox_to_anchor=(0, 0.84))

    scales = np.geomspace(1e-2, 1e2, 25)
    for metric, colour in (("cosine", BLUE), ("euclidean", ORANGE)):
        found = [tl.mutual_knn(cloud, cloud + s * np.eye(8)[0], metric=metric) for s in scales]
        right.semilogx(scales, found, color=colour, label=metric)
    right.set(xlabel="shift of one copy", title="angles see a shift, distances do not")
    right.set_ylim(0, 1.05)
    right.legend()
    save(figure, "mutual_knn")


def draw_neighbour_overlap() -> None:
    """Of ten far classes some are drawn anew: the rest keeps all of its neighbours."""
    rng = np.random.default_rng(0)
    centres = 100 * rng.standard_normal((10, 5))
    labels = np.repeat(np.arange(10), 60)
    cloud = centres[labels] + rng.standard_normal((600, 5))
    redrawn = centres[labels] + rng.standard_normal((600, 5))
    replaced = np.arange(11)
    figure, (left, right) = panels(2)
    for k, colour in ((5, BLUE), (10, GREEN), (20, ORANGE)):
        found = []
        for count in replaced:
            second = np.where((labels < count)[:, None], redrawn, cloud)
            found.append(tl.neighbour_overlap(cloud, second, n_neighbors=k))
        left.plot(replaced, found, "o-", color=colour, markersize=4, label=f"k = {k}")
    left.plot(replaced, 1 - replaced / 10, ":", color="black", label="share of classes kept")
    left.set(xlabel="classes drawn anew, of 10", title="neighbour_overlap", ylim=(0, 1.05))
    left.legend()
    second = np.where((labels < 4)[:, None], redrawn, cloud)
    (shares,) = tl.shared_neighbours(cloud, second, sizes=[10])
    means = [shares[labels == label].mean() for label in range(10)]
    right.bar(range(10), means, color=[ORANGE] * 4 + [BLUE] * 6)
    right.set(xlabel="class; the first four are drawn anew", title="shared neighbours by class")
    right.set(xticks=range(10), ylim=(0, 1.05))
    save(figure, "neighbour_overlap")


def draw_neighbour_persistence() -> None:
    """Twelve layers; the neighbours of one class are lost at the sixth."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 300)
    layer = np.where(labels[:, None] == 0, 0, 50) + rng.standard_normal((600, 4))
    layers = [layer]
    for depth in range(1, 12):
        layer = layer + 0.02 * rng.standard_normal(layer.shape)
        if depth == 6:
            layer[labels == 1] = 50 + rng.standard_normal((300, 4))
        layers.append(layer)
    found = tl.neighbour_persistence(layers)
    figure, (left, right) = panels(2, height=3.1)
    image = left.imshow(found.survival, vmin=0, vmax=1, cmap="viridis")
    left.set(title="survival from layer to layer", xlabel="layer", ylabel="layer")
    left.set(xticks=range(0, 12, 2), yticks=range(0, 12, 2))
    figure.colorbar(image, ax=left, shrink=0.9)
    right.plot(found.from_start, color="black", label="all samples")
    right.plot(found.of(labels == 0)[0], color=BLUE, label="class 0")
    right.plot(found.of(labels == 1)[0], color=ORANGE, label="class 1, drawn anew")
    right.set(title="relations of layer 0 still unbroken", xlabel="layer", ylim=(0, 1.05))
    right.legend(fontsize=8, loc="center left", bbox_to_anchor=(0.54, 0.58))
    save(figure, "neighbour_persistence")


def parabola(n_points: int, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return numbers and their squares."""
    x = np.random.default_rng([n_points, seed]).uniform(-1, 1, (n_points, 1))
    return x, x**2


def show_directions(axis: Axes) -> None:
    """Draw both imbalances of the parabola over the number of points."""
    sizes = [25, 50, 100, 200, 400, 800, 1600]
    draws = [[parabola(n, seed) for seed in range(10)] for n in sizes]
    there = [np.mean([tl.information_imbalance(x, y) for x, y in some]) for some in draws]
    back = [np.mean([tl.information_imbalance(y, x) for x, y in some]) for some in draws]
    axis.semilogx(sizes, back, "o-", color=ORANGE, markersize=4, label="from $x^2$ to $x$")
    axis.semilogx(sizes, there, "o-", color=BLUE, markersize=4, label="from $x$ to $x^2$")
    axis.axhline(2 / 3, color="black", linestyle=":", linewidth=1.2, label="2/3, its limit")
    axis.set(
        xlabel="number of points", ylim=(0, 1), title="information_imbalance, mean of ten draws"
    )
    axis.set_xticks(sizes, map(str, sizes))
    axis.minorticks_off()
    axis.legend(fontsize=8)


def draw_information_imbalance() -> None:
    """A number tells its square; the square does not tell the sign."""
    figure, (left, right) = panels(2)
    left.scatter(*parabola(200), s=8, color=GREY, linewidths=0)
    left.set(xlabel="$x$", ylabel="$x^2$", title="$x$ tells $x^2$, not the reverse")
    show_directions(right)
    save(figure, "information_imbalance")


if __name__ == "__main__":
    draw_mutual_knn()
    draw_neighbour_overlap()
    draw_neighbour_persistence()
    draw_information_imbalance()
