"""Pooling: which positions become rows, by hand and by law."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from topolens.activations.hooks.pool_names import Pooling, parse_pool  # noqa: E402
from topolens.activations.hooks.pooling import Pooler, _squared_norms  # noqa: E402
from topolens.activations.hooks.positions import random_positions  # noqa: E402
from topolens.base.errors import InvalidInputError  # noqa: E402

POLICIES = ["mean", "top_norm", "random:2", "flatten", "all", "grid:1"]


def pooled(output, text, seed=0, mask=None, channels_second=None):
    ids = np.arange(len(output)) + 10
    pooler = Pooler(parse_pool(text), ids, seed=seed, mask=mask)
    second = output.ndim > 3 if channels_second is None else channels_second
    made = pooler(output, layer="conv", channels_second=second)
    positions = None if made.positions is None else made.positions.numpy()
    return made.rows.numpy(), positions


def noise(*shape):
    return torch.from_numpy(np.random.default_rng(0).standard_normal(shape).astype(np.float32))


@pytest.mark.parametrize(
    "text",
    [
        *("mean", "top_norm", "flatten", "cls", "last", "all", "random:1", "grid:32"),
        *("top_norm:2", "inner:3", "foreground:1", "background:5"),
    ],
)
def test_a_policy_prints_as_it_is_written(text):
    assert str(parse_pool(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "max", "random", "random:0", "random:-1", "random:2.5", "cls ", "grid:0", "grid"),
        *("mean:2", "top_norm:0", "foreground", "inner"),
    ],
)
def test_refuses_an_unknown_policy(text):
    with pytest.raises(InvalidInputError, match=r"`pool` must be `mean`, .* or `last`; got"):
        parse_pool(text)


def test_reads_the_count():
    assert parse_pool("random:4") == Pooling("random", 4)


def test_mean_of_a_map():
    maps = torch.arange(16.0).reshape(1, 2, 2, 4)
    rows, positions = pooled(maps, "mean")
    assert rows.tolist() == [[3.5, 11.5]]
    assert positions is None


def test_top_norm_takes_the_longest_channel_vector_and_the_first_of_equals():
    maps = torch.zeros(2, 2, 2, 2)
    maps[0, :, 1, 0] = torch.tensor([3.0, -4.0])
    maps[0, 0, 0, 1] = 4.5
    maps[1, :, 0, 1] = torch.tensor([0.0, 1.0])
    maps[1, :, 1, 1] = torch.tensor([1.0, 0.0])
    rows, positions = pooled(maps, "top_norm")
    assert rows.tolist() == [[3.0, -4.0], [0.0, 1.0]]
    assert positions.tolist() == [2, 1]


def test_top_norm_takes_the_k_longest_in_ascending_order_and_the_first_of_equals():
    maps = torch.zeros(2, 1, 2, 3)
    maps[0, 0] = torch.tensor([[0.0, -3.0, 1.0], [2.0, 4.0, 2.0]])
    maps[1] = 1.0
    rows, positions = pooled(maps, "top_norm:3")
    assert positions.tolist() == [1, 3, 4, 0, 1, 2]
    assert rows.ravel().tolist() == [-3.0, 2.0, 4.0, 1.0, 1.0, 1.0]
    noisy = noise(4, 5, 6, 7)
    longest = np.linalg.norm(noisy.flatten(2).numpy(), axis=1).argsort(axis=1)[:, -4:]
    np.testing.assert_array_equal(
        pooled(noisy, "top_norm:4")[1].reshape(4, 4), np.sort(longest, axis=1)
    )


def test_inner_positions_avoid_the_border_on_every_side_and_are_uniform():
    maps = torch.zeros(3000, 1, 4, 5)
    _, positions = pooled(maps, "inner:1")
    # 500 expected per position; 5 standard deviations of a binomial are 102.
    counts = np.bincount(positions, minlength=20).reshape(4, 5)
    assert counts[1:-1, 1:-1].sum() == 3000
    assert np.abs(counts[1:-1, 1:-1] - 500).max() < 102
    assert pooled(noise(2, 3, 4, 4), "inner:4")[1].tolist() == [5, 6, 9, 10] * 2


def test_random_rows_are_the_positions_they_say():
    maps = noise(3, 4, 5, 6)
    rows, positions = pooled(maps, "random:7")
    assert rows.shape == (21, 4)
    flat = maps.flatten(2).numpy()
    for row, position, sample in zip(rows, positions, np.repeat(range(3), 7), strict=True):
        np.testing.assert_array_equal(row, flat[sample, :, position])


def test_tokens_are_treated_like_positions():
    tokens = noise(3, 5, 4)
    np.testing.assert_allclose(pooled(tokens, "mean")[0], tokens.numpy().mean(axis=1), rtol=1e-6)
    np.testing.assert_array_equal(pooled(tokens, "cls")[0], tokens.numpy()[:, 0])
    assert pooled(tokens, "cls")[1].tolist() == [0, 0, 0]
    assert pooled(tokens, "flatten")[0].shape == (3, 20)
    rows, positions = pooled(tokens, "top_norm")
    longest = np.linalg.norm(tokens.numpy(), axis=2).argmax(axis=1)
    np.testing.assert_array_equal(positions, longest)
    np.testing.assert_array_equal(rows, tokens.numpy()[range(3), longest])


def test_a_grid_is_the_middles_of_equal_pieces():
    maps = noise(2, 3, 4, 6)
    rows, positions = pooled(maps, "grid:2")
    # Middles of the halves: rows 1 and 3 of four, columns 1 and 4 of six.
    assert positions.tolist() == [7, 10, 19, 22] * 2
    np.testing.assert_array_equal(rows[4:], maps.flatten(2)[1, :, [7, 10, 19, 22]].T)
    assert pooled(noise(1, 2, 7, 7), "grid:1")[1].tolist() == [24]
    assert pooled(noise(1, 2, 2, 2, 3), "grid:2")[1].tolist() == [0, 2, 3, 5, 6, 8, 9, 11]
    assert pooled(noise(1, 9, 2), "grid:3")[1].tolist() == [1, 4, 7]


@given(st.integers(1, 12), st.integers(1, 12), st.data())
def test_a_grid_is_distinct_symmetric_and_of_the_whole_map_at_most(height, width, data):
    count = data.draw(st.integers(1, min(height, width)))
    _, positions = pooled(noise(1, 1, height, width), f"grid:{count}")
    rows, columns = np.unique(positions // width), np.unique(positions % width)
    assert len(rows) == len(columns) == count
    for places, size in ((rows, height), (columns, width)):
        # Up to the rounding of a middle between two positions.
        assert np.abs(places + places[::-1] - (size - 1)).max() <= 1


def test_all_positions_are_rows_in_order():
    maps = noise(2, 3, 2, 2)
    rows, positions = pooled(maps, "all")
    assert positions.tolist() == [0, 1, 2, 3] * 2
    np.testing.assert_array_equal(rows, maps.flatten(2).transpose(1, 2).reshape(8, 3).numpy())


@pytest.mark.parametrize(
    "text", ["mean", "top_norm", "random:2", "grid:2", "all", "top_norm:2", "inner:2"]
)
def test_channels_last_gives_what_channels_second_gives(text):
    maps = noise(3, 4, 5, 6)
    rows, positions = pooled(maps, text)
    last, last_positions = pooled(maps.permute(0, 2, 3, 1), text, channels_second=False)
    np.testing.assert_allclose(last, rows, rtol=1e-5, atol=1e-6)
    assert (positions is None) == (last_positions is None)
    if positions is not None:
        np.testing.assert_array_equal(positions, last_positions)


@pytest.mark.parametrize("shape", [(40, 64, 32, 32), (5, 3, 700, 700), (90, 16, 41, 33)])
def test_norms_in_pieces_are_the_norms_at_once(shape):
    maps = noise(*shape)
    at_once = maps.flatten(2).square().sum(dim=1).argmax(dim=1)
    np.testing.assert_array_equal(pooled(maps, "top_norm")[1], at_once.numpy())
    squared = _squared_norms(maps.flatten(2).mT)
    assert torch.equal(squared, maps.flatten(2).square().sum(dim=1))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("text", [*POLICIES, "cls", "last"])
def test_narrow_values_are_widened_before_they_are_added(text, dtype):
    values = noise(3, 9, 4).to(dtype)
    rows, _ = pooled(values, text)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, pooled(values.float(), text)[0])


@pytest.mark.parametrize("text", [*POLICIES, "cls", "last"])
def test_features_are_rows_already(text):
    features = noise(3, 5)
    rows, positions = pooled(features, text)
    np.testing.assert_array_equal(rows, features.numpy())
    assert positions is None


@pytest.mark.parametrize("shape", [(3, 5), (3, 4, 5), (3, 4, 1, 2), (3, 4, 2, 2, 2)])
@pytest.mark.parametrize("text", POLICIES)
def test_rows_share_no_memory_with_the_output(shape, text):
    output = noise(*shape)
    rows, _ = pooled(output, text)
    before = rows.copy()
    output.zero_()
    np.testing.assert_array_equal(rows, before)
    assert rows.any()


@pytest.mark.parametrize("text", ["cls", "last"])
def test_one_token_shares_no_memory_with_the_output(text):
    tokens = noise(3, 4, 5)
    rows, _ = pooled(tokens, text)
    tokens.zero_()
    assert rows.all()


@pytest.mark.parametrize(
    ("shape", "text", "sentence"),
    [
        (
            (3, 4, 2, 2),
            "cls",
            r"`conv` must give tokens, .* for pool `cls`; got shape \(3, 4, 2, 2",
        ),
        ((3, 4, 2, 2), "random:5", "must give at least 5 positions for pool `random:5`; got shape"),
        (
            (3, 4, 3, 2),
            "grid:3",
            r"at least 3 positions along each axis for pool `grid:3`; got shape \(3, 4, 3, 2\)",
        ),
        (
            (3, 4, 3, 4),
            "inner:3",
            r"a map with at least 3 positions away from its border for pool `inner:3`; got shape",
        ),
        ((3, 9, 4), "inner:1", "must give a map with at least 1 positions away from its border"),
        ((3, 4, 2, 2), "top_norm:5", "at least 5 positions for pool `top_norm:5`; got shape"),
        ((3, 4, 2, 2), "last", r"must give tokens, .* for pool `last`; got shape \(3, 4, 2, 2\)"),
        ((3,), "mean", r"`conv` must give \(n_samples, n_features, .*`mean`; got shape \(3,\)"),
        ((3, 4, 0, 2), "mean", r"not empty for pool `mean`; got shape \(3, 4, 0, 2\)"),
    ],
)
def test_names_layer_shape_and_policy(shape, text, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        pooled(torch.zeros(shape), text)


ids = st.lists(st.integers(0, 2**62), min_size=1, max_size=12, unique=True)


@given(ids, st.integers(1, 30), st.data(), st.integers(0, 2**31))
def test_draws_are_distinct_positions_of_the_map(sample_ids, n_positions, data, seed):
    count = data.draw(st.integers(1, n_positions))
    drawn = random_positions(np.array(sample_ids), n_positions, count, seed=seed)
    assert drawn.shape == (len(sample_ids), count)
    assert (np.diff(drawn, axis=1) > 0).all()
    assert drawn.min() >= 0
    assert drawn.max() < n_positions


@given(ids, st.integers(2, 30), st.randoms(use_true_random=False))
def test_a_draw_does_not_depend_on_the_rest_of_the_batch(sample_ids, n_positions, random):
    together = random_positions(np.array(sample_ids), n_positions, 2, seed=1)
    shuffled = random.sample(range(len(sample_ids)), len(sample_ids))
    for index in shuffled:
        alone = random_positions(np.array([sample_ids[index]]), n_positions, 2, seed=1)
        np.testing.assert_array_equal(alone[0], together[index])


def test_draws_are_uniform_and_differ_by_seed():
    many = np.arange(4000)
    drawn = random_positions(many, 16, 4, seed=0)
    # 1000 expected per position; 5 standard deviations of a binomial are 137.
    assert np.abs(np.bincount(drawn.ravel(), minlength=16) - 1000).max() < 137
    assert (drawn != random_positions(many, 16, 4, seed=1)).any(axis=1).mean() > 0.9
    # Neighbouring ids must not draw alike: equal pairs of 16-choose-4 sets are rare.
    assert (drawn[1:] == drawn[:-1]).all(axis=1).mean() < 0.01


def test_draws_never_change_from_one_version_to_the_next():
    assert random_positions(np.array([0, 1, 7]), 9, 3, seed=5).tolist() == [
        [3, 5, 6],
        [0, 2, 3],
        [1, 3, 7],
    ]
