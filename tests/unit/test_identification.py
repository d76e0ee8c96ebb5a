"""Looking layers up in other networks: hits, chance, ties, gaps and unequal counts."""

import re

import numpy as np
import pytest

from topolens import DistanceMatrix, InvalidInputError, same_layer_identification


def on_a_line(*models, **fields):
    """Layers of models m0, m1, … that sit at positions on a line."""
    labels = [(f"m{i}", f"l{k}") for i, model in enumerate(models) for k in range(len(model))]
    where = np.concatenate([np.asarray(model, float) for model in models])
    return DistanceMatrix(np.abs(where[:, None] - where), tuple(labels), "a metric", **fields)


def by_hand(matrix):
    """Hits of models with equally many layers and no ties, one loop per word of the rule."""
    hits = []
    for row, (model, layer) in enumerate(matrix.labels):
        for other in {name for name, _ in matrix.labels} - {model}:
            columns = [c for c, (name, _) in enumerate(matrix.labels) if name == other]
            nearest = min(columns, key=lambda c: matrix.distances[row, c])
            hits.append(matrix.labels[nearest][1] == layer)
    return np.mean(hits), len(hits)


def test_copies_are_recognised_and_reversed_copies_only_in_the_middle():
    found = same_layer_identification(on_a_line([0, 1, 2], [0.1, 1.1, 2.1]))
    assert (found.accuracy, found.n_layers) == (1, 6)
    assert found.chance == pytest.approx(1 / 3)
    backwards = same_layer_identification(on_a_line([0, 1, 2], [2, 1, 0]))
    assert backwards.accuracy == pytest.approx(1 / 3)
    first = backwards.pairs[0]
    assert (first.model, first.other) == ("m0", "m1")
    assert (first.layers, first.nearest) == (("l0", "l1", "l2"), ("l2", "l1", "l0"))
    assert first.hits.tolist() == [0, 1, 0]
    assert first.accuracy == pytest.approx(1 / 3)


@pytest.mark.parametrize("is_similarity", [False, True])
def test_agrees_with_the_rule_by_hand(is_similarity):
    rng = np.random.default_rng(0)
    for _ in range(20):
        labels = tuple((f"m{i}", f"l{k}") for i in range(3) for k in range(5))
        values = rng.random((15, 15))  # asymmetric: a row is looked up by its own distances
        matrix = DistanceMatrix(values, labels, "a metric", is_similarity)
        found = same_layer_identification(matrix)
        assert (found.accuracy, found.n_layers) == pytest.approx(by_hand(matrix))
        assert found.chance == pytest.approx(1 / 5)


def test_a_metric_that_says_nothing_is_as_good_as_chance():
    found = same_layer_identification(on_a_line([0] * 4, [0] * 4, [0] * 4))
    assert found.accuracy == pytest.approx(found.chance) == pytest.approx(1 / 4)


def test_unequal_counts_go_by_relative_depth():
    found = same_layer_identification(on_a_line([0, 2, 4], [0, 1, 2, 3, 4]))
    # Depth 0.25 lies half a step of the short model from both of its neighbours.
    assert found.pairs[1].chances.tolist() == pytest.approx([1 / 3, 2 / 3, 1 / 3, 2 / 3, 1 / 3])
    assert found.accuracy == 1
    assert found.chance == pytest.approx((3 * 1 / 5 + (1 + 2 + 1 + 2 + 1) / 3) / 8)


def test_a_layer_without_values_keeps_its_place():
    matrix = on_a_line([0, 1, 2], [0, 1, 2])
    matrix.values[4, :] = matrix.values[:, 4] = np.nan
    found = same_layer_identification(matrix)
    to_gaps, from_gaps = found.pairs
    assert to_gaps.hits.tolist()[::2] == [1, 1]
    assert to_gaps.chances.tolist() == [1 / 2, 0, 1 / 2]
    assert from_gaps.layers == ("l0", "l2")
    assert from_gaps.hits.tolist() == [1, 1]


def test_an_infinite_distance_is_never_the_nearest():
    matrix = on_a_line([0, 1], [0, 1])
    matrix.values[0, 2:] = np.inf
    matrix.values[1, 2] = np.inf
    found = same_layer_identification(matrix)
    assert found.pairs[0].layers == ("l1",)
    assert found.pairs[0].nearest == ("l1",)


@pytest.mark.parametrize(
    ("matrix", "sentence"),
    [
        (
            DistanceMatrix(np.zeros((1, 1)), (("conv1",),), "a metric"),
            "`matrix` must have labels (model, layer); got ('conv1',)",
        ),
        (
            on_a_line([0, 1]),
            "`matrix` must hold a finite value between layers of two models; "
            "got 2 layers, models: m0",
        ),
        (
            DistanceMatrix(np.full((2, 2), np.nan), (("a", "x"), ("b", "x")), "a metric"),
            "`matrix` must hold a finite value between layers of two models; "
            "got 2 layers, models: a, b",
        ),
    ],
)
def test_a_matrix_without_two_models_is_refused(matrix, sentence):
    with pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z"):
        same_layer_identification(matrix)
