"""Draw the pictures of distances by matching: python docs/pictures/transport.py."""

from collections.abc import Callable

import numpy as np
from look import BLUE, GREY, ORANGE, panels, ring, save, show_cloud

import topolens as tl

N_POINTS = 30
BORN, DIES = 2 * np.sin(np.pi / N_POINTS), np.sqrt(3)
RADII = np.linspace(0.05, 3, 60)


def by_bottleneck(radius: float) -> float:
    """The bar moves, or both bars go to the diagonal."""
    longer = max(radius, 1) * (DIES - BORN) / 2
    return float(min(DIES * abs(radius - 1), longer))


def by_wasserstein(radius: float) -> float:
    """The same with the sum of Euclidean steps."""
    both = (1 + radius) * (DIES - BORN) / np.sqrt(2)
    return float(min(np.hypot(DIES, BORN) * abs(radius - 1), both))


def draw(name: str, measure: Callable[..., float], known: Callable[[float], float] | None) -> None:
    """Two rings, their diagrams, and the distance as one of the rings grows."""
    figure, (left, middle, right) = panels(3)
    for radius, colour in ((1.0, BLUE), (2.0, ORANGE)):
        show_cloud(left, ring(N_POINTS, radius=radius), colour=colour)
        loop = radius * BORN, radius * DIES
        middle.plot(*loop, "o", color=colour)
        middle.plot([loop[0], sum(loop) / 2], [loop[1], sum(loop) / 2], ":", color=colour, lw=1)
    left.set_title("rings of radius 1 and 2")
    middle.plot([BORN, 2 * BORN], [DIES, 2 * DIES], color=GREY, lw=1)
    middle.plot([0, 3.8], [0, 3.8], color="black", lw=0.8)
    middle.set(title="their loops, and the ways to go", xlabel="birth", ylabel="death")
    middle.set_aspect("equal")
    one = tl.persistence(ring(N_POINTS))[1]
    others = [tl.persistence(ring(N_POINTS, radius=radius))[1] for radius in RADII]
    found = [measure(one, other) for other in others]
    right.plot(RADII, found, "o", color=BLUE, markersize=2.5, label="measured")
    if known:
        right.plot(RADII, [known(r) for r in RADII], color=GREY, lw=1, label="closed form")
        right.legend()
    right.set(title="distance from radius 1", xlabel="radius of the other", ylim=(0, None))
    save(figure, name)


def main() -> None:
    """Draw all three."""
    draw("bottleneck", tl.bottleneck, by_bottleneck)
    draw("wasserstein", tl.wasserstein, by_wasserstein)
    draw("sliced_wasserstein", tl.sliced_wasserstein, None)


if __name__ == "__main__":
    main()
