"""Data sets that libraries hold: found in their folders, and never fetched unasked."""

import importlib
import struct
import sys

import numpy as np
import pytest

from topolens.activations.data.datasets import load_samples
from topolens.activations.data.images.geometry import Geometry
from topolens.activations.data.images.rows import shown
from topolens.activations.data.sources.registry import _schemes
from topolens.base.errors import InvalidInputError, MissingDependencyError

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (6, 28, 28), np.uint8)
KEPT = []
LABELS = np.array([2, 0, 1, 1, 0, 2], np.uint8)


def idx(array):
    head = struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.tobytes()


def import_torchvision():
    """Import a torchvision whose compiled operators may not fit this torch; no data need them."""
    torch = pytest.importorskip("torch")
    try:
        pytest.importorskip("torchvision")
    except RuntimeError:
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "DEF")
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor boxes, Tensor scores, float threshold) -> Tensor")
        KEPT.append(library)
        importlib.import_module("torchvision")


@pytest.fixture
def mnist(tmp_path):
    import_torchvision()
    folder = tmp_path / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for prefix in ("train", "t10k"):
        (folder / f"{prefix}-images-idx3-ubyte").write_bytes(idx(IMAGES))
        (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(idx(LABELS))
    return tmp_path


def test_torchvision(mnist):
    samples = load_samples("tv:MNIST:.", base=mnist, count=3, order="balanced")
    assert samples.labels.tolist() == [0, 1, 2]
    assert samples.classes[1] == "1 - one"
    grey = shown(samples, Geometry(channels="grayscale"))
    np.testing.assert_array_equal(grey.batch(slice(None)), IMAGES[samples.ids][:, None])
    assert samples.batch(slice(1)).shape == (1, 3, 28, 28)
    assert len(samples.description["inputs_sha256"]) == 64
    assert str(mnist) not in str(samples.description)


@pytest.mark.parametrize(
    ("source", "options", "sentence"),
    [
        ("tv:MNIST", {}, "`source` must be `tv:NAME:FOLDER`; got 'tv:MNIST' without a folder"),
        ("tv:MNITS:.", {}, "name a data set of torchvision .*; got `MNITS`, did you mean `MNIST`"),
        ("tv:FakeData:.", {}, "a data set of torchvision with a folder and splits"),
        ("tv:CIFAR10:.", {}, "`source` must be `cifar10:FOLDER` for CIFAR10"),
        (
            "tv:MNIST:none",
            {},
            r"`tv:MNIST` must be whole in its folder \(Dataset not found.*--down",
        ),
        ("tv:MNIST:.", {"split": "val"}, "`split` must be one of `train`, `test`; got 'val'"),
        ("tv:MNIST:.", {"labels": "x"}, "`labels` must be left out for `tv:"),
    ],
)
def test_what_torchvision_cannot_give(mnist, source, options, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        load_samples(source, base=mnist, **options)


@pytest.fixture
def saved(tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets")
    from PIL import Image

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    features = datasets.Features(
        {
            "image": datasets.Image(),
            "label": datasets.ClassLabel(names=["a", "b", "c"]),
            "text": datasets.Value("string"),
        }
    )
    rows = {
        "image": [Image.fromarray(pixels) for pixels in IMAGES],
        "label": LABELS.tolist(),
        "text": list("uvwxyz"),
    }
    table = datasets.Dataset.from_dict(rows, features=features)
    datasets.DatasetDict({"test": table}).save_to_disk(str(tmp_path / "saved"))
    return tmp_path


@pytest.mark.full
@pytest.mark.filterwarnings("ignore")
def test_huggingface(saved):
    samples = load_samples("hfds:saved", base=saved, count=3, order="balanced")
    assert samples.labels.tolist() == [0, 1, 2]
    assert samples.classes == ("a", "b", "c")
    assert samples.batch(slice(None)).shape == (3, 3, 28, 28)
    np.testing.assert_array_equal(samples.batch(slice(None))[:, 1], IMAGES[samples.ids])
    assert samples.description["source"] == "hfds:saved"


@pytest.mark.full
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("source", "options", "sentence"),
    [
        (
            "hfds:saved",
            {"split": "tset"},
            "`split` must be one of `saved`; got 'tset', did you mean",
        ),
        (
            "hfds:saved",
            {"inputs": "imag"},
            "`inputs` must be a column; got 'imag', did you mean `im",
        ),
        ("hfds:saved", {"inputs": "text"}, "`hfds:saved` must hold images; got str for 0"),
        (
            "hfds:no/such",
            {},
            "`source` must be a folder written by `save_to_disk`, or .*--download",
        ),
    ],
)
def test_what_datasets_cannot_give(saved, source, options, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        load_samples(source, base=saved, **options)


@pytest.mark.parametrize(
    ("source", "module", "command"),
    [
        ("tv:MNIST:.", "torchvision", r"pip install 'topolens\[torchvision\]'"),
        ("hfds:x", "datasets", r"pip install 'topolens\[datasets\]'"),
    ],
)
def test_libraries_that_are_not_installed(tmp_path, monkeypatch, source, module, command):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependencyError, match=command):
        load_samples(source, base=tmp_path)


def test_only_an_explicit_flag_allows_a_download(tmp_path, monkeypatch):
    asked = []

    def read(request):
        asked.append(request.download)
        raise InvalidInputError("enough")

    monkeypatch.setitem(_schemes, "tv", type(_schemes["tv"])("tv", "name", ("split",), read))
    for options in ({}, {"download": True}):
        with pytest.raises(InvalidInputError, match="enough"):
            load_samples("tv:MNIST:.", base=tmp_path, **options)
    assert asked == [False, True]
