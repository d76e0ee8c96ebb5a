"""Distances by torch: the same bits on any device; tensors at the doors; what is refused.

Where no GPU is seen, the very same code runs on torch's CPU device.
"""

import re
import sys
from importlib import import_module

import numpy as np
import pytest

from topolens.base.errors import Cancelled, InvalidInputError, MissingDependencyError
from topolens.descriptors.bars import persistence_bars
from topolens.descriptors.batches import persistence_of_clouds, persistence_of_subsets
from topolens.descriptors.forecasts import persistence_forecast
from topolens.descriptors.persistence import persistence, persistence_from_distances
from topolens.kernels.device import device_distances, gpu_for, on_host
from topolens.kernels.distances import DIRECT_METRICS, pairwise_distances

torch = pytest.importorskip("torch")
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU")
DEVICES = ["cpu", pytest.param("cuda", marks=needs_gpu)]
SQUARE = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]


def refuses(sentence, error=InvalidInputError):
    return pytest.raises(error, match=rf"\A{re.escape(sentence)}\Z")


def assert_same(found, expected):
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours.pairs, theirs.pairs)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("metric", DIRECT_METRICS)
@pytest.mark.parametrize("shape", [(2, 2), (75, 33), (40, 16), (9, 4099)])
def test_the_bits_are_those_of_the_compiled_kernel(monkeypatch, device, dtype, metric, shape):
    monkeypatch.setattr(import_module("topolens.kernels.device"), "_SIDE", 32)
    rng = np.random.default_rng(shape[0])
    points = (rng.normal(size=shape) * 10.0 ** rng.integers(-6, 6, shape)).astype(dtype)
    points[-1] = np.nextafter(points[0], dtype(np.inf))
    found = device_distances(points, metric, device=device)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, pairwise_distances(points, metric))


@pytest.mark.parametrize("device", DEVICES)
def test_every_door_takes_the_device(monkeypatch, device):
    points = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
    points[0] *= 1e20  # beyond what single precision can square
    params = {"max_dim": 1, "metric": "manhattan"}
    expected = persistence(points, **params)
    of_subset = persistence_of_subsets(points, [range(50)], **params)[0]
    used = []
    kernel = import_module("topolens.kernels.distances")

    def spy(points, metric, **where):
        used.append(where["device"])
        return device_distances(points, metric, **where)

    monkeypatch.setattr(kernel, "device_distances", spy)
    door = import_module("topolens.descriptors.filtration")
    monkeypatch.setattr(door, "gpu_for", lambda *_: device)
    assert_same(persistence(points, **params), expected)
    assert_same(persistence_of_clouds([points], **params)[0], expected)
    assert_same(persistence_of_subsets(points, [range(50)], **params)[0], of_subset)
    assert used == [device] * 3


@needs_gpu
def test_points_stay_on_their_gpu():
    points = torch.randn(300, 20, device="cuda")
    assert gpu_for(None, on_host(points, "points")[1]) == "cuda:0"
    assert_same(persistence(points), persistence(points.cpu().numpy()))
    assert_same(persistence(points.cpu().numpy(), device="cuda"), persistence(points))


def test_tensors_are_clouds_and_matrices():
    cloud = torch.tensor(SQUARE, requires_grad=True)
    expected = persistence(np.array(SQUARE, np.float32))
    for tensor in (
        cloud,
        cloud.double().float(),
        cloud.bfloat16(),
        cloud.half(),
        cloud.neg().neg(),
    ):
        assert_same(persistence(tensor), expected)
    assert_same(persistence_of_clouds([cloud, SQUARE])[0], expected)
    assert persistence_forecast(cloud).memory_bytes > 0
    matrix = torch.cdist(cloud, cloud).detach()
    assert_same(persistence_from_distances(matrix), expected)
    assert persistence_bars(matrix)[1].pairs.tolist() == expected[1].pairs.tolist()


def test_other_values_pass_as_they_are():
    assert on_host(SQUARE, "points") == (SQUARE, None)


@pytest.mark.parametrize("kind", ["sparse", "meta"])
def test_a_tensor_without_numbers_of_its_own_is_refused(kind):
    tensor = torch.tensor(SQUARE)
    tensor = tensor.to_sparse() if kind == "sparse" else tensor.to("meta")
    with pytest.raises(InvalidInputError, match="`points` must be a dense tensor that holds numb"):
        persistence(tensor)


@pytest.mark.parametrize("device", ["mps", "gpu", "cuda:x", 0, ""])
def test_an_unknown_device_is_refused(device):
    with refuses(f"`device` must be `cpu`, `cuda` or `cuda:` and a number; got {device!r}"):
        persistence(SQUARE, device=device)


def test_a_gpu_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for run in (persistence, lambda points, device: persistence_of_clouds([points], device=device)):
        with refuses("`device` must be a GPU that torch sees; got 'cuda:1' and it sees 0"):
            run(SQUARE, device="cuda:1")


def test_a_gpu_needs_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    sentence = "computing on a GPU needs torch; install it with `pip install 'topolens[torch]'`"
    with refuses(sentence, MissingDependencyError):
        persistence(SQUARE, device="cuda")
    assert len(persistence(SQUARE, device="cpu")) == 2


def test_a_product_of_matrices_stays_on_the_host(monkeypatch):
    monkeypatch.setattr(
        import_module("topolens.descriptors.filtration"), "gpu_for", lambda *_: "cuda"
    )
    with refuses("`device` must be `cpu` under the metric `euclidean_blas`; got 'cuda'"):
        persistence(SQUARE, metric="euclidean_blas")


def test_progress_can_stop_the_device():
    def stop(share):
        raise Cancelled(f"at {share:.0%}")

    with pytest.raises(Cancelled, match="at 0%"):
        device_distances(np.zeros((4, 2)), "euclidean", device="cpu", progress=stop)
