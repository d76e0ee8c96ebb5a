"""Batches of one, and of as many samples as a table has entries: the same layers and rows."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from topolens.activations.data.samples import Samples  # noqa: E402
from topolens.activations.hooks.capture import capture  # noqa: E402
from topolens.activations.record import record  # noqa: E402
from topolens.activations.stores.store import ActivationStore  # noqa: E402
from topolens.base.errors import InvalidInputError  # noqa: E402

N_TOKENS = 5


class Positions(nn.Module):
    """A transformer's beginning, whose table of positions has an axis of length 1 or none."""

    def __init__(self, *, with_axis):
        super().__init__()
        torch.manual_seed(0)
        self.with_axis = with_axis
        self.embed, self.table, self.head = (
            nn.Linear(4, 6),
            nn.Embedding(N_TOKENS, 6),
            nn.Linear(6, 3),
        )

    def forward(self, x):
        places = torch.arange(N_TOKENS)
        table = self.table(places[None] if self.with_axis else places)
        return self.head((self.embed(x) + table).mean(1))


class Squeezes(nn.Module):
    """A network that forgets the axis of the samples where there is one sample."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.stem, self.head = nn.Linear(4, 6), nn.Linear(6, 3)

    def forward(self, x):
        return self.head(self.stem(x).mean(1).squeeze())


@pytest.fixture
def inputs():
    return np.random.default_rng(0).normal(size=(11, N_TOKENS, 4)).astype(np.float32)


def recorded(path, model, inputs, batch_size, *, layers=("leaf",), **options):
    samples = Samples(inputs, None, None, np.arange(len(inputs)), {"source": "test"})
    with ActivationStore.create(path, {}) as store:
        record(model, samples, store, layers=layers, batch_size=batch_size, **options)
    return {name: store.read(name)[0] for name in store.layers}


@pytest.mark.parametrize("with_axis", [True, False])
@pytest.mark.parametrize("batch_size", [1, 2, N_TOKENS, 10])
def test_what_serves_all_alike_is_left_out_at_every_batch_size(
    inputs, tmp_path, with_axis, batch_size
):
    model = Positions(with_axis=with_axis)
    expected = recorded(tmp_path / "a", model, inputs, 100)
    found = recorded(tmp_path / "b", model, inputs, batch_size)
    assert list(found) == list(expected) == ["embed", "head"]
    for name, rows in found.items():
        np.testing.assert_allclose(rows, expected[name], atol=1e-6)


@pytest.mark.parametrize("with_axis", [True, False])
@pytest.mark.parametrize("batch_size", [1, N_TOKENS])
def test_what_serves_all_alike_is_refused_by_name_at_every_batch_size(
    inputs, with_axis, batch_size
):
    batch = (inputs[:batch_size], np.arange(batch_size))
    with pytest.raises(InvalidInputError, match="layer `table` must give one output per sample"):
        list(capture(Positions(with_axis=with_axis), [batch], layers=["table"]))


@pytest.mark.parametrize("batch_size", [N_TOKENS, 10])
def test_a_capture_goes_on_with_a_last_batch_of_one(inputs, tmp_path, batch_size):
    class Stop(Exception):
        pass

    def stop_before_the_last(done, total):
        if done == total - 1:
            raise Stop

    model = Positions(with_axis=True)
    with pytest.raises(Stop):
        recorded(tmp_path, model, inputs, batch_size, on_batch=stop_before_the_last)
    assert list(recorded(tmp_path, model, inputs, batch_size)) == ["embed", "head"]


@pytest.mark.parametrize("batch_size", [1, 10])
def test_a_layer_that_loses_its_samples_in_a_batch_of_one_is_named(inputs, tmp_path, batch_size):
    sentence = "layer `head` must give one output per sample for every batch; .* not for one of 1"
    with pytest.raises(InvalidInputError, match=sentence):
        recorded(tmp_path, Squeezes(), inputs, batch_size)


def test_layers_that_are_lost_later_are_named():
    sentence = "layer `table` must give one output per sample for every batch; .* not for one of 3"

    class OfFive(Positions):
        def forward(self, x):
            if len(x) == 2:
                raise ValueError("a size that this network refuses")
            return super().forward(x)

    sizes = [np.zeros((size, N_TOKENS, 4), np.float32) for size in (N_TOKENS, 3)]
    batches = [(sizes[0], np.arange(5)), (sizes[1], np.arange(5, 8))]
    with pytest.raises(InvalidInputError, match=sentence):
        list(capture(OfFive(with_axis=False), batches, layers=["leaf"]))
