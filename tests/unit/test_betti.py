"""Betti numbers and curves, by hand, by counting, and by GUDHI."""

import re
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import topolens as tl
from topolens.base.errors import InvalidInputError
from topolens.base.results import Diagram, Diagrams
from topolens.descriptors import betti_curve, betti_number, lifespan_sum

# One bar never dies; one dies where two are born; one has no length.
BARS = Diagram(1, np.array([[0.0, 2.0], [1.0, np.inf], [2.0, 2.0], [2.0, 5.0], [2.0, 2.5]]))

laws = settings(derandomize=True, deadline=None, max_examples=60)


@st.composite
def bars(draw):
    """Random bars on a coarse grid, so that many births and deaths coincide."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    births = rng.integers(0, 6, draw(st.integers(0, 15))).astype(float)
    lengths = rng.integers(0, 5, len(births)).astype(float)
    lengths[rng.random(len(births)) < 0.1] = np.inf
    return Diagram(1, np.column_stack([births, births + lengths]))


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z")


@pytest.mark.parametrize(
    ("scale", "count"), [(0, 1), (0.99, 1), (1, 2), (2, 3), (2.5, 2), (5, 1), (1e9, 1)]
)
def test_by_hand(scale, count):
    assert betti_number(BARS, scale=scale) == count
    assert betti_curve(BARS).at(scale) == count


def test_curve_by_hand():
    curve = betti_curve(BARS)
    np.testing.assert_array_equal(curve.scales, [0, 1, 2, 2.5, 5])
    np.testing.assert_array_equal(curve.values, [1, 2, 3, 2, 1])
    assert (curve.n_essential, curve.peak) == (1, 3)


def test_a_curve_without_steps():
    curve = betti_curve(Diagram(1, np.empty((0, 2))))
    assert (len(curve.scales), curve.n_essential, curve.peak) == (0, 0, 0)
    np.testing.assert_array_equal(curve.at([[0.0, 1.0]]), [[0, 0]])


@laws
@given(bars())
def test_the_curve_is_the_number_at_every_scale(diagram):
    curve = betti_curve(diagram)
    scales = np.arange(0, 12, 0.5)
    np.testing.assert_array_equal(
        curve.at(scales), [betti_number(diagram, scale=scale) for scale in scales]
    )
    assert (np.diff(curve.scales) > 0).all()
    assert (np.diff(curve.values, prepend=0) != 0).all()


@laws
@given(bars())
def test_the_integral_of_the_bars_that_die_is_their_total_length(diagram):
    curve = betti_curve(Diagram(1, diagram.finite))
    integral = np.sum(curve.values[:-1] * np.diff(curve.scales))
    np.testing.assert_allclose(integral, lifespan_sum(diagram))


def test_known_shapes_have_their_betti_numbers():
    """A circle inside a wide gap from another one: two pieces, then two loops, then nothing."""
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    ring = np.column_stack([np.cos(angle), np.sin(angle)])
    pieces, loops = tl.persistence(np.vstack([ring, ring + np.array([10, 0])]))
    assert (betti_number(pieces, scale=1.0), betti_number(loops, scale=1.0)) == (2, 2)
    assert (betti_number(pieces, scale=2.0), betti_number(loops, scale=2.0)) == (2, 0)


def test_is_gudhis_curve():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        representations = pytest.importorskip("gudhi.representations")
    loops = tl.persistence(np.random.default_rng(0).normal(size=(200, 3)))[1]
    grid = np.linspace(0, 2, 301)
    theirs = representations.BettiCurve(predefined_grid=grid)(loops.pairs)
    np.testing.assert_array_equal(betti_curve(loops).at(grid), theirs)


@pytest.mark.parametrize("bad", [-1, np.inf, np.nan, None])
def test_says_what_is_wrong(bad):
    with refuses(f"`scale` must be a finite number at least 0; got {bad!r}"):
        betti_number(BARS, scale=bad)


@pytest.mark.parametrize("measure", [betti_curve, betti_number])
def test_wants_one_degree(measure):
    sentence = "`diagram` must be the Diagram of one degree, e.g. `diagrams[1]`; got Diagrams"
    with refuses(sentence):
        measure(Diagrams((BARS,), 4, "euclidean", 7.0))
