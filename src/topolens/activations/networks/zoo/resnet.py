"""Residual networks (He et al., CVPR 2016, table 1) with torchvision's names."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Literal

from topolens.activations.needs_torch import nn, torch
from topolens.activations.networks.zoo.initial_weights import he_normal
from topolens.activations.networks.zoo.published_names import renamed
from topolens.activations.networks.zoo.shortcuts import ZeroChannels, convolution_shortcut
from topolens.activations.networks.zoo.squeeze import SqueezeExcitation
from topolens.base.checks import check_integer, check_one_of
from topolens.base.errors import InvalidInputError

__all__ = ["ResNet", "Shortcut", "Stem", "check_resnet", "resnet"]

Stem = Literal["imagenet", "cifar"]
Shortcut = Literal["convolution", "zeros"]

_DEPTHS = {
    18: (False, (2, 2, 2, 2)),
    34: (False, (3, 4, 6, 3)),
    50: (True, (3, 4, 6, 3)),
    101: (True, (3, 4, 23, 3)),
    152: (True, (3, 8, 36, 3)),
}
"""Whether blocks are bottlenecks, and how many are in each of the four stages."""

_OTHER_NAMES = {
    r"(.+)\.shortcut\.(.+)": r"\1.downsample.\2",
    r"linear\.(.+)": r"fc.\1",
}


def resnet(
    depth: int = 18,
    stem: Stem = "imagenet",
    shortcut: Shortcut = "convolution",
    n_classes: int = 1000,
) -> ResNet:
    """Build ResNet-18, 34, 50, 101 or 152.

    Parameters
    ----------
    depth : {18, 34, 50, 101, 152}
    stem : {"imagenet", "cifar"}
        A 7x7 convolution of stride 2 and max pooling; or a 3x3 convolution, for images of
        32 x 32.
    shortcut : {"convolution", "zeros"}
        Where the shape changes: a strided 1x1 convolution with batch norm (option B of the
        paper), or every second position with zero channels on both sides (option A), as in
        Purvine et al. (AAAI 2023).
    n_classes : int, default 1000

    Returns
    -------
    ResNet
        For inputs of shape (n, 3, height, width). A block's output is the sum after its last
        ReLU, whose input is the sum before it. Weights may also call `downsample` `shortcut`
        and `fc` `linear`, as repositories for CIFAR do.
    """
    check_resnet(depth, stem, shortcut, n_classes)
    return ResNet(depth, stem, shortcut, n_classes)


def check_resnet(depth: int, stem: str, shortcut: str, n_classes: int) -> None:
    """Refuse what no residual network is."""
    check_integer(n_classes, "n_classes", at_least=1)
    check_one_of(stem, "stem", ("imagenet", "cifar"))
    check_one_of(shortcut, "shortcut", ("convolution", "zeros"))
    if depth not in _DEPTHS:
        raise InvalidInputError(f"`depth` must be one of 18, 34, 50, 101, 152; got {depth!r}")


class ResNet(nn.Module):
    """See `resnet`, and `se_resnet` for those with a `reduction`."""

    layer1: nn.Sequential
    layer2: nn.Sequential
    layer3: nn.Sequential
    layer4: nn.Sequential

    def __init__(
        self,
        depth: int,
        stem: Stem,
        shortcut: Shortcut,
        n_classes: int,
        reduction: int | None = None,
    ) -> None:
        super().__init__()
        large = stem == "imagenet"
        self.input_shape = (3, 224, 224) if large else (3, 32, 32)
        kernel, stride = (7, 2) if large else (3, 1)
        self.conv1 = nn.Conv2d(3, 64, kernel, stride, padding=kernel // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1) if large else None
        bottleneck, blocks = _DEPTHS[depth]
        block = Bottleneck if bottleneck else BasicBlock
        width_in = 64
        for stage, n_blocks in enumerate(blocks, start=1):
            width = 32 * 2**stage
            strides = [1 if stage == 1 else 2] + [1] * (n_blocks - 1)
            widths = [width_in] + [width * block.expansion] * n_blocks
            made = [
                block(before, width, stride, shortcut, reduction)
                for (before, _), stride in zip(pairwise(widths), strides, strict=True)
            ]
            self.add_module(f"layer{stage}", nn.Sequential(*made))
            width_in = widths[-1]
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(width_in, n_classes)
        he_normal(self)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images (n, 3, height, width) to class scores (n, n_classes)."""
        maps = self.relu(self.bn1(self.conv1(images)))
        if self.maxpool is not None:
            maps = self.maxpool(maps)
        maps = self.layer4(self.layer3(self.layer2(self.layer1(maps))))
        scores: torch.Tensor = self.fc(self.flatten(self.avgpool(maps)))
        return scores

    def state_from_published(self, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Rename tensors that are published under other names."""
        return renamed(tensors, self.state_dict(), _OTHER_NAMES)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut."""

    expansion = 1

    def __init__(
        self, width_in: int, width: int, stride: int, shortcut: Shortcut, reduction: int | None
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width_in, width, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.se = None if reduction is None else SqueezeExcitation(width, reduction)
        self.downsample = _shortcut(width_in, width, stride, shortcut)
        self.relu2 = nn.ReLU()

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Map (n, width_in, h, w) to (n, width, h / stride, w / stride)."""
        inner = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(maps)))))
        if self.se is not None:
            inner = self.se(inner)
        kept = maps if self.downsample is None else self.downsample(maps)
        summed: torch.Tensor = self.relu2(inner + kept)
        return summed


class Bottleneck(nn.Module):
    """A 3x3 convolution, which has the stride, between two of 1x1, beside a shortcut."""

    expansion = 4

    def __init__(
        self, width_in: int, width: int, stride: int, shortcut: Shortcut, reduction: int | None
    ) -> None:
        super().__init__()
        width_out = width * self.expansion
        self.conv1 = nn.Conv2d(width_in, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu2 = nn.ReLU()
        self.conv3 = nn.Conv2d(width, width_out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width_out)
        self.se = None if reduction is None else SqueezeExcitation(width_out, reduction)
        self.downsample = _shortcut(width_in, width_out, stride, shortcut)
        self.relu3 = nn.ReLU()

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Map (n, width_in, h, w) to (n, 4 width, h / stride, w / stride)."""
        inner = self.relu1(self.bn1(self.conv1(maps)))
        inner = self.bn3(self.conv3(self.relu2(self.bn2(self.conv2(inner)))))
        if self.se is not None:
            inner = self.se(inner)
        kept = maps if self.downsample is None else self.downsample(maps)
        summed: torch.Tensor = self.relu3(inner + kept)
        return summed


def _shortcut(width_in: int, width_out: int, stride: int, kind: Shortcut) -> nn.Module | None:
    if stride == 1 and width_in == width_out:
        return None
    if kind == "convolution":
        return convolution_shortcut(width_in, width_out, stride)
    added = width_out - width_in
    return ZeroChannels(added // 2, added - added // 2, stride)
