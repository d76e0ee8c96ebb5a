"""Draw the pictures of the measures of dimension: python docs/pictures/dimension.py."""

from typing import Any

import numpy as np
from look import BLUE, GREEN, GREY, ORANGE, panels, save, show_cloud
from numpy.typing import NDArray

import topolens as tl
from topolens.kernels.neighbours import nearest_neighbours

POINTS = 3000


def uniform(dimension: int) -> NDArray[Any]:
    """Return points of a cube, the same every time."""
    return np.random.default_rng(dimension).uniform(size=(POINTS, dimension))


def on_flat_torus(coordinates: NDArray[Any]) -> NDArray[Any]:
    """Return distances where opposite sides of the cube are glued."""
    squares = np.zeros((len(coordinates), len(coordinates)), np.float32)
    for column in coordinates.T.astype(np.float32):
        gap = np.abs(column[:, None] - column)
        squares += np.minimum(gap, 1 - gap) ** 2
    return np.sqrt(squares)


def sierpinski(n_points: int) -> NDArray[Any]:
    """Return points of the triangle: each step goes half the way to a random corner."""
    rng = np.random.default_rng(1)
    corners = np.array([[0, 0], [1, 0], [0.5, np.sqrt(0.75)]])
    point, points = np.zeros(2), []
    for corner in corners[rng.integers(3, size=n_points + 50)]:
        point = (point + corner) / 2
        points.append(point)
    return np.array(points[50:])


def ph_dimension() -> None:
    """Show a fractal, lines of three sets, and what the boundary does in many dimensions."""
    figure, (left, middle, right) = panels(3, height=2.9)
    fractal = sierpinski(POINTS)
    show_cloud(left, fractal, colour=BLUE, size=1.5)
    found = tl.ph_dimension(fractal)
    left.set_title(f"Sierpinski: {found.value:.2f}, truth 1.58", loc="center")

    sets = {
        "cube": (uniform(3), ORANGE),
        "square": (uniform(2), GREEN),
        "Sierpinski": (fractal, BLUE),
    }
    for name, (cloud, colour) in sets.items():
        found = tl.ph_dimension(cloud)
        sizes = found.sizes[:, None] + 0 * found.sums
        middle.loglog(sizes, found.sums, ".", color=colour, markersize=3)
        line = np.exp(found.intercept) * found.sizes**found.slope
        middle.loglog(found.sizes, line, color=colour, linewidth=1)
        middle.text(
            1600, line[-1], f"{name}\n{found.value:.2f}", color=colour, va="center", fontsize=8
        )
    middle.set_xlim(270, 3600)
    middle.set_xticks([300, 600, 1200], ["300", "600", "1200"])
    middle.minorticks_off()
    middle.set_xlabel("points drawn")
    middle.set_title("E₁ and the line through its logarithm")

    dimensions = [1, 2, 3, 4, 6, 8, 10]
    cubes = [tl.ph_dimension(uniform(d)).value for d in dimensions]
    tori = [tl.ph_dimension_from_distances(on_flat_torus(uniform(d))).value for d in dimensions]
    right.plot([1, 10], [1, 10], color=GREY, linewidth=1)
    right.plot(dimensions, tori, "o", color=GREEN, markersize=4, label="flat torus")
    right.plot(dimensions, cubes, "o", color=ORANGE, markersize=4, label="cube")
    right.legend(loc="upper left")
    right.set_xlabel("true dimension")
    right.set_ylabel("estimate")
    right.set_title("a boundary pulls it down")
    save(figure, "ph_dimension")


def torus(dimension: int, seed: int = 0) -> NDArray[Any]:
    """Return points of a torus in twice as many coordinates, so without a boundary."""
    rng = np.random.default_rng([seed, dimension])
    angles = rng.uniform(0, 2 * np.pi, (2000, dimension))
    return np.hstack([np.cos(angles), np.sin(angles)])


def band() -> NDArray[Any]:
    """Return a line that is a band when seen from near."""
    rng = np.random.default_rng(0)
    return np.column_stack([rng.uniform(0, 20, 2000), rng.normal(0, 0.05, 2000)])


def two_nn() -> None:
    """Show the fitted lines of three tori, and the effect of the plotting position."""
    figure, (left, right) = panels(2)
    for dimension, colour in zip((1, 2, 4), (BLUE, GREEN, ORANGE), strict=True):
        cloud = torus(dimension)
        found = tl.two_nn(cloud)
        near = nearest_neighbours(cloud, 2)[1]
        x = np.sort(np.log(near[:, 1] / near[:, 0]))[:1800]
        left.plot(x, -np.log(1 - np.arange(1, 1801) / 2000), color=colour, linewidth=1)
        end = min(2.3, found.value * 1.25) / found.value
        left.plot([0, end], [0, found.value * end], "--", color=GREY, linewidth=1)
        label = f"torus of {dimension}: {found.value:.2f}"
        left.text(end + 0.07, found.value * end, label, color=colour, va="center", fontsize=8)
    left.set_xlim(0, 1.9)
    left.set_xlabel("log μ")
    left.set_ylabel("−log(1 − F)")
    left.set_title("the slope is the dimension")
    sizes = [30, 60, 125, 250, 500, 1000]
    clouds = [torus(2, seed) for seed in range(40)]
    for position, colour in {"i/N": BLUE, "(i-1)/N": ORANGE}.items():
        means = [
            np.mean([tl.two_nn(cloud[:n], plotting_position=position).value for cloud in clouds])
            for n in sizes
        ]
        right.semilogx(sizes, means, "o-", color=colour, markersize=4, label=position)
    right.axhline(2, color=GREY, linewidth=1)
    right.set_xticks(sizes, [str(size) for size in sizes])
    right.minorticks_off()
    right.set_xlabel("points")
    right.set_title("plotting positions, torus of dimension 2")
    right.legend()
    save(figure, "two_nn")


def gride() -> None:
    """Show a band that is a plane from near and a line from afar."""
    figure, (left, right) = panels(2)
    cloud = band()
    show_cloud(left, cloud[cloud[:, 0] < 4], colour=BLUE, size=3)
    left.set_title("a part of a long thin band", loc="center")
    found = tl.gride(cloud, farthest=512)
    low, high = (found.scale_values + s * 1.96 * found.scale_errors for s in (-1, 1))
    right.fill_between(found.scale_distances, low, high, color=BLUE, alpha=0.2, linewidth=0)
    right.semilogx(found.scale_distances, found.scale_values, "o-", color=BLUE, markersize=4)
    for truth in (1, 2):
        right.axhline(truth, color=GREY, linewidth=1)
    right.set_xlabel("mean distance of the neighbours")
    right.set_ylabel("dimension")
    right.set_title("a plane from near, a line from afar")
    save(figure, "gride")


def mle_dimension() -> None:
    """Show the two averages, and what k does with a boundary."""
    figure, (left, right) = panels(2)
    counts = [3, 4, 6, 10, 20, 40]
    averages = {"mackay-ghahramani": BLUE, "levina-bickel": ORANGE}
    for average, colour in averages.items():
        values = [tl.mle_dimension(torus(3), n_neighbors=k, average=average).value for k in counts]
        left.semilogx(counts, values, "o-", color=colour, markersize=4, label=average)
    left.axhline(3, color=GREY, linewidth=1)
    left.set_xticks(counts, [str(k) for k in counts])
    left.minorticks_off()
    left.set_title("averages, torus of dimension 3")
    left.set_xlabel("neighbours k")
    left.legend()
    dimensions = [1, 2, 3, 4, 6, 8, 10]
    right.plot([1, 10], [1, 10], color=GREY, linewidth=1)
    for k, colour in {5: GREEN, 20: ORANGE}.items():
        values = [tl.mle_dimension(uniform(d), n_neighbors=k).value for d in dimensions]
        right.plot(dimensions, values, "o", color=colour, markersize=4, label=f"cube, k = {k}")
    right.set_xlabel("true dimension")
    right.set_ylabel("estimate")
    right.set_title("a boundary pulls it down")
    right.legend()
    save(figure, "mle_dimension")


def local_pca_dimension() -> None:
    """Show local directions of a sphere, and an outlier that only the whole cloud minds."""
    figure, (left, right) = panels(2)
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 400)
    curve = np.column_stack([np.cos(angle), np.sin(2 * angle) / 2])
    curve += rng.normal(0, 0.01, curve.shape)
    show_cloud(left, curve, colour=GREY, size=5)
    ids = nearest_neighbours(curve, 20)[0]
    for row in range(0, 400, 12):
        part = curve[[row, *ids[row]]]
        _, lengths, directions = np.linalg.svd(part - part.mean(axis=0))
        for length, direction in zip(lengths / 4, directions, strict=True):
            ends = part.mean(axis=0) + np.outer([-length, length], direction)
            left.plot(*ends.T, color=BLUE, linewidth=1)
    value = tl.local_pca_dimension(curve, n_neighbors=20).value
    left.set_title(f"axes of neighbourhoods; median {value:.0f}", loc="center")
    sphere = rng.normal(size=(1000, 3))
    sphere /= np.linalg.norm(sphere, axis=1)[:, None]
    rules = ["fukunaga-olsen", "fan", "maxgap", "ratio", "participation", "kaiser", "broken-stick"]
    colours = [GREEN, ORANGE]
    clouds = {"sphere": sphere, "sphere and one outlier": np.vstack([sphere, [[1e4, 1e4, 1e4]]])}
    for shift, (name, cloud) in enumerate(clouds.items()):
        values = [tl.local_pca_dimension(cloud, rule=rule).value for rule in rules]
        places = np.arange(len(rules)) + 0.3 * shift - 0.15
        right.barh(places, values, height=0.28, color=colours[shift], label=name)
    right.axvline(2, color=GREY, linewidth=1)
    right.set_yticks(range(len(rules)), rules)
    right.invert_yaxis()
    right.set_xlim(0, 3.2)
    right.set_title("rules on a sphere of dimension 2")
    right.legend(loc="lower right", fontsize=7)
    save(figure, "local_pca_dimension")


if __name__ == "__main__":
    ph_dimension()
    two_nn()
    gride()
    mle_dimension()
    local_pca_dimension()
