"""Laws of the distances between curves, landscapes and images of diagrams."""

import numpy as np
import persim
from hypothesis import given, settings
from hypothesis import strategies as st

from topolens.comparison import betti_curve_distance, image_distance, landscape_distance

laws = settings(derandomize=True, deadline=None, max_examples=50)
powers = st.sampled_from([1.0, 1.5, 2.0, 3.0])


@st.composite
def diagrams(draw, most=12):
    """Random finite bars; some are ties, some have no length, none may be there."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_bars = draw(st.integers(0, most))
    if draw(st.booleans()):
        births, lengths = rng.random(n_bars), rng.exponential(size=n_bars)
    else:
        births, lengths = rng.integers(0, 4, n_bars), rng.integers(0, 4, n_bars)
    return np.column_stack([births, births + lengths]).astype(float)


def moved(bars, seed, size):
    """Every birth and death moved by at most `size`; no bar ends before it begins."""
    shifts = np.random.default_rng(seed).uniform(-size, size, bars.shape)
    return np.sort(bars + shifts, axis=1)


@laws
@given(diagrams(), diagrams(), powers)
def test_betti_curve_distance_is_the_sum_over_fine_steps(first, second, power):
    edges = np.unique(np.concatenate([first.ravel(), second.ravel(), [0.0]]))
    ours, theirs = (
        np.array([np.sum((b[:, 0] <= s) & (s < b[:, 1])) for s in edges[:-1]])
        for b in (first, second)
    )
    integral = sum(
        abs(a - b) ** power * w for a, b, w in zip(ours, theirs, np.diff(edges), strict=True)
    )
    found = betti_curve_distance(first, second, power=power)
    np.testing.assert_allclose(found, integral ** (1 / power), rtol=1e-12)


@laws
@given(diagrams(), st.integers(0, 99), st.floats(0, 0.5))
def test_betti_curves_move_no_more_than_the_ends_of_their_bars(bars, seed, size):
    """Moving both ends of m bars by at most e moves the curve by at most 2 m e in L1."""
    assert betti_curve_distance(bars, moved(bars, seed, size)) <= 2 * len(bars) * size + 1e-9


@laws
@given(diagrams(), diagrams())
def test_landscapes_are_no_further_apart_than_the_bars(first, second):
    """Bubenik 2015, theorem 13: the largest difference is at most the bottleneck distance."""
    apart = persim.bottleneck(first, second) if len(first) + len(second) else 0.0
    assert landscape_distance(first, second, power=np.inf) <= apart + 1e-9


@laws
@given(diagrams(), diagrams(), diagrams(), st.sampled_from([1.0, 2.0, np.inf]))
def test_landscape_distance_obeys_the_triangle_inequality(first, second, third, power):
    direct = landscape_distance(first, third, power=power)
    detour = landscape_distance(first, second, power=power) + landscape_distance(
        second, third, power=power
    )
    assert direct <= detour * (1 + 1e-9) + 1e-12


@laws
@given(diagrams(), st.randoms(use_true_random=False), st.integers(0, 4))
def test_neither_order_nor_bars_without_length_matter(bars, random, count):
    order = list(range(len(bars)))
    random.shuffle(order)
    points = np.repeat(np.arange(count, dtype=float)[:, None], 2, axis=1)
    other = np.vstack([bars[order], points])
    assert landscape_distance(bars, other) == 0
    assert betti_curve_distance(bars, other) == 0
    assert image_distance(bars, other) <= 1e-6


@laws
@given(diagrams(), diagrams(), diagrams(), st.sampled_from([0.05, 1.0]))
def test_image_distance_obeys_the_triangle_inequality(first, second, third, bandwidth):
    direct = image_distance(first, third, bandwidth=bandwidth)
    detour = image_distance(first, second, bandwidth=bandwidth) + image_distance(
        second, third, bandwidth=bandwidth
    )
    assert direct <= detour * (1 + 1e-9) + 1e-6


@laws
@given(diagrams(), st.integers(0, 99), st.floats(0, 0.5))
def test_images_move_no_more_than_the_ends_of_their_bars(bars, seed, size):
    """Ends that move by e change a surface by less than (1 + lifetime / s) e / s for every bar."""
    lengths = bars[:, 1] - bars[:, 0]
    bound = np.sum(1 + lengths / 0.5) * size / 0.5
    assert image_distance(bars, moved(bars, seed, size), bandwidth=0.5) <= bound + 1e-6
