"""Published CIFAR-10 networks give the logits and the accuracy they gave where they come from."""

import os
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from topolens.activations.data.datasets import load_samples  # noqa: E402
from topolens.activations.data.preprocess import preprocess  # noqa: E402
from topolens.activations.networks.models import load_model  # noqa: E402
from topolens.activations.networks.training import evaluate  # noqa: E402

ROOT = os.environ.get("TOPOLENS_DATA")
pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not ROOT, reason="TOPOLENS_DATA does not name the folder of data"),
]

# Normalisation in the metadata of the weights; accuracy in per cent on x_test[:1000].
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
NETWORKS = {
    "resnet20_akamaster": (20, "A", *IMAGENET, 90.0),
    "resnet32_akamaster": (32, "A", *IMAGENET, 91.5),
    "resnet56_akamaster": (56, "A", *IMAGENET, 92.1),
    "resnet20_undertrained": (20, "A", *IMAGENET, 58.2),
    "resnet20_benjames_v1": (20, "B", (0.4914, 0.4822, 0.4465), (0.247, 0.2435, 0.2616), 91.0),
    "resnet20_benjames_v2": (20, "B", (0.4914, 0.4822, 0.4465), (0.247, 0.2435, 0.2616), 90.1),
    "resnet20_fattorib": (20, "L", *IMAGENET, 90.3),
    "resnet20_gahaalt": (20, "T", (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.201), 90.6),
}


@pytest.fixture(params=NETWORKS)
def network(request):
    depth, variant, mean, std, accuracy = NETWORKS[request.param]
    model = load_model(
        "zoo:cifar_resnet",
        args={"depth": depth, "variant": variant},
        weights=f"${{TOPOLENS_DATA}}/weights/cifar10_{request.param}.safetensors",
    )
    return request.param, model, {"mean": mean, "std": std}, accuracy


@pytest.fixture(scope="module")
def images():
    return load_samples("npz:${TOPOLENS_DATA}/images/cifar10.npz", base=Path(), count=1000)


def test_logits(network, images):
    name, model, normalisation, _ = network
    reference = np.load(Path(ROOT) / "weights/cifar10_resnet_reference_logits.npz")
    with torch.inference_mode():
        inputs = torch.from_numpy(preprocess(images.inputs[:64], **normalisation))
        logits = model(inputs).numpy()
    np.testing.assert_allclose(logits, reference[f"cifar10_{name}"], atol=1e-3, rtol=0)


def test_accuracy(network, images):
    _, model, normalisation, expected = network
    assert 100 * evaluate(model, images, **normalisation) == pytest.approx(expected, abs=0.2)
