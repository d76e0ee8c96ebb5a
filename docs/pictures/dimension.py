"""Draw the pictures of the measures of dimension: python docs/pictures/dimension.py."""

from typing import Any

import numpy as np
from look import BLUE, GREEN, GREY, ORANGE, panels, save, show_cloud
from numpy.typing import NDArray

import topolens as tl

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


if __name__ == "__main__":
    ph_dimension()
