"""Diagrams and distance matrices: what they answer, and that they survive JSON."""

import dataclasses
import json
import re

import numpy as np
import pytest

from topolens.base.errors import InvalidInputError
from topolens.base.results import Diagram, Diagrams, DistanceMatrix

H0 = np.array([[0.0, 0.1], [0.0, 1 / 3], [0.0, np.inf]])
H1 = np.array([[0.5, 0.75], [0.5, 2.0]])
LABELS = (("a", "conv1"), ("a", "conv2"), ("b", "conv1"))
VALUES = np.array([[0.0, 0.2, np.nan], [0.2, 0.0, np.inf], [np.nan, np.inf, 0.0]])


@pytest.fixture
def diagrams():
    return Diagrams((Diagram(0, H0), Diagram(1, H1)), 3, "euclidean", 2.5, "0.1.0")


@pytest.fixture
def matrix():
    return DistanceMatrix(VALUES, LABELS, "sliced_wasserstein", notes=("b/conv1: too few",))


def through_json(record):
    return json.loads(json.dumps(record, allow_nan=False))


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z")


class TestDiagram:
    def test_bars_that_die_and_bars_that_do_not(self):
        diagram = Diagram(0, H0)
        assert len(diagram) == 3
        assert diagram.finite.tolist() == [[0.0, 0.1], [0.0, 1 / 3]]
        assert diagram.lifetimes.tolist() == [0.1, 1 / 3]
        assert diagram.n_essential == 1

    def test_lifetimes_subtract_births(self):
        assert Diagram(1, H1).lifetimes.tolist() == [0.25, 1.5]

    def test_may_be_empty(self):
        empty = Diagram(1, np.empty((0, 2)))
        assert (len(empty), empty.n_essential, empty.lifetimes.shape) == (0, 0, (0,))

    def test_is_frozen(self):
        with pytest.raises(dataclasses.FrozenInstanceError):
            Diagram(0, H0).dimension = 1


class TestDiagrams:
    def test_are_indexed_by_degree(self, diagrams):
        assert len(diagrams) == 2
        assert diagrams[np.int64(1)].pairs is H1
        assert [diagram.dimension for diagram in diagrams] == [0, 1]

    @pytest.mark.parametrize("bad", [-1, 2, 0.0, "1", slice(0, 1)])
    def test_another_degree_is_an_index_error(self, diagrams, bad):
        sentence = f"`dimension` must be from 0 to 1; got {bad!r}"
        with pytest.raises(IndexError, match=rf"\A{re.escape(sentence)}\Z"):
            diagrams[bad]

    def test_come_back_from_json(self, diagrams):
        back = Diagrams.from_dict(through_json(diagrams.to_dict()))
        assert [d.dimension for d in back] == [0, 1]
        for ours, theirs in zip(back, (H0, H1), strict=True):
            assert ours.pairs.dtype == np.float64
            np.testing.assert_array_equal(ours.pairs, theirs)
        kept = (back.n_points, back.metric, back.threshold, back.version)
        assert kept == (3, "euclidean", 2.5, "0.1.0")

    def test_come_back_empty_and_without_a_threshold(self):
        bare = Diagrams((Diagram(0, np.empty((0, 2))),), 2, "precomputed", np.inf)
        back = Diagrams.from_dict(through_json(bare.to_dict()))
        assert back[0].pairs.shape == (0, 2)
        assert back.threshold == np.inf
        assert back.version == ""

    @pytest.mark.parametrize("version", [2, None, "1"])
    def test_another_format_is_refused(self, diagrams, version):
        record = diagrams.to_dict() | {"format_version": version}
        with refuses(f"`record` must be a Diagrams of format 1; got {version!r}"):
            Diagrams.from_dict(record)

    def test_a_record_without_a_format_is_refused(self):
        with refuses("`record` must be a Diagrams of format 1; got None"):
            Diagrams.from_dict({})

    def test_are_frozen(self, diagrams):
        with pytest.raises(dataclasses.FrozenInstanceError):
            diagrams.metric = "cosine"


class TestDistanceMatrix:
    def test_distances_of_distances_are_the_values(self, matrix):
        assert matrix.distances is matrix.values
        assert len(matrix) == 3

    def test_distances_of_a_similarity_are_one_minus_it(self):
        similar = DistanceMatrix(np.array([[1.0, 0.25], [0.25, 1.0]]), LABELS[:2], "cka", True)
        assert similar.distances.tolist() == [[0.0, 0.75], [0.75, 0.0]]

    def test_selects_the_block_of_one_model(self, matrix):
        assert matrix.select("a").tolist() == [[0.0, 0.2], [0.2, 0.0]]

    def test_selects_rows_of_one_model_and_columns_of_another(self, matrix):
        np.testing.assert_array_equal(matrix.select("a", "b"), [[np.nan], [np.inf]])
        np.testing.assert_array_equal(matrix.select("b", "a"), [[np.nan, np.inf]])

    @pytest.mark.parametrize("names", [("c",), ("a", "c")])
    def test_an_unknown_model_is_refused(self, matrix, names):
        with refuses("no item is labelled `c`; known: a, b"):
            matrix.select(*names)

    def test_come_back_from_json(self, matrix):
        back = DistanceMatrix.from_dict(through_json(matrix.to_dict()))
        np.testing.assert_array_equal(back.values, VALUES)
        assert back.values.dtype == np.float64
        kept = (back.labels, back.metric, back.is_similarity, back.notes)
        assert kept == (LABELS, "sliced_wasserstein", False, ("b/conv1: too few",))

    def test_an_empty_similarity_comes_back(self):
        empty = DistanceMatrix(np.empty((0, 0)), (), "linear_cka", True)
        back = DistanceMatrix.from_dict(through_json(empty.to_dict()))
        assert back.values.shape == (0, 0)
        assert back.is_similarity

    def test_another_format_is_refused(self, matrix):
        with refuses("`record` must be a DistanceMatrix of format 2; got 7"):
            DistanceMatrix.from_dict(matrix.to_dict() | {"format_version": 7})

    def test_is_frozen(self, matrix):
        with pytest.raises(dataclasses.FrozenInstanceError):
            matrix.values = VALUES
