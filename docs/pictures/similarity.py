"""Draw the pictures of measures between paired clouds: python docs/pictures/similarity.py."""

from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

import topolens as tl

BLUE, ORANGE, GREEN, GREY = "#0b6e99", "#d9730d", "#448361", "#8f959b"


def main() -> None:
    """Draw each on clouds whose values are known."""
    plt.rcParams.update({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False})
    for name, draw in PICTURES.items():
        figure, axes = plt.subplots(1, 2, figsize=(9, 3.6))
        draw(*axes)
        figure.tight_layout(w_pad=3)
        figure.savefig(Path(__file__).with_name(f"{name}.png"), dpi=100)
        plt.close(figure)


def linear_cka(left: Axes, right: Axes) -> None:
    """Features in common, and the bias of independent clouds."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(400, 20))
    basis = np.linalg.qr(features - features.mean(axis=0))[0]
    shared = np.arange(0, 11)
    found = [tl.linear_cka(basis[:, :10], basis[:, 10 - k : 20 - k]) for k in shared]
    left.plot(shared, shared / 10, color=GREY, label="shared / all")
    left.plot(shared, found, "o", color=BLUE, label="linear_cka")
    _say(left, "10 orthonormal features, some in common", "features in common", "CKA")
    _bias(right)


def unbiased_cka(left: Axes, right: Axes) -> None:
    """Independent clouds, and clouds with a known share of signal."""
    _bias(left)
    rng = np.random.default_rng(1)
    shares = np.linspace(0, 1, 9)
    biased, unbiased = [], []
    for share in shares:
        common, one, other = rng.normal(size=(3, 100, 100))
        first, second = (
            np.sqrt(share) * common + np.sqrt(1 - share) * noise for noise in (one, other)
        )
        biased.append(tl.linear_cka(first, second))
        unbiased.append(tl.unbiased_cka(first, second))
    right.plot(shares, shares**2, color=GREY, label="truth (n → ∞)")
    right.plot(shares, biased, "s", color=ORANGE, label="linear_cka")
    right.plot(shares, unbiased, "o", color=BLUE, label="unbiased_cka")
    _say(right, "100 points, 100 features", "share of common variance", "CKA")


def _bias(axis: Axes) -> None:
    """Biased and unbiased CKA of independent clouds."""
    rng = np.random.default_rng(2)
    widths = np.unique(np.geomspace(2, 2000, 13).astype(int))
    pairs = [rng.normal(size=(2, 100, width)) for width in widths]
    axis.plot(widths, widths / (widths + 100), color=GREY, label="d / (d + n)")
    axis.plot(widths, [tl.linear_cka(*p) for p in pairs], "s", color=ORANGE, label="linear_cka")
    axis.plot(widths, [tl.unbiased_cka(*p) for p in pairs], "o", color=BLUE, label="unbiased_cka")
    axis.set_xscale("log")
    _say(axis, "independent clouds, n = 100", "features d", "CKA")


def rbf_cka(left: Axes, right: Axes) -> None:
    """A ring against the ring run through twice."""
    angles = np.random.default_rng(0).uniform(0, 2 * np.pi, 400)
    once, twice = (np.column_stack([np.cos(k * angles), np.sin(k * angles)]) for k in (1, 2))
    for place, cloud in ((0, once), (2.6, twice)):
        left.scatter(cloud[:, 0] + place, cloud[:, 1], c=angles, cmap="twilight", s=9)
    left.set_title("the same 400 samples: a ring, and run through twice", loc="left", fontsize=10)
    left.set_aspect("equal")
    left.axis("off")
    factors = np.geomspace(0.03, 3, 15)
    found = [tl.rbf_cka(once, twice, bandwidth=factor) for factor in factors]
    linear = tl.linear_cka(once, twice)
    right.axhline(0, color=GREY, lw=1, label="in the limit of wide kernels")
    right.plot(factors, found, "o-", color=BLUE, label="rbf_cka")
    right.axhline(linear, color=ORANGE, ls="--", label="linear_cka")
    right.set_xscale("log")
    _say(right, "near ones stay near, far ones do not", "bandwidth (median distances)", "CKA")


def cca(left: Axes, right: Axes) -> None:
    """Known canonical correlations, and what too few points do to them."""
    truth = np.array([0.95, 0.8, 0.6, 0.3, 0.0, 0.0])
    rng = np.random.default_rng(0)
    places = np.arange(1, 7)
    left.bar(places, truth, color="#dfe2e5", width=0.8, label="truth")
    for n_points, colour, mark in ((30, ORANGE, "s"), (300, GREEN, "^"), (10_000, BLUE, "o")):
        pair = _correlated(rng, truth, n_points)
        left.plot(
            places, tl.canonical_correlations(*pair), mark, color=colour, label=f"n = {n_points:,}"
        )
    _say(left, "canonical correlations", "number", "correlation")
    sizes = np.array([10, 15, 20, 30, 50, 100, 200, 500, 1000, 3000])
    found = [np.mean([tl.cca(*_correlated(rng, truth, n)) for _ in range(10)]) for n in sizes]
    right.axhline(truth.mean(), color=GREY, label="truth")
    right.plot(sizes, found, "o-", color=BLUE, label="cca")
    right.set_xscale("log")
    _say(right, "their mean", "points n", "CCA")


def _correlated(rng: np.random.Generator, truth: np.ndarray, n: int) -> tuple[np.ndarray, ...]:
    first, noise = rng.normal(size=(2, n, len(truth)))
    second = truth * first + np.sqrt(1 - truth**2) * noise
    mix = rng.normal(size=(2, len(truth), len(truth)))
    return first @ mix[0], second @ mix[1]


def svcca(left: Axes, right: Axes) -> None:
    """A common signal under features of small noise."""
    rng = np.random.default_rng(0)
    added = np.array([0, 2, 5, 10, 20, 40])
    clouds = [_noisy_pair(rng, n_noise=int(k), scale=0.02) for k in added]
    left.plot(added, 5 / (5 + added), color=GREY, label="5 / (5 + noise), n → ∞")
    left.plot(added, [tl.cca(*pair) for pair in clouds], "s", color=ORANGE, label="cca")
    left.plot(added, [tl.svcca(*pair) for pair in clouds], "o", color=BLUE, label="svcca")
    _say(left, "5 common features, noise at 2 % of their size", "noise features", "similarity")
    scales = np.geomspace(0.01, 1, 15)
    found = [tl.svcca(*_noisy_pair(rng, n_noise=20, scale=scale)) for scale in scales]
    right.plot(scales, found, "o-", color=BLUE, label="svcca")
    right.axhline(1, color=GREY, lw=1, label="all 5 kept, no noise")
    right.axhline(0.2, color=GREY, ls="--", lw=1, label="5 / 25: all kept")
    right.set_xscale("log")
    _say(right, "20 noise features, 99 % of variance kept", "size of noise", "SVCCA")


def _noisy_pair(rng: np.random.Generator, *, n_noise: int, scale: float) -> tuple[np.ndarray, ...]:
    signal = rng.normal(size=(3000, 5))
    return tuple(np.hstack([signal, scale * rng.normal(size=(3000, n_noise))]) for _ in range(2))


def pwcca(left: Axes, right: Axes) -> None:
    """Weights follow the size of features of the first cloud only, feature by feature."""
    truth = np.array([0.9, 0.6, 0.1])
    first, noise = np.random.default_rng(0).normal(size=(2, 20_000, 3))
    second = truth * first + np.sqrt(1 - truth**2) * noise
    factors = np.geomspace(0.1, 10, 11)
    wide = [first * [factor, 1, 1] for factor in factors]
    left.plot(
        factors, (0.9 * factors + 0.7) / (factors + 2), color=GREY, label="(0.9 f + 0.7) / (f + 2)"
    )
    left.plot(factors, [tl.pwcca(cloud, second) for cloud in wide], "o", color=BLUE, label="pwcca")
    left.plot(
        factors,
        [tl.pwcca(second, cloud) for cloud in wide],
        "s",
        color=ORANGE,
        label="the other way",
    )
    left.set_xscale("log")
    _say(left, "correlations 0.9, 0.6, 0.1; the best f times as wide", "f", "PWCCA")
    turns = np.arange(0, 91, 10)
    mixed, found = np.radians(turns), []
    for turn in mixed:
        c, s = np.cos(turn), np.sin(turn)
        found.append(tl.pwcca(first @ [[c, s, 0], [-s, c, 0], [0, 0, 1]], second))
    spread = np.cos(mixed) + np.sin(mixed)
    right.plot(turns, (1.5 * spread + 0.1) / (2 * spread + 1), color=GREY, label="closed form")
    right.plot(turns, found, "o", color=BLUE, label="pwcca")
    _say(right, "two features of the first cloud mixed", "turn (degrees)", "PWCCA")


def procrustes(left: Axes, right: Axes) -> None:
    """A circle against ellipses."""
    stretches, clouds = _ellipses(left)
    cosines = (1 + stretches) / np.sqrt(2 * (1 + stretches**2))
    for form, known, colour in (
        ("chord", np.sqrt(2 - 2 * cosines), BLUE),
        ("squared", 2 - 2 * cosines, GREEN),
        ("angular", np.arccos(cosines), ORANGE),
    ):
        right.plot(stretches, known, color=GREY, lw=1)
        found = [tl.procrustes(clouds[0], cloud, form=form) for cloud in clouds]
        right.plot(stretches, found, "o", ms=4, color=colour, label=form)
    _say(right, "from the circle (lines: closed form)", "stretch", "Procrustes distance")


def shape_distance(left: Axes, right: Axes) -> None:
    """The same ellipses, with whitening."""
    stretches, clouds = _ellipses(left)
    size = np.sqrt((1 + stretches**2) / 2)
    for alpha, colour in (
        (1.0, ORANGE),
        (0.75, "#b08a3e"),
        (0.5, GREEN),
        (0.25, "#2b7f7f"),
        (0.0, BLUE),
    ):
        wide, narrow = (alpha * s / size + 1 - alpha for s in (stretches, 1))
        known = np.arccos(np.minimum(1, (wide + narrow) / np.sqrt(2 * (wide**2 + narrow**2))))
        right.plot(stretches, known, color=GREY, lw=1)
        found = [tl.shape_distance(clouds[0], cloud, alpha=alpha) for cloud in clouds]
        right.plot(stretches, found, "o", ms=4, color=colour, label=f"alpha = {alpha:g}")
    _say(right, "from the circle (lines: closed form)", "stretch", "angle (radians)")


def _ellipses(axis: Axes) -> tuple[np.ndarray, list[np.ndarray]]:
    angles = 2 * np.pi * np.arange(60) / 60
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    stretches = np.linspace(1, 4, 13)
    clouds = [circle * [stretch, 1] for stretch in stretches]
    for place, colour in ((0, GREY), (4, GREEN), (12, BLUE)):
        axis.plot(*clouds[place].T, ".", color=colour)
    axis.set_title("60 samples on a circle, stretched", loc="left", fontsize=10)
    axis.set_aspect("equal")
    axis.axis("off")
    return stretches, clouds


def permutation_distance(left: Axes, right: Axes) -> None:
    """Turning a square of features."""
    corners = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]], float)
    for turn, colour in ((0, GREY), (30, BLUE), (90, ORANGE)):
        c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
        turned = corners @ [[c, s], [-s, c]] * (1 - turn / 400)
        left.plot(*np.vstack([turned, turned[:1]]).T, "o-", color=colour, label=f"{turn}°")
    left.set_aspect("equal")
    left.axis("off")
    left.set_title("4 samples with 2 features, turned", loc="left", fontsize=10)
    left.legend(frameon=False, loc="center")
    turns = np.arange(0, 91, 10)
    pairs = []
    for turn in np.radians(turns):
        c, s = np.cos(turn), np.sin(turn)
        pairs.append((corners, corners @ [[c, s], [-s, c]]))
    finer = np.radians(np.linspace(0, 90, 91))
    known = np.arccos(np.maximum(np.cos(finer), np.sin(finer) / 2))
    right.plot(np.degrees(finer), known, color=GREY, lw=1, label="closed form")
    found = [tl.permutation_distance(*pair) for pair in pairs]
    right.plot(turns, found, "o", color=BLUE, label="permutation_distance")
    found = [tl.shape_distance(*pair) for pair in pairs]
    right.plot(turns, found, "s", color=ORANGE, label="shape_distance")
    _say(right, "features mix, the shape stays", "turn (degrees)", "angle (radians)")


def rsa(left: Axes, right: Axes) -> None:
    """An arc and the arc unrolled: the order of distances is the same."""
    along = np.sort(np.random.default_rng(0).uniform(0, np.pi, 40))
    arc = np.column_stack([np.cos(along), np.sin(along)])
    line = along[:, None]
    left.scatter(*arc.T, c=along, cmap="viridis", s=18)
    left.scatter(along - np.pi / 2, np.full(40, -0.35), c=along, cmap="viridis", s=18)
    left.set_title("40 samples on an arc, and unrolled", loc="left", fontsize=10)
    left.set_aspect("equal")
    left.axis("off")
    upper = np.triu_indices(40, 1)
    right.plot(
        tl.dissimilarities(line)[upper], tl.dissimilarities(arc)[upper], ".", ms=3, color=BLUE
    )
    values = (
        f"{c} {tl.rsa(arc, line, comparison=c):.3f}"
        for c in ("spearman", "kendall", "pearson", "cosine")
    )
    right.text(0.98, 0.05, "\n".join(values), ha="right", va="bottom", transform=right.transAxes)
    right.set_title("the same order: Spearman and Kendall are 1", loc="left", fontsize=10)
    right.set_xlabel("distance on the line")
    right.set_ylabel("distance on the arc")


def _say(axis: Axes, title: str, along: str, up: str) -> None:
    axis.set_title(title, loc="left", fontsize=10)
    axis.set_xlabel(along)
    axis.set_ylabel(up)
    axis.legend(frameon=False, fontsize=9)


PICTURES: dict[str, Callable[[Axes, Axes], None]] = {
    "linear-cka": linear_cka,
    "unbiased-cka": unbiased_cka,
    "rbf-cka": rbf_cka,
    "cca": cca,
    "svcca": svcca,
    "pwcca": pwcca,
    "procrustes": procrustes,
    "shape-distance": shape_distance,
    "permutation-distance": permutation_distance,
    "rsa": rsa,
}

if __name__ == "__main__":
    main()
