"""Laws of distances and similarities, and an independent implementation of each."""

import sys
import types

import numpy as np
import persim
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ortho_group

from topolens.comparison import linear_cka, sliced_wasserstein

laws = settings(derandomize=True, deadline=None, max_examples=60)
seeds = st.integers(0, 2**32 - 1)


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


@st.composite
def paired_clouds(draw):
    rng = np.random.default_rng(draw(seeds))
    n_points = draw(st.integers(3, 15))
    widths = draw(st.tuples(st.integers(1, 20), st.integers(1, 20)))
    return tuple(rng.normal(size=(n_points, width)) for width in widths)


@pytest.fixture(scope="module")
def persim_in_double():
    """Persim with its directions in double precision; it rounds them to single."""
    published = sys.modules["persim.sliced_wasserstein"]
    names = {name: getattr(np, name) for name in ("array", "cos", "dot", "pi", "sin", "sqrt")}
    wide = types.SimpleNamespace(float32=np.float64, **names)
    copied = {**vars(published), "np": wide}
    return types.FunctionType(persim.sliced_wasserstein.__code__, copied)


@laws
@given(diagrams(), diagrams(), st.integers(1, 60))
def test_sliced_wasserstein_is_persims_formula(persim_in_double, first, second, directions):
    expected = persim_in_double(first, second, directions)
    found = sliced_wasserstein(first, second, directions=directions)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@laws
@given(diagrams(), diagrams())
def test_sliced_wasserstein_is_persims_value_at_its_precision(first, second):
    # persim's directions are off by half a unit of single precision in each coordinate.
    size = np.abs(first).sum() + np.abs(second).sum()
    expected = persim.sliced_wasserstein(first, second, M=50)
    assert abs(sliced_wasserstein(first, second) - expected) <= 2 * np.finfo("f4").eps * size


@laws
@given(diagrams(), diagrams(), diagrams())
def test_sliced_wasserstein_obeys_the_triangle_inequality(first, second, third):
    direct = sliced_wasserstein(first, third)
    detour = sliced_wasserstein(first, second) + sliced_wasserstein(second, third)
    assert direct <= detour * (1 + 1e-12) + 1e-12


@laws
@given(diagrams(), diagrams(), st.integers(1, 60))
def test_sliced_wasserstein_is_symmetric_and_not_negative(first, second, directions):
    there = sliced_wasserstein(first, second, directions=directions)
    back = sliced_wasserstein(second, first, directions=directions)
    np.testing.assert_allclose(there, back, rtol=1e-12, atol=1e-12)
    assert there >= 0


@laws
@given(diagrams(), st.randoms(use_true_random=False))
def test_sliced_wasserstein_is_zero_from_a_diagram_to_itself_in_any_order(bars, random):
    order = list(range(len(bars)))
    random.shuffle(order)
    assert sliced_wasserstein(bars, bars[order]) <= 1e-12


@laws
@given(diagrams(), st.integers(0, 4))
def test_bars_without_length_cost_nothing(bars, count):
    points = np.repeat(np.arange(count, dtype=float)[:, None], 2, axis=1)
    assert sliced_wasserstein(bars, np.vstack([bars, points])) <= 1e-12


@laws
@given(diagrams(), diagrams(), st.sampled_from([0.25, 2.0, 1024.0]))
def test_sliced_wasserstein_scales_with_the_bars_exactly(first, second, factor):
    scaled = sliced_wasserstein(factor * first, factor * second)
    assert scaled == factor * sliced_wasserstein(first, second)


@laws
@given(diagrams(), diagrams(), diagrams())
def test_common_bars_cancel(first, second, common):
    more = sliced_wasserstein(np.vstack([first, common]), np.vstack([common, second]))
    np.testing.assert_allclose(more, sliced_wasserstein(first, second), rtol=1e-9, atol=1e-9)


@laws
@given(paired_clouds())
def test_cka_lies_between_zero_and_one(pair):
    assert 0 <= linear_cka(*pair) <= 1 + 1e-12


@laws
@given(paired_clouds(), seeds, st.floats(1e-3, 1e3))
def test_cka_ignores_rotations_scales_and_places(pair, seed, scale):
    first, second = pair
    rng = np.random.default_rng(seed)
    width = first.shape[1]
    rotation = ortho_group.rvs(width, random_state=rng) if width > 1 else -np.eye(1)
    changed = scale * first @ rotation + rng.normal(size=width)
    np.testing.assert_allclose(linear_cka(changed, second), linear_cka(first, second), rtol=1e-7)
    np.testing.assert_allclose(linear_cka(changed, first), 1, rtol=1e-7)
