"""Topological divergences of two clouds against ripser on the written-out matrix, and laws."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ripser import ripser
from scipy.spatial.distance import cdist

from topolens import (
    cross_barcode,
    information_imbalance,
    mtop_divergence,
    persistence,
    rtd,
    rtd_from_distances,
    rtd_trials,
)
from topolens.base.errors import InvalidInputError
from topolens.kernels import memory

laws = settings(derandomize=True, deadline=None, max_examples=40)
seeds = st.integers(0, 2**32 - 1)


@st.composite
def paired(draw):
    rng = np.random.default_rng(draw(seeds))
    n_points = draw(st.integers(4, 22))
    first, second = (rng.normal(size=(n_points, draw(st.integers(1, 4)))) for _ in range(2))
    return first, second


@st.composite
def unpaired(draw):
    """Two clouds in one space."""
    rng = np.random.default_rng(draw(seeds))
    width = draw(st.integers(1, 4))
    return tuple(rng.normal(size=(draw(st.integers(2, 20)), width)) for _ in range(2))


def total_of_loops(matrix):
    loops = ripser(matrix, distance_matrix=True, maxdim=1)["dgms"][1]
    return float(np.sum(loops[:, 1] - loops[:, 0], dtype=float))


def entry_by_entry(n_first, n_second, entry):
    """A matrix of the first points, then the second, from a rule about each pair."""
    n = n_first + n_second
    return np.array([[0.0 if i == j else entry(i, j) for j in range(n)] for i in range(n)])


def slow_direction(first, second):
    """Loops of `first` that `second` fills: names above n are the copies with the least lengths."""
    n = len(first)

    def entry(i, j):
        if i < n and j < n:
            return 0.0
        if i >= n and j >= n:
            return min(first[i - n, j - n], second[i - n, j - n])
        return first[i % n, j % n]

    return total_of_loops(entry_by_entry(n, n, entry))


@laws
@given(paired())
def test_rtd_is_ripser_on_the_doubled_matrix(pair):
    scaled = []
    for cloud in pair:
        distances = cdist(cloud, cloud)
        scaled.append(distances / np.quantile(distances, 0.9))
    there, back = slow_direction(*scaled), slow_direction(*scaled[::-1])
    trials = rtd_trials(*pair)
    np.testing.assert_allclose(trials.values, [[there, back]], atol=1e-5)
    assert rtd(*pair) == trials.value
    assert rtd_from_distances(*(cdist(c, c) for c in pair)) == pytest.approx(trials.value, abs=1e-9)
    assert np.isnan(trials.standard_error)


@laws
@given(unpaired())
def test_cross_barcode_is_ripser_on_the_matrix_with_one_cloud_at_zero(pair):
    first, second = pair
    across, within = cdist(first, second), cdist(first, first)
    n = len(first)

    def entry(i, j):
        i, j = max(i, j), min(i, j)
        if i < n:
            return within[i, j]
        return across[j, i - n] if j < n else 0.0

    matrix = entry_by_entry(n, len(second), entry)
    found = cross_barcode(first, second)
    expected = ripser(matrix, distance_matrix=True, maxdim=1)["dgms"]
    for degree in (0, 1):
        bars = expected[degree][expected[degree][:, 1] > expected[degree][:, 0]]
        order = np.lexsort(bars.T[::-1])
        np.testing.assert_allclose(found[degree].pairs, bars[order], atol=1e-5)
    total = mtop_divergence(first, second)
    assert total == pytest.approx(found[1].lifetimes.sum(), abs=1e-12)


@laws
@given(unpaired())
def test_beside_one_of_its_own_points_a_cloud_has_its_own_bars(pair):
    cloud = pair[0]
    beside = cross_barcode(cloud, cloud[:1], max_dim=2)
    for ours, theirs in zip(beside, persistence(cloud, max_dim=2), strict=True):
        np.testing.assert_allclose(ours.pairs, theirs.pairs, rtol=1e-12)


@laws
@given(unpaired())
def test_a_cloud_that_holds_the_other_leaves_nothing(pair):
    found = cross_barcode(pair[0], np.vstack(pair))
    assert found[0].pairs.tolist() == [[0, np.inf]]
    assert len(found[1]) == 0


def ring(n, radius=1.0):
    angle = 2 * np.pi * np.arange(n) / n
    return radius * np.column_stack([np.cos(angle), np.sin(angle)])


def test_a_ring_beside_its_centre_is_a_loop_until_its_spokes_meet():
    # Born where neighbours meet; at 1 every point of the ring meets the centre.
    loops = cross_barcode(ring(40), np.zeros((1, 2)))[1]
    (longest,) = loops.pairs[loops.lifetimes > 1e-9]
    np.testing.assert_allclose(longest, [2 * np.sin(np.pi / 40), 1], rtol=1e-12)


def test_trials_are_seeded_samples_of_the_rows():
    rng = np.random.default_rng(4)
    first = rng.normal(size=(120, 3))
    second = first + 0.5 * rng.normal(size=(120, 3))
    trials = rtd_trials(first, second, n_points=40, n_trials=3)
    assert trials.values.shape == (3, 2)
    assert len(np.unique(trials.values)) == 6
    spread = trials.values.mean(axis=1).std(ddof=1) / np.sqrt(3)
    assert trials.standard_error == pytest.approx(spread, rel=1e-12)
    again = rtd_trials(first, second, n_points=40, n_trials=5)
    np.testing.assert_array_equal(again.values[:3], trials.values)
    other = rtd_trials(first, second, n_points=40, n_trials=3, seed=1)
    assert (other.values != trials.values).all()


def test_samples_of_both_representations_are_the_same_rows():
    cloud = np.random.default_rng(5).normal(size=(120, 3))
    assert rtd(cloud, 4 * cloud, n_points=30, n_trials=4) == 0


def test_samples_of_clouds_without_correspondence_are_drawn_apart():
    rng = np.random.default_rng(6)
    first, second = rng.normal(size=(90, 2)), rng.normal(size=(120, 2)) + 0.5
    sizes = {"n_first": 30, "n_second": 50}
    value = mtop_divergence(first, second, **sizes, n_trials=4)
    assert value == mtop_divergence(first, second, **sizes, n_trials=4)
    assert value != mtop_divergence(first, second, **sizes, n_trials=4, seed=1)
    assert value != mtop_divergence(first, second, **sizes, n_trials=3)
    assert mtop_divergence(first, first) == 0
    assert mtop_divergence(first, first, **sizes) > 0
    # A cloud taken whole meets every sample of the other.
    whole = mtop_divergence(first, second, n_first=90, n_second=50, n_trials=4)
    assert whole != mtop_divergence(first, second, n_first=90, n_second=50, n_trials=1)


def test_single_precision_stays_single_where_it_fits():
    rng = np.random.default_rng(7)
    first, second = rng.normal(size=(2, 60, 3)).astype(np.float32)
    assert rtd(first, second) == pytest.approx(rtd(first.astype(float), second), rel=1e-5)


def test_what_does_not_fit_is_refused_before_it_begins(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 10**4)
    cloud = np.random.default_rng(8).normal(size=(30, 2))
    for call in (rtd, cross_barcode, mtop_divergence):
        with pytest.raises(InvalidInputError, match=r"\Apersistence of 60 points needs \d+ MB"):
            call(cloud, cloud)
    with pytest.raises(InvalidInputError, match=r"\Apersistence takes at most 65535 points"):
        cross_barcode(np.zeros((65535, 1)), np.zeros((1, 1)))
    monkeypatch.setattr(memory, "available_memory", lambda: 10**3)
    with pytest.raises(InvalidInputError, match=r"\Aranking the distances of 30 points needs"):
        information_imbalance(cloud, cloud)


CLOUD = np.eye(4)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: rtd(CLOUD, np.zeros((4, 1))),
            "`second` must have a 0.9 quantile of distances to divide by; it is 0",
        ),
        (
            lambda: rtd(CLOUD, np.eye(5)),
            "`first` and `second` must hold the same samples row by row; got 4 and 5 rows",
        ),
        (
            lambda: rtd_from_distances(np.ones((4, 4)) - CLOUD, np.ones((5, 5)) - np.eye(5)),
            "`first` and `second` must hold the same samples row by row; got 4 and 5 rows",
        ),
        (
            lambda: rtd_from_distances(np.ones((4, 4)), CLOUD),
            "`first` must have a zero diagonal; entry (0, 0) is 1",
        ),
        (lambda: rtd(CLOUD, CLOUD, n_points=1), "`n_points` must be an integer at least 2; got 1"),
        (lambda: rtd(CLOUD, CLOUD, n_trials=0), "`n_trials` must be an integer at least 1; got 0"),
        (lambda: rtd(CLOUD, CLOUD, seed=-1), "`seed` must be an integer at least 0; got -1"),
        (
            lambda: mtop_divergence(CLOUD, np.eye(5)),
            "`first` and `second` must lie in the same space; got 4 and 5 features",
        ),
        (
            lambda: cross_barcode(CLOUD, np.eye(5)),
            "`first` and `second` must lie in the same space; got 4 and 5 features",
        ),
        (
            lambda: cross_barcode(CLOUD, CLOUD, max_dim=3),
            "`max_dim` must be an integer from 0 to 2; got 3",
        ),
        (
            lambda: cross_barcode([[-1e300]], [[1e300]]),
            "`first` and `second` must have distances that float64 holds; some are too far apart",
        ),
        (
            lambda: mtop_divergence(CLOUD, CLOUD, n_first=1),
            "`n_first` must be an integer at least 2; got 1",
        ),
        (
            lambda: mtop_divergence(CLOUD, CLOUD, n_second=0),
            "`n_second` must be an integer at least 2; got 0",
        ),
    ],
)
def test_mistakes_are_named(call, sentence):
    with pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z"):
        call()
