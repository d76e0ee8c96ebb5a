"""Scales of clouds, worked by hand."""

import re

import numpy as np
import pytest

from topolens.base.errors import InvalidInputError
from topolens.clouds import NORMALISATIONS, normalise

# Distances 3, 4, 5, 4, 5, 3: their median is 4. The mean point is (1.5, 2).
RECTANGLE = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0], [3.0, 4.0]])
CENTRED = [[-1.5, -2.0], [1.5, -2.0], [-1.5, 2.0], [1.5, 2.0]]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("none", RECTANGLE),
        ("centred", CENTRED),
        ("median", np.array(CENTRED) / 4),
        ("minmax", [[0, 0], [1, 0], [0, 1], [1, 1]]),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_by_hand(how, expected, dtype):
    cloud = RECTANGLE.astype(dtype)
    cloud.setflags(write=False)
    scaled = normalise(cloud, how)
    np.testing.assert_array_equal(scaled, np.asarray(expected, dtype))
    assert scaled.dtype == dtype


def test_the_rules_are_listed():
    assert NORMALISATIONS == ("none", "centred", "median", "minmax")


def test_none_does_not_copy():
    assert normalise(RECTANGLE, "none") is RECTANGLE


def test_a_constant_feature_becomes_zero_under_minmax():
    assert normalise([[7.0, 1.0], [7.0, 3.0]], "minmax").tolist() == [[0, 0], [0, 1]]


def test_single_precision_is_centred_in_double():
    cloud = np.full((3, 1), 16777216, np.float32)
    cloud[0] = 0
    sixth = 16777216 / 3
    np.testing.assert_array_equal(
        normalise(cloud, "centred"), np.array([[-2 * sixth], [sixth], [sixth]], np.float32)
    )


def test_an_unknown_scale_is_refused():
    sentence = "`how` must be one of `none`, `centred`, `median`, `minmax`; got 'zscore'"
    with pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z"):
        normalise(RECTANGLE, "zscore")


def test_median_is_refused_where_most_pairs_coincide():
    sentence = "`points` must not coincide for `how`='median'; the median pairwise distance is 0"
    with pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z"):
        normalise([[1.0], [1.0], [1.0], [1.0], [2.0]], "median")


def test_one_point_has_no_scale():
    with pytest.raises(InvalidInputError, match=r"\A`points` must hold at least 2 points; got 1\Z"):
        normalise([[1.0]], "none")
