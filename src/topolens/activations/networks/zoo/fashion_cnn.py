"""Two convolutions and two dense layers, the usual first network for Fashion-MNIST."""

from __future__ import annotations

from collections import OrderedDict

from topolens.activations.needs_torch import nn
from topolens.base.checks import check_integer

__all__ = ["FashionCNN", "fashion_cnn"]


def fashion_cnn(n_classes: int = 10) -> FashionCNN:
    """Build convolutions 3x3 of 32 and 64 channels, each with ReLU and max pooling, and a head.

    Parameters
    ----------
    n_classes : int, default 10

    Returns
    -------
    FashionCNN
        For inputs of shape (n, 1, 28, 28).
    """
    check_integer(n_classes, "n_classes", at_least=1)
    return FashionCNN(n_classes)


class FashionCNN(nn.Sequential):
    """See `fashion_cnn`; maps images (n, 1, 28, 28) to scores (n, n_classes)."""

    input_shape = (1, 28, 28)

    def __init__(self, n_classes: int) -> None:
        super().__init__(
            OrderedDict[str, nn.Module](
                conv1=nn.Conv2d(1, 32, 3, padding=1),
                relu1=nn.ReLU(),
                pool1=nn.MaxPool2d(2),
                conv2=nn.Conv2d(32, 64, 3, padding=1),
                relu2=nn.ReLU(),
                pool2=nn.MaxPool2d(2),
                flatten=nn.Flatten(),
                fc1=nn.Linear(64 * 7 * 7, 128),
                relu3=nn.ReLU(),
                fc2=nn.Linear(128, n_classes),
            )
        )
