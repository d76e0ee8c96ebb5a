"""Capture: the values a module gave, whatever happens next, and the model as it came."""

import weakref
from collections import OrderedDict

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from topolens.activations.hooks.capture import capture  # noqa: E402
from topolens.activations.hooks.devices import moved  # noqa: E402
from topolens.base.errors import InvalidInputError  # noqa: E402


def batches_of(inputs, size=4, first_id=100):
    for start in range(0, len(inputs), size):
        part = inputs[start : start + size]
        yield part, np.arange(first_id + start, first_id + start + len(part))


def images(n=10, channels=3, side=6):
    return torch.randn(n, channels, side, side, generator=torch.Generator().manual_seed(0))


def joined(model, inputs, layer, **options):
    parts = capture(model, batches_of(inputs), **{"layers": [layer], **options})
    return np.concatenate([part.layers[layer].rows for part in parts])


class Shared(nn.Module):
    """One ReLU used twice."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 3)
        self.relu = nn.ReLU()
        self.second = nn.Linear(3, 2)

    def forward(self, x):
        return self.relu(self.second(self.relu(self.first(x))))


class Gives(nn.Module):
    """A layer whose output is made by a function."""

    def __init__(self, make):
        super().__init__()
        self.make = make

    def forward(self, x):
        return self.make(x)


class After(nn.Module):
    """A layer whose output nobody looks at."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        self.layer(x)
        return x


@pytest.fixture
def network():
    torch.manual_seed(0)
    model = nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(3, 4, 3),
            bn=nn.BatchNorm2d(4),
            relu=nn.ReLU(inplace=True),
            flatten=nn.Flatten(),
            drop=nn.Dropout(0.5),
            fc=nn.Linear(64, 5),
        )
    )
    model.bn.running_mean.normal_(generator=torch.Generator().manual_seed(1))
    return model


@pytest.mark.parametrize("pool", ["flatten", "mean", "top_norm", "random:3"])
def test_an_inplace_module_after_it_does_not_change_what_was_captured(network, pool):
    inputs = images()
    rows = joined(network, inputs, "bn", pool=pool)
    assert rows.min() < 0
    if pool == "flatten":
        network.eval()
        with torch.inference_mode():
            expected = network.bn(network.conv(inputs)).flatten(1).numpy()
        np.testing.assert_allclose(rows, expected, atol=1e-6)


def test_an_inplace_module_after_a_layer_of_features_does_not_change_it():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(inplace=True))
    assert joined(model, torch.randn(10, 3), "0").min() < 0


def test_layers_come_in_the_order_in_which_they_ran():
    model = nn.Sequential(
        OrderedDict(
            stage=nn.Sequential(OrderedDict(b=nn.Linear(3, 3), a=nn.Linear(3, 3))),
            head=nn.Linear(3, 2),
        )
    )
    layers = ["head", "stage", "stage.a", "stage.b"]
    batch = next(capture(model, batches_of(torch.randn(4, 3)), layers=layers))
    assert list(batch.layers) == ["stage.b", "stage.a", "stage", "head"]


def test_rows_say_what_module_gave_them(network):
    batch = next(capture(network, batches_of(images()), layers=["conv", "bn"]))
    made = {name: (rows.module_type, rows.site) for name, rows in batch.layers.items()}
    assert made == {"conv": ("Conv2d", "output"), "bn": ("BatchNorm2d", "output")}


def test_a_shared_module_is_there_once_per_call():
    model = Shared()
    x = torch.randn(4, 3)
    batch = next(capture(model, batches_of(x), layers=["leaf"]))
    assert list(batch.layers) == ["first", "relu#0", "second", "relu#1"]
    with torch.inference_mode():
        np.testing.assert_allclose(batch.layers["relu#0"].rows, model.first(x).relu().numpy())
        np.testing.assert_allclose(batch.layers["relu#1"].rows, model(x).numpy())


def test_refuses_two_layers_of_one_name():
    relu = nn.ReLU()
    parts = {"relu": relu, "relu#0": nn.Linear(3, 3), "again": relu, "tail@input": nn.Identity()}
    model, x = nn.Sequential(OrderedDict(parts, tail=nn.Identity())), torch.randn(2, 3)
    for layers, name in ([["leaf"], "relu#0"], [["type:Identity@input", "t*"], "tail@input"]):
        with pytest.raises(InvalidInputError, match=f"names of their own; two are called `{name}`"):
            list(capture(model, [(x, np.arange(2))], layers=layers))


def test_refuses_a_number_of_calls_that_changes():
    class Sometimes(Shared):
        def forward(self, x):
            x = self.relu(x)
            return self.relu(x) if len(x) == 4 else x

    with pytest.raises(InvalidInputError, match=r"`relu` must run equally often .* 2 and 1 calls"):
        list(capture(Sometimes(), batches_of(torch.randn(6, 3)), layers=["relu"]))


def test_a_layer_that_only_a_pattern_means_may_never_run():
    attention = nn.MultiheadAttention(8, 2, batch_first=True)  # never calls its own out_proj

    class Attends(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Linear(3, 8)
            self.attention = attention

        def forward(self, x):
            x = self.embed(x)
            return self.attention(x, x, x)[0]

    (batch,) = capture(Attends(), batches_of(torch.randn(4, 5, 3)), layers=["leaf"])
    assert list(batch.layers) == ["embed"]
    named = ["attention.out_proj"]
    with pytest.raises(InvalidInputError, match=r"`attention\.out_proj` must run"):
        list(capture(Attends(), batches_of(torch.randn(4, 5, 3)), layers=named))


class WithPositions(nn.Module):
    """Adds one embedding of positions to all samples, as transformers do."""

    def __init__(self):
        super().__init__()
        self.positions = nn.Embedding(3, 3)
        self.head = nn.Linear(3, 2)

    def forward(self, x):
        return self.head(x + self.positions(torch.arange(3))[:1])


def test_a_layer_that_tells_no_samples_apart_is_left_out_unless_it_is_named():
    inputs = torch.randn(7, 3)  # the last batch has as many samples as there are positions
    kept = [set(b.layers) for b in capture(WithPositions(), batches_of(inputs), layers=["leaf"])]
    assert kept == [{"head"}, {"head"}]
    with pytest.raises(InvalidInputError, match="`positions` must give one output per sample"):
        list(capture(WithPositions(), batches_of(inputs), layers=["positions"]))
    with pytest.raises(InvalidInputError, match="`positions` must give one output per"):
        list(capture(WithPositions(), batches_of(inputs), layers=["type:Embedding"]))


def test_refuses_patterns_that_mean_only_layers_that_never_run():
    model = Shared()
    model.unused = nn.Linear(2, 2)
    with pytest.raises(InvalidInputError, match="layer `unused` must run"):
        list(capture(model, batches_of(torch.randn(4, 3)), layers=["unus*"]))


def test_refuses_a_layer_that_never_runs():
    model = Shared()
    model.unused = nn.Linear(2, 2)
    with pytest.raises(
        InvalidInputError,
        match="layer `unused` must run in a forward pass; it never does, so leave it out",
    ):
        list(capture(model, batches_of(torch.randn(4, 3)), layers=["unused"]))


class ModelOutput(OrderedDict):
    """As transformers return it."""


@pytest.mark.parametrize(
    "wrap",
    [
        lambda x: (x, None),
        lambda x: [None, x],
        lambda x: {"loss": None, "logits": x},
        lambda x: ModelOutput(last_hidden_state=x, hidden=(x * 0,)),
        lambda x: ((x, x * 0), x * 0),
    ],
)
def test_takes_the_first_tensor_of_a_structured_output(wrap):
    x = torch.randn(4, 3)
    model = After(Gives(wrap))
    np.testing.assert_array_equal(joined(model, x, "layer"), x.numpy())


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda x: None, "must give a tensor of real numbers; got NoneType"),
        (
            lambda x: x.to(torch.complex64),
            "must give a tensor of real numbers; got torch.complex64",
        ),
        (lambda x: x.sum(), r"one output per sample along its first axis; got shape \(\)"),
        (lambda x: x.T, r"one output per sample .*; got shape \(3, 4\) for 4 samples"),
        (lambda x: x[:, 0], r"must give \(n_samples, n_features, ...\)"),
    ],
)
def test_refuses_an_output_that_is_not_rows(make, sentence):
    with pytest.raises(InvalidInputError, match=f"layer `layer` {sentence}|{sentence}"):
        list(capture(After(Gives(make)), batches_of(torch.randn(4, 3)), layers=["layer"]))


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (torch.float16, np.float32),
        (torch.bfloat16, np.float32),
        (torch.float32, np.float32),
        (torch.float64, np.float64),
        (torch.int32, np.float32),
    ],
)
def test_widens_to_at_least_single_precision(given, stored):
    model = After(Gives(lambda x: x.to(given)))
    assert joined(model, torch.ones(4, 3), "layer").dtype == stored


def test_counts_values_that_are_not_finite_and_goes_on():
    model = After(Gives(lambda x: x / 0))
    batch = next(capture(model, batches_of(torch.zeros(4, 3)), layers=["layer"]))
    assert batch.layers["layer"].nonfinite == 12


def test_predictions_are_the_largest_output():
    class Fixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Identity()

        def forward(self, x):
            return self.layer(x)

    scores = torch.tensor([[0.0, 2.0, 1.0], [5.0, 2.0, 1.0]])
    batch = next(capture(Fixed(), batches_of(scores), layers=["layer"]))
    assert batch.predictions.tolist() == [1, 0]
    batch = next(capture(Fixed(), batches_of(images()), layers=["layer"]))
    assert batch.predictions is None


def state_of(model):
    return (
        [module.training for module in model.modules()],
        [len(module._forward_hooks) for module in model.modules()],
        [parameter.requires_grad for parameter in model.parameters()],
        [tensor.clone() for tensor in model.state_dict().values()],
        torch.is_inference_mode_enabled(),
        torch.is_grad_enabled(),
    )


def assert_same_state(before, after):
    assert before[:3] == after[:3]
    assert all(torch.equal(a, b) for a, b in zip(before[3], after[3], strict=True))
    assert before[4:] == after[4:]


@pytest.fixture
def mixed(network):
    """A model in no single mode, with a hook of the user's own."""
    network.train()
    network.bn.eval()
    network.conv.weight.requires_grad_(False)
    network.fc.register_forward_hook(lambda module, arguments, output: None)
    return network


def test_leaves_the_model_as_it_came_after_the_last_batch(mixed):
    before = state_of(mixed)
    list(capture(mixed, batches_of(images()), layers=["leaf"]))
    assert_same_state(before, state_of(mixed))


def test_leaves_the_model_as_it_came_between_batches_and_when_closed_early(mixed):
    before = state_of(mixed)
    stream = capture(mixed, batches_of(images()), layers=["leaf"])
    next(stream)
    assert_same_state(before, state_of(mixed))
    stream.close()
    assert_same_state(before, state_of(mixed))


def test_leaves_the_model_as_it_came_after_a_failure(mixed):
    before = state_of(mixed)
    for bad in (images(side=7), images(channels=2)):
        with pytest.raises(InvalidInputError, match="`model` must run on"):
            list(capture(mixed, batches_of(bad), layers=["conv"]))
        assert_same_state(before, state_of(mixed))
    with pytest.raises(InvalidInputError, match="must give tokens"):
        list(capture(mixed, batches_of(images()), layers=["conv"], pool="cls"))
    assert_same_state(before, state_of(mixed))


def test_runs_without_gradients_in_inference_mode(network):
    modes = []
    network.conv.register_forward_hook(
        lambda module, arguments, output: modes.append((output.is_inference(), module.training))
    )
    list(capture(network, batches_of(images()), layers=["fc"]))
    assert set(modes) == {(True, False)}


def test_evaluates_whatever_the_mode(mixed):
    in_mixed_mode = joined(mixed, images(), "fc")
    mixed.eval()
    np.testing.assert_array_equal(in_mixed_mode, joined(mixed, images(), "fc"))


def test_a_failure_names_the_innermost_module_and_the_batch():
    model = nn.Sequential(
        OrderedDict(stage=nn.Sequential(OrderedDict(deep=nn.Linear(5, 5))), head=nn.Linear(5, 5))
    )
    inputs = [(torch.zeros(2, 5), [7, 8]), (torch.zeros(2, 4), [9, 10])]
    sentence = (
        r"`model` must run on the batch that begins with sample 9, inputs of shape \(2, 4\); "
        r"its layer `stage\.deep` \(Linear\) raised RuntimeError: mat1 and mat2"
    )
    with pytest.raises(InvalidInputError, match=sentence) as caught:
        list(capture(model, inputs, layers=["head"]))
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_a_failure_outside_any_layer_names_the_model():
    class Broken(Shared):
        def forward(self, x):
            raise KeyError("attention_mask")

    with pytest.raises(
        InvalidInputError, match=r"the model itself \(Broken\) raised KeyError: 'at"
    ):
        list(capture(Broken(), batches_of(torch.zeros(4, 3)), layers=["relu"]))


def test_an_interruption_is_passed_on_with_the_model_restored(mixed):
    def interrupt(module, arguments):
        raise KeyboardInterrupt

    mixed.flatten.register_forward_pre_hook(interrupt)
    before = state_of(mixed)
    with pytest.raises(KeyboardInterrupt):
        list(capture(mixed, batches_of(images()), layers=["leaf"]))
    assert_same_state(before, state_of(mixed))


@pytest.mark.parametrize("pool", ["mean", "top_norm", "random:3", "flatten"])
def test_the_batches_do_not_matter(network, pool):
    def run(size):
        parts = list(capture(network, batches_of(images(), size), layers=["relu"], pool=pool))
        rows = np.concatenate([part.layers["relu"].rows for part in parts])
        return rows, np.concatenate([part.sample_ids for part in parts])

    for size in (1, 3, 10):
        np.testing.assert_allclose(run(size)[0], run(4)[0], atol=1e-6)
        np.testing.assert_array_equal(run(size)[1], run(4)[1])


def test_random_positions_are_the_same_for_models_whose_maps_have_one_size():
    def positions(channels, **options):
        model = nn.Sequential(nn.Conv2d(3, channels, 3))
        batch = next(capture(model, batches_of(images()), layers=["0"], pool="random:2", **options))
        return batch.layers["0"].positions

    np.testing.assert_array_equal(positions(4), positions(5))
    assert positions(4).tolist() != positions(4, seed=9).tolist()


def test_reads_batches_as_they_are_asked_for():
    asked = []

    def endless():
        while True:
            asked.append(len(asked))
            yield torch.zeros(2, 3), [2 * len(asked), 2 * len(asked) + 1]

    stream = capture(Shared(), endless(), layers=["first"])
    assert asked == []
    next(stream)
    next(stream)
    assert len(asked) == 2


@pytest.mark.parametrize("pool", ["mean", "top_norm", "random:3", "grid:2", "all", "flatten"])
def test_no_tensor_of_the_model_outlives_its_batch(network, pool):
    outputs = []
    for module in network:
        module.register_forward_hook(
            lambda module, given, output: outputs.append(weakref.ref(output))
        )
    kept = []
    for batch in capture(network, batches_of(images()), layers=["leaf"], pool=pool):
        kept.append(batch)
        assert not any(output() is not None for output in outputs)
    assert len(outputs) == len(network) * len(kept) == 18


def test_takes_arrays_mappings_and_tuples():
    class Sum(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Identity()

        def forward(self, first, second=0.0):
            return self.layer(first + second)

    array = np.ones((2, 3), np.float32)
    array.setflags(write=False)
    for inputs, expected in (
        (array, 1),
        ((array, array), 2),
        ({"first": array, "second": torch.full((2, 3), 2.0)}, 3),
    ):
        batch = next(capture(Sum(), [(inputs, [0, 1])], layers=["layer"]))
        assert (batch.layers["layer"].rows == expected).all()


@pytest.mark.parametrize("ids", [[0.5, 1.5], [[0, 1]], []])
def test_refuses_ids_that_are_not_integers(ids):
    with pytest.raises(InvalidInputError, match=r"`batches` must give integer sample ids of shape"):
        list(capture(Shared(), [(torch.zeros(2, 3), ids)], layers=["relu"]))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"layers": ["rleu"]}, r"no layer of the model matches `rleu`; did you mean `relu`\?"),
        ({"pool": "max"}, "`pool` must be"),
        ({"seed": -1}, "`seed` must be an integer from 0 to 9223372036854775807; got -1"),
        ({"seed": 2**64}, "`seed` must be an integer from 0 .*; got 18446744073709551616"),
        ({"device": "warp"}, "`device` must be available to torch; got 'warp'"),
        ({"device": "meta"}, "`device` must be available to torch; got 'meta'"),
    ],
)
def test_mistakes_are_found_before_the_first_batch(options, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        capture(Shared(), iter(()), **{"layers": ["relu"], **options})


class Traveller(nn.Linear):
    """Notes where it is sent instead of going there."""

    def __init__(self):
        super().__init__(2, 2)
        self.journey = []

    def to(self, device):
        self.journey.append(str(device))
        return self


def test_moves_the_model_and_brings_it_back_even_after_a_failure():
    model = Traveller()
    with pytest.raises(KeyError), moved(model, torch.device("cuda:0")):
        raise KeyError
    assert model.journey == ["cuda:0", "cpu"]


def test_does_not_touch_a_model_that_is_there_already():
    model = Traveller()
    with moved(model, torch.device("cpu")):
        pass
    assert model.journey == []


def test_refuses_a_model_on_several_devices():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2, device="meta"))
    with (
        pytest.raises(InvalidInputError, match=r"must be on one device; got \['cpu', 'meta'\]"),
        moved(model, torch.device("cuda:0")),
    ):
        pass


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU; the CPU twin is above")
@pytest.mark.parametrize("pool", ["mean", "top_norm", "random:3", "flatten"])
def test_a_gpu_gives_what_the_cpu_gives_and_the_model_back(network, pool):
    on_gpu = joined(network, images(), "relu", pool=pool, device="cuda")
    assert network.conv.weight.device.type == "cpu"
    np.testing.assert_allclose(on_gpu, joined(network, images(), "relu", pool=pool), atol=1e-3)
