"""Devices and precisions: asked for by name, fixed while a model runs, and gone afterwards."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from topolens.activations.hooks.capture import capture  # noqa: E402
from topolens.activations.hooks.device_names import check_device, number_settings  # noqa: E402
from topolens.activations.hooks.devices import find_device  # noqa: E402
from topolens.base.errors import InvalidInputError  # noqa: E402

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU; see the CPU twin")
DEVICES = ["cpu", pytest.param("cuda", marks=needs_gpu)]


@pytest.fixture
def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(288, 5))


@pytest.fixture
def images():
    return torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def rows_of(model, inputs, layer="3", **options):
    (batch,) = capture(model, [(inputs, np.arange(len(inputs)))], layers=[layer], **options)
    return batch.layers[layer].rows


@pytest.mark.parametrize("device", DEVICES)
def test_mixed_precision_is_that_of_torch_and_stored_wide(network, images, device):
    rows = rows_of(network, images, device=device, precision="bfloat16")
    with torch.inference_mode(), torch.autocast(device, dtype=torch.bfloat16):
        expected = network.to(device)(images.to(device))
    assert expected.dtype == torch.bfloat16
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, expected.float().cpu().numpy())
    assert (rows != rows_of(network, images, device=device)).any()


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("pool", ["mean", "top_norm", "random:3", "grid:2", "all", "flatten"])
def test_a_device_gives_what_the_cpu_gives(network, images, device, pool):
    found = rows_of(network, images, "1", device=device, pool=pool)
    np.testing.assert_allclose(found, rows_of(network, images, "1", pool=pool), atol=1e-5)
    np.testing.assert_array_equal(found, rows_of(network, images, "1", device=device, pool=pool))


class Looks(nn.Module):
    """Notes what the process is set to while it runs."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Identity()
        self.seen = []

    def forward(self, x):
        self.seen.append(settings_of_the_process())
        return self.layer(x)


def settings_of_the_process():
    return (
        torch.get_float32_matmul_precision(),
        torch.is_autocast_enabled("cpu"),
        torch.backends.mha.get_fastpath_enabled(),
        torch.is_inference_mode_enabled(),
    )


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_what_the_process_is_set_to_does_not_matter_and_is_not_changed(precision):
    model = Looks()
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        with torch.autocast("cpu", dtype=torch.float16):
            outside = settings_of_the_process()
            rows_of(model, torch.ones(2, 3), "layer", precision=precision)
            assert settings_of_the_process() == outside
            with pytest.raises(InvalidInputError):
                rows_of(model, torch.ones(2, 3), "layer", precision=precision, pool="flatten:")
            with pytest.raises(InvalidInputError):
                rows_of(model, torch.ones(2, 3, 3, 3), "layer", precision=precision, pool="cls")
            assert settings_of_the_process() == outside
    finally:
        torch.set_float32_matmul_precision(before)
    inside = ("highest", precision == "bfloat16", False, True)
    assert model.seen == [inside, inside]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_inputs_are_given_in_the_dtype_of_the_model(network, images, dtype):
    network.to(dtype)
    rows = rows_of(network, images)
    with torch.inference_mode():
        expected = network(images.to(dtype))
    assert rows.dtype == (np.float64 if dtype == torch.float64 else np.float32)
    np.testing.assert_array_equal(rows, expected.to(torch.float64).numpy())
    assert network[0].weight.dtype == dtype


def test_whole_numbers_stay_whole():
    model = nn.Sequential(nn.Embedding(5, 3), nn.Flatten()).half()
    assert rows_of(model, np.zeros((2, 4), np.int64), "1").shape == (2, 12)


def test_auto_is_the_best_device_there_is():
    best = "cuda" if torch.cuda.is_available() else "cpu"
    best = "mps" if torch.backends.mps.is_available() else best
    assert find_device("auto").type == best


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"precision": "half"}, "`precision` must be one of `float32`, `bfloat16`, `float16`; got"),
        ({"device": "mps"}, "`device` must be available to torch; got 'mps'"),
        ({"device": "cuda:99"}, "`device` must be available to torch; got 'cuda:99'"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_refuses_what_torch_does_not_have_here(network, options, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        capture(network, iter(()), layers=["leaf"], **options)


def test_refuses_a_precision_that_the_device_lacks(network, monkeypatch):
    def lacks(kind, *, dtype):
        import warnings

        warnings.warn(f"In {kind.upper()} autocast, but the target dtype is not", stacklevel=1)

    monkeypatch.setattr(torch, "autocast", lacks)
    sentence = r"`precision` must be one that torch has on cpu; got 'float16' \(In CPU autocast"
    with pytest.raises(InvalidInputError, match=sentence):
        capture(network, iter(()), layers=["leaf"], precision="float16")


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:x", "meta", ""])
def test_refuses_names_that_no_study_may_use(name):
    with pytest.raises(InvalidInputError, match="`device` must be `cpu`, `cuda`, `cuda:N`, `mps` "):
        check_device(name)


def test_only_what_changes_numbers_is_told():
    assert number_settings("cpu", "float32") == {}
    assert number_settings("cuda", "float32") == {"device": "cuda"}
    assert number_settings("cpu", "bfloat16") == {"precision": "bfloat16"}
