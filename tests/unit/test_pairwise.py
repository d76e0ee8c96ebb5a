"""All pairs and rectangles of comparisons."""

import dataclasses
import re

import numpy as np
import pytest

from topolens.base.errors import InvalidInputError
from topolens.base.registry import Invariances, metrics
from topolens.base.results import Diagram
from topolens.comparison import cross, linear_cka, pairwise, sliced_wasserstein

BARS = {
    ("a", "conv1"): Diagram(1, np.array([[0.0, 1.0]])),
    ("a", "conv2"): Diagram(1, np.array([[0.0, 1.5], [0.5, 2.0]])),
    ("b", "conv1"): Diagram(1, np.empty((0, 2))),
}
RNG = np.random.default_rng(0)
CLOUDS = {("net", f"layer{k}"): RNG.normal(size=(12, k + 1)) for k in range(4)}


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z")


@pytest.fixture
def bare_metric(monkeypatch):
    monkeypatch.setattr(metrics, "_operations", dict(metrics._operations))
    metrics.register("bare", version=1, takes="points", unit="", invariances=Invariances())(
        lambda first, second: 0.0
    )
    return "bare"


def test_every_entry_is_the_metric_of_its_pair():
    matrix = pairwise(BARS, "sliced_wasserstein")
    for row, first in enumerate(BARS.values()):
        for column, second in enumerate(BARS.values()):
            assert matrix.values[row, column] == sliced_wasserstein(first, second)
    assert matrix.labels == tuple(BARS)
    assert (matrix.metric, matrix.is_similarity) == ("sliced_wasserstein", False)
    assert matrix.notes == ()


def test_a_similarity_says_so():
    matrix = pairwise(CLOUDS, "linear_cka")
    assert matrix.is_similarity
    expected = linear_cka(CLOUDS["net", "layer1"], CLOUDS["net", "layer3"])
    assert matrix.values[1, 3] == expected
    np.testing.assert_array_equal(matrix.values, matrix.values.T)


def test_parameters_reach_the_metric():
    first, second = list(BARS.values())[:2]
    matrix = pairwise(BARS, "sliced_wasserstein", params={"directions": 3})
    assert matrix.values[0, 1] == sliced_wasserstein(first, second, directions=3)
    values, _ = cross(BARS, BARS, "sliced_wasserstein", params={"directions": 3})
    assert values[0, 1] == matrix.values[0, 1]


@pytest.mark.parametrize("metric", ["sliced_wasserstein", "linear_cka"])
def test_threads_never_change_a_byte(metric):
    items = {"linear_cka": CLOUDS, "sliced_wasserstein": BARS}[metric]
    alone = pairwise(items, metric, workers=1)
    assert pairwise(items, metric, workers=8).values.tobytes() == alone.values.tobytes()


def test_labels_may_be_plain_names_or_numbers_of_a_sequence():
    clouds = list(CLOUDS.values())
    by_label = pairwise(CLOUDS, "linear_cka")
    named = pairwise({f"layer{k}": cloud for k, cloud in enumerate(clouds)}, "linear_cka")
    listed = pairwise(clouds, "linear_cka")
    assert named.labels == (("layer0",), ("layer1",), ("layer2",), ("layer3",))
    assert listed.labels == (("0",), ("1",), ("2",), ("3",))
    np.testing.assert_array_equal(named.values, by_label.values)
    np.testing.assert_array_equal(listed.values, by_label.values)


@pytest.fixture
def excess(monkeypatch):
    """An asymmetric metric that counts how often it prepares."""
    monkeypatch.setattr(metrics, "_operations", dict(metrics._operations))
    seen = []

    def prepare(points, *, factor=1.0, name="points"):
        seen.append(name)
        return factor * float(np.max(points))

    def compare(first, second):
        return max(0.0, first - second)

    register = metrics.register(
        "excess",
        version=1,
        takes="points",
        unit="distance",
        invariances=Invariances(),
        symmetric=False,
        prepare=prepare,
        compare=compare,
    )
    register(
        lambda first, second, *, factor=1.0: compare(
            prepare(first, factor=factor), prepare(second, factor=factor)
        )
    )
    return seen


@pytest.mark.parametrize("workers", [1, 3])
def test_both_directions_of_an_asymmetric_metric(excess, workers):
    matrix = pairwise({"a": [1.0], "b": [3.0], "c": [7.0]}, "excess", workers=workers)
    assert matrix.values.tolist() == [[0, 0, 0], [2, 0, 0], [6, 4, 0]]
    assert not matrix.symmetric
    assert len(excess) == 3  # each item once
    values, _ = cross({("a",): [1.0]}, {("b",): [3.0], ("c",): [0.0]}, "excess")
    assert values.tolist() == [[0, 1]]


def test_progress_is_told_and_may_stop_the_work():
    shares = []
    pairwise(CLOUDS, "linear_cka", workers=2, on_progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1

    def stop(share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pairwise(CLOUDS, "linear_cka", workers=2, on_progress=stop)


def test_no_items_are_an_empty_matrix():
    matrix = pairwise({}, "linear_cka")
    assert matrix.values.shape == (0, 0)
    assert matrix.labels == ()


def test_an_item_without_a_value_leaves_a_note():
    items = CLOUDS | {("net", "dead"): np.zeros((12, 2))}
    matrix = pairwise(items, "linear_cka", workers=3)
    note = "net/dead: `points` must not be constant: CKA is undefined when all rows coincide"
    assert matrix.notes == (note,)
    undefined = np.isnan(matrix.values)
    assert undefined[-1].all()
    assert undefined[:, -1].all()
    assert not undefined[:-1, :-1].any()


def test_a_pair_without_a_value_leaves_a_note():
    items = {("a", "x"): np.eye(3), ("a", "y"): np.eye(4), ("b", "x"): np.eye(3)}
    matrix = pairwise(items, "linear_cka")
    rule = "`first` and `second` must hold the same samples row by row"
    assert matrix.notes == (
        f"a/x and a/y: {rule}; got 3 and 4 rows",
        f"a/y and b/x: {rule}; got 4 and 3 rows",
    )
    expected = [[False, True, False], [True, False, True], [False, True, False]]
    assert np.isnan(matrix.values).tolist() == expected


def test_cross_compares_rows_with_columns():
    rows = {("a", "x"): BARS["a", "conv1"], ("a", "y"): BARS["a", "conv2"]}
    values, notes = cross(rows, BARS, "sliced_wasserstein")
    assert notes == ()
    np.testing.assert_array_equal(values, pairwise(BARS, "sliced_wasserstein").values[:2])


def test_cross_notes_what_has_no_value_once():
    rows = {("a", "x"): np.eye(3), ("a", "flat"): np.ones((3, 2))}
    columns = {("a", "flat"): np.ones((3, 2)), ("b", "x"): np.eye(3), ("b", "y"): np.eye(4)}
    values, notes = cross(rows, columns, "linear_cka")
    assert np.isnan(values).tolist() == [[True, False, True], [True, True, True]]
    assert notes == (
        "a/flat: `points` must not be constant: CKA is undefined when all rows coincide",
        "a/x and b/y: `first` and `second` must hold the same samples row by row; got 3 and 4 rows",
    )


@pytest.mark.parametrize("compare", [pairwise, lambda items, *a, **k: cross(items, items, *a, **k)])
class TestMistakes:
    def test_an_unknown_metric(self, compare):
        with refuses(
            "no metric is called `sliced_wassersteen`; did you mean `sliced_wasserstein` or "
            "`wasserstein`?"
        ):
            compare(CLOUDS, "sliced_wassersteen")

    def test_an_unknown_parameter(self, compare):
        with refuses("`sliced_wasserstein` has no parameter `slices`; it has directions"):
            compare(BARS, "sliced_wasserstein", params={"slices": 3})

    def test_a_metric_that_cannot_be_prepared(self, compare, bare_metric):
        with pytest.raises(TypeError, match=r"\Aa metric must be registered with `prepare` and "):
            compare(CLOUDS, bare_metric)


@pytest.mark.parametrize("bad", [0, -1, 1.0])
def test_workers_are_counted(bad):
    with refuses(f"`workers` must be an integer at least 1; got {bad!r}"):
        pairwise(CLOUDS, "linear_cka", workers=bad)


class TestItems:
    def test_must_be_a_mapping_or_a_sequence(self):
        sentence = "`items` must be a mapping from labels to items, or a sequence of items; got "
        with refuses(f"{sentence}str"):
            pairwise("conv1", "linear_cka")
        with refuses(f"{sentence}ndarray"):
            pairwise(np.zeros((3, 4)), "linear_cka")

    @pytest.mark.parametrize("key", [3, (), ("net", 3), None])
    def test_have_labels_of_text(self, key):
        with refuses(f"`items` must have texts or tuples of texts as labels; got {key!r}"):
            pairwise({key: np.eye(3)}, "linear_cka")

    def test_have_different_labels(self):
        with refuses("`items` must have different labels; ('a',) occurs twice"):
            pairwise({"a": np.eye(3), ("a",): np.eye(3)}, "linear_cka")

    def test_of_which_none_fits_are_the_callers_mistake(self):
        with refuses("a/x: `diagram` must have shape (n_bars, 2); got shape (3, 3)"):
            pairwise({("a", "x"): np.eye(3), "b": np.eye(3)}, "sliced_wasserstein")
        with refuses("0: `directions` must be an integer from 1 to 100000; got 0"):
            pairwise(list(BARS.values()), "sliced_wasserstein", params={"directions": 0})


def test_a_hook_must_be_callable():
    with refuses("`on_progress` must be callable; got 3"):
        pairwise(CLOUDS, "linear_cka", on_progress=3)


@pytest.mark.parametrize("metric", ["linear_cka", "unbiased_cka"])
def test_what_is_compared_at_once_is_what_pairs_give(metric, monkeypatch):
    rng = np.random.default_rng(3)
    layers = {f"layer{k}": rng.normal(size=(30, 25)) for k in range(12)}
    layers["flat"] = np.ones((30, 2))
    at_once = pairwise(layers, metric)
    one_by_one = dataclasses.replace(metrics[metric], compare_many=None)
    monkeypatch.setitem(metrics._operations, metric, one_by_one)
    pair_by_pair = pairwise(layers, metric)
    np.testing.assert_allclose(at_once.values, pair_by_pair.values, rtol=1e-10, atol=1e-14)
    np.testing.assert_array_equal(at_once.values, at_once.values.T)
    assert (at_once.values != pair_by_pair.values).any()  # by Gram matrices, not by pairs
    assert at_once.notes == pair_by_pair.notes != ()


def test_a_pair_that_is_refused_leaves_the_others_their_values():
    layers = {"a": np.eye(5), "b": np.eye(5)[:, :2], "short": np.eye(4)}
    matrix = pairwise(layers, "linear_cka")
    assert np.isnan(matrix.values).sum() == 4
    assert "must hold the same samples row by row" in matrix.notes[0]


def test_progress_reaches_the_end_where_all_is_compared_at_once():
    heard = []
    pairwise(CLOUDS, "linear_cka", on_progress=heard.append)
    assert heard == [1.0]
