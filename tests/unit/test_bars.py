"""Bars at the ends of the range of numbers, of two degrees, and of diagrams made by hand."""

import re

import numpy as np
import pytest

import topolens.comparison
import topolens.descriptors  # noqa: F401  both packages fill the registries
from topolens.base.errors import InvalidInputError
from topolens.base.registry import descriptors, metrics
from topolens.base.results import Diagram
from topolens.comparison import (
    betti_curve_distance,
    bottleneck,
    image_distance,
    landscape_distance,
    sliced_wasserstein,
    wasserstein,
)
from topolens.descriptors import (
    landscape_norm,
    lifespan_sum,
    persistence_ratio,
    persistent_entropy,
    significant_bars,
)

OF_DIAGRAMS = [name for name in metrics if metrics[name].takes == "diagrams"]
DESCRIBE_DIAGRAMS = [name for name in descriptors if descriptors[name].takes == "diagrams"]
WRONG = [[np.nan, 1.0], [-np.inf, 1.0], [2.0, 1.0], [0.0, np.nan]]


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=re.escape(sentence))


@pytest.mark.parametrize("name", OF_DIAGRAMS)
@pytest.mark.parametrize("bar", WRONG)
def test_no_metric_takes_a_diagram_that_holds_no_bars(name, bar):
    bad, good = Diagram(1, np.array([bar])), Diagram(1, np.array([[0.0, 1.0]]))
    for pair in ((bad, good), (good, bad)):
        with refuses("must have finite births and deaths not before them; row 0 is"):
            metrics[name].run(*pair)


@pytest.mark.parametrize("name", DESCRIBE_DIAGRAMS)
@pytest.mark.parametrize("bar", WRONG)
def test_no_descriptor_takes_a_diagram_that_holds_no_bars(name, bar):
    with refuses("`diagram` must have finite births and deaths not before them; row 0 is"):
        descriptors[name].run(Diagram(1, np.array([bar])))


@pytest.mark.parametrize("name", OF_DIAGRAMS)
def test_diagrams_of_two_degrees_are_not_compared(name):
    bars = np.array([[0.0, 1.0]])
    with refuses("must be diagrams of one homology degree; got H0 and H1"):
        metrics[name].run(Diagram(0, bars), Diagram(1, bars))
    assert metrics[name].run(bars, Diagram(1, bars)) == 0


@pytest.mark.parametrize(
    ("compare", "params", "scale"),
    [
        (sliced_wasserstein, {}, 1e308),
        (landscape_distance, {}, 1e220),
        (landscape_distance, {"power": 1}, 1e160),
        (image_distance, {"weight_power": 2}, 1e200),
        (image_distance, {"bandwidth": 1e-310}, 1.0),
    ],
)
def test_a_distance_that_overflows_is_neither_infinity_nor_zero(compare, params, scale):
    first, second = np.array([[0.0, 1.0], [-1.0, 1.0]]) * scale, np.array([[0.0, 0.5]]) * scale
    with refuses("must have bars whose powers and sums float64 holds"):
        compare(first, second, **params)


@pytest.mark.parametrize(
    ("describe", "params", "bars"),
    [
        (lifespan_sum, {"alpha": 2}, [[0.0, 1e200]]),
        (landscape_norm, {"power": 1}, [[0.0, 1e200]]),
        (persistence_ratio, {}, [[1e-300, 1e100]]),
        (significant_bars, {}, [[1e-300, 1e100]]),
    ],
)
def test_a_description_that_overflows_is_refused(describe, params, bars):
    with refuses("`diagram` must have bars whose powers and sums float64 holds"):
        describe(Diagram(1, np.array(bars)), **params)


@pytest.mark.parametrize("compare", [wasserstein, bottleneck])
def test_matching_stays_where_steps_are_numbers(compare):
    with refuses("`second` must have births and deaths of at most 1e+300 in size; one is 1.5e+308"):
        compare([[0.0, 1.0]], [[-1.5e308, 1.5e308]])


@pytest.mark.parametrize("ground", ["l2", "l1", "linf"])
@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e-140, 1e140, 1e155, 1e299])
def test_matching_follows_the_scale(ground, scale):
    first, second = np.array([[0.0, 1.0], [0.2, 0.9]]), np.array([[0.1, 1.2], [0.2, 0.21]])
    for order in (1, 2, 30):
        distance = wasserstein(first, second, ground=ground, order=order)
        scaled = wasserstein(scale * first, scale * second, ground=ground, order=order)
        assert scaled == pytest.approx(scale * distance, rel=1e-12)


def test_high_powers_of_many_bars_do_not_overflow():
    # 50 bars more over an interval of length 1: 50 whatever the power.
    assert betti_curve_distance([[0, 1]] * 50, [], power=300) == pytest.approx(50)
    # The largest step counts: 5 of a bar that never dies.
    never = [[[0, np.inf]], [[5, np.inf]]]
    assert wasserstein(*never, order=600) == 5
    assert wasserstein([[-1e140, np.inf]], [[1e140, np.inf]], order=3) == 2e140
    assert bottleneck(*never) == 5


def test_bars_beside_much_longer_ones_add_nothing_to_the_entropy():
    lengths = [[0.0, 1e200], [0.0, 1e200], [0.0, 1e-200]]
    assert persistent_entropy(Diagram(1, np.array(lengths))) == pytest.approx(np.log(2))
    huge = np.array([[0.0, 1.5e308], [0.0, 1.5e308]])
    assert persistent_entropy(Diagram(1, huge)) == pytest.approx(np.log(2))
