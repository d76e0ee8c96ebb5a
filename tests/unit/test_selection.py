"""Equally many rows of every layer, of the same samples wherever that is possible."""

import numpy as np

from topolens.study.selection import select_rows


def ids(samples, copies=1):
    samples = np.asarray(samples)
    return np.column_stack([np.repeat(samples, copies), np.tile(np.arange(copies), len(samples))])


def sampled(ids_by_layer, selection, layer):
    return ids_by_layer[layer][selection.rows[layer]].tolist()


def test_layers_with_the_same_samples_in_another_order_correspond():
    layers = {("a", "x"): ids(range(40)), ("b", "y"): ids(range(39, -1, -1))}
    chosen = select_rows(layers, points=20, seed=0, cloud="c")
    assert chosen.corresponding
    assert chosen.n_points == 20
    assert sampled(layers, chosen, ("a", "x")) == sampled(layers, chosen, ("b", "y"))


def test_without_a_number_all_common_rows_are_taken_and_a_cut_is_announced():
    layers = {("a", "x"): ids(range(40)), ("b", "y"): ids(range(10, 60))}
    chosen = select_rows(layers, points=None, seed=0, cloud="c")
    assert chosen.n_points == 30
    assert chosen.warnings == (
        "Cloud `c`: the layers hold unequal numbers of rows (up to 50); all were cut to the 30 "
        "they share, because diagrams compare only at equal numbers.",
    )


def test_several_rows_of_one_sample_are_told_apart():
    layers = {("a", "x"): ids(range(10), copies=4), ("a", "y"): ids(range(10), copies=4)}
    chosen = select_rows(layers, points=None, seed=0, cloud="c")
    assert chosen.n_points == 40
    assert len(np.unique(chosen.rows["a", "x"])) == 40


def test_rows_of_maps_of_unequal_size_are_not_taken_for_the_same_places():
    layers = {("a", "x"): ids(range(30), copies=16), ("a", "y"): ids(range(30), copies=4)}
    chosen = select_rows(layers, points=None, seed=0, cloud="c")
    assert not chosen.corresponding
    assert {len(rows) for rows in chosen.rows.values()} == {120}
    # All places of the larger map have their chance, not only its first four.
    assert np.ptp(layers["a", "x"][chosen.rows["a", "x"], 1]) == 15
    assert "have unequal numbers of rows of a sample" in chosen.warnings[0]


def test_layers_without_common_samples_are_drawn_apart():
    layers = {("a", "x"): ids(range(40)), ("b", "y"): ids(range(100, 150))}
    chosen = select_rows(layers, points=None, seed=0, cloud="c")
    assert not chosen.corresponding
    assert {len(rows) for rows in chosen.rows.values()} == {40}
    assert "do not share enough samples" in chosen.warnings[0]


def test_layers_that_are_too_small_are_left_out_with_the_reason():
    layers = {("a", "x"): ids(range(40)), ("a", "y"): ids(range(19))}
    chosen = select_rows(layers, points=20, seed=0, cloud="c")
    assert chosen.problems == {("a", "y"): "cloud `c` needs 20 rows, and it has 19"}
    assert list(chosen.rows) == [("a", "x")]


def test_nothing_to_choose_from_is_not_an_error():
    chosen = select_rows({}, points=None, seed=0, cloud="c")
    assert (chosen.rows, chosen.n_points) == ({}, 0)


def outside(n, *rows):
    mask = np.zeros(n, dtype=bool)
    mask[list(rows)] = True
    return mask


def without(layers, outliers, **settings):
    settings = {"points": None, "seed": 0, "cloud": "c"} | settings
    return select_rows(layers, outliers=outliers, **settings)


LAYERS = {("a", "x"): ids(range(40)), ("b", "y"): ids(range(39, -1, -1))}
# In layer y, row 1 is sample 38.
OUTLIERS = {("a", "x"): outside(40, 3, 5), ("b", "y"): outside(40, 1)}


def test_outliers_of_any_layer_are_left_out_of_all():
    chosen = without(LAYERS, OUTLIERS)
    assert (chosen.n_points, chosen.corresponding) == (37, True)
    expected = [[sample, 0] for sample in range(40) if sample not in (3, 5, 38)]
    for layer in LAYERS:
        assert sampled(LAYERS, chosen, layer) == expected
    assert chosen.warnings == (
        "Cloud `c`: 2 of 40 rows of a x (the most) and 1 of b y (the fewest) are local outliers; "
        "the 37 samples that are outliers in no layer were left to choose from.",
    )


def test_outliers_are_replaced_and_nothing_else_changes():
    plain = select_rows(LAYERS, points=20, seed=0, cloud="c").rows["a", "x"]
    bad = plain[[2, 7]]
    chosen = without(LAYERS, {("a", "x"): outside(40, *bad), ("b", "y"): outside(40)}, points=20)
    assert chosen.corresponding
    assert sampled(LAYERS, chosen, ("a", "x")) == sampled(LAYERS, chosen, ("b", "y"))
    kept = set(chosen.rows["a", "x"])
    assert len(kept) == 20
    assert set(plain) - kept == set(bad)


def test_outliers_may_be_left_out_of_their_own_layer_only():
    chosen = without(LAYERS, OUTLIERS, everywhere=False)
    assert (chosen.n_points, chosen.corresponding) == (38, False)
    samples = {layer: {row[0] for row in sampled(LAYERS, chosen, layer)} for layer in LAYERS}
    assert samples["a", "x"] == set(range(40)) - {3, 5}
    assert 38 not in samples["b", "y"]
    assert len(samples["b", "y"]) == 38
    assert chosen.warnings[0].endswith("each layer was measured without its own.")


def test_outliers_that_would_leave_too_few_are_left_out_per_layer():
    outliers = {("a", "x"): outside(40, *range(15)), ("b", "y"): outside(40, *range(15))}
    chosen = without(LAYERS, outliers)
    assert (chosen.n_points, chosen.corresponding) == (25, False)
    assert chosen.warnings[1] == (
        "Cloud `c`: only 10 samples are in order in every layer, so outliers were left out per "
        "layer and measures that need the same samples were left out."
    )


def test_a_layer_with_too_few_rows_in_order_is_left_out():
    outliers = {("a", "x"): outside(40, *range(21)), ("b", "y"): outside(40)}
    chosen = without(LAYERS, outliers, points=20)
    assert chosen.problems == {
        ("a", "x"): "cloud `c` needs 20 rows, and it has 19 without its outliers"
    }
    assert list(chosen.rows) == [("b", "y")]
    assert chosen.n_points == 20
