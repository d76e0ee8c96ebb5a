"""Padded tokens never count, whichever side they are on."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from topolens.activations.hooks.capture import capture  # noqa: E402
from topolens.base.errors import InvalidInputError  # noqa: E402

LENGTHS = [3, 5, 1, 4]
POOLS = ["mean", "top_norm", "random:2", "grid:2", "all", "cls", "last"]


class Reader(nn.Module):
    """Embeds tokens; what it makes of padding is not a number."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 6)
        self.head = nn.Linear(6, 2)

    def forward(self, input_ids, attention_mask=None):
        tokens = self.embed(input_ids)
        if attention_mask is not None:
            tokens = tokens.masked_fill(attention_mask[:, :, None] == 0, torch.nan)
        tokens = self.norm(tokens) if hasattr(self, "norm") else tokens
        return self.head(tokens[:, 0])


@pytest.fixture
def reader():
    torch.manual_seed(0)
    model = Reader()
    model.norm = nn.Identity()
    return model


def padded(width, side):
    ids = np.zeros((len(LENGTHS), width), np.int64)
    mask = np.zeros((len(LENGTHS), width), np.int64)
    random = np.random.default_rng(0)
    for row, length in enumerate(LENGTHS):
        words = random.integers(1, 10, length)
        place = slice(0, length) if side == "right" else slice(width - length, width)
        ids[row, place], mask[row, place] = words, 1
    return {"input_ids": ids, "attention_mask": mask}


def rows_of(model, inputs, pool):
    batches = [(inputs, np.arange(len(inputs["input_ids"])))]
    (batch,) = capture(model, batches, layers=["norm"], pool=pool)
    return batch.layers["norm"]


def alone(model, pool):
    """Each sentence by itself and without padding, the obvious reference."""
    inputs = padded(5, "right")
    found = []
    for row, length in enumerate(LENGTHS):
        ids = inputs["input_ids"][row : row + 1, :length]
        kind, _, count = pool.partition(":")
        fits = kind in ("random", "grid") and int(count) > length
        (batch,) = capture(
            model, [({"input_ids": ids}, [row])], layers=["norm"], pool="all" if fits else pool
        )
        found.append(batch.layers["norm"])
    return found


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("width", [5, 8])
@pytest.mark.parametrize("pool", POOLS)
def test_padding_changes_nothing(reader, pool, width, side):
    inputs = padded(width, side)
    rows = rows_of(reader, inputs, pool)
    expected = alone(reader, pool)
    np.testing.assert_allclose(rows.rows, np.concatenate([own.rows for own in expected]), rtol=1e-6)
    counts = [len(own.rows) for own in expected]
    if len(set(counts)) > 1:
        assert rows.counts.tolist() == counts
    if pool == "mean":
        assert rows.positions is None
        return
    begins = [width - n if side == "left" else 0 for n in LENGTHS]
    absolute = [own.positions + b for own, b in zip(expected, begins, strict=True)]
    np.testing.assert_array_equal(rows.positions, np.concatenate(absolute))


def test_counts_are_there_even_if_no_token_of_a_batch_is_padding(reader):
    inputs = {name: value[1:2, :5] for name, value in padded(5, "right").items()}
    for pool, counts in (("all", [5]), ("random:2", [2]), ("grid:5", [5])):
        assert rows_of(reader, inputs, pool).counts.tolist() == counts
    for pool in ("mean", "cls", "last", "top_norm", "flatten"):
        assert rows_of(reader, inputs, pool).counts is None


def test_a_mask_of_ones_changes_no_byte(reader):
    ids = np.random.default_rng(0).integers(0, 10, (4, 5))
    for pool in POOLS:
        masked = rows_of(reader, {"input_ids": ids, "attention_mask": np.ones((4, 5), int)}, pool)
        plain = rows_of(reader, {"input_ids": ids}, pool)
        np.testing.assert_array_equal(masked.rows, plain.rows)
        if pool != "mean":
            np.testing.assert_array_equal(masked.positions, plain.positions)


def test_flatten_keeps_every_token(reader):
    assert rows_of(reader, padded(8, "right"), "flatten").rows.shape == (4, 48)


def test_features_have_no_tokens_to_leave_out(reader):
    batches = [(padded(8, "right"), np.arange(4))]
    (batch,) = capture(reader, batches, layers=["head"], pool="all")
    assert batch.layers["head"].rows.shape == (4, 2)
    assert batch.layers["head"].counts is None


@pytest.mark.parametrize(
    ("mask", "sentence"),
    [
        (np.ones((4, 5, 1)), r"must hold zeros and ones, \(4, n_tokens\); got float64 of shape"),
        (np.ones((3, 5)), r"must hold zeros and ones, \(4, n_tokens\)"),
        (np.full((4, 5), -1e9), r"must hold zeros and ones, \(4, n_tokens\)"),
        (
            np.array([[1, 0], [0, 0], [1, 1], [0, 0]]),
            "must let at least one token of each sample count; it lets none of sample 1",
        ),
    ],
)
def test_refuses_a_mask_that_says_nothing(reader, mask, sentence):
    inputs = {"input_ids": np.zeros((4, 5), np.int64), "attention_mask": mask}
    with pytest.raises(InvalidInputError, match=f"`attention_mask` {sentence}"):
        rows_of(reader, inputs, "mean")


def test_refuses_tokens_that_are_not_those_of_the_mask(reader):
    class Pairs(nn.Module):
        def forward(self, x):
            return x[:, ::2]

    reader.norm = Pairs()
    sentence = r"`norm` must give one token for each of 8 in `attention_mask` for pool `mean`; got"
    with pytest.raises(InvalidInputError, match=sentence):
        rows_of(reader, padded(8, "right"), "mean")


def test_flattened_padding_is_zero(reader):
    inputs = padded(6, "right")
    rows = rows_of(reader, inputs, "flatten").rows.reshape(len(LENGTHS), 6, -1)
    for row, length in enumerate(LENGTHS):
        assert (rows[row, length:] == 0).all()
        assert (rows[row, :length] != 0).all()
