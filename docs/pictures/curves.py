"""Draw the pictures of curves and images: python docs/pictures/curves.py."""

import numpy as np
from look import BLUE, GREEN, GREY, ORANGE, panels, ring, save, show_cloud
from matplotlib.collections import LineCollection
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

import topolens as tl


def two_rings() -> NDArray[np.float64]:
    """Return two noisy rings of unequal size, well apart."""
    rng = np.random.default_rng(1)
    rings = np.vstack([ring(24), ring(36, radius=1.6, centre=(3.8, 0))])
    return rings + 0.07 * rng.standard_normal(rings.shape)


def rings(count: int) -> NDArray[np.float64]:
    """Return rings of 30 points, far enough apart to be loops of their own."""
    return np.vstack([ring(30, centre=(6 * k, 0), turn=0.02 + 0.31 * k) for k in range(count)])


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


def draw_persistence_landscape() -> None:
    """Three noisy rings: three layers stand out, the rest is noise."""
    rng = np.random.default_rng(0)
    cloud = np.vstack([ring(50, centre=centre) for centre in [(0, 0), (3, 0), (1.5, 2.6)]])
    cloud += 0.09 * rng.standard_normal(cloud.shape)
    loops = tl.persistence(cloud)[1]
    landscape = tl.persistence_landscape(loops, n_layers=None)

    figure, (left, middle, right) = panels(3)
    show_cloud(left, cloud)
    left.set_title("three rings")
    for birth, death in loops.pairs:
        tent = [birth, (birth + death) / 2, death], [0, (death - birth) / 2, 0]
        middle.plot(*tent, color=GREY, linewidth=1.2)
    middle.set(title="a tent for every loop", xlabel="scale", ylim=(0, 0.75))
    colours = [BLUE, GREEN, ORANGE]
    for index in reversed(range(len(landscape))):
        colour = colours[index] if index < 3 else GREY
        label = f"layer {index + 1}" if index < 3 else None
        right.plot(*landscape.layer(index).T, color=colour, label=label)
    right.set(title="the layers", xlabel="scale", ylim=(0, 0.75))
    right.legend(loc="upper left", reverse=True)
    save(figure, "persistence_landscape")


def draw_landscape_norm() -> None:
    """One ring that grows, and more rings of one size: both norms are known."""
    loop = tl.persistence(ring(30))[1]
    one = np.sqrt(2 / 3) * (loop.lifetimes[0] / 2) ** 1.5
    radii = np.linspace(0.2, 2, 10)
    grown = [tl.landscape_norm(tl.persistence(ring(30, radius=r))[1]) for r in radii]
    counts = np.arange(1, 9)
    many = [tl.landscape_norm(tl.persistence(rings(count))[1]) for count in counts]

    figure, (left, right) = panels(2)
    left.plot(radii, one * radii**1.5, color=ORANGE, label="by hand, $r^{3/2}$")
    left.plot(radii, grown, "o", color=BLUE, markersize=4, label="measured")
    left.set(title="one ring", xlabel="radius r", ylim=(0, None))
    right.plot(counts, one * np.sqrt(counts), color=ORANGE, label="by hand, $k^{1/2}$")
    right.plot(counts, many, "o", color=BLUE, markersize=4, label="measured")
    right.set(title="rings of radius 1", xlabel="number k of rings", ylim=(0, None))
    for axis in (left, right):
        axis.legend(loc="lower right")
    save(figure, "landscape_norm")


def draw_landscape_distance() -> None:
    """One ring against others: what is between the layers."""
    loop = tl.persistence(ring(30))[1]
    other = tl.persistence(ring(30, radius=1.5))[1]
    counts = np.arange(1, 9)
    found = [tl.landscape_distance(loop, tl.persistence(rings(count))[1]) for count in counts]
    one = np.sqrt(2 / 3) * (loop.lifetimes[0] / 2) ** 1.5

    figure, (left, right) = panels(2)
    grid = np.linspace(0, 2.8, 561)
    ours, theirs = (tl.persistence_landscape(d).at(grid)[0] for d in (loop, other))
    left.fill_between(grid, ours, theirs, color=ORANGE, alpha=0.25, linewidth=0)
    left.plot(grid, ours, color=BLUE, label="ring of radius 1")
    left.plot(grid, theirs, color=GREEN, label="of radius 1.5")
    left.set(title="the first layers, and what lies between", xlabel="scale", ylim=(0, 1.7))
    left.legend(loc="upper left", ncols=2)
    right.plot(counts, one * np.sqrt(counts - 1), color=ORANGE, label="by hand, $(k - 1)^{1/2}$")
    right.plot(counts, found, "o", color=BLUE, markersize=4, label="measured")
    right.set(title="distance of one ring from k rings", xlabel="number k of rings", ylim=(0, None))
    right.legend(loc="lower right")
    save(figure, "landscape_distance")


def draw_persistence_image() -> None:
    """Three noisy rings: one bright spot for their loops, and the noise near the diagonal."""
    rng = np.random.default_rng(0)
    cloud = np.vstack([ring(50, centre=centre) for centre in [(0, 0), (3, 0), (1.5, 2.6)]])
    cloud += 0.09 * rng.standard_normal(cloud.shape)
    loops = tl.persistence(cloud)[1]
    figure, (left, middle, right) = panels(3)
    show_cloud(left, cloud)
    left.set_title("three rings")
    middle.scatter(loops.pairs[:, 0], loops.lifetimes, s=14, color=BLUE)
    middle.set(title="their loops", xlabel="birth", ylabel="lifetime")
    middle.set(xlim=(0, 1.5), ylim=(0, 1.5), aspect="equal")
    image = tl.persistence_image(
        loops, bandwidth=0.1, birth_range=(0, 1.5), lifetime_range=(0, 1.5)
    )
    right.imshow(image.values.T, origin="lower", extent=(0, 1.5, 0, 1.5), cmap="Blues")
    right.set(title=f"weight {image.values.sum():.2f} of {loops.lifetimes.sum():.2f}")
    right.set(xlabel="birth")
    save(figure, "persistence_image")


def draw_image_distance() -> None:
    """One bar that moves away: up to its bandwidth it counts as moved, then as another."""
    bar = np.array([[0.5, 1.0]])
    steps = np.linspace(0, 0.5, 26)
    figure, (left, right) = panels(2)
    surfaces = [
        tl.persistence_image(
            tl.Diagram(1, bar + step),
            resolution=60,
            birth_range=(0.2, 1),
            lifetime_range=(0.2, 0.8),
        ).values
        for step in (0.0, 0.2)
    ]
    left.imshow(
        (surfaces[0] - surfaces[1]).T, origin="lower", extent=(0.2, 1, 0.2, 0.8), cmap="RdBu"
    )
    left.set(title="a surface less another", xlabel="birth", ylabel="lifetime")
    for bandwidth, colour in ((0.05, BLUE), (0.1, GREEN)):
        norm = 0.5 / (2 * np.sqrt(np.pi) * bandwidth)
        by_hand = norm * np.sqrt(2 - 2 * np.exp(-(steps**2) / (4 * bandwidth**2)))
        found = [tl.image_distance(bar, bar + step, bandwidth=bandwidth) for step in steps]
        right.plot(steps, by_hand, color=colour, label=f"by hand, bandwidth {bandwidth}")
        right.plot(steps, found, "o", color=colour, markersize=4)
    right.set(title="a bar that is later by a step", xlabel="step", ylim=(0, 5.4))
    right.legend(loc="upper left")
    save(figure, "image_distance")


if __name__ == "__main__":
    draw_persistence_image()
    draw_image_distance()
    draw_persistence_landscape()
    draw_landscape_norm()
    draw_landscape_distance()
    draw_betti_number()
    draw_betti_curve()
    draw_betti_curve_distance()
