"""Draw the pictures of counts and sums of bars: python docs/pictures/bars.py."""

import numpy as np
from look import BLUE, GREEN, GREY, ORANGE, panels, ring, save, show_cloud
from numpy.typing import NDArray
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import pdist, squareform

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


if __name__ == "__main__":
    draw_bar_count()
    draw_lifespan_sum()
    draw_persistent_entropy()
