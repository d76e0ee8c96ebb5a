"""Sliced Wasserstein distance, by hand where the lines are few."""

import re

import numpy as np
import pytest

from topolens import persistence
from topolens.base.errors import InvalidInputError
from topolens.base.results import Diagram
from topolens.comparison import sliced_wasserstein

EMPTY = np.empty((0, 2))


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z")


@pytest.mark.parametrize(
    ("first", "second", "directions", "value"),
    [
        # The only line is vertical: deaths 4 and foot 3.5 against 7 and foot 2.
        ([[0.0, 4.0]], [[0.0, 7.0]], 1, 1.5 + 3),
        # The second line is horizontal, on which births are projected with their sign changed:
        # 0 and -3.5 against 0 and -2.
        ([[0.0, 4.0]], [[0.0, 7.0]], 2, (4.5 + 1.5) / 2),
        # One bar of length 2 against nothing: 1 on each of the two lines.
        ([[1.0, 3.0]], EMPTY, 2, 1.0),
        ([[1.0, 3.0], [0.0, 4.0]], [[0.0, 4.0], [1.0, 3.0]], 7, 0.0),
    ],
)
def test_by_hand(first, second, directions, value):
    distance = sliced_wasserstein(first, second, directions=directions)
    assert distance == pytest.approx(value, rel=1e-15)
    assert sliced_wasserstein(second, first, directions=directions) == distance


def test_one_bar_against_nothing_has_a_closed_form():
    # length / sqrt(2) times the mean of |cos|, 2 / pi, in the limit of many lines.
    distance = sliced_wasserstein([[1.0, 4.0]], EMPTY, directions=20000)
    assert distance == pytest.approx(3 / np.sqrt(2) * 2 / np.pi, rel=1e-7)


def test_takes_fifty_lines_unless_told():
    pair = [[0.3, 0.9]], [[0.25, 1.0], [0.5, 0.6]]
    assert sliced_wasserstein(*pair) == sliced_wasserstein(*pair, directions=50)
    assert sliced_wasserstein(*pair) != sliced_wasserstein(*pair, directions=51)


def test_bars_that_never_die_are_matched_in_order_of_birth():
    first = [[0.0, np.inf], [2.0, np.inf], [1.0, 3.0]]
    second = [[1.0, 3.0], [2.5, np.inf], [0.25, np.inf]]
    assert sliced_wasserstein(first, second) == 0.75


def test_different_numbers_of_bars_that_never_die_are_infinitely_far():
    assert sliced_wasserstein([[0.0, np.inf]], EMPTY) == np.inf


@pytest.mark.parametrize("empty", [[], [[]], EMPTY, Diagram(1, EMPTY)])
def test_two_empty_diagrams_coincide(empty):
    assert sliced_wasserstein(empty, EMPTY) == 0


def test_a_diagram_and_its_pairs_are_the_same():
    pairs = np.array([[0.0, 1.0], [0.5, 2.0]])
    other = Diagram(1, np.array([[0.25, 1.5]]))
    assert sliced_wasserstein(Diagram(1, pairs), other) == sliced_wasserstein(pairs, other.pairs)


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ([0.0, 1.0], "`second` must have shape (n_bars, 2); got shape (2,)"),
        (np.zeros((2, 3)), "`second` must have shape (n_bars, 2); got shape (2, 3)"),
        (
            [[0, 1], [1, np.nan]],
            "`second` must have finite births and deaths not before them; row 1 is (1, nan)",
        ),
        (
            [[2, 1]],
            "`second` must have finite births and deaths not before them; row 0 is (2, 1)",
        ),
        (
            [[-np.inf, 1]],
            "`second` must have finite births and deaths not before them; row 0 is (-inf, 1)",
        ),
        ([["a", "b"]], "`second` must be real numbers of at most 64 bits; got dtype <U1"),
        (
            persistence([[0.0], [1.0]]),
            "`second` must be the Diagram of one degree, e.g. `diagrams[1]`; got Diagrams",
        ),
    ],
)
def test_says_what_is_wrong_with_which(bad, sentence):
    with refuses(sentence):
        sliced_wasserstein(EMPTY, bad)
    with refuses(sentence.replace("second", "first")):
        sliced_wasserstein(bad, EMPTY)


@pytest.mark.parametrize("bad", [0, -1, 2.5, True, 10**19])
def test_directions_are_counted(bad):
    with refuses(f"`directions` must be an integer from 1 to 100000; got {bad!r}"):
        sliced_wasserstein(EMPTY, EMPTY, directions=bad)
