"""Lifetimes in parts of the longest or of the birth, by hand and in clouds of noise."""

import re

import numpy as np
import pytest

import topolens as tl
from topolens.base.errors import InvalidInputError
from topolens.base.results import Diagram
from topolens.descriptors import normalised_persistence, persistence_ratio, significant_bars

# Lifetimes 2, 1, 4 and none; ratios 3, 2 and 1.5; one never dies, one is born at 0.
BARS = Diagram(1, np.array([[0, 1], [1, 3], [1, np.inf], [2, 2], [8, 12]], dtype=float))


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z")


@pytest.mark.parametrize(
    ("power", "value"),
    [(1, 7 / 12), (2, np.sqrt(21 / 16 / 3)), (0.5, ((1 + 0.5 + np.sqrt(0.5)) / 3) ** 2)],
)
def test_normalised_by_hand(power, value):
    assert normalised_persistence(BARS, power=power) == pytest.approx(value, rel=1e-14)


def test_equal_bars_are_wholly_normalised():
    assert normalised_persistence(Diagram(1, np.array([[0.0, 0.1], [0.3, 0.4]]))) == pytest.approx(
        1
    )
    assert normalised_persistence(Diagram(1, np.array([[1.0, 1.0], [0.0, np.inf]]))) == 0


def test_ratio_by_hand():
    assert persistence_ratio(BARS) == 3
    assert persistence_ratio(Diagram(0, np.array([[0.0, 5.0], [0.0, np.inf]]))) == 1


def test_p_values_by_hand():
    found = significant_bars(BARS)
    assert found.rows.tolist() == [1, 4]
    excess = np.log(np.log([3, 1.5]))
    expected = np.exp(-np.exp(excess - excess.mean() - 0.5772156649015329))
    np.testing.assert_allclose(found.p_values, expected, rtol=1e-12)
    assert found.value == 0


def test_p_values_of_noise_are_uniform_whatever_the_cloud():
    """Uniform and Gaussian noise, in a plane and in space: quantiles lie near the diagonal."""
    rng = np.random.default_rng(0)
    for cloud in (rng.random((900, 2)), rng.standard_normal((500, 3))):
        p_values = np.sort(significant_bars(tl.persistence(cloud)[1]).p_values)
        even = (np.arange(len(p_values)) + 0.5) / len(p_values)
        assert np.abs(p_values - even).max() < 0.08


def test_noise_has_no_significant_loop_and_noisy_rings_have_theirs():
    rng = np.random.default_rng(0)
    found = [significant_bars(tl.persistence(rng.random((150, 2)))[1]).value for _ in range(20)]
    assert sum(found) <= 3
    angle = rng.uniform(0, 2 * np.pi, 150)
    ring = np.column_stack([np.cos(angle), np.sin(angle)])
    noisy = ring + 0.1 * rng.standard_normal(ring.shape)
    both = np.vstack([noisy, rng.permutation(noisy) + np.array([5, 0])])
    assert significant_bars(tl.persistence(noisy)[1]).value == 1
    assert significant_bars(tl.persistence(both)[1]).value == 2


def test_short_bars_keep_their_digits():
    """The logarithm of a ratio near 1 is taken of the excess, not of the ratio."""
    births = np.ones(3)
    lifetimes = np.array([2.0**-40, 2.0**-39, 2.0**-38])
    found = significant_bars(Diagram(1, np.column_stack([births, births + lifetimes])))
    excess = np.log(lifetimes)
    expected = np.exp(-np.exp(excess - excess.mean() - np.euler_gamma))
    np.testing.assert_allclose(found.p_values, expected, rtol=1e-5)


@pytest.mark.parametrize("bad", [0, 1, -0.1])
def test_says_what_is_wrong_with_a_level(bad):
    with refuses(f"`level` must be between 0 and 1; got {bad!r}"):
        significant_bars(BARS, level=bad)


def test_says_what_is_wrong_with_a_power():
    with refuses("`power` must be a finite number above 0; got 0"):
        normalised_persistence(BARS, power=0)
