"""VGG networks (Simonyan and Zisserman, ICLR 2015, table 1) with torchvision's names."""

from __future__ import annotations

from typing import Literal

from topolens.activations.needs_torch import nn, torch
from topolens.activations.networks.zoo.initial_weights import he_normal
from topolens.base.checks import check_integer, check_one_of
from topolens.base.errors import InvalidInputError

__all__ = ["VGG", "vgg"]

Head = Literal["imagenet", "cifar"]

_CONVOLUTIONS = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}
_WIDTHS = (64, 128, 256, 512, 512)


def vgg(
    depth: int = 16, batch_norm: bool = False, head: Head = "imagenet", n_classes: int = 1000
) -> VGG:
    """Build VGG-11, 13, 16 or 19: five stages of 3x3 convolutions, halved by max pooling.

    Parameters
    ----------
    depth : {11, 13, 16, 19}
    batch_norm : bool, default False
        Whether each convolution is followed by one.
    head : {"imagenet", "cifar"}
        Three dense layers with dropout on 7 x 7 positions; or the mean over positions and one
        dense layer on its 512 features, as in repositories for CIFAR.
    n_classes : int, default 1000

    Returns
    -------
    VGG
        For inputs of shape (n, 3, height, width), both at least 32.
    """
    check_integer(n_classes, "n_classes", at_least=1)
    check_one_of(head, "head", ("imagenet", "cifar"))
    if depth not in _CONVOLUTIONS:
        raise InvalidInputError(f"`depth` must be one of 11, 13, 16, 19; got {depth!r}")
    return VGG(depth, batch_norm, head, n_classes)


class VGG(nn.Module):
    """See `vgg`."""

    def __init__(self, depth: int, batch_norm: bool, head: Head, n_classes: int) -> None:
        super().__init__()
        large = head == "imagenet"
        self.input_shape = (3, 224, 224) if large else (3, 32, 32)
        self.features = _features(_CONVOLUTIONS[depth], batch_norm)
        self.avgpool = nn.AdaptiveAvgPool2d(7 if large else 1)
        self.flatten = nn.Flatten()
        self.classifier = _large_head(n_classes) if large else nn.Linear(512, n_classes)
        he_normal(self)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images (n, 3, height, width) to class scores (n, n_classes)."""
        maps = self.avgpool(self.features(images))
        scores: torch.Tensor = self.classifier(self.flatten(maps))
        return scores


def _features(convolutions: tuple[int, ...], batch_norm: bool) -> nn.Sequential:
    layers: list[nn.Module] = []
    width_in = 3
    for width, n_convolutions in zip(_WIDTHS, convolutions, strict=True):
        for _ in range(n_convolutions):
            layers.append(nn.Conv2d(width_in, width, 3, padding=1))
            if batch_norm:
                layers.append(nn.BatchNorm2d(width))
            layers.append(nn.ReLU())
            width_in = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)


def _large_head(n_classes: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(512 * 7 * 7, 4096),
        nn.ReLU(),
        nn.Dropout(),
        nn.Linear(4096, 4096),
        nn.ReLU(),
        nn.Dropout(),
        nn.Linear(4096, n_classes),
    )
