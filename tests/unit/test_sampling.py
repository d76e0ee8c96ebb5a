"""Which rows become points."""

import re

import numpy as np
import pytest

from topolens.base.errors import InvalidInputError
from topolens.clouds import half_samples, sample_rows

# Rows drawn by the first release: stored clouds and caches rely on them.
PINNED_ROWS = [0, 3, 5, 7]
PINNED_HALVES = [[0, 2, 4, 6], [1, 3, 7, 8], [0, 1, 2, 4]]


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z")


def test_all_rows_are_all_rows():
    assert sample_rows(5, 5, seed=3).tolist() == [0, 1, 2, 3, 4]


def test_a_draw_never_moves():
    assert sample_rows(10, 4).tolist() == PINNED_ROWS
    assert [half.tolist() for half in half_samples(9, 3)] == PINNED_HALVES


def test_the_seed_changes_the_draw():
    draws = {tuple(sample_rows(1000, 20, seed=seed).tolist()) for seed in range(5)}
    assert len(draws) == 5
    assert half_samples(100, 1, seed=1)[0].tolist() != half_samples(100, 1, seed=2)[0].tolist()


def test_every_row_is_as_likely_as_another():
    hits = np.zeros(10)
    for seed in range(2000):
        hits[sample_rows(10, 3, seed=seed)] += 1
    # 600 expected each, standard deviation 20.5
    np.testing.assert_allclose(hits, 600, atol=90)


def test_an_odd_point_is_left_out_of_halves():
    first, second = half_samples(7, 2)
    assert (len(first), len(second)) == (3, 3)
    assert len({*first.tolist(), *second.tolist()}) == 6


def test_no_samples_are_an_empty_list():
    assert half_samples(10, 0) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((0, 1), "`n_rows` must be an integer at least 1; got 0"),
        ((5, 0), "`n_points` must be an integer at least 1; got 0"),
        ((5, 2.0), "`n_points` must be an integer at least 1; got 2.0"),
        ((5, 6), "`n_points` must be at most the 5 rows there are; got 6"),
    ],
)
def test_sample_rows_says_what_is_wrong(arguments, sentence):
    with refuses(sentence):
        sample_rows(*arguments)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((3, 1), "`n_points` must be an integer at least 4; got 3"),
        ((4, -1), "`count` must be an integer at least 0; got -1"),
        ((4, True), "`count` must be an integer at least 0; got True"),
    ],
)
def test_half_samples_says_what_is_wrong(arguments, sentence):
    with refuses(sentence):
        half_samples(*arguments)


def test_a_seed_is_a_natural_number():
    with refuses("`seed` must be an integer at least 0; got -1"):
        sample_rows(5, 2, seed=-1)
    with refuses("`seed` must be an integer at least 0; got 1.5"):
        half_samples(5, 2, seed=1.5)
