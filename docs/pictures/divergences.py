"""Draw the pictures of topological divergences: python docs/pictures/divergences.py."""

import numpy as np
from look import BLUE, GREEN, GREY, ORANGE, panels, ring, save, show_cloud
from numpy.typing import NDArray

import topolens as tl

N_CLUSTERS = 12


def split(cloud: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Move the points apart into clusters on a circle."""
    members = np.arange(len(cloud)) % count
    return cloud + 10 * ring(count)[members]


def draw_rtd() -> None:
    """One cluster against the same points in ever more clusters."""
    rng = np.random.default_rng(0)
    cloud = rng.standard_normal((300, 2))
    counts = np.arange(1, N_CLUSTERS + 1)
    clouds = [split(cloud, count) if count > 1 else cloud for count in counts]
    figure, (left, middle, right) = panels(3)
    show_cloud(left, clouds[0])
    show_cloud(middle, clouds[4])
    left.set_title("one cluster")
    middle.set_title("its points in five")
    right.plot(
        counts,
        [tl.rtd(clouds[0], some) for some in clouds],
        "o-",
        color=BLUE,
        label="rtd",
        markersize=4,
    )
    right.set(xlabel="clusters", title="from the one cluster", ylim=0, xticks=range(1, 13, 2))
    other = right.twinx()
    alike = [tl.linear_cka(clouds[0], some) for some in clouds]
    other.plot(counts, alike, "s--", color=GREY, markersize=4, label="linear_cka")
    other.set_ylim(0, 1.05)
    other.spines["right"].set_visible(True)
    handles = [*right.get_lines(), *other.get_lines()]
    right.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.6, 0.5))
    save(figure, "rtd")


def draw_mtop_divergence() -> None:
    """A ring beside a part of it: the loop through the rest shortens and goes."""
    whole = ring(80)
    figure, (left, middle, right) = panels(3)
    part = whole[:50]
    show_cloud(left, whole, colour=GREY)
    left.scatter(*part.T, s=16, color=ORANGE, linewidths=0)
    left.set_title("a ring, a part of it in orange")
    covered = np.arange(2, 81)
    there = [tl.mtop_divergence(whole, whole[:count]) for count in covered]
    back = [tl.mtop_divergence(whole[:count], whole) for count in covered]
    middle.plot(covered / 80, there, color=BLUE, label="ring beside its part")
    middle.plot(covered / 80, back, color=ORANGE, label="part beside the ring")
    middle.set(xlabel="share covered", title="mtop_divergence", ylim=(-0.05, 1.9))
    middle.legend(fontsize=8)
    # A ring beside a point at its centre is a loop until all of its points reach the centre.
    radii = np.linspace(0.5, 3, 11)
    centre = np.zeros((1, 2))
    found = [tl.cross_barcode(r * ring(80), centre)[1].lifetimes.sum() for r in radii]
    right.plot(radii, found, "o", color=BLUE, markersize=4, label="loop in cross_barcode")
    expected = radii * (1 - 2 * np.sin(np.pi / 80))
    right.plot(radii, expected, color=GREEN, linewidth=1, label="r (1 - 2 sin(pi / 80))")
    right.set(xlabel="radius r", title="a ring beside its centre", ylim=0)
    right.legend(fontsize=8)
    save(figure, "mtop_divergence")


if __name__ == "__main__":
    draw_rtd()
    draw_mtop_divergence()
