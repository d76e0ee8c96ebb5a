"""Models of other libraries: what is built, what is read from where, and what is refused."""

import sys
from types import ModuleType, SimpleNamespace
from typing import ClassVar

import pytest

torch = pytest.importorskip("torch")
from safetensors.torch import load_file, save_file  # noqa: E402
from torch import nn  # noqa: E402

from topolens.activations.networks.models import load_model  # noqa: E402
from topolens.activations.networks.weights import save_weights  # noqa: E402
from topolens.base.errors import InvalidInputError, MissingDependencyError  # noqa: E402

VIT = {
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 48,
    "image_size": 16,
    "patch_size": 8,
    "num_labels": 10,
}
pytestmark = pytest.mark.filterwarnings("default")


def same_weights(first, second):
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.fixture
def folder(tmp_path):
    pytest.importorskip("transformers")
    model = load_model("hf:vit", args=VIT | {"head": "image_classification"}, seed=3)
    model.save_pretrained(tmp_path / "saved")
    return tmp_path, model


def test_a_transformer_is_built_from_a_configuration(folder):
    _, model = folder
    assert not model.training
    assert model(torch.zeros(2, 3, 16, 16)).logits.shape == (2, 10)
    assert same_weights(
        model, load_model("hf:vit", args=VIT | {"head": "image_classification"}, seed=3)
    )
    bare = load_model("hf:vit", args=VIT)
    assert type(bare).__name__ == "ViTModel"


def test_published_sizes_come_out_of_the_configurations(monkeypatch):
    pytest.importorskip("transformers")
    with torch.device("meta"):
        model = load_model(
            "hf:resnet",
            args={
                "layer_type": "basic",
                "depths": [2, 2, 2, 2],
                "head": "image_classification",
                "hidden_sizes": [64, 128, 256, 512],
                "num_labels": 1000,
            },
        )
    assert sum(parameter.numel() for parameter in model.parameters()) == 11689512


def test_a_saved_transformer_is_read_from_its_folder(folder, monkeypatch):
    root, model = folder
    monkeypatch.setenv("SAVED", str(root))
    assert same_weights(load_model("hf:saved", base=root), model)
    assert same_weights(load_model("hf:${SAVED}/saved"), model)
    # Another head than the saved one has weights that the folder does not hold.
    with pytest.raises(InvalidInputError, match=r"all weights of a ViTModel; .* pooler\.dense"):
        load_model("hf:saved", base=root, args={"head": "none"})


def test_a_folder_with_a_configuration_only_gives_random_weights_of_the_seed(folder):
    root, _ = folder
    (root / "saved/model.safetensors").unlink()
    one, same, other = (load_model("hf:saved", base=root, seed=seed) for seed in (1, 1, 2))
    assert type(one).__name__ == "ViTForImageClassification"
    assert same_weights(one, same)
    assert not same_weights(one, other)
    save_weights(one, root / "w.safetensors")
    assert same_weights(load_model("hf:saved", base=root, weights="w.safetensors"), one)


def test_missing_tensors_of_a_saved_transformer_are_an_error(folder):
    root, _ = folder
    path = root / "saved/model.safetensors"
    state = load_file(path)
    save_file({k: v for k, v in state.items() if k != "classifier.bias"}, path, {"format": "pt"})
    with pytest.raises(
        InvalidInputError,
        match=r"`hf:saved` must hold all weights of a ViTForImageClassification; missing or of "
        r"another shape: classifier\.bias",
    ):
        load_model("hf:saved", base=root)


def test_a_pickle_of_a_transformer_is_read_only_when_allowed(folder):
    root, model = folder
    (root / "saved/model.safetensors").unlink()
    torch.save(model.state_dict(), root / "saved/pytorch_model.bin")
    with pytest.raises(InvalidInputError, match=r"it holds pytorch_model\.bin, a pickle, which"):
        load_model("hf:saved", base=root)
    assert same_weights(load_model("hf:saved", base=root, allow_pickle=True), model)


@pytest.mark.parametrize(
    ("source", "args", "sentence"),
    [
        ("hf:vitt", {}, r"must be hf:FOLDER with a config\.json, hf:TYPE as in hf:vit, or hf:ORG/"),
        ("hf:", {}, "`hf:NAME_OR_FOLDER`; got 'hf:'"),
        (
            "hf:vit",
            {"hidden": 3},
            "keys of the configuration of `hf:vit`, `head` or `revision`; got",
        ),
        ("hf:vit", {"head": "two"}, "`head` must be one of none, image_classification, .* 'two'"),
        ("hf:org/none", {}, r"`hf:org/none` must lie in the local cache; pass `--download`"),
    ],
)
def test_error_sentences_of_transformers(source, args, sentence, monkeypatch, tmp_path):
    pytest.importorskip("transformers")
    with pytest.raises(InvalidInputError, match=sentence):
        load_model(source, args=args, base=tmp_path)


@pytest.mark.parametrize(
    ("source", "package", "extra"),
    [
        ("tv:resnet18", "torchvision", "torchvision"),
        ("timm:resnet18", "timm", "timm"),
        ("hf:vit", "transformers", "hf"),
    ],
)
def test_a_library_that_is_not_there_is_named_with_its_extra(source, package, extra, monkeypatch):
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, package, raising=False)
    with pytest.raises(
        MissingDependencyError,
        match=rf"`{source}` needs {package}; install it with `pip install 'topolens\[{extra}\]'`",
    ):
        load_model(source)


def test_a_library_that_cannot_be_imported_says_why(tmp_path, monkeypatch):
    (tmp_path / "timm.py").write_text("raise RuntimeError('operator does not exist')")
    monkeypatch.delitem(sys.modules, "timm", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        InvalidInputError,
        match=r"`timm:x` must find a timm that can be imported; it raised RuntimeError: operator "
        r"does not exist\. Install one built for your version of torch",
    ):
        load_model("timm:x")


def net(width=4):
    return nn.Sequential(nn.Linear(width, 2))


class Published:
    """Weights as torchvision describes them, and what was asked of them."""

    asked: ClassVar[list[dict]] = []

    @classmethod
    def get_state_dict(cls, **asked):
        cls.asked.append(asked)
        return {"0.weight": torch.ones(2, 4), "0.bias": torch.zeros(2)}


@pytest.fixture
def torchvision(monkeypatch):
    """Stand in for torchvision with one model that would download a backbone by default."""

    def segmenter(*, weights=None, weights_backbone="DOWNLOADED", width=4):
        assert weights is None
        assert weights_backbone is None
        return net(width)

    Published.asked.clear()
    models = SimpleNamespace(
        list_models=lambda: ["segmenter"],
        get_model_builder=lambda name: segmenter,
        get_model=lambda name, **args: segmenter(**args),
        get_model_weights=lambda name: SimpleNamespace(DEFAULT=Published),
    )
    module = ModuleType("torchvision")
    module.models = models
    monkeypatch.setitem(sys.modules, "torchvision", module)


def test_a_model_of_torchvision_gets_published_weights_only_by_two_flags(torchvision):
    assert load_model("tv:segmenter", args={"width": 3})[0].in_features == 3
    with pytest.raises(
        InvalidInputError, match=r"`download` must come with `--allow-pickle` .* for `tv:segmenter`"
    ):
        load_model("tv:segmenter", download=True)
    assert Published.asked == []
    model = load_model("tv:segmenter", download=True, allow_pickle=True)
    assert torch.equal(model[0].weight, torch.ones(2, 4))
    assert Published.asked == [{"progress": False, "check_hash": True, "weights_only": True}]


def test_weights_of_ones_own_are_not_downloaded(torchvision, tmp_path):
    own = net()
    save_weights(own, tmp_path / "own.safetensors")
    model = load_model(
        "tv:segmenter", weights=tmp_path / "own.safetensors", download=True, allow_pickle=True
    )
    assert same_weights(model, own)
    assert Published.asked == []


def test_error_sentences_of_torchvision(torchvision):
    with pytest.raises(
        InvalidInputError, match="no model of torchvision is called `segmentr`; did"
    ):
        load_model("tv:segmentr")
    with pytest.raises(
        InvalidInputError, match="`args` must not have `weights` for `tv:segmenter`"
    ):
        load_model("tv:segmenter", args={"weights": "DEFAULT"})
    with pytest.raises(InvalidInputError, match=r"it raised TypeError: .*unexpected"):
        load_model("tv:segmenter", args={"wdth": 3})


@pytest.fixture
def timm(monkeypatch, tmp_path):
    """Stand in for timm, and for the hub as a file on this disk."""

    def create_model(name, *, pretrained, width=4):
        assert not pretrained
        model = net(width)
        model.pretrained_cfg = {"hf_hub_id": "timm/net" if width == 4 else None}
        return model

    published = net()
    save_weights(published, tmp_path / "model.safetensors")
    module, hub = ModuleType("timm"), ModuleType("huggingface_hub")
    module.is_model = lambda name: name == "net"
    module.list_models = lambda: ["net"]
    module.create_model = create_model
    hub.hf_hub_download = lambda repository, file: {"timm/net": tmp_path / file}[repository]
    monkeypatch.setitem(sys.modules, "timm", module)
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    return published


def test_a_model_of_timm_gets_published_weights_only_when_asked(timm):
    assert not same_weights(load_model("timm:net"), timm)
    assert same_weights(load_model("timm:net", download=True), timm)


def test_error_sentences_of_timm(timm):
    with pytest.raises(
        InvalidInputError, match="no model of timm is called `hf-hub:a/b`; known: n"
    ):
        load_model("timm:hf-hub:a/b")
    with pytest.raises(InvalidInputError, match="`args` must not have `pretrained` for `timm:net`"):
        load_model("timm:net", args={"pretrained": True})
    with pytest.raises(InvalidInputError, match="with published weights; `timm:net` has none"):
        load_model("timm:net", args={"width": 5}, download=True)


def test_a_path_among_the_arguments_starts_from_the_study_file(tmp_path):
    (tmp_path / "net.py").write_text(
        "from pathlib import Path\nfrom torch import nn\n\n"
        "def net(file: Path, text: str):\n"
        "    return nn.Linear(int(file.read_text()), len(text))\n"
    )
    (tmp_path / "width.txt").write_text("3")
    args = {"file": "width.txt", "text": "width.txt"}
    model = load_model("py:net.py:net", args=args, base=tmp_path, trust=True)
    assert (model.in_features, model.out_features) == (3, 9)
