"""Draw the pictures of counts and sums of bars: python docs/pictures/bars.py."""

import numpy as np
from look import BLUE, GREEN, GREY, ORANGE, panels, ring, save, show_cloud
from numpy.typing import NDArray
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import pdist, squareform
from sklearn.datasets import load_digits

import topolens as tl


def draw_bar_count() -> None:
    """Three noisy rings: the count of long loops has a plateau at three."""
    rng = np.random.default_rng(0)
    rings = np.vstack([ring(60, centre=centre) for centre in [(0, 0), (3, 0), (1.5, 2.6)]])
    cloud = rings + 0.09 * rng.standard_normal(rings.shape)
    loops = tl.persistence(cloud)[1]
    shares = np.linspace(0, 1, 201)
    counts = [tl.bar_count(loops, relative_to_longest=share) for share in shares]

    figure, (left, middle, right) = panels(3)
    show_cloud(left, cloud)
    left.set_title("180 points, three rings")
    longest = loops.pairs[np.argsort(loops.lifetimes)[::-1]]
    colours = [BLUE if row < 3 else GREY for row in range(len(longest))]
    middle.hlines(range(len(longest)), *longest.T, color=colours, linewidth=2.5)
    middle.invert_yaxis()
    middle.set(title=f"its {len(longest)} bars of H1", xlabel="scale", yticks=[])
    right.step(shares, counts, color=BLUE, where="post")
    right.axhline(3, color=ORANGE, linestyle=":", linewidth=1.2)
    right.set(title="bars that reach a share of the longest", xlabel="relative_to_longest")
    right.set(ylim=(0, max(counts) + 1), yticks=range(0, max(counts) + 1, 3))
    save(figure, "bar_count")


def draw_lifespan_sum() -> None:
    """The sum of H0 is the length of the spanning tree; it grows like n to the 1 - 1/d."""
    rng = np.random.default_rng(0)
    square = rng.random((250, 2))
    tree = minimum_spanning_tree(squareform(pdist(square))).tocoo()
    length = tl.lifespan_sum(tl.persistence(square, max_dim=0)[0])

    figure, (left, right) = panels(2)
    for row, column in zip(tree.row, tree.col, strict=True):
        left.plot(*square[[row, column]].T, color=BLUE, linewidth=1)
    show_cloud(left, square, colour="black", size=4)
    left.set_title(f"H0 sum = tree length = {length:.2f}")
    sizes = np.array([50, 100, 200, 400, 800, 1600])
    limits = {
        "circle: $2\\pi$": (lambda n: ring(n), lambda n: 2 * np.pi + 0 * n, GREEN),
        "square: $0.633\\,n^{1/2}$": (lambda n: rng.random((n, 2)), lambda n: 0.633 * n**0.5, BLUE),
        "cube: $0.623\\,n^{2/3}$": (
            lambda n: rng.random((n, 3)),
            lambda n: 0.623 * n ** (2 / 3),
            ORANGE,
        ),
    }
    for label, (draw, limit, colour) in limits.items():
        sums = [tl.lifespan_sum(tl.persistence(draw(n), max_dim=0)[0]) for n in sizes]
        right.loglog(sizes, limit(sizes), color=colour, label=label, linewidth=1)
        right.loglog(sizes, sums, "o", color=colour, markersize=4)
    right.set(title="it grows with n, faster in higher dimension", xlabel="number of points")
    right.set_xticks(sizes, map(str, sizes))
    right.minorticks_off()
    right.legend()
    save(figure, "lifespan_sum")


def draw_persistent_entropy() -> None:
    """Four rings, one of which grows: the entropy falls from ln 4."""

    def four(radius: float) -> NDArray[np.float64]:
        # Turned a little and far apart, so that no short loops appear between them.
        small = [ring(30, centre=(0, 6 * row), turn=0.02 + 0.31 * row) for row in (-1, 0, 1)]
        return np.vstack([ring(round(30 * radius), radius=radius, centre=(-radius - 5, 0)), *small])

    radii = np.linspace(1, 5, 17)
    found = [tl.persistent_entropy(tl.persistence(four(radius))[1]) for radius in radii]
    # A ring of spacing s and radius r is a loop from s to about sqrt(3) r.
    lifetimes = np.sqrt(3) * np.array([radii, *3 * [np.ones_like(radii)]]) - np.pi / 15
    shares = lifetimes / lifetimes.sum(axis=0)
    expected = -(shares * np.log(shares)).sum(axis=0)

    figure, (left, middle, right) = panels(3, height=2.6)
    for axis, radius in ((left, 1.0), (middle, 4.0)):
        cloud = four(radius)
        entropy = tl.persistent_entropy(tl.persistence(cloud)[1])
        show_cloud(axis, cloud, colour=BLUE, size=4)
        axis.set_title(f"entropy {entropy:.2f}")
    right.plot(radii, expected, color=ORANGE, label="by hand, $-\\sum p\\,\\ln p$")
    right.plot(radii, found, "o", color=BLUE, markersize=4, label="measured")
    right.axhline(np.log(4), color=GREY, linestyle=":", linewidth=1.2)
    right.text(5, np.log(4), "ln 4", ha="right", va="bottom", color=GREY)
    right.set(xlabel="radius of the first ring", ylim=(0.9, 1.5), title="one ring outgrows three")
    right.legend(loc="lower left")
    save(figure, "persistent_entropy")


def draw_lifespan_sum_per_class() -> None:
    """Classes on lines of growing length, and the digits class by class."""
    rng = np.random.default_rng(0)
    lengths = np.array([1.0, 2.0, 3.0])
    labels = np.repeat([0, 1, 2], 60)
    along = rng.random(180) * lengths[labels]
    points = np.column_stack([along, 0.8 * labels])
    found = tl.lifespan_sum_per_class(points, labels, scaling="none")
    digits = load_digits()
    sums = tl.lifespan_sum_per_class(digits.data, digits.target, max_per_class=150, factor=0.5)

    figure, (left, right) = panels(2)
    for number, colour in enumerate((BLUE, GREEN, ORANGE)):
        left.plot(*points[labels == number].T, ".", color=colour, markersize=5)
        text = f"length {lengths[number]:.0f}, sum {found.per_class[number]:.2f}"
        left.text(0, 0.8 * number + 0.2, text, color=colour)
    left.set(title=f"three classes: mean {found.value:.2f}", ylim=(-0.4, 2.3))
    left.axis("off")
    right.bar(range(10), sums.per_class, color=BLUE, width=0.7)
    right.axhline(sums.value, color=ORANGE, linestyle=":", linewidth=1.5)
    right.set(title="150 digits of each class, factor 0.5", xlabel="digit", xticks=range(10))
    save(figure, "lifespan_sum_per_class")


def draw_normalised_persistence() -> None:
    """One ring grows beside three: the others become small parts of it."""
    radii = np.linspace(1, 5, 17)
    clouds = [
        np.vstack(
            [ring(round(30 * radius), radius=radius, centre=(-radius - 5, 0))]
            + [ring(30, centre=(0, 6 * row), turn=0.02 + 0.31 * row) for row in (-1, 0, 1)]
        )
        for radius in radii
    ]
    loops = [tl.persistence(cloud)[1] for cloud in clouds]
    lifetimes = np.sqrt(3) * np.array([radii, *3 * [np.ones_like(radii)]]) - np.pi / 15
    parts = lifetimes / lifetimes.max(axis=0)

    figure, (left, right) = panels(2)
    show_cloud(left, clouds[8], colour=BLUE)
    left.set_title("four rings")
    for power, colour in ((1.0, GREEN), (2.0, BLUE)):
        expected = np.mean(parts**power, axis=0) ** (1 / power)
        found = [tl.normalised_persistence(diagram, power=power) for diagram in loops]
        right.plot(radii, expected, color=colour, label=f"by hand, power {power:.0f}")
        right.plot(radii, found, "o", color=colour, markersize=4)
    right.set(title="one ring outgrows three", xlabel="radius of the first ring", ylim=(0.3, 1.05))
    right.legend(loc="lower left")
    save(figure, "normalised_persistence")


def draw_persistence_ratio() -> None:
    """A ring of n points: spacing and death are known; noise stays where it is."""
    sizes = np.unique(np.geomspace(8, 400, 18).astype(int))
    rings = [tl.persistence_ratio(tl.persistence(ring(n))[1]) for n in sizes]
    rng = np.random.default_rng(0)
    noise = [tl.persistence_ratio(tl.persistence(rng.random((n, 2)))[1]) for n in sizes]
    # The triangle that fills the ring has its sides as equal as n points allow.
    by_hand = np.sin(np.pi * np.ceil(sizes / 3) / sizes) / np.sin(np.pi / sizes)

    figure, (left, right) = panels(2)
    show_cloud(left, ring(40), colour=BLUE)
    left.set_title("an even ring")
    right.loglog(sizes, by_hand, color=ORANGE, label="by hand")
    right.loglog(sizes, rings, "o", color=BLUE, markersize=4, label="ring of n points")
    right.loglog(sizes, noise, "o", color=GREY, markersize=4, label="n uniform points in a square")
    right.set(title="largest death / birth", xlabel="number n of points")
    right.legend(loc="upper left")
    save(figure, "persistence_ratio")


def draw_significant_bars() -> None:
    """P-values of noise are even; loops that are there stand out."""
    rng = np.random.default_rng(3)
    figure, (left, middle, right) = panels(3)
    clouds = {
        "uniform, plane": (rng.random((700, 2)), BLUE),
        "Gaussian, space": (rng.standard_normal((400, 3)), GREEN),
        "uniform, 5-cube": (rng.random((250, 5)), ORANGE),
    }
    left.plot([0, 1], [0, 1], color=GREY, linestyle=":", linewidth=1.2)
    for label, (cloud, colour) in clouds.items():
        p_values = np.sort(tl.significant_bars(tl.persistence(cloud)[1]).p_values)
        left.plot(np.linspace(0, 1, len(p_values)), p_values, color=colour, label=label)
    left.set(title="noise: p-values in order", xticks=[0, 1], yticks=[0, 1])
    left.legend(loc="upper left", fontsize=8)

    def noisy(count: int) -> NDArray[np.float64]:
        angle = rng.uniform(0, 2 * np.pi, (count, 150))
        centres = [(3 * (k % 3), 3 * (k // 3)) for k in range(count)]
        circles = np.stack([np.cos(angle), np.sin(angle)], axis=2) + np.array(centres)[:, None]
        return circles.reshape(-1, 2) + 0.1 * rng.standard_normal((150 * count, 2))

    cloud = noisy(5)
    loops = tl.persistence(cloud)[1]
    found = tl.significant_bars(loops)
    show_cloud(middle, cloud, size=3)
    middle.set_title(f"{len(loops)} loops, {found.value} significant")
    counts = np.arange(1, 7)
    numbers = [tl.significant_bars(tl.persistence(noisy(count))[1]).value for count in counts]
    right.plot(counts, counts, color=ORANGE, label="rings")
    right.plot(counts, numbers, "o", color=BLUE, markersize=5, label="significant loops")
    right.set(title="more rings", xlabel="number of rings", xticks=counts, ylim=(0, 7))
    right.legend(loc="upper left")
    save(figure, "significant_bars")


if __name__ == "__main__":
    draw_lifespan_sum_per_class()
    draw_normalised_persistence()
    draw_persistence_ratio()
    draw_significant_bars()
    draw_bar_count()
    draw_lifespan_sum()
    draw_persistent_entropy()
