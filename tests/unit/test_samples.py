"""Inputs that are arrays, arrays by name, or read when asked for: all reach a model alike."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from topolens.activations.data.datasets import load_samples
from topolens.activations.data.preprocess import preprocess_batch
from topolens.activations.data.samples import LazyInputs, Samples
from topolens.activations.data.sources import Found, source, source_mistake
from topolens.activations.data.sources.registry import _schemes
from topolens.activations.networks.training import evaluate, train_classifier
from topolens.activations.record import record
from topolens.activations.stores.store import ActivationStore
from topolens.base.errors import InvalidInputError

HERE = Path()


class Doubled:
    """Row r holds 2 r four times; remembers what it was asked for."""

    def __init__(self, rows, asked=None):
        self.rows = np.asarray(rows)
        self.asked = [] if asked is None else asked

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, rows):
        wanted = self.rows[rows]
        self.asked.append(wanted.tolist())
        return np.repeat(2 * wanted, 4).reshape(-1, 1, 2, 2).astype(np.uint8)

    def take(self, rows):
        return Doubled(self.rows[rows], self.asked)

    def digest(self):
        return f"doubled {self.rows.tolist()}"


class Tokens(nn.Module):
    """Scores two classes from token ids under a mask, given by name."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(10, 4)
        self.head = nn.Linear(4, 2)

    def forward(self, input_ids, attention_mask):
        mask = attention_mask[..., None].float()
        return self.head((self.table(input_ids) * mask).sum(1) / mask.sum(1))


@pytest.fixture
def scheme():
    """Register a scheme for one test."""
    before = dict(_schemes)
    yield lambda name, found: source(name, needs="nothing")(lambda request: found)
    _schemes.clear()
    _schemes.update(before)


def text_samples(n=30):
    random = np.random.default_rng(0)
    ids = random.integers(0, 10, (n, 5))
    return Samples(
        {"input_ids": ids.astype(np.int32), "attention_mask": np.ones((n, 5), bool)},
        (ids[:, 0] % 2).astype(np.int64),
        None,
        np.arange(n),
        {"made": "here"},
    )


def test_lazy_inputs_are_chosen_without_being_read(scheme):
    lazy = Doubled(range(9))
    scheme("doubled", Found(lazy, {"source": "doubled"}, np.arange(9) % 3))
    samples = load_samples("doubled", base=HERE, count=4, order="random", seed=1)
    assert lazy.asked == []
    assert isinstance(samples.inputs, LazyInputs)
    assert len(samples) == len(samples.inputs) == 4
    batch = samples.batch(slice(1, 3))
    assert batch.shape == (2, 1, 2, 2)
    np.testing.assert_array_equal(batch[:, 0, 0, 0], 2 * samples.ids[1:3])
    assert lazy.asked == [samples.ids[1:3].tolist()]
    assert samples.description["inputs_sha256"] == f"doubled {samples.ids.tolist()}"


def test_arrays_by_name_are_chosen_together(scheme):
    arrays = {"input_ids": np.arange(12).reshape(6, 2), "attention_mask": np.ones((6, 2), bool)}
    scheme("named", Found(arrays, {"source": "named"}, np.arange(6) % 2))
    samples = load_samples("named", base=HERE, count=3, order="random")
    np.testing.assert_array_equal(samples.inputs["input_ids"], arrays["input_ids"][samples.ids])
    assert {name: len(a) for name, a in samples.batch(slice(2)).items()} == {
        "input_ids": 2,
        "attention_mask": 2,
    }
    other = {**arrays, "attention_mask": np.zeros((6, 2), bool)}
    scheme("other", Found(other, {"source": "named"}, np.arange(6) % 2))
    described = load_samples("other", base=HERE, count=3, order="random").description
    assert described["inputs_sha256"] != samples.description["inputs_sha256"]


def test_arrays_by_name_must_agree(scheme):
    arrays = {"input_ids": np.zeros((6, 2)), "attention_mask": np.ones((5, 2))}
    scheme("named", Found(arrays, {}))
    with pytest.raises(InvalidInputError, match=r"equally many samples each; got {'input_ids': 6"):
        load_samples("named", base=HERE)


def test_a_lazy_capture_is_that_of_the_array_and_reads_batch_by_batch(tmp_path):
    lazy = Doubled(range(10))
    stores = []
    for name, inputs in (("lazy", lazy), ("array", Doubled(range(10))[:])):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Conv2d(1, 3, 2), nn.Flatten(), nn.Linear(3, 2))
        samples = Samples(inputs, np.arange(10) % 2, None, np.arange(10), {"made": "here"})
        with ActivationStore.create(tmp_path / name, {"of": "test"}) as store:
            record(model, samples, store, layers=["0"], batch_size=4)
            stores.append(store.read("0")[0])
    np.testing.assert_array_equal(*stores)
    assert lazy.asked == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9], [0, 1]]


def test_arrays_by_name_reach_the_model_as_arguments(tmp_path):
    samples = text_samples()
    with ActivationStore.create(tmp_path / "store", {"of": "test"}) as store:
        record(Tokens(), samples, store, layers=["table"], batch_size=7)
        assert store.read("table")[0].shape == (30, 4)
        assert 0 <= store.summary["accuracy"] <= 1


def test_a_model_trains_on_arrays_by_name():
    torch.manual_seed(0)
    model, samples = Tokens(), text_samples(200)
    before = evaluate(model, samples)
    result = train_classifier(model, samples, epochs=30, learning_rate=0.1)
    assert result["train_accuracy"] == evaluate(model, samples) > before


def test_named_arrays_keep_what_they_mean():
    batch = {
        "ids": np.array([[200]], np.uint8),
        "mask": np.array([[True]]),
        "vectors": np.array([[0.5]]),
    }
    types = {name: array.dtype for name, array in preprocess_batch(batch).items()}
    assert types == {"ids": np.int64, "mask": np.bool_, "vectors": np.float32}
    assert preprocess_batch(batch)["ids"] == 200


def test_named_arrays_are_not_normalised():
    with pytest.raises(InvalidInputError, match=r"`std` must be left out for inputs by name \(ids"):
        preprocess_batch({"ids": np.array([[2]])}, std=2.0)


def test_schemes_are_registered_once(scheme):
    with pytest.raises(RuntimeError, match="source `digits` is registered twice"):
        scheme("digits", None)


def test_mistakes_are_found_before_reading(tmp_path):
    (tmp_path / "x.npz").touch()
    assert source_mistake("npz:x.npz", base=tmp_path) is None
    assert source_mistake("digits", base=tmp_path) is None
    assert source_mistake("npz:y.npz", base=tmp_path) == "there is no file `y.npz`"
    assert source_mistake("npz:.", base=tmp_path) == "there is no file `.`"
    assert source_mistake("npz", base=tmp_path).startswith("must be one of `")
