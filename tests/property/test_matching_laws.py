"""Laws of distances by matching: the definition on small diagrams, metrics, stability, limits."""

import gudhi
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import oracle
from scipy.optimize import linear_sum_assignment

from topolens import persistence
from topolens.comparison import bottleneck, wasserstein

laws = settings(derandomize=True, deadline=None, max_examples=100)
seeds = st.integers(0, 2**32 - 1)
orders = st.sampled_from([1.0, 1.5, 2.0, 3.0, 7.0])
grounds = st.sampled_from(["l1", "l2", "linf"])
EXPONENTS = {"l1": 1, "l2": 2, "linf": np.inf}


@st.composite
def diagrams(draw, most=12):
    """Random finite bars; some are ties, some have no length, none may be there."""
    rng = np.random.default_rng(draw(seeds))
    n_bars = draw(st.integers(0, most))
    if draw(st.booleans()):
        births, lengths = rng.random(n_bars), rng.exponential(size=n_bars)
    else:
        births, lengths = rng.integers(0, 4, n_bars), rng.integers(0, 4, n_bars)
    return np.column_stack([births, births + lengths]).astype(float)


def steps_between(first, second, ground):
    """All steps of the definition: bars and places on the diagonal against each other."""
    exponent, n, m = EXPONENTS[ground], len(first), len(second)
    steps = np.zeros((n + m, m + n))
    steps[:n, :m] = np.linalg.norm(first[:, None] - second[None], ord=exponent, axis=2)
    to_diagonal = np.linalg.norm([0.5, 0.5], ord=exponent)
    steps[:n, m:] = to_diagonal * (first[:, 1] - first[:, 0])[:, None]
    steps[n:, :m] = to_diagonal * (second[:, 1] - second[:, 0])
    return steps


def assigned(first, second, order, ground):
    costs = steps_between(first, second, ground) ** order
    return costs[linear_sum_assignment(costs)].sum() ** (1 / order)


def bottleneck_by_trying(first, second):
    """The smallest step within which all can be assigned."""
    steps = steps_between(first, second, "linf")
    if steps.size == 0:
        return 0.0
    for longest in np.unique(steps):
        too_long = steps > longest
        if not too_long[linear_sum_assignment(too_long)].any():
            return longest
    raise AssertionError


@laws
@given(diagrams(), diagrams(), orders, grounds)
def test_wasserstein_is_the_cheapest_assignment(first, second, order, ground):
    expected = assigned(first, second, order, ground)
    found = wasserstein(first, second, order=order, ground=ground)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@laws
@given(diagrams(), diagrams(), orders, grounds)
def test_both_on_bars_born_at_once(first, second, order, ground):
    """As those of components are; they are matched in their order, without a search."""
    first, second = (bars - bars[:, :1] for bars in (first, second))
    expected = assigned(first, second, order, ground)
    found = wasserstein(first, second, order=order, ground=ground)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        bottleneck(first, second), bottleneck_by_trying(first, second), rtol=1e-15
    )


@laws
@given(diagrams(), diagrams())
def test_bottleneck_is_the_smallest_step_that_does(first, second):
    np.testing.assert_allclose(
        bottleneck(first, second), bottleneck_by_trying(first, second), rtol=1e-15
    )


def test_a_thousand_small_cases_with_ties():
    rng = np.random.default_rng(3)
    for _ in range(1000):
        first, second = (rng.integers(0, 5, (rng.integers(0, 9), 2)) for _ in range(2))
        first, second = (np.sort(bars, axis=1).astype(float) for bars in (first, second))
        assert wasserstein(first, second) == pytest.approx(
            assigned(first, second, 1, "l2"), rel=1e-12, abs=1e-12
        )
        assert bottleneck(first, second) == bottleneck_by_trying(first, second)


@pytest.mark.parametrize("order", [1.0, 2.0])
@pytest.mark.parametrize(
    "kind", ["near the diagonal", "lattice", "crowds", "on a line", "far apart", "copies"]
)
def test_larger_diagrams_against_the_assignment(kind, order):
    """Sizes at which the first pairs looked at are not enough."""
    rng = np.random.default_rng(4)

    def bars(shift, n=120):
        births, lengths = {
            "near the diagonal": lambda: (rng.random(n), rng.exponential(0.02, n)),
            "lattice": lambda: (rng.integers(0, 9, n), rng.integers(1, 9, n)),
            "crowds": lambda: (rng.integers(0, 2, n) + 1e-6 * rng.random(n), 2 + rng.random(n)),
            "on a line": lambda: (np.zeros(n), 1 + shift + 0.3 * rng.random(n)),
            "far apart": lambda: (shift + 0.2 * rng.random(n), 5 + 0.2 * rng.random(n)),
            "copies": lambda: (np.repeat(shift, n), np.repeat(3.0 + rng.random(4), n // 4)),
        }[kind]()
        return np.column_stack([births, births + lengths]).astype(float)

    first, second = bars(0.0), bars(0.5)
    found = wasserstein(first, second, order=order)
    assert found == pytest.approx(assigned(first, second, order, "l2"), rel=1e-11)
    assert bottleneck(first, second) == pytest.approx(
        gudhi.bottleneck_distance(first, second), rel=1e-14
    )


@laws
@given(diagrams(), diagrams(), diagrams(), orders, grounds)
def test_both_are_metrics(first, second, third, order, ground):
    for distance in (
        lambda a, b: wasserstein(a, b, order=order, ground=ground),
        bottleneck,
    ):
        assert distance(first, third) <= (
            (distance(first, second) + distance(second, third)) * (1 + 1e-12) + 1e-12
        )
        np.testing.assert_allclose(distance(first, second), distance(second, first), rtol=1e-12)
        assert distance(first, first[::-1]) == 0


@laws
@given(diagrams(), diagrams())
def test_they_come_in_order_and_meet_at_high_powers(first, second):
    values = [wasserstein(first, second, order=p, ground="linf") for p in (1, 2, 8, 64, 4096)]
    longest = bottleneck(first, second)
    assert np.diff(values).max() <= 1e-9
    assert values[-1] >= longest * (1 - 1e-12)
    n_bars = max(len(first) + len(second), 1)
    assert values[-1] <= longest * n_bars ** (1 / 4096) * (1 + 1e-12)


@laws
@given(diagrams(), diagrams(), st.sampled_from([2.0**-40, 0.25, 1024.0]), orders)
def test_they_scale_with_the_bars(first, second, factor, order):
    assert bottleneck(factor * first, factor * second) == factor * bottleneck(first, second)
    np.testing.assert_allclose(
        wasserstein(factor * first, factor * second, order=order),
        factor * wasserstein(first, second, order=order),
        rtol=1e-12,
    )


@laws
@given(diagrams(), diagrams(), diagrams())
def test_common_bars_cancel_at_order_one(first, second, common):
    more = wasserstein(np.vstack([first, common]), np.vstack([common, second]))
    np.testing.assert_allclose(more, wasserstein(first, second), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("relative_error", [1e-3, 0.01, 0.5])
def test_the_stated_error_bounds_the_value_from_above_only(relative_error):
    rng = np.random.default_rng(6)
    loose = 0
    for _ in range(20):
        first, second = rng.random((2, 200, 2)).cumsum(axis=2)
        exact = wasserstein(first, second)
        found = wasserstein(first, second, relative_error=relative_error)
        assert exact * (1 - 1e-12) <= found <= exact * (1 + relative_error) * (1 + 1e-12)
        loose += found > exact * (1 + 1e-9)
    assert loose > 0 or relative_error < 0.01


@settings(derandomize=True, deadline=None, max_examples=25)
@given(seeds, st.floats(1e-3, 0.5))
def test_moving_points_by_e_moves_rips_diagrams_by_at_most_2e(seed, furthest):
    rng = np.random.default_rng(seed)
    cloud = rng.normal(size=(25, 3))
    steps = rng.normal(size=cloud.shape)
    moved = cloud + furthest * steps / np.linalg.norm(steps, axis=1, keepdims=True)
    for before, after in zip(persistence(cloud), persistence(moved), strict=True):
        assert bottleneck(before, after) <= 2 * furthest + 1e-9


@pytest.mark.full
@pytest.mark.parametrize("order", [1.0, 2.0])
def test_hera_and_pot_agree_on_diagrams_of_clouds(order):
    oracle("ot")
    from gudhi import hera
    from gudhi.wasserstein import wasserstein_distance as by_pot

    rng = np.random.default_rng(8)
    first, second = (persistence(rng.normal(size=(300, 6)))[1].pairs for _ in range(2))
    found = wasserstein(first, second, order=order)
    near = hera.wasserstein_distance(first, second, order=order, internal_p=2, delta=1e-3)
    assert found * (1 - 1e-12) <= near <= found * (1 + 1e-3)
    assert found == pytest.approx(by_pot(first, second, order=order, internal_p=2), rel=1e-9)
