"""Draw the pictures of curves and images: python docs/pictures/curves.py."""

import numpy as np
from look import BLUE, GREEN, ORANGE, panels, ring, save, show_cloud
from matplotlib.collections import LineCollection
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

import topolens as tl


def two_rings() -> NDArray[np.float64]:
    """Return two noisy rings of unequal size, well apart."""
    rng = np.random.default_rng(1)
    rings = np.vstack([ring(24), ring(36, radius=1.6, centre=(3.8, 0))])
    return rings + 0.07 * rng.standard_normal(rings.shape)


def draw_betti_number() -> None:
    """The complex of two rings at four scales, and its Betti numbers there."""
    cloud = two_rings()
    distances = squareform(pdist(cloud))
    pieces, loops = tl.persistence(cloud)
    figure, axes = panels(4, height=1.6)
    for axis, scale in zip(axes, (0.2, 0.6, 1.4, 2.4), strict=True):
        joined = np.argwhere(np.triu((distances <= scale) & (distances > 0)))
        axis.add_collection(LineCollection(cloud[joined], colors=BLUE, linewidths=0.5, alpha=0.5))
        show_cloud(axis, cloud, colour="black", size=4)
        numbers = [tl.betti_number(diagram, scale=scale) for diagram in (pieces, loops)]
        axis.set_title(f"scale {scale}\n$\\beta_0$ = {numbers[0]},  $\\beta_1$ = {numbers[1]}")
    save(figure, "betti_number")


def draw_betti_curve() -> None:
    """Two rings: pieces fall to two, two loops are there, then one of each, then no loop."""
    cloud = two_rings()
    figure, (left, middle, right) = panels(3)
    show_cloud(left, cloud)
    left.set_title("two rings")
    for axis, diagram, title in zip(
        (middle, right), tl.persistence(cloud), ("pieces, H0", "loops, H1"), strict=True
    ):
        curve = tl.betti_curve(diagram)
        scales = np.concatenate([[0], curve.scales, [3.4]])
        axis.step(scales, curve.at(scales), where="post", color=BLUE)
        axis.axhline(2, color=ORANGE, linestyle=":", linewidth=1.2)
        axis.set(title=title, xlabel="scale", ylim=(0, 6.5 if diagram.dimension == 0 else 3.5))
        axis.set(xlim=(0, 3.4), yticks=range(7 if diagram.dimension == 0 else 4))
    save(figure, "betti_curve")


def draw_betti_curve_distance() -> None:
    """Two rings: the area between their curves is the change of birth and of death."""
    small = tl.persistence(ring(30))[1]
    radii = np.linspace(0.5, 2, 16)
    others = [tl.persistence(ring(30, radius=radius))[1] for radius in radii]
    found = [tl.betti_curve_distance(small, other) for other in others]
    (birth, death) = small.pairs[0]

    figure, (left, right) = panels(2)
    grid = np.linspace(0, 3, 601)
    ours = tl.betti_curve(small).at(grid)
    theirs = tl.betti_curve(others[-6]).at(grid)
    left.fill_between(grid, ours, theirs, color=ORANGE, alpha=0.25, linewidth=0, step="post")
    left.step(grid, ours, where="post", color=BLUE, label="ring of radius 1")
    left.step(grid, theirs, where="post", color=GREEN, label=f"of radius {radii[-6]:.1f}")
    left.set(title="H1 curves, and the area between them", xlabel="scale", yticks=[0, 1])
    left.set_ylim(0, 1.6)
    left.legend(loc="upper left", ncols=2)
    expected = np.abs(radii - 1) * (birth + death)
    right.plot(radii, expected, color=ORANGE, label="by hand, $|r - 1|\\,(birth + death)$")
    right.plot(radii, found, "o", color=BLUE, markersize=4, label="measured")
    right.set(title="distance from the ring of radius 1", xlabel="radius r", ylim=(0, None))
    right.legend(loc="upper center")
    save(figure, "betti_curve_distance")


if __name__ == "__main__":
    draw_betti_number()
    draw_betti_curve()
    draw_betti_curve_distance()
