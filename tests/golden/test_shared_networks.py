"""Small published networks: equal to a second, plain implementation, and right as often."""

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import shared_networks as plain  # noqa: E402
from PIL import Image  # noqa: E402

from topolens.activations.data.datasets import load_samples  # noqa: E402
from topolens.activations.data.preprocess import preprocess  # noqa: E402
from topolens.activations.networks.models import load_model  # noqa: E402
from topolens.activations.networks.training import evaluate  # noqa: E402

ROOT = os.environ.get("TOPOLENS_DATA")
pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not ROOT, reason="TOPOLENS_DATA does not name the folder of data"),
]

CIFAR = {"mean": (0.4914, 0.4822, 0.4465), "std": (0.2023, 0.1994, 0.2010)}
MNIST = {"mean": [0.1307], "std": [0.3081]}
MLP = {"input_shape": [1, 28, 28], "widths": [400, 200, 100], "bias": False}

# Data, network, arguments, preprocessing; accuracy in per cent that is said of the network (on
# 2,000 test images, not said which) and that it has on all test images here.
NETWORKS = {
    "cifar10_resnet8_mlperf": ("cifar10", "resnet8", {}, {"scale": 1.0}, 87.8, 86.86),
    "cifar10_vit_pgd_2_3_16": ("cifar10", "batch_norm_vit", {}, CIFAR, 60.9, 59.22),
    "fashion_cnn_epoch1": ("fashion_mnist", "fashion_cnn", {}, {}, 88.1, 87.14),
    "fashion_cnn_epoch3": ("fashion_mnist", "fashion_cnn", {}, {}, 89.9, 89.08),
    "fashion_cnn_epoch5": ("fashion_mnist", "fashion_cnn", {}, {}, 91.4, 90.76),
    "fashion_cnn_epoch7": ("fashion_mnist", "fashion_cnn", {}, {}, 91.2, 90.92),
    "mnist_mlp_seed0": ("mnist", "mlp", MLP, MNIST, 97.5, 97.47),
    "mnist_mlp_seed1": ("mnist", "mlp", MLP, MNIST, 97.7, 97.57),
}


def built(name):
    _, network, args, *_ = NETWORKS[name]
    path = f"${{TOPOLENS_DATA}}/weights/{name}.safetensors"
    return load_model(f"zoo:{network}", args=args, weights=path)


def images(data, count=None):
    return load_samples(f"npz:${{TOPOLENS_DATA}}/images/{data}.npz", base=Path(), count=count)


@pytest.mark.parametrize(
    "name",
    [name if "mnist_" in name else pytest.param(name, marks=pytest.mark.full) for name in NETWORKS],
)
def test_accuracy(name):
    data, _, _, preprocessing, said, here = NETWORKS[name]
    accuracy = 100 * evaluate(built(name), images(data), **preprocessing)
    assert accuracy == pytest.approx(here, abs=0.05)
    # Two standard errors of the difference between 2,000 and 5,000 images.
    assert accuracy == pytest.approx(said, abs=2 * 100 * (0.25 / 2000 + 0.25 / 5000) ** 0.5)


@pytest.mark.parametrize(
    ("name", "reference"),
    [("cifar10_resnet8_mlperf", plain.resnet8), ("cifar10_vit_pgd_2_3_16", plain.vit)],
)
def test_logits_of_a_plain_implementation(name, reference):
    inputs = preprocess(images("cifar10", 32).inputs, **NETWORKS[name][3])
    with torch.inference_mode():
        logits = built(name)(torch.from_numpy(inputs)).numpy()
        given = torch.from_numpy(inputs) if name.startswith("cifar10_resnet8") else inputs
        expected = reference(Path(ROOT) / f"weights/{name}.safetensors", given)
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


def imagenette(size, per_class):
    """Validation images, the shorter side resized and the centre cut out, as (x - 128) / 128."""
    pixels, wordnet = [], []
    with zipfile.ZipFile(Path(ROOT) / "images/imagenette.zip") as archive:
        names = [name for name in archive.namelist() if name.startswith("val/")]
        for kind in sorted({name.split("/")[1] for name in names}):
            for name in [name for name in names if f"/{kind}/" in name][:per_class]:
                image = Image.open(archive.open(name)).convert("RGB")
                factor = size / min(image.size)
                width, height = (max(size, round(side * factor)) for side in image.size)
                image = image.resize((width, height), Image.Resampling.BILINEAR)
                left, top = (width - size) // 2, (height - size) // 2
                pixels.append(np.asarray(image.crop((left, top, left + size, top + size))))
                wordnet.append(kind)
    planes = np.stack(pixels).transpose(0, 3, 1, 2).astype(np.float32)
    return torch.from_numpy((planes - 128) / 128), np.array(wordnet)


def class_numbers():
    """Number of each Imagenette class among the 1,001 labels."""
    labels = (Path(ROOT) / "weights/imagenet_labels.txt").read_text().splitlines()
    lines = (Path(ROOT) / "images/imagenette_classes.csv").read_text().splitlines()[1:]
    named = dict(line.split(",") for line in lines)
    return {
        wordnet: next(i for i, label in enumerate(labels) if name.lower() in label.lower())
        for wordnet, name in named.items()
    }


def mobilenet(name):
    folder = "${TOPOLENS_DATA}/weights"
    return load_model(
        "zoo:quantised_mobilenet",
        args={"graph": f"{folder}/{name}.json"},
        weights=f"{folder}/{name}.safetensors",
    )


@pytest.mark.parametrize(
    ("name", "size", "per_class", "said", "here"),
    [
        ("mobilenet_v1_025_imagenet", 128, 10, 38.0, 41.0),
        pytest.param("mobilenet_v1_025_imagenet", 128, 50, 38.0, 38.2, marks=pytest.mark.full),
        pytest.param("mobilenet_v2_imagenet", 224, 50, 79.0, 77.4, marks=pytest.mark.full),
    ],
)
def test_accuracy_of_mobilenets(name, size, per_class, said, here):
    inputs, wordnet = imagenette(size, per_class)
    numbers = class_numbers()
    model = mobilenet(name)
    with torch.inference_mode():
        outputs = torch.cat([model(batch) for batch in inputs.split(50)])
    predicted = outputs.argmax(dim=1).numpy()
    accuracy = 100 * np.mean(predicted == [numbers[kind] for kind in wordnet])
    assert accuracy == pytest.approx(here, abs=100.5 / len(inputs))
    # Said of 100 images, not which: one standard error of theirs is 4 to 5.
    assert accuracy == pytest.approx(said, abs=5)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("mobilenet_v2_imagenet", 224),
        ("mobilenet_v1_025_imagenet", 128),
        ("mobilenet_v2_inat_bird", 224),
    ],
)
def test_probabilities_of_a_plain_mobilenet(name, size):
    inputs = imagenette(size, per_class=1)[0][:3]
    weights = Path(ROOT) / "weights"
    with torch.inference_mode():
        found = mobilenet(name)(inputs).numpy()
        expected = plain.mobilenet(
            weights / f"{name}.json", weights / f"{name}.safetensors", inputs
        )
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
