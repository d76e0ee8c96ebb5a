"""Models by address: what is built, what is refused, and in which words."""

import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from topolens.activations.hooks.dry_run import example_inputs  # noqa: E402
from topolens.activations.hooks.running import call_model  # noqa: E402
from topolens.activations.networks.models import build_seeded, load_model  # noqa: E402
from topolens.activations.networks.weights import save_weights  # noqa: E402
from topolens.activations.networks.zoo import ZOO  # noqa: E402
from topolens.base.errors import InvalidInputError  # noqa: E402

FACTORIES = '''
from torch import nn

def net(width, depth=1):
    """Some layers."""
    return nn.Sequential(*(nn.Linear(width, width) for _ in range(depth)))

def nothing():
    return None

def broken(width):
    raise KeyError("no such dataset")

constant = 3
'''


@pytest.fixture
def user_file(tmp_path):
    (tmp_path / "my_net.py").write_text(FACTORIES)
    (tmp_path / "bad.py").write_text("1 / 0")
    return tmp_path


def same_weights(first, second):
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


# Arguments that make the large ones small enough; the quantised one needs a file.
SMALL = {name: {} for name in ZOO if name != "quantised_mobilenet"} | {
    "convmixer": {"width": 16, "depth": 2, "patch": 1},
    "equal_width_resnet": {"width": 16},
    "equal_width_vgg": {"width": 16},
    "mobilenet_v2": {"width": 0.25},
    "resnet": {"stem": "cifar"},
    "se_resnet": {"depth": 18, "stem": "cifar"},
    "vgg": {"depth": 11, "head": "cifar"},
    "vit": {"size": "tiny", "image_size": 32},
}


@pytest.mark.parametrize("name", SMALL)
def test_every_network_of_the_zoo_runs_in_evaluation_mode(name):
    model = load_model(f"zoo:{name}", args=SMALL[name])
    assert not model.training
    with torch.inference_mode():
        output = call_model(model, example_inputs(model), "zeros")
    assert len(output) == 2
    assert torch.isfinite(output).all()


@pytest.mark.parametrize("name", SMALL)
def test_the_seed_alone_decides_the_first_weights(name):
    torch.manual_seed(123)
    state = torch.random.get_rng_state()
    model = build_seeded(f"zoo:{name}", SMALL[name], seed=4)
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.manual_seed(7)
    assert same_weights(model, build_seeded(f"zoo:{name}", SMALL[name], seed=4))
    assert not same_weights(model, build_seeded(f"zoo:{name}", SMALL[name], seed=5))


def test_arguments_reach_the_factory(user_file):
    assert len(build_seeded("zoo:small_vit", {"depth": 3}).blocks) == 3
    model = load_model("py:my_net.py:net", args={"width": 2}, trust=True, base=user_file)
    assert model[0].in_features == 2


NEIGHBOURLY = """
from __future__ import annotations
from dataclasses import dataclass
from torch import nn
from sizes_of_my_net import WIDTH

@dataclass
class Config:
    width: int = WIDTH

def net():
    return nn.Linear(Config().width, 2)
"""


def test_user_code_may_import_its_neighbours_and_hold_dataclasses(user_file):
    (user_file / "sizes_of_my_net.py").write_text("WIDTH = 7")
    (user_file / "my_net.py").write_text(NEIGHBOURLY)
    path = list(sys.path)
    model = load_model("py:my_net.py:net", trust=True, base=user_file)
    assert model.in_features == 7
    assert sys.path == path


def test_user_code_is_not_run_unless_trusted(user_file):
    (user_file / "trap.py").write_text("raise SystemExit('was run')")
    with pytest.raises(
        InvalidInputError, match=r"`py:trap.py:net` must be trusted before its code"
    ):
        load_model("py:trap.py:net", base=user_file)
    with pytest.raises(InvalidInputError, match="then pass `--trust`"):
        load_model("py:trap.py:net", base=user_file)


@pytest.mark.parametrize(
    ("source", "args", "sentence"),
    [
        ("resnet", {}, r"be `zoo:NAME`, `py:FILE\.py:FACTORY`, `tv:NAME`, `timm:NAME` or `hf:NA"),
        ("resnet", {}, r"or `hf:NAME_OR_FOLDER`; got 'resnet'"),
        ("py:my_net:net", {}, r"`source` must be `zoo:NAME`, `py:FILE\.py:FACTORY`, `tv:NAME`"),
        (
            "zoo:small_cn",
            {},
            "no network of the zoo is called `small_cn`; did you mean `small_cnn`",
        ),
        (
            "zoo:mlp",
            {"width": 3},
            r"`args` must be arguments of `zoo:mlp`; .*'width'; it takes: inp",
        ),
        ("zoo:mlp", {"width": 3}, r"input_shape=\(1, 8, 8\), n_classes=10, widths="),
        ("py:none.py:net", {}, "`source` must name an existing file; got `.*none.py`"),
        ("py:bad.py:net", {}, "can be imported; `.*bad.py` raised ZeroDivisionError: division by"),
        ("py:my_net.py:nett", {}, "must name a function of the file; `.*my_net.py` has no `nett`"),
        ("py:my_net.py:constant", {}, "has no `constant`"),
        ("py:my_net.py:net", {}, "missing a required argument: 'width'; it takes: width, depth=1"),
        ("py:my_net.py:nothing", {"a": 1}, "it takes: none"),
        ("py:my_net.py:nothing", {}, "must return a torch.nn.Module; .* gave NoneType"),
        ("py:my_net.py:broken", {"width": 2}, r"from \{'width': 2\}; it raised KeyError: 'no such"),
        (
            "zoo:cifar_resnet",
            {"depth": 21},
            r"`depth` must be 6n \+ 2 \(8, 14, 20, 26, ...\); got 21",
        ),
        ("zoo:cifar_resnet", {"variant": "C"}, "`variant` must be one of `A`, `B`, `L`, `T`"),
        ("zoo:cifar_resnet", {"n_classes": 0}, "`n_classes` must be an integer at least 1; got 0"),
        ("zoo:small_cnn", {"widths": []}, "`widths` must name one convolution at least; got none"),
        ("zoo:small_cnn", {"widths": [0]}, "`widths` must be an integer at least 1; got 0"),
        ("zoo:small_cnn", {"image_size": 0}, "`image_size` must be an integer at least 1"),
        ("zoo:small_vit", {"patch": 3}, "`image_size` must be a multiple of patch 3; got 8"),
        ("zoo:small_vit", {"heads": 5}, "`width` must be a multiple of heads 5; got 48"),
        ("zoo:mlp", {"widths": [2.5]}, "`widths` must be an integer at least 1; got 2.5"),
    ],
)
def test_error_sentences(user_file, source, args, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        load_model(source, args=args, trust=True, base=user_file)


@pytest.fixture
def saved(tmp_path):
    model = build_seeded("zoo:small_cnn", seed=9)
    save_weights(model, tmp_path / "net.safetensors")
    return tmp_path, model


def test_weights_are_read_back(saved, monkeypatch):
    folder, model = saved
    monkeypatch.setenv("WEIGHTS", str(folder))
    for weights in (folder / "net.safetensors", "${WEIGHTS}/net.safetensors"):
        assert same_weights(load_model("zoo:small_cnn", weights=weights), model)
    assert same_weights(load_model("zoo:small_cnn", weights="net.safetensors", base=folder), model)


def test_saving_twice_gives_the_same_bytes(saved):
    folder, model = saved
    save_weights(model, folder / "again.safetensors")
    again = (folder / "again.safetensors").read_bytes()
    assert again == (folder / "net.safetensors").read_bytes()
    assert sorted(file.name for file in folder.iterdir()) == [
        "again.safetensors",
        "net.safetensors",
    ]


def test_counters_of_batch_norms_may_be_missing_or_superfluous(tmp_path):
    from safetensors.torch import save_file

    model = build_seeded("zoo:small_cnn", seed=1)
    state = {k: v for k, v in model.state_dict().items() if "num_batches" not in k}
    save_file(state | {"fc1.num_batches_tracked": torch.tensor(1)}, tmp_path / "w.safetensors")
    assert same_weights(load_model("zoo:small_cnn", weights=tmp_path / "w.safetensors"), model)


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({"hidden": 8}, r"wrong shape: fc1\.weight is \(64, 256\), not \(8, 256\), fc1\.bias is"),
        (
            {"widths": [16, 32, 64, 64]},
            r"missing: conv4\.weight, bn4\.weight, bn4\.bias, .* and 1 m",
        ),
        ({"widths": [16, 32]}, r"not in the model: bn3\.bias, bn3\.running_mean, .* and 1 more"),
    ],
)
def test_says_which_weights_do_not_fit(saved, args, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        load_model("zoo:small_cnn", args=args, weights=saved[0] / "net.safetensors")


def test_refuses_what_is_not_a_whole_safetensors_file(saved):
    folder, _ = saved
    (folder / "short.safetensors").write_bytes((folder / "net.safetensors").read_bytes()[:-1])
    with pytest.raises(InvalidInputError, match=r"must be a whole safetensors file; .* is damaged"):
        load_model("zoo:small_cnn", weights=folder / "short.safetensors")
    with pytest.raises(InvalidInputError, match="`weights` must be an existing file; got"):
        load_model("zoo:small_cnn", weights=folder / "none.safetensors")


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {"state_dict": state, "epoch": 3},
        lambda state: {"model": state},
        lambda state: {f"module.{name}": tensor for name, tensor in state.items()},
    ],
)
def test_a_checkpoint_is_read_only_when_allowed(tmp_path, wrap):
    model = build_seeded("zoo:small_cnn", seed=2)
    torch.save(wrap(model.state_dict()), tmp_path / "net.pt")
    with pytest.raises(
        InvalidInputError, match=r"must be a \.safetensors file; got `net\.pt`\. A P"
    ):
        load_model("zoo:small_cnn", weights=tmp_path / "net.pt")
    loaded = load_model("zoo:small_cnn", weights=tmp_path / "net.pt", allow_pickle=True)
    assert same_weights(loaded, model)


def test_a_checkpoint_with_code_is_refused_even_when_allowed(tmp_path):
    torch.save(nn.Linear(2, 2), tmp_path / "module.pt")
    torch.save([torch.zeros(2)], tmp_path / "list.pt")
    with pytest.raises(
        InvalidInputError, match=r"must be a checkpoint of tensors only; .*module.pt"
    ):
        load_model("zoo:mlp", weights=tmp_path / "module.pt", allow_pickle=True)
    with pytest.raises(InvalidInputError, match=r"mapping of names to tensors; .* holds list"):
        load_model("zoo:mlp", weights=tmp_path / "list.pt", allow_pickle=True)


@pytest.mark.parametrize(
    ("depth", "variant", "n_parameters"),
    [(20, "A", 269722), (20, "B", 272474), (32, "A", 464154), (56, "T", 853018)],
)
def test_parameters_of_cifar_resnets_are_those_of_the_paper(depth, variant, n_parameters):
    # He et al. (CVPR 2016), table 6: 0.27, 0.46 and 0.85 million.
    model = build_seeded("zoo:cifar_resnet", {"depth": depth, "variant": variant})
    assert sum(parameter.numel() for parameter in model.parameters()) == n_parameters


WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
from topolens.base.errors import MissingDependencyError
{attempt}
"""


@pytest.mark.parametrize(
    "attempt",
    [
        "from topolens.activations.networks.models import load_model\nload_model('zoo:mlp')",
        "import topolens.activations.hooks.capture",
        "import topolens.activations.record",
        "import topolens.activations.networks.training",
        "import topolens.activations.hooks.layers",
    ],
)
def test_without_torch_one_sentence_says_what_to_install(attempt):
    body = "\n".join(f"    {line}" for line in attempt.splitlines())
    code = WITHOUT_TORCH.format(
        attempt=f"try:\n{body}\nexcept MissingDependencyError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == (
        "running a model needs torch; install it with `pip install 'topolens[torch]'`\n"
    )
