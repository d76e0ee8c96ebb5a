"""Numbers of bars, by hand."""

import re

import numpy as np
import pytest

from topolens.base.errors import InvalidInputError
from topolens.base.results import Diagram, Diagrams
from topolens.descriptors import bar_count

# Lifetimes 2, 0.5 and 4; one bar never dies.
BARS = Diagram(1, np.array([[0.0, np.inf], [1.0, 3.0], [2.0, 2.5], [4.0, 8.0]]))


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z")


@pytest.mark.parametrize(
    ("share", "count"),
    [(0, 3), (0.125, 3), (0.126, 2), (0.5, 2), (0.501, 1), (1, 1)],
)
def test_by_hand(share, count):
    assert bar_count(BARS, relative_to_longest=share) == count


@pytest.mark.parametrize(("length", "count"), [(0.49, 3), (0.5, 2), (2, 1), (4, 0)])
def test_by_hand_of_length(length, count):
    assert bar_count(BARS, longer_than=length) == count


def test_both_rules_hold_together():
    assert bar_count(BARS, longer_than=1, relative_to_longest=0.6) == 1
    assert bar_count(BARS, longer_than=3, relative_to_longest=0.1) == 1


def test_counts_all_that_die_unless_told():
    assert bar_count(BARS) == 3
    assert type(bar_count(BARS)) is int


@pytest.mark.parametrize("pairs", [np.empty((0, 2)), np.array([[0.0, np.inf]])])
@pytest.mark.parametrize("share", [0, 0.5])
def test_is_zero_where_nothing_dies(pairs, share):
    assert bar_count(Diagram(0, pairs), relative_to_longest=share) == 0


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (1.5, "`relative_to_longest` must be a finite number from 0 to 1; got 1.5"),
        (-0.25, "`relative_to_longest` must be a finite number from 0 to 1; got -0.25"),
        (np.nan, "`relative_to_longest` must be a finite number from 0 to 1; got nan"),
        ("all", "`relative_to_longest` must be a finite number from 0 to 1; got 'all'"),
    ],
)
def test_says_what_is_wrong(bad, sentence):
    with refuses(sentence):
        bar_count(BARS, relative_to_longest=bad)


@pytest.mark.parametrize("bad", [-0.1, np.inf, "long"])
def test_says_what_is_wrong_with_a_length(bad):
    with refuses(f"`longer_than` must be a finite number at least 0; got {bad!r}"):
        bar_count(BARS, longer_than=bad)


def test_wants_one_degree():
    sentence = "`diagram` must be the Diagram of one degree, e.g. `diagrams[1]`; got Diagrams"
    with refuses(sentence):
        bar_count(Diagrams((BARS,), 4, "euclidean", 7.0))
