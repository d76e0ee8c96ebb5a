"""Networks of the zoo: every value can be hooked, published names are read, mistakes are named."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from safetensors.torch import save_file  # noqa: E402
from torch import nn  # noqa: E402

from topolens.activations.hooks.layers import layer_table  # noqa: E402
from topolens.activations.networks.models import build_seeded, load_model  # noqa: E402
from topolens.base.errors import InvalidInputError  # noqa: E402

SMALL = {
    "resnet basic": ("resnet", {"stem": "cifar", "n_classes": 10}),
    "resnet bottleneck": ("resnet", {"depth": 50, "stem": "cifar", "shortcut": "zeros"}),
    "resnet imagenet": ("resnet", {"n_classes": 3}),
    "se_resnet": ("se_resnet", {"depth": 18, "stem": "cifar"}),
    "vgg": ("vgg", {"depth": 11, "batch_norm": True, "head": "cifar"}),
    "vit": ("vit", {"size": "tiny", "image_size": 32}),
    "mobilenet_v2": ("mobilenet_v2", {"width": 0.25}),
    "convmixer": ("convmixer", {"width": 16, "depth": 2, "patch": 1}),
    "equal_width_vgg": ("equal_width_vgg", {"width": 8, "activation": "swish"}),
    "equal_width_resnet": ("equal_width_resnet", {"width": 8, "activation": "tanh"}),
    "batch_norm_vit": ("batch_norm_vit", {}),
    "resnet8": ("resnet8", {}),
    "fashion_cnn": ("fashion_cnn", {}),
}


def built(case):
    name, args = SMALL[case]
    return load_model(f"zoo:{name}", args=args)


def example(model, n=2):
    _, height, width = model.input_shape
    side = 16 if type(model).__name__ == "ResNet" else min(height, 32)
    generator = torch.Generator().manual_seed(0)
    shape = (n, model.input_shape[0], side, side if height == width else width)
    return torch.randn(shape, generator=generator)


@pytest.mark.parametrize("case", SMALL)
def test_no_module_runs_twice_and_none_is_idle(case):
    model = built(case)
    table = layer_table(model, example(model))
    assert {info.name: info.calls for info in table if info.calls != 1} == {}


def outputs_of(model, images):
    kept = {}
    for name, module in model.named_modules():
        module.register_forward_hook(
            lambda module, given, output, name=name: kept.__setitem__(name, output.clone())
        )
    with torch.inference_mode():
        model(images)
    return kept


@pytest.mark.parametrize(
    ("case", "block", "norm", "last"),
    [
        ("resnet basic", "layer2.0", "bn2", "relu2"),
        ("resnet bottleneck", "layer2.0", "bn3", "relu3"),
        ("equal_width_resnet", "blocks.3", "bn3", "act3"),
    ],
)
def test_a_block_gives_the_sum_and_its_convolutions_and_norms_stay_apart(case, block, norm, last):
    model = built(case)
    kept = outputs_of(model, example(model))
    assert torch.equal(kept[block], kept[f"{block}.{last}"])
    before = kept["layer1"] if "layer1" in kept else kept["blocks.2"]
    beside = kept.get(f"{block}.downsample", before[:, :, ::2, ::2])
    function = model.get_submodule(f"{block}.{last}")
    torch.testing.assert_close(kept[block], function(kept[f"{block}.{norm}"] + beside))
    # Nothing is done in place: a norm's output still has what a ReLU would have removed.
    assert kept[f"{block}.{norm}"].min() < 0


def test_shortcuts_without_weights_leave_the_seventeen_convolutions_of_purvine():
    plain = build_seeded("zoo:resnet", {"stem": "cifar", "shortcut": "zeros", "n_classes": 10})
    assert sum(isinstance(module, nn.Conv2d) for module in plain.modules()) == 17
    zeros = plain.layer2[0].downsample
    maps = torch.arange(2 * 64 * 16.0).view(2, 64, 4, 4)
    assert torch.equal(zeros(maps)[:, 32:96], maps[:, :, ::2, ::2])
    assert zeros(maps)[:, :32].abs().sum() == zeros(maps)[:, 96:].abs().sum() == 0


def test_squeeze_and_excitation_weighs_channels():
    model = built("se_resnet")
    kept = outputs_of(model, example(model))
    gate = kept["layer3.1.se.gate"]
    assert gate.shape == (2, 256, 1, 1)
    torch.testing.assert_close(kept["layer3.1.se"], kept["layer3.1.bn2"] * gate)
    assert (
        build_seeded("zoo:se_resnet", {"depth": 18, "reduction": 8}).layer4[0].se.fc1.out_channels
        == 64
    )


def test_the_output_of_a_mobilenet_block_with_a_shortcut_is_the_sum():
    model = built("mobilenet_v2")
    kept = outputs_of(model, example(model))
    torch.testing.assert_close(kept["features.3"], kept["features.2"] + kept["features.3.conv"])
    assert torch.equal(kept["features.2"], kept["features.2.conv"])


@pytest.mark.parametrize(
    ("activation", "kind"),
    [
        ("relu", nn.ReLU),
        ("swish", nn.SiLU),
        ("tanh", nn.Tanh),
        ("relu6", nn.ReLU6),
        ("sigmoid", nn.Sigmoid),
        ("elu", nn.ELU),
    ],
)
def test_equal_width_networks_have_one_width_and_the_activation_asked_for(activation, kind):
    for name, n_activations in (("equal_width_vgg", 22), ("equal_width_resnet", 31)):
        model = build_seeded(f"zoo:{name}", {"activation": activation})
        modules = list(model.modules())
        assert sum(type(module) is kind for module in modules) == n_activations
        widths = {module.out_channels for module in modules if isinstance(module, nn.Conv2d)}
        assert widths == {128}


def saved(model, folder, rename):
    state = {rename(name): tensor for name, tensor in model.state_dict().items()}
    save_file(state, folder / "published.safetensors")
    return folder / "published.safetensors"


def same_weights(first, second):
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_names_of_repositories_for_cifar_are_read(tmp_path):
    args = {"stem": "cifar", "n_classes": 10}
    model = build_seeded("zoo:resnet", args, seed=1)

    def kuangliu(name):
        return name.replace("downsample", "shortcut").replace("fc.", "linear.")

    path = saved(model, tmp_path, kuangliu)
    assert same_weights(load_model("zoo:resnet", args=args, weights=path), model)


def test_names_of_torchvision_are_read_by_the_vit(tmp_path):
    pairs = {
        "cls_token": "class_token",
        "pos_embed": "encoder.pos_embedding",
        "patch_embed.proj.": "conv_proj.",
        ".norm1.": ".ln_1.",
        ".norm2.": ".ln_2.",
        ".attn.qkv.": ".self_attention.in_proj_",
        ".attn.proj.": ".self_attention.out_proj.",
        ".mlp.fc1.": ".mlp.0.",
        ".mlp.fc2.": ".mlp.3.",
        "blocks.": "encoder.layers.encoder_layer_",
    }

    def torchvision(name):
        for ours, theirs in pairs.items():
            name = name.replace(ours, theirs)
        if name.startswith("norm."):
            return f"encoder.ln.{name.removeprefix('norm.')}"
        return f"heads.{name}" if name.startswith("head.") else name

    args = {"size": "tiny", "image_size": 32}
    model = build_seeded("zoo:vit", args, seed=1)
    assert torchvision("blocks.11.attn.qkv.bias") == (
        "encoder.layers.encoder_layer_11.self_attention.in_proj_bias"
    )
    path = saved(model, tmp_path, torchvision)
    assert same_weights(load_model("zoo:vit", args=args, weights=path), model)


def test_a_head_that_is_counted_with_the_layers_is_read(tmp_path):
    model = build_seeded("zoo:mlp", {"bias": False}, seed=1)
    path = saved(model, tmp_path, lambda name: name.replace("head", "fc4"))
    assert same_weights(load_model("zoo:mlp", args={"bias": False}, weights=path), model)


def test_a_tensor_under_both_names_is_superfluous(tmp_path):
    model = build_seeded("zoo:mlp", {"bias": False})
    state = {**model.state_dict(), "fc4.weight": torch.zeros(10, 64)}
    save_file(state, tmp_path / "both.safetensors")
    with pytest.raises(InvalidInputError, match=r"not in the model: fc4\.weight"):
        load_model("zoo:mlp", args={"bias": False}, weights=tmp_path / "both.safetensors")


NODES = [
    {"op": "CONV_2D", "inputs": [0], "output": 7, "name": "conv00", "stride": 2,
     "padding": "same", "activation": "relu6", "groups": 1, "out_range": [0.0, 6.0]},
    {"op": "DEPTHWISE_CONV_2D", "inputs": [7], "output": 8, "name": "conv01", "stride": 1,
     "padding": "same", "activation": None, "groups": 4, "out_range": [-9.0, 9.0]},
    {"op": "ADD", "inputs": [7, 8], "output": 9, "out_range": [-1.0, 0.5]},
    {"op": "AVERAGE_POOL_2D", "inputs": [9], "output": 10, "out_range": [-1.0, 0.5]},
    {"op": "FULLY_CONNECTED", "inputs": [10], "output": 11, "name": "fc", "out_range": [-9, 9]},
    {"op": "SOFTMAX", "inputs": [11], "output": 12, "out_range": [0.0, 1.0]},
]  # fmt: skip


@pytest.fixture
def graph(tmp_path):
    """Write a MobileNet of six nodes, its weights 8-bit."""
    random = np.random.default_rng(0)

    def quantised(name, *shape):
        steps = torch.from_numpy(random.integers(0, 256, shape, dtype=np.uint8))
        return {
            f"{name}.weight_q": steps,
            f"{name}.weight_scale": torch.tensor([0.25]),
            f"{name}.weight_zero_point": torch.tensor([128], dtype=torch.int32),
            f"{name}.bias": torch.zeros(shape[0]),
        }

    state = {**quantised("conv00", 4, 3, 3, 3), **quantised("conv01", 4, 1, 3, 3)}
    save_file(state | quantised("fc", 5, 4), tmp_path / "net.safetensors")
    table = {"source": "net", "input": 0, "input_shape": [1, 8, 8, 3], "nodes": NODES}
    (tmp_path / "net.json").write_text(json.dumps(table))
    return tmp_path, table, state


def loaded(folder):
    return load_model(
        "zoo:quantised_mobilenet",
        args={"graph": "net.json"},
        weights="net.safetensors",
        base=folder,
    )


def test_a_layer_graph_becomes_a_network_in_floating_point(graph):
    folder, _, state = graph
    model = loaded(folder)
    expected = (state["conv00.weight_q"].float() - 128) / 4
    assert torch.equal(model.conv00.weight, expected)
    kept = outputs_of(model, torch.randn(2, 3, 8, 8))
    assert list(kept)[:5] == ["conv00", "conv00_clamp", "conv01", "conv01_clamp", "add00"]
    assert kept["conv00"].shape == (2, 4, 4, 4)
    assert kept["conv00"].min() < 0 == kept["conv00_clamp"].min()
    assert torch.equal(kept["add00"], kept["conv00_clamp"] + kept["conv01_clamp"])
    assert kept["add00_clamp"].max() == 0.5
    torch.testing.assert_close(kept["softmax"].sum(dim=1), torch.ones(2))


def test_the_odd_row_of_padding_comes_last(graph):
    folder, _, state = graph
    images = torch.randn(1, 3, 8, 8)
    padded = nn.functional.pad(images, (0, 1, 0, 1))
    weight = (state["conv00.weight_q"].float() - 128) / 4
    expected = nn.functional.conv2d(padded, weight, stride=2)
    with torch.inference_mode():
        torch.testing.assert_close(loaded(folder).conv00(images), expected)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: t["nodes"][0].update(op="CONV_3D"), "operations among CONV_2D, .* 'CONV_3D'"),
        (lambda t: t["nodes"][2].update(inputs=[7]), r"each node its inputs; `add00` has \(7,\)"),
        (lambda t: t["nodes"][1].update(inputs=[8]), "before it is read; `conv01` reads 8"),
        (lambda t: t["nodes"][1].update(name="conv9"), "the nodes of a network; `net.json`: KeyE"),
        (lambda t: t["nodes"][1].pop("out_range"), "`net.json`: KeyError: 'out_range'"),
        (lambda t: t.update(nodes=[]), "`graph` must hold at least one node; got none"),
        (lambda t: t.update(input_shape=3), "the nodes of a network; `net.json`: TypeError"),
    ],
)
def test_mistakes_in_a_layer_graph(graph, change, sentence):
    folder, table, _ = graph
    table = json.loads(json.dumps(table))
    change(table)
    (folder / "net.json").write_text(json.dumps(table))
    with pytest.raises(InvalidInputError, match=sentence):
        loaded(folder)


def test_a_layer_graph_needs_its_file_and_its_weights(graph):
    folder, _, _ = graph
    (folder / "net.safetensors").rename(folder / "other.safetensors")
    with pytest.raises(InvalidInputError, match=r"beside its weights `net\.safetensors`, whose sh"):
        loaded(folder)
    (folder / "net.json").write_text("{")
    with pytest.raises(InvalidInputError, match=r"`graph` must be a JSON file; `.*net\.json`: Exp"):
        loaded(folder)


@pytest.mark.parametrize(
    ("name", "args", "sentence"),
    [
        ("resnet", {"depth": 20}, "`depth` must be one of 18, 34, 50, 101, 152; got 20"),
        ("resnet", {"stem": "mnist"}, "`stem` must be one of `imagenet`, `cifar`; got 'mnist'"),
        ("resnet", {"shortcut": "A"}, "`shortcut` must be one of `convolution`, `zeros`; got 'A'"),
        ("resnet", {"n_classes": 0}, "`n_classes` must be an integer at least 1; got 0"),
        ("se_resnet", {"depth": 19}, "`depth` must be one of 18, 34, 50, 101, 152; got 19"),
        ("se_resnet", {"reduction": 0}, "`reduction` must be an integer at least 1; got 0"),
        ("vgg", {"depth": 18}, "`depth` must be one of 11, 13, 16, 19; got 18"),
        ("vgg", {"head": "none"}, "`head` must be one of `imagenet`, `cifar`; got 'none'"),
        ("vit", {"size": "huge"}, "`size` must be one of `tiny`, `small`, `base`; got 'huge'"),
        ("vit", {"image_size": 30}, "`image_size` must be a multiple of patch 16; got 30"),
        ("mobilenet_v2", {"width": 0}, "`width` must be a finite number above 0; got 0"),
        ("convmixer", {"kernel": 0}, "`kernel` must be an integer at least 1; got 0"),
        ("convmixer", {"activation": "mish"}, "`activation` must be one of `relu`, `swish`, `tan"),
        ("equal_width_vgg", {"blocks": 11}, "`blocks` must be an integer from 1 to 10; got 11"),
        ("equal_width_vgg", {"activation": 3}, "`activation` must be one of `relu`, .*; got 3"),
        ("equal_width_resnet", {"width": 0}, "`width` must be an integer at least 1; got 0"),
        ("batch_norm_vit", {"heads": 5}, "`width` must be a multiple of heads 5; got 48"),
        ("batch_norm_vit", {"patch": 7}, "`image_size` must be a multiple of patch 7; got 32"),
        ("resnet8", {"n_classes": 0}, "`n_classes` must be an integer at least 1; got 0"),
        ("fashion_cnn", {"n_classes": 0}, "`n_classes` must be an integer at least 1; got 0"),
        ("quantised_mobilenet", {}, "missing a required argument: 'graph'; it takes: graph"),
    ],
)
def test_error_sentences(name, args, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        load_model(f"zoo:{name}", args=args)
