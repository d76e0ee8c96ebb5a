"""A plain network of equally wide layers, for comparing layers at one dimension."""

from __future__ import annotations

from collections import OrderedDict

from topolens.activations.needs_torch import nn, torch
from topolens.activations.networks.zoo.activation_functions import (
    Activation,
    activation_function,
    check_activation,
)
from topolens.activations.networks.zoo.initial_weights import he_normal
from topolens.base.checks import check_integer

__all__ = ["EqualWidthVGG", "equal_width_vgg"]

_DENSE = 512


def equal_width_vgg(
    activation: Activation = "relu", width: int = 128, blocks: int = 10, n_classes: int = 10
) -> EqualWidthVGG:
    """Build blocks of two 3x3 convolutions with batch norm, all of one width, as in Magai.

    The comparison of arXiv 2306.03406: ten blocks of width 128, two dense layers of 512 with
    dropout 0.2. Max pooling after every second block, down to one position for images of 32, is
    our reading; the paper does not say where it stands.

    Parameters
    ----------
    activation : {"relu", "swish", "tanh", "relu6", "sigmoid", "elu", "gelu"}
    width : int, default 128
        Channels of every convolution.
    blocks : int, default 10
        From 1 to 10.
    n_classes : int, default 10

    Returns
    -------
    EqualWidthVGG
        For inputs of shape (n, 3, height, width), both at least 32.
    """
    check_activation(activation)
    check_integer(width, "width", at_least=1)
    check_integer(blocks, "blocks", at_least=1, at_most=10)
    check_integer(n_classes, "n_classes", at_least=1)
    return EqualWidthVGG(activation, width, blocks, n_classes)


class EqualWidthVGG(nn.Module):
    """See `equal_width_vgg`."""

    input_shape = (3, 32, 32)

    def __init__(self, activation: Activation, width: int, blocks: int, n_classes: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            *(
                _block(3 if number == 0 else width, width, activation, halved=number % 2 == 1)
                for number in range(blocks)
            )
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.fc1 = nn.Linear(width, _DENSE)
        self.act1 = activation_function(activation)
        self.dropout1 = nn.Dropout(0.2)
        self.fc2 = nn.Linear(_DENSE, _DENSE)
        self.act2 = activation_function(activation)
        self.dropout2 = nn.Dropout(0.2)
        self.head = nn.Linear(_DENSE, n_classes)
        he_normal(self)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images (n, 3, height, width) to class scores (n, n_classes)."""
        features = self.flatten(self.avgpool(self.blocks(images)))
        features = self.dropout1(self.act1(self.fc1(features)))
        features = self.dropout2(self.act2(self.fc2(features)))
        scores: torch.Tensor = self.head(features)
        return scores


def _block(width_in: int, width: int, activation: Activation, *, halved: bool) -> nn.Sequential:
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number, before in enumerate((width_in, width), start=1):
        layers[f"conv{number}"] = nn.Conv2d(before, width, 3, padding=1, bias=False)
        layers[f"bn{number}"] = nn.BatchNorm2d(width)
        layers[f"act{number}"] = activation_function(activation)
    if halved:
        layers["pool"] = nn.MaxPool2d(2)
    return nn.Sequential(layers)
