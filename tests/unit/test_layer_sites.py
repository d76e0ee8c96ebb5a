"""Inputs and numbered tensors of modules, chosen by every kind of pattern."""

from collections import OrderedDict

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from topolens.activations.hooks.capture import capture  # noqa: E402
from topolens.activations.hooks.layer_patterns import Node, check_pattern, matching  # noqa: E402
from topolens.activations.hooks.layers import select_layers  # noqa: E402
from topolens.base.errors import InvalidInputError  # noqa: E402


class Residual(nn.Module):
    """conv -> bn -> += shortcut -> relu in place, as in a ResNet block."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.bn = nn.BatchNorm2d(3)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        out = self.bn(self.conv(x))
        out += x
        return self.relu(out)


def captured(model, inputs, layers, **options):
    (batch,) = capture(model, [(inputs, np.arange(4))], layers=layers, **options)
    return batch.layers


@pytest.fixture
def block():
    torch.manual_seed(0)
    return nn.Sequential(OrderedDict(stem=nn.Conv2d(3, 3, 3), block=Residual()))


@pytest.fixture
def images():
    return torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def test_convolution_norm_sum_and_activation_are_told_apart(block, images):
    layers = ["block.conv", "block.bn@input", "block.bn", "block.relu@input", "block.relu"]
    rows = captured(block, images, layers, pool="flatten")
    block.eval()
    with torch.inference_mode():
        x = block.stem(images)
        conv = block.block.conv(x)
        bn = block.block.bn(conv)
        expected = [conv, conv, bn, bn + x, (bn + x).relu()]
    assert list(rows) == layers
    for name, values in zip(layers, expected, strict=True):
        np.testing.assert_array_equal(rows[name].rows, values.flatten(1).numpy(), err_msg=name)
    assert rows["block.relu@input"].rows.min() < 0
    made = [(own.module_type, own.site) for own in rows.values()]
    assert made[1:4] == [
        ("BatchNorm2d", "input"), ("BatchNorm2d", "output"), ("ReLU", "input"),
    ]  # fmt: skip


@pytest.mark.parametrize("pool", ["flatten", "mean", "top_norm", "random:3", "grid:2", "all"])
def test_a_module_that_overwrites_its_input_does_not_change_what_was_captured(block, images, pool):
    assert (
        captured(block, images, ["block.relu@input"], pool=pool)["block.relu@input"].rows.min() < 0
    )


def test_a_model_that_overwrites_its_inputs_leaves_the_samples_alone():
    model = nn.Sequential(nn.ReLU(inplace=True))
    for inputs in (-torch.ones(4, 3), -np.ones((4, 3), np.float32)):
        rows = captured(model, inputs, ["0", "0@input"])
        assert (rows["0"].rows == 0).all()
        assert (rows["0@input"].rows == -1).all()
        assert (inputs == -1).all()


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU()
        self.twin = self.relu

    def forward(self, x):
        return self.twin(self.relu(x) - 1)


def test_inputs_of_repeated_calls_are_numbered():
    x = torch.randn(4, 3)
    rows = captured(Shared(), x, ["relu@input", "relu"])
    assert list(rows) == ["relu@input#0", "relu#0", "relu@input#1", "relu#1"]
    np.testing.assert_array_equal(rows["relu@input#0"].rows, x.numpy())
    np.testing.assert_array_equal(rows["relu@input#1"].rows, (x.relu() - 1).numpy())


def test_a_second_name_of_a_module_is_explained():
    with pytest.raises(
        InvalidInputError, match=r"`twin` is the same module as `relu`; use that na"
    ):
        select_layers(Shared(), ["twin"])


class Named(nn.Module):
    """A module that is called with names, whose ids come before its values."""

    def __init__(self):
        super().__init__()
        self.part = Pair()

    def forward(self, x):
        return self.part(ids=torch.zeros(4, 2, dtype=torch.int64), values=x, more=x + 1)["b"]


class Pair(nn.Module):
    def forward(self, ids, *, values, more):
        return OrderedDict(a=(ids, values * 2), b=more)


def test_the_first_floating_tensor_is_taken_or_the_one_that_is_asked_for():
    x = torch.randn(4, 3)
    layers = ["part@input", "part@input[2]", "part", "part@output[0]", "part@output[2]"]
    rows = captured(Named(), x, layers)
    for name, values in zip(layers, [x, x + 1, x * 2, torch.zeros(4, 2), x + 1], strict=True):
        np.testing.assert_array_equal(rows[name].rows, values.numpy(), err_msg=name)
    assert rows["part@input[2]"].site == "input"


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [
        ("part@input[7]", r"`part@input\[7\]` must be given a tensor of real numbers; got no ten"),
        ("part@output[7]", r"`part@output\[7\]` must give a tensor of real numbers; got no tensor"),
    ],
)
def test_names_a_tensor_that_is_not_there(layer, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        captured(Named(), torch.randn(4, 3), [layer])


@pytest.mark.parametrize(
    ("patterns", "exclude", "expected"),
    [
        (["type:Conv2d@input"], [], ["stem@input", "block.conv@input"]),
        (
            ["block.*@input", "block.bn"],
            ["*relu"],
            ["block.conv@input", "block.bn@input", "block.bn"],
        ),
        (["leaf", "block.bn@input"], ["*@input"], ["stem", "block.conv", "block.bn", "block.relu"]),
        (["re:.*\\.(bn|relu)@input"], [], ["block.bn@input", "block.relu@input"]),
        (["re:block\\.[a-c].*"], [], ["block.conv", "block.bn"]),
        (["depth:1"], [], ["stem", "block"]),
        (["depth:2@output"], ["re:.*relu"], ["block.conv", "block.bn"]),
    ],
)  # fmt: skip
def test_patterns_with_sides(block, patterns, exclude, expected):
    assert select_layers(block, patterns, exclude) == expected


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("re:(", r"`layers` must have a regular expression after `re:`; got 're:\(' \(missing"),
        ("re:*@input", r"regular expression after `re:`; got 're:\*@input' \(nothing to repeat"),
        ("depth:0", "`layers` must have a whole number from 1 after `depth:`; got 'depth:0'"),
        ("depth:two", "must have a whole number from 1 after `depth:`; got 'depth:two'"),
        ("depth:9", "no layer of the model matches `depth:9`"),
        ("re:bn", "no layer of the model matches `re:bn`"),
        ("stme@input", "no layer of the model matches `stme@input`; did you mean `stem`"),
    ],
)
def test_mistakes_in_patterns(block, pattern, sentence):
    for patterns, exclude in (([pattern], []), (["leaf"], [pattern])):
        if sentence.startswith("no layer") and exclude:
            continue
        with pytest.raises(InvalidInputError, match=sentence):
            select_layers(block, patterns, exclude)


def test_the_exact_name_of_a_module_is_never_a_pattern():
    model = nn.Sequential(OrderedDict([("a@input", nn.ReLU()), ("re:(", nn.ReLU())]))
    assert select_layers(model, ["a@input", "re:("]) == ["a@input", "re:("]


def test_a_regular_expression_fits_the_whole_name():
    nodes = {"conv1": Node(), "conv11": Node()}
    assert matching("re:conv1", nodes) == {"conv1"}
    assert check_pattern("re:conv1") == "re:conv1"
