"""Networks of torchvision and timm beside ours; run as a program where both are installed.

    PYTHONPATH=build/oracles python tests/golden/published_networks.py            # all, to record
    PYTHONPATH=build/oracles python tests/golden/published_networks.py NAME ...   # with logits

prints JSON: of each network the number of parameters and the SHA-256 of its state's names and
shapes; with logits, also how far ours are from theirs when both have the same random weights.
"""

import hashlib
import importlib
import json
import sys
import tempfile
from pathlib import Path

import torch

# Name in its library, and width where there are several: address and arguments of ours.
OURS = {
    **{f"tv:resnet{depth}": ("zoo:resnet", {"depth": depth}) for depth in (18, 34, 50, 101, 152)},
    **{f"tv:vgg{depth}": ("zoo:vgg", {"depth": depth}) for depth in (11, 13, 16, 19)},
    **{
        f"tv:vgg{depth}_bn": ("zoo:vgg", {"depth": depth, "batch_norm": True})
        for depth in (11, 13, 16, 19)
    },
    "tv:vit_b_16": ("zoo:vit", {"size": "base"}),
    "tv:mobilenet_v2": ("zoo:mobilenet_v2", {}),
    "tv:mobilenet_v2 0.5": ("zoo:mobilenet_v2", {"width": 0.5}),
    "tv:mobilenet_v2 1.4": ("zoo:mobilenet_v2", {"width": 1.4}),
    **{
        f"timm:vit_{size}_patch16_224": ("zoo:vit", {"size": size})
        for size in ("tiny", "small", "base")
    },
    **{
        f"timm:seresnet{depth}": ("zoo:se_resnet", {"depth": depth})
        for depth in (18, 34, 50, 101, 152)
    },
    "timm:convmixer_768_32": ("zoo:convmixer", {}),
    "timm:convmixer_1536_20": (
        "zoo:convmixer",
        {"width": 1536, "depth": 20, "kernel": 9, "activation": "gelu"},
    ),
    "timm:convmixer_1024_20_ks9_p14": (
        "zoo:convmixer",
        {"width": 1024, "depth": 20, "kernel": 9, "patch": 14, "activation": "gelu"},
    ),
}


def described(model):
    """Return the number of parameters and the digest of the state's names and shapes."""
    lines = sorted(f"{name} {tuple(tensor.shape)}" for name, tensor in model.state_dict().items())
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "state_sha256": digest,
    }


def import_torchvision():
    """Import a torchvision whose compiled operators may not fit this torch; no model needs them."""
    try:
        return importlib.import_module("torchvision")
    except RuntimeError:
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "DEF")
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        LIBRARIES.append(library)
        return importlib.import_module("torchvision")


LIBRARIES = []
"""Kept alive, since operators are forgotten with the library that defines them."""


def theirs(name):
    torchvision = import_torchvision()
    kind, _, rest = name.partition(":")
    model, _, width = rest.partition(" ")
    if kind == "tv":
        args = {"width_mult": float(width)} if width else {}
        return torchvision.models.get_model(model, weights=None, **args)
    return importlib.import_module("timm").create_model(model, pretrained=False)


def shaken(model):
    """Give every tensor of a state random values, so that none of them is without effect."""
    generator = torch.Generator().manual_seed(0)
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point():
            noise = torch.rand(tensor.shape, generator=generator)
            tensor.mul_(0.9).add_(0.1 * noise if name.endswith("var") else 0.02 * noise)
    return model.eval()


def difference(name):
    """Largest difference of logits, in units of the largest logit."""
    from topolens.activations.networks.models import load_model
    from topolens.activations.networks.weights import save_weights

    source, args = OURS[name]
    model = shaken(theirs(name))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.safetensors"
        save_weights(model, path)
        ours = load_model(source, args=args, weights=path)
    side = 224 if "vit" in name else 64
    images = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected, logits = model(images), ours(images)
    return float((expected - logits).abs().max() / expected.abs().max())


def main(names):
    found = {}
    for name in names or OURS:
        with torch.device("meta"):
            found[name] = described(theirs(name))
        if names:
            found[name]["difference"] = difference(name)
    json.dump(found, sys.stdout, indent=2)


if __name__ == "__main__":
    main(sys.argv[1:])
