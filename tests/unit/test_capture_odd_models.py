"""Wrapped, compiled, huge and failing models: a clear behaviour, and left as they came."""

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from topolens.activations.hooks.capture import capture  # noqa: E402
from topolens.activations.hooks.layers import layer_table, select_layers  # noqa: E402
from topolens.activations.hooks.pooling import Pooler  # noqa: E402
from topolens.base.errors import InvalidInputError  # noqa: E402


@pytest.fixture
def network():
    torch.manual_seed(0)
    return nn.Sequential(OrderedDict(first=nn.Linear(3, 4), relu=nn.ReLU(), last=nn.Linear(4, 2)))


@pytest.fixture
def inputs():
    return torch.randn(4, 3, generator=torch.Generator().manual_seed(0))


def rows_of(model, inputs, layers, **options):
    (batch,) = capture(model, [(inputs, np.arange(len(inputs)))], layers=layers, **options)
    return {name: own.rows for name, own in batch.layers.items()}


def assert_equal(found, expected):
    assert list(found) == list(expected)
    for name, rows in found.items():
        np.testing.assert_array_equal(rows, expected[name], err_msg=name)


def hooks_of(model):
    return [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules()]


def test_a_data_parallel_model_is_the_network_inside(network, inputs):
    wrapped = nn.DataParallel(network)
    wrapped.train()
    assert select_layers(wrapped, ["leaf"]) == ["first", "relu", "last"]
    assert_equal(rows_of(wrapped, inputs, ["leaf"]), rows_of(network, inputs, ["leaf"]))
    assert all(module.training for module in wrapped.modules())
    assert [info.name for info in layer_table(wrapped, inputs)] == ["first", "relu", "last"]


def test_compiled_code_passes_no_hook_by(network, inputs):
    expected = rows_of(network, inputs, ["leaf", "first@input"])
    compiled = torch.compile(network, backend="eager")
    compiled(inputs)  # what torch compiled before has no hooks in it
    assert_equal(rows_of(compiled, inputs, ["leaf", "first@input"]), expected)
    network.compile(backend="eager")  # in place, as `Module.compile` does
    network(inputs)
    assert_equal(rows_of(network, inputs, ["leaf", "first@input"]), expected)
    assert_equal(rows_of(nn.DataParallel(compiled), inputs, ["leaf", "first@input"]), expected)


def test_a_part_that_is_compiled_runs_uncompiled(network, inputs):
    expected = rows_of(network, inputs, ["last"])
    parts = nn.Sequential(
        OrderedDict(body=torch.compile(network[:2], backend="eager"), last=network.last)
    )
    parts(inputs)
    assert_equal(rows_of(parts, inputs, ["last"]), expected)
    assert "body._orig_mod.first" in rows_of(parts, inputs, ["leaf"])


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_refuses_a_scripted_model(network):
    with pytest.raises(InvalidInputError, match="must run its layers in Python; got a TorchScript"):
        select_layers(torch.jit.script(network), ["leaf"])


def test_ten_thousand_tiny_layers(monkeypatch):
    """Every step is linear in the number of layers: a quadratic one would take minutes."""
    model = nn.Sequential(*(nn.Identity() for _ in range(10_000)))
    calls = []
    original = Pooler.__call__
    monkeypatch.setattr(
        Pooler, "__call__", lambda *given, **named: calls.append(1) or original(*given, **named)
    )
    rows = rows_of(model, torch.ones(2, 3), ["leaf"])
    assert len(rows) == len(calls) == 10_000
    assert list(rows)[-1] == "9999"


def test_one_module_that_runs_ten_thousand_times():
    class Loop(nn.Module):
        def __init__(self):
            super().__init__()
            self.step = nn.Identity()

        def forward(self, x):
            for _ in range(10_000):
                x = self.step(x)
            return x

    assert list(rows_of(Loop(), torch.ones(2, 3), ["step"]))[-1] == "step#9999"


def test_refuses_an_empty_batch(network):
    sentence = r"must give integer sample ids of shape \(n_samples,\), not empty; got int64 of sha"
    with pytest.raises(InvalidInputError, match=sentence):
        list(capture(network, [(torch.zeros(0, 3), np.zeros(0, np.int64))], layers=["leaf"]))


def test_refuses_more_samples_than_ids(network, inputs):
    sentence = r"`first` must give one output per sample .* shape \(4, 4\) for 3 samples"
    with pytest.raises(InvalidInputError, match=sentence):
        list(capture(network, [(inputs, np.arange(3))], layers=["leaf"]))


@pytest.mark.parametrize("error", [RuntimeError("out of memory"), KeyboardInterrupt()])
def test_a_failure_in_the_hook_leaves_the_model_as_it_came(network, inputs, monkeypatch, error):
    def fail(*given, **named):
        raise error

    network.train()
    network.relu.eval()
    modes = [module.training for module in network.modules()]
    monkeypatch.setattr(Pooler, "__call__", fail)
    expected = InvalidInputError if isinstance(error, Exception) else KeyboardInterrupt
    with pytest.raises(expected):
        rows_of(network, inputs, ["leaf", "relu@input"])
    assert [module.training for module in network.modules()] == modes
    assert hooks_of(network) == [0, 0, 0, 0]
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()


def test_hooks_on_inputs_are_gone_afterwards_and_the_users_own_come_first(network, inputs):
    network.last.register_forward_pre_hook(lambda module, given: (given[0] * 0 + 7,))
    before = hooks_of(network)
    rows = rows_of(network, inputs, ["last@input"])["last@input"]
    assert (rows == 7).all()
    assert hooks_of(network) == before


def test_batch_norm_in_training_mode_keeps_its_statistics(inputs):
    model = nn.Sequential(nn.BatchNorm1d(3))
    model.train()
    rows = rows_of(model, inputs, ["0"])["0"]
    np.testing.assert_allclose(rows, inputs / np.sqrt(1 + 1e-5), rtol=1e-6)
    assert model[0].num_batches_tracked == 0
    assert model.training


def test_takes_the_values_of_a_dataclass(inputs):
    @dataclass
    class Answer:
        name: str
        values: torch.Tensor

    class Layer(nn.Module):
        def forward(self, x):
            return Answer("a", x + 1)

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = Layer()

        def forward(self, x):
            return self.layer(x).values

    np.testing.assert_array_equal(rows_of(Model(), inputs, ["layer"])["layer"], inputs + 1)
