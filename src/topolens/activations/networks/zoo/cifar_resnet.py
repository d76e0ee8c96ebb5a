"""Residual networks for CIFAR images (He et al., CVPR 2016, section 4.2)."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from topolens.activations.needs_torch import nn, torch
from topolens.activations.networks.zoo.shortcuts import ZeroChannels, convolution_shortcut
from topolens.base.checks import check_integer, check_one_of
from topolens.base.errors import InvalidInputError

__all__ = ["CifarResNet", "cifar_resnet"]

Variant = Literal["A", "B", "L", "T"]


def cifar_resnet(depth: int = 20, variant: Variant = "A", n_classes: int = 10) -> CifarResNet:
    """Build a residual network of 6n + 2 layers: three stages of n blocks, 16, 32, 64 channels.

    Parameters
    ----------
    depth : int, default 20
        6n + 2 for some n from 1: 8, 14, 20, 32, 44, 56, ...
    variant : {"A", "B", "L", "T"}
        Where and how the map is halved.
        A: in the first block of stages 2 and 3; the shortcut takes every second position and
        adds zero channels on both sides (option A of the paper).
        B: there, with a strided 1x1 convolution and batch norm as shortcut (option B).
        L: in the second convolution of the last block of stages 1 and 2, shortcut as A.
        T: as A, with TensorFlow's conventions: zero channels at the end only, one row and
        column of padding at the bottom and right of strided convolutions, and 1e-3 as the
        epsilon of batch norm instead of 1e-5.
    n_classes : int, default 10

    Returns
    -------
    CifarResNet
        For inputs of shape (n, 3, height, width), usually 32 x 32.
    """
    check_integer(depth, "depth", at_least=8)
    check_integer(n_classes, "n_classes", at_least=1)
    check_one_of(variant, "variant", ("A", "B", "L", "T"))
    if (depth - 2) % 6:
        raise InvalidInputError(f"`depth` must be 6n + 2 (8, 14, 20, 26, ...); got {depth}")
    return CifarResNet((depth - 2) // 6, variant, n_classes)


class CifarResNet(nn.Module):
    """See `cifar_resnet`."""

    input_shape = (3, 32, 32)

    def __init__(self, blocks_per_stage: int, variant: Variant, n_classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16, eps=_epsilon(variant))
        self.relu = nn.ReLU()
        widths = (16, 16, 32, 64) if variant != "L" else (16, 32, 64, 64)
        self.layer1 = _stage(widths[0], widths[1], blocks_per_stage, variant)
        self.layer2 = _stage(widths[1], widths[2], blocks_per_stage, variant)
        self.layer3 = _stage(widths[2], widths[3], blocks_per_stage, variant)
        self.linear = nn.Linear(64, n_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images (n, 3, height, width) to class scores (n, n_classes)."""
        maps = self.relu(self.bn1(self.conv1(images)))
        maps = self.layer3(self.layer2(self.layer1(maps)))
        scores: torch.Tensor = self.linear(maps.mean(dim=(2, 3)))
        return scores


class Block(nn.Module):
    """Two convolutions beside a shortcut; widens and halves the map where widths differ."""

    def __init__(self, width_in: int, width_out: int, variant: Variant) -> None:
        super().__init__()
        late = variant == "L"
        middle = width_in if late else width_out
        stride = 1 if width_in == width_out else 2
        self.conv1 = _conv(width_in, middle, 1 if late else stride, variant)
        self.bn1 = nn.BatchNorm2d(middle, eps=_epsilon(variant))
        self.relu1 = nn.ReLU()
        self.conv2 = _conv(middle, width_out, stride if late else 1, variant)
        self.bn2 = nn.BatchNorm2d(width_out, eps=_epsilon(variant))
        self.shortcut = _shortcut(width_in, width_out, variant)
        self.relu2 = nn.ReLU()

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Map (n, width_in, h, w) to (n, width_out, h, w), or half h and w."""
        inner = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(maps)))))
        summed: torch.Tensor = self.relu2(inner + self.shortcut(maps))
        return summed


class StridedConv(nn.Conv2d):
    """A 3x3 convolution of stride 2 padded at the bottom and right only, as TensorFlow does."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Map (n, channels, h, w) to half h and w, both even."""
        return super().forward(nn.functional.pad(maps, (0, 1, 0, 1)))


def _stage(width_in: int, width_out: int, n_blocks: int, variant: Variant) -> nn.Sequential:
    inner = width_in if variant == "L" else width_out
    widths = [width_in, *[inner] * (n_blocks - 1), width_out]
    return nn.Sequential(*(Block(first, second, variant) for first, second in pairwise(widths)))


def _conv(width_in: int, width_out: int, stride: int, variant: Variant) -> nn.Conv2d:
    if variant == "T" and stride == 2:
        return StridedConv(width_in, width_out, 3, stride=2, bias=False)
    return nn.Conv2d(width_in, width_out, 3, stride=stride, padding=1, bias=False)


def _shortcut(width_in: int, width_out: int, variant: Variant) -> nn.Module:
    added = width_out - width_in
    if added == 0:
        return nn.Identity()
    if variant == "B":
        return convolution_shortcut(width_in, width_out, 2)
    before = 0 if variant == "T" else added // 2
    return ZeroChannels(before, added - before)


def _epsilon(variant: Variant) -> float:
    return 1e-3 if variant == "T" else 1e-5
