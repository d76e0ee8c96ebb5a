"""ConvMixer (Trockman and Kolter, TMLR 2023) with timm's names."""

from __future__ import annotations

from topolens.activations.needs_torch import nn, torch
from topolens.activations.networks.zoo.activation_functions import (
    Activation,
    activation_function,
    check_activation,
)
from topolens.base.checks import check_integer

__all__ = ["ConvMixer", "convmixer"]


def convmixer(
    width: int = 768,
    depth: int = 32,
    kernel: int = 7,
    patch: int = 7,
    activation: Activation = "relu",
    n_classes: int = 1000,
) -> ConvMixer:
    """Build a ConvMixer; the defaults are ConvMixer-768/32.

    Parameters
    ----------
    width : int, default 768
        Channels of every layer.
    depth : int, default 32
        Blocks.
    kernel : int, default 7
        Side of the convolutions by channel.
    patch : int, default 7
        Side of a patch; each becomes one position.
    activation : {"relu", "swish", "tanh", "relu6", "sigmoid", "elu", "gelu"}
        The published 768/32 has relu, all others gelu.
    n_classes : int, default 1000

    Returns
    -------
    ConvMixer
        For inputs of shape (n, 3, height, width). Of each block, `0` gives the sum beside the
        shortcut and `3` the block's output.
    """
    sizes = {"width": width, "depth": depth, "kernel": kernel, "patch": patch}
    for name, value in {**sizes, "n_classes": n_classes}.items():
        check_integer(value, name, at_least=1)
    check_activation(activation)
    return ConvMixer(width, depth, kernel, patch, activation, n_classes)


class ConvMixer(nn.Module):
    """See `convmixer`."""

    def __init__(
        self,
        width: int,
        depth: int,
        kernel: int,
        patch: int,
        activation: Activation,
        n_classes: int,
    ) -> None:
        super().__init__()
        self.input_shape = (3, 32 * patch, 32 * patch)
        self.stem = _normed(nn.Conv2d(3, width, patch, stride=patch), width, activation)
        self.blocks = nn.Sequential(*(_block(width, kernel, activation) for _ in range(depth)))
        self.pooling = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.head = nn.Linear(width, n_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images (n, 3, height, width) to class scores (n, n_classes)."""
        maps = self.pooling(self.blocks(self.stem(images)))
        scores: torch.Tensor = self.head(self.flatten(maps))
        return scores


class Residual(nn.Module):
    """A module beside a shortcut."""

    def __init__(self, fn: nn.Module) -> None:
        super().__init__()
        self.fn = fn

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Add what the module makes of the maps to them."""
        summed: torch.Tensor = self.fn(maps) + maps
        return summed


def _block(width: int, kernel: int, activation: Activation) -> nn.Sequential:
    around = nn.Conv2d(width, width, kernel, groups=width, padding="same")
    return nn.Sequential(
        Residual(_normed(around, width, activation)),
        *_normed(nn.Conv2d(width, width, 1), width, activation),
    )


def _normed(convolution: nn.Conv2d, width: int, activation: Activation) -> nn.Sequential:
    return nn.Sequential(convolution, activation_function(activation), nn.BatchNorm2d(width))
