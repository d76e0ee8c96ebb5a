"""Sums of lifetimes, by hand."""

import re

import numpy as np
import pytest

from topolens.base.errors import InvalidInputError
from topolens.base.results import Diagram, Diagrams
from topolens.descriptors import lifespan_sum

# Lifetimes 2, 0.5 and 3; one bar never dies.
BARS = Diagram(1, np.array([[0.0, np.inf], [1.0, 3.0], [2.0, 2.5], [4.0, 7.0]]))


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z")


@pytest.mark.parametrize(
    ("params", "value"),
    [
        ({}, 5.5),
        ({"alpha": 2}, 13.25),
        ({"alpha": 2, "factor": 0.5}, 6.625),
        ({"factor": 0.5}, 2.75),
        ({"longer_than": 0.5}, 5),
        ({"longer_than": 2, "alpha": 2}, 9),
        ({"longer_than": 3}, 0),
        ({"alpha": 0.5}, np.sqrt(2) + np.sqrt(0.5) + np.sqrt(3)),
    ],
)
def test_by_hand(params, value):
    assert lifespan_sum(BARS, **params) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize("pairs", [np.empty((0, 2)), np.array([[0.0, np.inf]])])
def test_is_zero_where_nothing_dies(pairs):
    total = lifespan_sum(Diagram(0, pairs))
    assert total == 0
    assert type(total) is float


@pytest.mark.parametrize("name", ["alpha", "factor"])
@pytest.mark.parametrize("bad", [0, -1, np.nan, np.inf, True, "1"])
def test_says_what_is_wrong(name, bad):
    with refuses(f"`{name}` must be a finite number above 0; got {bad!r}"):
        lifespan_sum(BARS, **{name: bad})


def test_says_what_is_wrong_with_a_length():
    with refuses("`longer_than` must be a finite number at least 0; got -1"):
        lifespan_sum(BARS, longer_than=-1)


def test_wants_one_degree():
    sentence = "`diagram` must be the Diagram of one degree, e.g. `diagrams[1]`; got Diagrams"
    with refuses(sentence):
        lifespan_sum(Diagrams((BARS,), 4, "euclidean", 7.0))
