"""From samples to a store: interrupted anywhere and resumed, a recording has the same bytes."""

import errno
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import topolens

torch = pytest.importorskip("torch")

from topolens.activations.data.datasets import load_samples  # noqa: E402
from topolens.activations.data.preprocess import preprocess  # noqa: E402
from topolens.activations.networks.models import build_seeded  # noqa: E402
from topolens.activations.record import record  # noqa: E402
from topolens.activations.stores.provenance import model_provenance  # noqa: E402
from topolens.activations.stores.store import ActivationStore  # noqa: E402
from topolens.base.errors import InvalidInputError, StoreError  # noqa: E402

# Processes that share cores make threads wait for each other.
torch.set_num_threads(1)

SPEC = {"model": "zoo:small_cnn"}
SETTINGS = {"layers": ["leaf"], "scale": 16.0, "batch_size": 20}
N_BATCHES = 6


@pytest.fixture(scope="module")
def digits():
    return load_samples("digits", base=Path(), split="test", count=110, order="balanced")


@pytest.fixture(scope="module")
def network():
    return build_seeded("zoo:small_cnn", seed=1)


def recorded(path, network, digits, **changes):
    with ActivationStore.create(path, SPEC) as store:
        record(network, digits, store, **{**SETTINGS, **changes})
    return ActivationStore.open(path)


def contents(path):
    return {file.name: file.read_bytes() for file in path.iterdir()}


def test_the_store_holds_what_the_layers_gave(tmp_path, network, digits):
    store = recorded(tmp_path, network, digits)
    assert store.complete
    assert store.verify() == ()
    assert store.layers[0] == "conv1"
    assert store.layers[-1] == "fc2"
    inputs = torch.from_numpy(preprocess(digits.inputs, scale=16.0))
    network.eval()
    with torch.inference_mode():
        maps = network.conv1(inputs)
        scores = network(inputs)
    rows, ids = store.read("conv1")
    np.testing.assert_allclose(rows, maps.mean(dim=(2, 3)).numpy(), atol=1e-5)
    np.testing.assert_array_equal(ids, digits.ids)
    np.testing.assert_allclose(store.read("fc2")[0], scores.numpy(), atol=1e-4)
    predicted = scores.argmax(dim=1).numpy()
    assert store.summary == {
        "accuracy": np.mean(predicted == digits.labels),
        "n_samples": 110,
        "n_outputs": 10,
        "n_beyond": 0,
        "n_parameters": sum(parameter.numel() for parameter in network.parameters()),
    }


@pytest.mark.parametrize("pool", ["mean", "top_norm", "random:1"])
@pytest.mark.parametrize("stop_after", range(N_BATCHES))
def test_an_interrupted_recording_goes_on_with_the_same_bytes(
    tmp_path, network, digits, stop_after, pool
):
    whole = recorded(tmp_path / "whole", network, digits, pool=pool).path

    def interrupt(done, total):
        assert total == N_BATCHES
        if done == stop_after:
            raise KeyboardInterrupt

    path = tmp_path / "resumed"
    with pytest.raises(KeyboardInterrupt):
        recorded(path, network, digits, pool=pool, on_batch=interrupt)
    done = []
    store = recorded(path, network, digits, pool=pool, on_batch=lambda *told: done.append(told))
    assert done == [(count, N_BATCHES) for count in range(stop_after, N_BATCHES + 1)]
    assert store.complete
    assert contents(path) == contents(whole)


def test_only_damaged_parts_are_captured_again(tmp_path, network, digits):
    path = recorded(tmp_path, network, digits).path
    before = contents(path)
    part = path / "part-000003.safetensors"
    part.write_bytes(part.read_bytes()[:100])
    (path / "part-000005.safetensors").unlink()
    runs = []
    handle = network.register_forward_pre_hook(lambda model, inputs: runs.append(len(inputs[0])))
    recorded(path, network, digits)
    assert runs == [20, 10, 2]  # two samples more to count the scores
    recorded(path, network, digits)
    handle.remove()
    assert runs == [20, 10, 2]
    assert contents(path) == before


def test_other_settings_are_refused(tmp_path, network, digits):
    def stop(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recorded(tmp_path, network, digits, on_batch=stop)
    for change, name in (({"pool": "top_norm"}, "pool"), ({"batch_size": 30}, "batch_size")):
        with pytest.raises(StoreError, match=f"holds a capture with `{name}` = "):
            recorded(tmp_path, network, digits, **change)


def test_the_manifest_says_what_made_the_values(tmp_path, network, digits):
    store = recorded(tmp_path, network, digits, mean=0.5)
    assert store.settings == {
        "samples": digits.description,
        "layers": list(store.layers),
        "pool": "mean",
        "batch_size": 20,
        "mean": [0.5],
        "std": None,
        "scale": 16.0,
        "seed": 0,
        "device": "cpu",
        "precision": "float32",
        "model": {
            "class": "SmallCNN",
            "n_parameters": store.summary["n_parameters"],
            "state_sha256": model_provenance(network)["state_sha256"],
        },
        "versions": {
            "topolens": topolens.__version__,
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
    }
    record_of_layer = store.layer("conv1")
    assert (record_of_layer.module_type, record_of_layer.site) == ("Conv2d", "output")


def test_a_complete_store_of_another_model_or_other_data_is_refused(tmp_path, network, digits):
    recorded(tmp_path, network, digits)
    recorded(tmp_path, network, digits)
    other = build_seeded("zoo:small_cnn", seed=2)
    with pytest.raises(StoreError, match=r"a capture with `model\.state_sha256` = "):
        recorded(tmp_path, other, digits)
    more = load_samples("digits", base=Path(), split="test", count=120, order="balanced")
    with pytest.raises(StoreError, match=r"a capture with `samples\.count` = 110, not 120; choose"):
        recorded(tmp_path, network, more)


def test_parts_by_other_versions_are_not_mixed(tmp_path, network, digits, monkeypatch):
    def stop(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recorded(tmp_path / "half", network, digits, on_batch=stop)
    recorded(tmp_path / "whole", network, digits)
    monkeypatch.setattr("topolens.__version__", "9.9")
    with pytest.raises(StoreError, match=r"`versions\.topolens` = '.*', not '9\.9'; choose"):
        recorded(tmp_path / "half", network, digits)
    assert recorded(tmp_path / "whole", network, digits).complete


@pytest.mark.parametrize("order", ["first", "balanced", "random"])
def test_more_samples_take_over_the_parts_of_fewer(tmp_path, network, order):
    fewer, more = (
        load_samples("digits", base=Path(), split="test", count=count, order=order)
        for count in (50, 110)
    )
    whole = recorded(tmp_path / "whole", network, more)
    earlier = recorded(tmp_path / "fewer", network, fewer)
    before = contents(earlier.path)
    runs = []
    handle = network.register_forward_pre_hook(lambda model, inputs: runs.append(len(inputs[0])))
    store = recorded(tmp_path / "more", network, more, reuse=[earlier])
    handle.remove()
    # 50 samples are two batches of 20 and a short one, which is captured with the others.
    assert runs == [20, 20, 20, 10, 2]
    assert contents(store.path) == contents(whole.path)
    assert contents(earlier.path) == before
    assert store.summary == whole.summary


def test_nothing_is_taken_over_from_another_capture(tmp_path, network, digits):
    changes = [{"pool": "top_norm"}, {"batch_size": 10}, {"mean": 0.5}, {"seed": 1}]
    others = [
        recorded(tmp_path / str(number), network, digits, **change)
        for number, change in enumerate(changes)
    ]
    others.append(recorded(tmp_path / "model", build_seeded("zoo:small_cnn", seed=2), digits))
    train = load_samples("digits", base=Path(), split="train", count=110, order="balanced")
    others.append(recorded(tmp_path / "train", network, train))
    damaged = recorded(tmp_path / "damaged", network, digits)
    for part in damaged.path.glob("part-*"):
        part.write_bytes(part.read_bytes()[:-1] + b"\x55")
    runs = []
    handle = network.register_forward_pre_hook(lambda model, inputs: runs.append(len(inputs[0])))
    store = recorded(tmp_path / "store", network, digits, reuse=[*others, damaged])
    handle.remove()
    assert runs == [20, 20, 20, 20, 20, 10, 2]
    assert store.verify() == ()


def test_what_does_not_fit_on_the_disk_is_refused_before_a_part_is_written(
    tmp_path, network, digits, monkeypatch
):
    needed = recorded(tmp_path / "whole", network, digits).n_bytes
    free = shutil.disk_usage(tmp_path)._replace(free=needed)
    with monkeypatch.context() as patch:
        patch.setattr("shutil.disk_usage", lambda _: free)
        with pytest.raises(StoreError, match=r"must have room for (.+) of activations; \1 are"):
            recorded(tmp_path / "store", network, digits)
        assert [file.name for file in (tmp_path / "store").iterdir()] == ["manifest.json"]
    store = recorded(tmp_path / "store", network, digits)
    assert contents(store.path) == contents(tmp_path / "whole")


def test_a_disk_that_fills_up_keeps_what_was_captured(tmp_path, network, digits, monkeypatch):
    whole = recorded(tmp_path / "whole", network, digits)
    synced = []

    def sync_until_full(descriptor):
        synced.append(descriptor)
        if len(synced) > 20:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", sync_until_full)
        with pytest.raises(StoreError, match="No space left on device; what was finished is kept"):
            recorded(tmp_path / "store", network, digits)
    with ActivationStore.create(tmp_path / "store", SPEC) as store:
        assert store.damaged == ()
        assert 20 < store.n_samples < 110
    resumed = recorded(tmp_path / "store", network, digits)
    assert contents(resumed.path) == contents(whole.path)


def test_accuracy_is_unknown_without_labels(tmp_path, network):
    np.save(tmp_path / "x.npy", np.zeros((4, 8, 8), np.uint8))
    samples = load_samples("npy:x.npy", base=tmp_path)
    store = recorded(tmp_path / "store", network, samples)
    assert store.summary["accuracy"] is None
    assert store.predictions().shape == (4,)


def test_a_failing_batch_keeps_the_ones_before(tmp_path, network, digits):
    def failing(module, arguments):
        if len(runs) == 3:
            raise ValueError("out of paper")
        runs.append(1)

    runs = []
    handle = network.fc1.register_forward_pre_hook(failing)
    with pytest.raises(InvalidInputError, match="raised ValueError: out of paper"):
        recorded(tmp_path, network, digits)
    handle.remove()
    with ActivationStore.create(tmp_path, SPEC) as store:
        assert [store.has_part(index) for index in range(N_BATCHES)] == [True] * 3 + [False] * 3
