"""Lenses by hand, and against slow references."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

import topolens as tl
from topolens.descriptors.mapper import lenses
from topolens.descriptors.mapper.lens_names import LENSES
from topolens.descriptors.mapper.output_lenses import entropy, loss, margin

CLOUD = np.random.default_rng(0).normal(size=(300, 4)) * [3, 1, 0.5, 0.1]
LOGITS = np.array([[2.0, 0.5, -1.0], [0.0, 3.0, 1.0], [1.0, 1.0, 1.0]])


def values(name, points=CLOUD, **more):
    return tl.lens_values(name, points, **more)


def test_the_norm_is_that_of_each_row():
    found = values("l2_norm", CLOUD.astype(np.float32))
    assert found.shape == (300, 1)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found[:, 0], np.linalg.norm(CLOUD, axis=1), rtol=1e-6)


@pytest.mark.parametrize("points", [CLOUD, CLOUD[:3]], ids=["tall", "wide"])
def test_principal_coordinates_are_the_projections_of_largest_variance(points):
    found = values("pca:2", points)
    left, scales, directions = np.linalg.svd(points - points.mean(0), full_matrices=False)
    np.testing.assert_allclose(np.abs(found), np.abs(left[:, :2] * scales[:2]), atol=1e-9)
    for axis in range(2):
        sign = np.sign(directions[axis, np.abs(directions[axis]).argmax()])
        np.testing.assert_allclose(found[:, axis], sign * left[:, axis] * scales[axis], atol=1e-9)


def test_signs_of_principal_coordinates_do_not_turn_with_the_order_of_rows():
    np.testing.assert_allclose(values("pca:2", CLOUD[::-1]), values("pca:2")[::-1], atol=1e-9)


def test_distances_to_a_neighbour_are_exact():
    expected = np.sort(cdist(CLOUD, CLOUD), axis=1)[:, 7]
    np.testing.assert_allclose(values("knn_distance:7")[:, 0], expected, rtol=1e-12)


def test_density_is_the_mean_kernel_over_the_others():
    distances = cdist(CLOUD, CLOUD)
    width = np.median(np.sort(distances, axis=1)[:, 10])
    kernel = np.exp(-(distances**2) / (2 * width**2))
    expected = (kernel.sum(axis=1) - 1) / 299
    np.testing.assert_allclose(values("density:10")[:, 0], expected, rtol=1e-9)


def test_density_over_a_sample_orders_points_as_that_over_all():
    cloud = np.random.default_rng(1).normal(size=(4000, 3))
    exact = lenses.density(cloud, 40, sample=None)
    sampled = lenses.density(cloud, 10, sample=1000)
    assert np.corrcoef(exact, sampled)[0, 1] > 0.98
    rows = lenses.sampled_rows(4000, 1000, 0)
    inside, outside = sampled[rows].mean(), np.delete(sampled, rows).mean()
    assert inside == pytest.approx(outside, rel=0.1)  # sampled points do not count themselves


@pytest.mark.parametrize("power", [1, 2, 3.5, np.inf])
def test_eccentricity_is_a_mean_of_distances(power):
    distances = cdist(CLOUD, CLOUD)
    mean = (
        distances.max(axis=1) if power == np.inf else (distances**power).mean(axis=1) ** (1 / power)
    )
    np.testing.assert_allclose(lenses.eccentricity(CLOUD, power), mean, rtol=1e-9)
    np.testing.assert_allclose(values(f"eccentricity:{power}")[:, 0], mean, rtol=1e-9)


def test_eccentricity_over_a_sample_is_near_that_over_all():
    found = lenses.eccentricity(CLOUD, 1, sample=150)
    np.testing.assert_allclose(found, lenses.eccentricity(CLOUD, 1), rtol=0.15)


def test_blocks_do_not_show(monkeypatch):
    whole = lenses.eccentricity(CLOUD, 1, sample=100), lenses.density(CLOUD, 5, sample=100)
    monkeypatch.setattr(lenses, "_ROWS_AT_ONCE", 7)
    again = lenses.eccentricity(CLOUD, 1, sample=100), lenses.density(CLOUD, 5, sample=100)
    np.testing.assert_allclose(whole, again, rtol=1e-10)


def test_lenses_of_the_output_by_hand():
    labels = np.array([0, 2, 1])
    assert margin(LOGITS, labels).tolist() == [1.5, -2.0, 0.0]
    assert margin(LOGITS).tolist() == [1.5, 2.0, 0.0]
    chances = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(entropy(LOGITS), -(chances * np.log(chances)).sum(axis=1))
    np.testing.assert_allclose(loss(LOGITS, labels), -np.log(chances[[0, 1, 2], labels]))


def test_large_logits_neither_overflow_nor_vanish():
    logits = np.array([[1e4, 0.0], [0.0, 1e4]])
    assert entropy(logits).tolist() == [0.0, 0.0]
    assert loss(logits, [0, 0]).tolist() == [0.0, 1e4]


def test_lenses_of_the_output_have_names():
    points = np.zeros((3, 2))
    given = {"logits": LOGITS, "labels": np.array([0, 2, 1])}
    assert values("margin", points, **given).tolist() == [[1.5], [-2.0], [0.0]]
    assert values(("margin", "loss"), points, **given).shape == (3, 2)
    assert values("entropy", points, logits=LOGITS).shape == (3, 1)


def test_any_function_and_any_values_are_a_lens():
    assert values(lambda points: points[:, :2]).tolist() == CLOUD[:, :2].tolist()
    assert values(np.arange(300)).ravel().tolist() == list(range(300))
    assert values(("column:3", "column")).tolist() == CLOUD[:, [3, 0]].tolist()


def test_every_lens_has_a_line_for_the_command_line():
    for name, lens in LENSES.items():
        assert lens.summary.endswith("."), name
        assert len(lens.summary) <= 80


@pytest.mark.parametrize(
    ("lens", "sentence"),
    [
        ("l2norm", "no lens is called `l2norm`; did you mean `l2_norm`"),
        ("pca:two", "lens `pca` must have a whole number after the colon, its `n_components`"),
        ("pca:5", "`n_components` must be an integer from 1 to 4; got 5"),
        ("pca:3", "`lens` must have one column or two; got 3"),
        ("l2_norm:2", "lens `l2_norm` must stand without a number; got `l2_norm:2`"),
        ("column:4", "`number` must be an integer from 0 to 3; got 4"),
        ("density:300", "`k` must be smaller than the number of points; got 300"),
        ("eccentricity:0.5", "`power` must be a finite number at least 1; got 0.5"),
        ("eccentricity:x", "lens `eccentricity` must have a number after the colon, its `power`"),
        ("margin", "lens `margin` must have `logits`; got None"),
        (np.append(np.zeros(299), np.nan), "`lens` must be finite; row 299 holds NaN"),
        (lambda points: points[:9, 0], "one row per point; got 9 rows for 300 points"),
    ],
)
def test_mistakes_are_named(lens, sentence):
    with pytest.raises(tl.InvalidInputError, match=sentence):
        values(lens)


@pytest.mark.parametrize(
    ("logits", "labels", "sentence"),
    [
        (LOGITS[:, :1], [0, 0, 0], "a column for each of two classes or more; got 1"),
        (LOGITS, [0, 3, 0], "`labels` must be from 0 to 2, the columns of `logits`; row 1 is 3"),
        (LOGITS, [0, -1, 0], "`labels` must be from 0 to 2, the columns of `logits`; row 1 is -1"),
        (LOGITS, [0, 1], "`labels` must be one column of `logits` for each of the 3 points"),
        (LOGITS, ["a", "b", "c"], "one column of `logits` for each of the 3 points; got <U1"),
    ],
)
def test_mistakes_in_the_output_are_named(logits, labels, sentence):
    for lens in (margin, loss):
        with pytest.raises(tl.InvalidInputError, match=sentence):
            lens(logits, labels)


def test_a_density_of_copies_is_refused():
    with pytest.raises(tl.InvalidInputError, match="most have 15 copies or more"):
        lenses.density(np.zeros((40, 2)))
