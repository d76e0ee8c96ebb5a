"""Networks that come with TopoLens; each is a factory of the name of its module."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from topolens.base.errors import InvalidInputError, nearest_names

__all__ = ["ZOO", "zoo_factory"]

ZOO = {
    "batch_norm_vit": "small vision transformer with batch norm, of VNN-COMP 2023",
    "cifar_resnet": "residual network of 6n + 2 layers for 32 x 32 colour images",
    "convmixer": "ConvMixer: patches, then convolutions by channel and by position",
    "equal_width_resnet": "ten bottleneck blocks of one width, with a choice of activation",
    "equal_width_vgg": "ten blocks of two convolutions of one width, with a choice of activation",
    "fashion_cnn": "two convolutions and two dense layers for 28 x 28 images",
    "mlp": "fully connected network with ReLU",
    "mobilenet_v2": "MobileNetV2 of any width",
    "quantised_mobilenet": "MobileNet of 8-bit weights and a layer graph, in floating point",
    "resnet": "ResNet-18, 34, 50, 101 or 152 for ImageNet or CIFAR images",
    "resnet8": "ResNet-8 of MLPerf Tiny for 32 x 32 colour images",
    "se_resnet": "ResNet with squeeze and excitation",
    "small_cnn": "three convolutions with batch norm and two dense layers, for small images",
    "small_vit": "vision transformer with a class token and pre-norm blocks, for small images",
    "text_decoder": "transformer that classifies sentences, every token seeing those before it",
    "text_encoder": "transformer that classifies sentences, every token seeing every other",
    "tiny_llama": "decoder of text in the layout of Llama 2, small by default",
    "vgg": "VGG-11, 13, 16 or 19, with batch norm or without, for ImageNet or CIFAR images",
    "vit": "vision transformer ViT or DeiT, tiny, small or base",
}
"""What each network is, by name."""

_ALL = " (`topolens list networks` lists all)"


def zoo_factory(name: str) -> Callable[..., object]:
    """Return the factory of a network.

    Raises
    ------
    InvalidInputError
        If there is no network of that name.
    MissingDependencyError
        If torch is not installed.
    """
    if name not in ZOO:
        hint = nearest_names(name, ZOO)
        raise InvalidInputError(f"no network of the zoo is called `{name}`; {hint}{_ALL}")
    factory: Callable[..., object] = getattr(import_module(f"{__name__}.{name}"), name)
    return factory
