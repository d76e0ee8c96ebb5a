"""Lifespan sums of classes, by spanning trees and by hand."""

import re

import numpy as np
import pytest
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import pdist, squareform

import topolens as tl
from topolens.base.errors import InvalidInputError
from topolens.descriptors import lifespan_sum, lifespan_sum_per_class

RNG = np.random.default_rng(0)
CLOUD = RNG.normal(size=(200, 4)) * [1, 2, 5, 0] + 3
LABELS = RNG.integers(0, 10, 200)


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z")


def tree_length(points):
    return minimum_spanning_tree(squareform(pdist(points))).sum()


def test_every_class_is_its_spanning_tree_after_min_and_max():
    low, high = CLOUD.min(axis=0), CLOUD.max(axis=0)
    scaled = (CLOUD - low) / np.where(high > low, high - low, 1)
    expected = [tree_length(scaled[k == LABELS]) for k in range(10)]
    found = lifespan_sum_per_class(CLOUD, LABELS)
    np.testing.assert_allclose(found.per_class, expected, rtol=1e-12)
    assert found.value == pytest.approx(np.mean(expected))
    assert found.classes.tolist() == list(range(10))
    np.testing.assert_array_equal(found.counts, np.bincount(LABELS))


@pytest.mark.parametrize("dimension", [0, 1, 2])
def test_is_the_lifespan_sum_of_each_class_in_every_degree(dimension):
    params = {"alpha": 1.5, "factor": 0.5}
    points = RNG.normal(size=(120, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    names = np.array(["cat", "dog"])[np.arange(120) % 2]
    found = lifespan_sum_per_class(points, names, dimension=dimension, scaling="none", **params)
    for name, total in zip(found.classes, found.per_class, strict=True):
        diagrams = tl.persistence(points[names == name], max_dim=dimension)
        assert total == lifespan_sum(diagrams[dimension], **params)
        assert total > 0
    assert found.classes.tolist() == ["cat", "dog"]


def test_large_classes_are_drawn_and_scaled_by_all_points():
    points = np.linspace(0, 9, 10)[:, None]
    found = lifespan_sum_per_class(points, [0] * 8 + [1] * 2, max_per_class=3)
    assert found.counts.tolist() == [3, 2]
    assert found.per_class[1] == pytest.approx(1 / 9)
    again = lifespan_sum_per_class(points, [0] * 8 + [1] * 2, max_per_class=3)
    assert again.value == found.value
    others = {
        lifespan_sum_per_class(points, [0] * 8 + [1] * 2, max_per_class=3, seed=seed).value
        for seed in range(10)
    }
    assert len(others) > 1


def test_says_what_is_wrong_with_labels():
    with refuses(
        "`labels` must name at least 2 classes; got 1; `lifespan_sum` measures a whole cloud"
    ):
        lifespan_sum_per_class(CLOUD, np.zeros(200, int))
    with refuses("`labels` must give every class at least 2 points; class 7 has 1"):
        lifespan_sum_per_class(CLOUD, [7] + [1] * 199)
    with pytest.raises(InvalidInputError, match="`labels` must be one class, a whole number"):
        lifespan_sum_per_class(CLOUD, LABELS[:-1])


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"scaling": "max"}, "`scaling` must be one of `minmax`, `none`; got 'max'"),
        ({"max_per_class": 1}, "`max_per_class` must be an integer at least 2; got 1"),
        ({"seed": -1}, "`seed` must be an integer at least 0; got -1"),
        (
            {"dimension": 3},
            "`dimension` must be 0, 1 or 2; got 3; GUDHI and ripser compute higher degrees",
        ),
        ({"alpha": 0}, "`alpha` must be a finite number above 0; got 0"),
    ],
)
def test_says_what_is_wrong(params, sentence):
    with refuses(sentence):
        lifespan_sum_per_class(CLOUD, LABELS, **params)
