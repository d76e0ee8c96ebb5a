"""A residual network of equally wide layers, for comparing layers at one dimension."""

from __future__ import annotations

from topolens.activations.needs_torch import nn, torch
from topolens.activations.networks.zoo.activation_functions import (
    Activation,
    activation_function,
    check_activation,
)
from topolens.activations.networks.zoo.initial_weights import he_normal
from topolens.base.checks import check_integer

__all__ = ["EqualWidthResNet", "equal_width_resnet"]

_HALVED_AT = (3, 6)


def equal_width_resnet(
    activation: Activation = "elu", width: int = 128, blocks: int = 10, n_classes: int = 10
) -> EqualWidthResNet:
    """Build a 7x7 convolution of stride 2 and bottleneck blocks, all of one width, as in Magai.

    The comparison of arXiv 2306.03406: ten blocks of width 128 inside and outside, ELU. Halving
    the map in the fourth and seventh block, its shortcut by every second position, is our
    reading; the paper does not say where it is done.

    Parameters
    ----------
    activation : {"relu", "swish", "tanh", "relu6", "sigmoid", "elu", "gelu"}
    width : int, default 128
        Channels of every convolution.
    blocks : int, default 10
    n_classes : int, default 10

    Returns
    -------
    EqualWidthResNet
        For inputs of shape (n, 3, height, width). A block's output is the sum after its last
        activation, whose input is the sum before it.
    """
    check_activation(activation)
    for name, value in {"width": width, "blocks": blocks, "n_classes": n_classes}.items():
        check_integer(value, name, at_least=1)
    return EqualWidthResNet(activation, width, blocks, n_classes)


class EqualWidthResNet(nn.Module):
    """See `equal_width_resnet`."""

    input_shape = (3, 32, 32)

    def __init__(self, activation: Activation, width: int, blocks: int, n_classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.act1 = activation_function(activation)
        self.blocks = nn.Sequential(
            *(
                Block(width, 2 if number in _HALVED_AT else 1, activation)
                for number in range(blocks)
            )
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.head = nn.Linear(width, n_classes)
        he_normal(self)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images (n, 3, height, width) to class scores (n, n_classes)."""
        maps = self.blocks(self.act1(self.bn1(self.conv1(images))))
        scores: torch.Tensor = self.head(self.flatten(self.avgpool(maps)))
        return scores


class Block(nn.Module):
    """A 3x3 convolution, which has the stride, between two of 1x1, beside a shortcut."""

    def __init__(self, width: int, stride: int, activation: Activation) -> None:
        super().__init__()
        self.stride = stride
        self.conv1 = nn.Conv2d(width, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.act1 = activation_function(activation)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.act2 = activation_function(activation)
        self.conv3 = nn.Conv2d(width, width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        self.act3 = activation_function(activation)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Map (n, width, h, w) to (n, width, h / stride, w / stride)."""
        inner = self.act1(self.bn1(self.conv1(maps)))
        inner = self.bn3(self.conv3(self.act2(self.bn2(self.conv2(inner)))))
        summed: torch.Tensor = self.act3(inner + maps[:, :, :: self.stride, :: self.stride])
        return summed
