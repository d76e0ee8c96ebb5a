"""Persistence landscapes and their distance, by hand, by the definition, and by others."""

import re
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from landscapes import distance, heights, scales_of_change
from scipy.integrate import trapezoid

import topolens as tl
from topolens.base.errors import InvalidInputError
from topolens.base.results import Diagram
from topolens.comparison import landscape_distance
from topolens.descriptors import landscape_norm, persistence_landscape

laws = settings(derandomize=True, deadline=None, max_examples=80)
RNG = np.random.default_rng(0)
CLOUD = RNG.normal(size=(150, 3))


@st.composite
def bars(draw, most=12):
    """Random finite bars; some are ties, some touch, some have no length, none may be there."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_bars = draw(st.integers(0, most))
    if draw(st.booleans()):
        births, lengths = rng.random(n_bars), rng.exponential(size=n_bars)
    else:
        births, lengths = rng.integers(0, 5, n_bars), rng.integers(0, 5, n_bars)
    return np.column_stack([births, births + lengths]).astype(float)


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z")


def test_two_tents_by_hand():
    landscape = persistence_landscape(Diagram(1, np.array([[0.0, 4.0], [2.0, 6.0]])), n_layers=3)
    np.testing.assert_array_equal(landscape.layer(0), [[0, 0], [2, 2], [3, 1], [4, 2], [6, 0]])
    np.testing.assert_array_equal(landscape.layer(1), [[2, 0], [3, 1], [4, 0]])
    assert (len(landscape), len(landscape.layer(2))) == (3, 0)


def test_tents_that_touch_and_tents_apart_by_hand():
    pairs = np.array([[0.0, 2.0], [2.0, 4.0], [5.0, 7.0]])
    landscape = persistence_landscape(Diagram(1, pairs), n_layers=None)
    assert len(landscape) == 1
    expected = [[0, 0], [1, 1], [2, 0], [3, 1], [4, 0], [5, 0], [6, 1], [7, 0]]
    np.testing.assert_array_equal(landscape.layer(0), expected)


@laws
@given(bars())
def test_every_layer_is_the_definition_between_all_crossings(pairs):
    scales = scales_of_change(pairs, [[-1.0, 9.0]])
    fine = np.unique(np.concatenate([scales, (scales[1:] + scales[:-1]) / 2]))
    landscape = persistence_landscape(Diagram(1, pairs), n_layers=max(len(pairs), 1))
    expected = heights(pairs, fine) if len(pairs) else np.zeros((1, len(fine)))
    np.testing.assert_allclose(landscape.at(fine), expected, atol=1e-12)


@laws
@given(bars())
def test_layers_are_concise_and_in_order(pairs):
    landscape = persistence_landscape(Diagram(1, pairs), n_layers=None)
    for index in range(len(landscape)):
        layer = landscape.layer(index)
        assert (np.diff(layer[:, 0]) > 0).all()
        assert (layer[:, 1] >= 0).all()
        assert layer[:, 1].max() > 0
    fewer = persistence_landscape(Diagram(1, pairs), n_layers=2)
    for index in range(min(2, len(landscape))):
        np.testing.assert_array_equal(fewer.layer(index), landscape.layer(index))


@laws
@given(bars(), bars(), st.sampled_from([2.0, 4.0]))
def test_the_distance_is_the_integral_of_the_definition(first, second, power):
    if len(first) + len(second):
        expected = distance(first, second, power)
        found = landscape_distance(first, second, power=power)
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


@laws
@given(bars(), bars(), st.sampled_from([1.0, 1.5, 2.7]))
def test_odd_powers_come_near_a_fine_sum(first, second, power):
    if len(first) + len(second):
        grid = np.linspace(0, np.vstack([first, second]).max(), 4001)
        layers = max(len(first), len(second))
        difference = np.subtract(
            *(
                persistence_landscape(Diagram(1, pairs), n_layers=layers).at(grid)
                for pairs in (first, second)
            )
        )
        total = trapezoid((np.abs(difference) ** power).sum(axis=0), grid)
        found = landscape_distance(first, second, power=power)
        np.testing.assert_allclose(found**power, total, rtol=1e-3, atol=1e-6)


def test_one_tent_by_hand():
    """A tent of half-width h has norm (2 h ** (p + 1) / (p + 1)) ** (1 / p)."""
    for power in (1.0, 2.0, 3.5):
        found = landscape_distance([[1.0, 4.0]], np.empty((0, 2)), power=power)
        assert found == pytest.approx((2 * 1.5 ** (power + 1) / (power + 1)) ** (1 / power))
    assert landscape_distance([[1.0, 4.0]], np.empty((0, 2)), power=np.inf) == 1.5


def test_the_norm_is_the_distance_from_nothing():
    loops = tl.persistence(CLOUD)[1]
    for power in (1.0, 2.0, np.inf):
        expected = landscape_distance(loops, np.empty((0, 2)), power=power)
        assert landscape_norm(loops, power=power) == expected
    # The tents of all layers have together the area of all tents.
    assert landscape_norm(loops, power=1) == pytest.approx(np.sum(loops.lifetimes**2) / 4)
    assert landscape_norm(loops, power=np.inf) == loops.lifetimes.max() / 2
    assert landscape_norm(loops, n_layers=1) < landscape_norm(loops, n_layers=2)


def test_large_powers_approach_the_largest_difference():
    first, second = (tl.persistence(cloud)[1] for cloud in (CLOUD, CLOUD[:100]))
    largest = landscape_distance(first, second, power=np.inf)
    assert landscape_distance(first, second, power=5000) == pytest.approx(largest, rel=1e-2)


def test_powers_of_small_and_large_clouds_neither_vanish_nor_overflow():
    bars = tl.persistence(CLOUD)[1].pairs
    expected = landscape_distance(bars, bars[:20], power=7.0)
    for scale in (1e-60, 1e60):
        found = landscape_distance(scale * bars, scale * bars[:20], power=7.0)
        assert found == pytest.approx(expected * scale ** (1 + 1 / 7), rel=1e-10)


def test_nearly_equal_landscapes_keep_their_digits():
    """A stretch that is nearly level is integrated as well as any other."""
    bars = np.array([[0.0, 2.0]])
    for power in (1.0, 3.0):
        found = landscape_distance(bars, bars + 1e-9, power=power)
        assert found == pytest.approx(1e-9 * 2 ** (1 / power), rel=1e-5)


def test_fewer_layers_are_nearer():
    first, second = (tl.persistence(cloud)[1] for cloud in (CLOUD, CLOUD[:100]))
    found = [landscape_distance(first, second, n_layers=count) for count in (1, 3, 10, None)]
    assert found == sorted(found)
    assert found[0] < found[-1]


def test_bars_that_never_die_are_told_apart():
    lasting = [[1.0, np.inf]]
    assert landscape_distance(lasting, [[3.0, np.inf]]) == 2.0
    assert landscape_distance(lasting, np.empty((0, 2))) == np.inf
    diagram = Diagram(0, np.array([[0.0, np.inf], [0.0, 1.0]]))
    assert persistence_landscape(diagram).at(0.5)[:, 0].tolist() == [0.5, 0, 0, 0, 0]
    assert landscape_norm(diagram, power=np.inf) == 0.5
    assert landscape_norm(diagram, power=np.inf, cut_at=4) == 2
    cut = persistence_landscape(diagram, cut_at=4)
    np.testing.assert_array_equal(cut.layer(0), [[0, 0], [2, 2], [4, 0]])


def test_is_gudhis_landscape():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        representations = pytest.importorskip("gudhi.representations")
    loops = tl.persistence(CLOUD)[1]
    grid = np.linspace(0, 2, 301)
    theirs = representations.Landscape(
        num_landscapes=4, resolution=301, sample_range=[0, 2], keep_endpoints=True
    )(loops.pairs)
    ours = persistence_landscape(loops, n_layers=4).at(grid)
    # GUDHI multiplies its tents by the square root of two.
    np.testing.assert_allclose(np.sqrt(2) * ours.ravel(), theirs, atol=1e-12)


def test_is_persims_landscape():
    persim_landscapes = pytest.importorskip("persim.landscapes")
    loops = tl.persistence(CLOUD)[1]
    theirs = persim_landscapes.PersLandscapeExact(dgms=[np.empty((0, 2)), loops.pairs], hom_deg=1)
    theirs.compute_landscape()
    ours = persistence_landscape(loops, n_layers=None)
    assert len(theirs.critical_pairs) == len(ours)
    grid = np.linspace(0, 2, 501)
    for index, layer in enumerate(theirs.critical_pairs):
        expected = np.interp(grid, *np.array(layer).T, left=0, right=0)
        np.testing.assert_allclose(ours.at(grid)[index], expected, atol=1e-12)


@pytest.mark.parametrize("bad", [0, 1.5, True])
def test_says_what_is_wrong_with_a_number_of_layers(bad):
    diagram = tl.persistence(CLOUD)[1]
    with refuses(f"`n_layers` must be an integer from 1 to 1000000; got {bad!r}"):
        persistence_landscape(diagram, n_layers=bad)
    with refuses(f"`n_layers` must be an integer at least 1; got {bad!r}"):
        landscape_distance(diagram, diagram, n_layers=bad)


def test_says_what_is_wrong_with_the_rest():
    diagram = Diagram(1, np.array([[2.0, np.inf]]))
    sentence = "`cut_at` must not lie before the birth of a bar that never dies, 2; got 1"
    with refuses(sentence):
        persistence_landscape(diagram, cut_at=1)
    with refuses("`power` must be a finite number at least 1; got 0.5"):
        landscape_distance(diagram, diagram, power=0.5)
    with refuses("`index` must be from 0 to 4; got 5"):
        persistence_landscape(diagram).layer(5)
