"""Scales of clouds, worked by hand."""

import re

import numpy as np
import pytest

from topolens.base.errors import InvalidInputError
from topolens.clouds import NORMALISATIONS, normalise
from topolens.clouds.normalise import canonical_rule

# Distances 3, 4, 5, 4, 5, 3: their median is 4. The mean point is (1.5, 2).
RECTANGLE = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0], [3.0, 4.0]])
CENTRED = [[-1.5, -2.0], [1.5, -2.0], [-1.5, 2.0], [1.5, 2.0]]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("none", RECTANGLE),
        ("centred", CENTRED),
        ("median", np.array(CENTRED) / 4),
        ("mean", np.array(CENTRED) / 4),
        ("quantile", np.array(CENTRED) / 5),
        ("quantile:0.5", np.array(CENTRED) / 4),
        ("quantile:0.7", np.array(CENTRED) / 4.5),
        ("minmax", [[0, 0], [1, 0], [0, 1], [1, 1]]),
        ("zscore", [[-1, -1], [1, -1], [-1, 1], [1, 1]]),
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
    assert (
        *("none", "centred", "median", "mean", "quantile", "minmax", "zscore", "unit_norm"),
    ) == NORMALISATIONS


def test_none_does_not_copy():
    assert normalise(RECTANGLE, "none") is RECTANGLE


def test_a_constant_feature_becomes_zero():
    assert normalise([[7.0, 1.0], [7.0, 3.0]], "minmax").tolist() == [[0, 0], [0, 1]]
    # The mean of three times 0.1 is not 0.1, so a deviation would not be zero.
    cloud = [[0.1, 1.0], [0.1, 3.0], [0.1, 2.0]]
    scaled = normalise(cloud, "zscore")
    assert scaled[:, 0].tolist() == [0, 0, 0]
    np.testing.assert_allclose(scaled[:, 1], [-(1.5**0.5), 1.5**0.5, 0])


def test_rows_are_divided_by_their_lengths():
    cloud = [[3.0, 4.0], [-5.0, 0.0], [6e200, 8e200], [3e-200, -4e-200]]
    expected = [[0.6, 0.8], [-1, 0], [0.6, 0.8], [0.6, -0.8]]
    np.testing.assert_allclose(normalise(cloud, "unit_norm"), expected, rtol=1e-15)


def test_rows_of_zeros_are_named():
    cloud = np.eye(9)
    cloud[[1, 2, 3, 4, 5, 8]] = 0
    sentence = (
        "`points` must have no row of zeros for `how`='unit_norm'; 6 are zero: 1, 2, 3, 4, 5, …"
    )
    with pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z"):
        normalise(cloud, "unit_norm")


@pytest.mark.parametrize("how", ["quantile:", "quantile:0", "quantile:1.5", "quantile:nan"])
def test_a_quantile_is_a_share(how):
    sentence = f"`how` must be `quantile:Q` with Q above 0 and at most 1; got {how!r}"
    with pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z"):
        normalise(RECTANGLE, how)


def test_one_rule_has_one_spelling():
    assert canonical_rule("quantile") == canonical_rule("quantile:0.90") == "quantile:0.9"
    assert canonical_rule("zscore") == "zscore"


def test_single_precision_is_centred_in_double():
    cloud = np.full((3, 1), 16777216, np.float32)
    cloud[0] = 0
    sixth = 16777216 / 3
    np.testing.assert_array_equal(
        normalise(cloud, "centred"), np.array([[-2 * sixth], [sixth], [sixth]], np.float32)
    )


def test_an_unknown_scale_is_refused():
    known = "`none`, `centred`, `median`, `mean`, `quantile`, `minmax`, `zscore`, `unit_norm`"
    for how in ("zscores", "minmax:2", 3):
        sentence = f"`how` must be one of {known}; got {how!r}"
        with pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z"):
            normalise(RECTANGLE, how)


@pytest.mark.parametrize(
    ("how", "named"),
    [("median", "median"), ("quantile:0.5", "0.5 quantile"), ("mean", "mean")],
)
def test_a_distance_of_zero_is_refused(how, named):
    cloud = [[1.0], [1.0], [1.0], [1.0], [1.0 if how == "mean" else 2.0]]
    sentence = f"`points` must not coincide for `how`={how!r}; the {named} pairwise distance is 0"
    with pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z"):
        normalise(cloud, how)


@pytest.mark.parametrize("how", ["median", "mean", "quantile:0.9"])
def test_distances_that_overflow_are_refused(how):
    sentence = (
        f"`points` must be small enough for `how`={how!r}; sums of these values overflow float64"
    )
    with pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z"):
        normalise([[1e300], [-1e300], [3e299]], how)


def test_one_point_has_no_scale():
    with pytest.raises(InvalidInputError, match=r"\A`points` must hold at least 2 points; got 1\Z"):
        normalise([[1.0]], "none")
