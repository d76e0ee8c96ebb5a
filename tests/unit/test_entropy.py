"""Persistent entropy, by hand."""

import re

import numpy as np
import pytest

from topolens.base.errors import InvalidInputError
from topolens.base.results import Diagram
from topolens.descriptors import persistent_entropy


def bars(*lifetimes):
    return Diagram(1, np.array([[1.0, 1.0 + lifetime] for lifetime in lifetimes]).reshape(-1, 2))


# 1/4, 1/4 and 1/2 of the sum: entropy 2 (1/4) ln 4 + (1/2) ln 2 = 1.5 ln 2.
THREE = bars(1.0, 1.0, 2.0)


def test_by_hand():
    assert persistent_entropy(THREE) == pytest.approx(1.5 * np.log(2), rel=1e-15)


def test_normalised_by_hand():
    share = 1.5 * np.log(2) / np.log(3)
    assert persistent_entropy(THREE, normalised=True) == pytest.approx(share, rel=1e-15)


@pytest.mark.parametrize("normalised", [False, True])
def test_bars_that_never_die_or_never_live_add_nothing(normalised):
    extra = np.array([[0.0, np.inf], [3.0, 3.0]])
    more = Diagram(1, np.vstack([extra, THREE.pairs]))
    expected = persistent_entropy(THREE, normalised=normalised)
    assert persistent_entropy(more, normalised=normalised) == expected


@pytest.mark.parametrize("diagram", [bars(), bars(2.0), bars(0.0, 0.0), bars(np.inf, 1.0)])
@pytest.mark.parametrize("normalised", [False, True])
def test_is_zero_for_fewer_than_two_bars(diagram, normalised):
    assert persistent_entropy(diagram, normalised=normalised) == 0


def test_wants_a_diagram():
    sentence = "`diagram` must be the Diagram of one degree, e.g. `diagrams[1]`; got ndarray"
    with pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z"):
        persistent_entropy(THREE.pairs)
