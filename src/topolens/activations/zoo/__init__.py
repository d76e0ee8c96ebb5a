"""Networks that come with TopoLens; each is a factory of the name of its module."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from topolens.base.errors import InvalidInputError, nearest_names

__all__ = ["ZOO", "zoo_factory"]

ZOO = {
    "cifar_resnet": "residual network of 6n + 2 layers for 32 x 32 colour images",
    "mlp": "fully connected network with ReLU",
    "small_cnn": "three convolutions with batch norm and two dense layers, for small images",
    "small_vit": "vision transformer with a class token and pre-norm blocks, for small images",
    "text_decoder": "transformer that classifies sentences, every token seeing those before it",
    "text_encoder": "transformer that classifies sentences, every token seeing every other",
    "tiny_llama": "decoder of text in the layout of Llama 2, small by default",
}
"""What each network is, by name."""


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
        raise InvalidInputError(f"no network of the zoo is called `{name}`; {hint}")
    factory: Callable[..., object] = getattr(import_module(f"{__name__}.{name}"), name)
    return factory
