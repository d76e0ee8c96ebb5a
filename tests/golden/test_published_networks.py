"""Our networks have the parameters, the names and the logits of the published ones.

`published_networks.json` was written by `published_networks.py` from torchvision 0.28.0 and timm
1.0.31, the parameters of the first also stand in torchvision's documentation.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from published_networks import OURS, described  # noqa: E402

from topolens.activations.networks.models import build_seeded  # noqa: E402

HERE = Path(__file__).parent
ORACLES = HERE.parents[1] / "build/oracles"
PUBLISHED = json.loads((HERE / "published_networks.json").read_text())

# From torchvision's pages of its models.
DOCUMENTED = {
    "tv:resnet18": 11689512,
    "tv:resnet34": 21797672,
    "tv:resnet50": 25557032,
    "tv:resnet101": 44549160,
    "tv:resnet152": 60192808,
    "tv:vgg11": 132863336,
    "tv:vgg13": 133047848,
    "tv:vgg16": 138357544,
    "tv:vgg19": 143667240,
    "tv:vgg19_bn": 143678248,
    "tv:vit_b_16": 86567656,
    "tv:mobilenet_v2": 3504872,
}


def ours(name):
    source, args = OURS[name]
    with torch.device("meta"):
        return build_seeded(source, args)


@pytest.mark.parametrize("name", OURS)
def test_parameters_names_and_shapes(name):
    found = described(ours(name))
    assert found["parameters"] == PUBLISHED[name]["parameters"]
    if name != "tv:vit_b_16":  # its names are timm's, torchvision's are read too
        assert found["state_sha256"] == PUBLISHED[name]["state_sha256"]


def test_parameters_are_those_of_the_documentation():
    assert {name: PUBLISHED[name]["parameters"] for name in DOCUMENTED} == DOCUMENTED


@pytest.mark.full
@pytest.mark.skipif(not ORACLES.is_dir(), reason="`make oracles` has not installed torchvision")
@pytest.mark.parametrize(
    "name",
    [
        "tv:resnet18",
        "tv:resnet50",
        "tv:vgg11_bn",
        "tv:vit_b_16",
        "tv:mobilenet_v2",
        "tv:mobilenet_v2 0.5",
        "timm:vit_tiny_patch16_224",
        "timm:seresnet18",
        "timm:seresnet50",
        "timm:convmixer_768_32",
    ],
)
def test_logits_of_the_same_weights(name):
    # In a process of its own: transformers would find this torchvision and stumble over it.
    done = subprocess.run(
        [sys.executable, "-W", "ignore", HERE / "published_networks.py", name],
        env={**os.environ, "PYTHONPATH": str(ORACLES)},
        check=True,
        capture_output=True,
        text=True,
    )
    found = json.loads(done.stdout)[name]
    assert found.pop("difference") < 1e-4
    assert found == PUBLISHED[name]
