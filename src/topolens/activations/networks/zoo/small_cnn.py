"""A convolutional network small enough to train in seconds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from topolens.activations.needs_torch import nn
from topolens.base.checks import check_integer
from topolens.base.errors import InvalidInputError

__all__ = ["SmallCNN", "small_cnn"]


def small_cnn(
    image_size: int = 8,
    channels: int = 1,
    n_classes: int = 10,
    widths: Sequence[int] = (16, 32, 64),
    hidden: int = 64,
) -> SmallCNN:
    """Build convolutions 3x3 with batch norm and ReLU, then two dense layers.

    The map is halved between convolutions by max pooling while its side is even and above 2.
    Layers are called conv1, bn1, relu1, pool1, ..., fc1, relu_fc1, fc2.

    Parameters
    ----------
    image_size : int, default 8
        Side of the square images.
    channels : int, default 1
        Channels of the images.
    n_classes : int, default 10
    widths : sequence of int
        Channels of each convolution.
    hidden : int, default 64
        Features between the dense layers.
    """
    for name, value in (("image_size", image_size), ("channels", channels), ("hidden", hidden)):
        check_integer(value, name, at_least=1)
    check_integer(n_classes, "n_classes", at_least=1)
    if not widths:
        raise InvalidInputError("`widths` must name one convolution at least; got none")
    for width in widths:
        check_integer(width, "widths", at_least=1)
    return SmallCNN(image_size, channels, n_classes, tuple(widths), hidden)


class SmallCNN(nn.Sequential):
    """See `small_cnn`; maps images (n, channels, size, size) to scores (n, n_classes)."""

    def __init__(
        self, image_size: int, channels: int, n_classes: int, widths: tuple[int, ...], hidden: int
    ) -> None:
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        side, width_in = image_size, channels
        for number, width in enumerate(widths, start=1):
            layers[f"conv{number}"] = nn.Conv2d(width_in, width, 3, padding=1, bias=False)
            layers[f"bn{number}"] = nn.BatchNorm2d(width)
            layers[f"relu{number}"] = nn.ReLU()
            if number < len(widths) and side > 2 and side % 2 == 0:
                layers[f"pool{number}"] = nn.MaxPool2d(2)
                side //= 2
            width_in = width
        layers["flatten"] = nn.Flatten()
        layers["fc1"] = nn.Linear(width_in * side * side, hidden)
        layers["relu_fc1"] = nn.ReLU()
        layers["fc2"] = nn.Linear(hidden, n_classes)
        super().__init__(layers)
        self.input_shape = (channels, image_size, image_size)
