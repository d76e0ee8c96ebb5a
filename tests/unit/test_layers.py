"""Which layers a pattern means, and what the table of layers says."""

from collections import OrderedDict

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from topolens.activations.hooks.layers import LayerInfo, layer_table, select_layers  # noqa: E402
from topolens.activations.networks.models import build_seeded  # noqa: E402
from topolens.base.errors import InvalidInputError  # noqa: E402


@pytest.fixture(scope="module")
def resnet():
    return build_seeded("zoo:cifar_resnet", {"depth": 8, "variant": "B"})


@pytest.mark.parametrize(
    ("patterns", "exclude", "expected"),
    [
        (["linear", "conv1"], [], ["conv1", "linear"]),
        (["conv1", "conv?", "conv1"], [], ["conv1"]),
        (
            ["layer3.0.*1"],
            [],
            ["layer3.0.conv1", "layer3.0.bn1", "layer3.0.relu1", "layer3.0.shortcut.1"],
        ),
        (["type:Linear"], [], ["linear"]),
        (["type:*Norm2d"], ["layer*"], ["bn1"]),
        (["type:Block"], ["layer2.*", "nothing.here"], ["layer1.0", "layer3.0"]),
        (
            ["leaf"],
            ["type:Conv2d", "type:BatchNorm2d", "type:ReLU"],
            ["layer1.0.shortcut", "linear"],
        ),
    ],
)
def test_patterns(resnet, patterns, exclude, expected):
    assert select_layers(resnet, patterns, exclude) == expected


def test_leaf_means_all_modules_without_children(resnet):
    names = select_layers(resnet, ["leaf"])
    assert len(names) == 27
    assert "layer1" not in names


@pytest.mark.parametrize(
    ("patterns", "exclude", "sentence"),
    [
        (["linera"], [], "no layer of the model matches `linera`; did you mean `linear` or"),
        (["layer9.*"], [], "no layer of the model matches `layer9.*`"),
        (["type:Conv3d"], [], r"matches `type:Conv3d`; did you mean `type:Conv2d`"),
        (
            ["linear"],
            ["lin*"],
            r"`layers` must leave a layer to capture; got \['linear'\] without \[",
        ),
        ([], [], "`layers` must leave a layer to capture"),
    ],
)
def test_error_sentences(resnet, patterns, exclude, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        select_layers(resnet, patterns, exclude)


def test_the_table_says_what_ran_with_which_shape():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.stage = nn.Sequential(OrderedDict(conv=nn.Conv2d(1, 2, 3)))
            self.relu = nn.ReLU()
            self.pair = Pair()
            self.unused = nn.Linear(2, 2)

        def forward(self, x):
            return self.pair(self.relu(self.relu(self.stage(x))))

    class Pair(nn.Module):
        def forward(self, x):
            return None, x.flatten(1)

    model = Net()
    assert layer_table(model, torch.zeros(3, 1, 4, 4)) == [
        LayerInfo("stage", "Sequential", (2, 2, 2), 20, 1),
        LayerInfo("stage.conv", "Conv2d", (2, 2, 2), 20, 1),
        LayerInfo("relu", "ReLU", (2, 2, 2), 0, 2),
        LayerInfo("pair", "Pair", (8,), 0, 1),
        LayerInfo("unused", "Linear", None, 6, 0),
    ]
    assert model.training
    assert not any(module._forward_hooks for module in model.modules())


def test_a_table_of_a_model_that_cannot_run_names_the_layer(resnet):
    with pytest.raises(InvalidInputError, match=r"run on the example, .* layer `conv1` \(Conv2d\)"):
        layer_table(resnet, torch.zeros(1, 1, 8, 8))
