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
