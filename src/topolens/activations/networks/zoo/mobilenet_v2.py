"""MobileNetV2 (Sandler et al., CVPR 2018, table 2) with torchvision's names."""

from __future__ import annotations

from topolens.activations.needs_torch import nn, torch
from topolens.activations.networks.zoo.initial_weights import he_normal
from topolens.base.checks import check_integer, check_real

__all__ = ["MobileNetV2", "mobilenet_v2"]

_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Expansion, channels, blocks and stride of the first block."""


def mobilenet_v2(width: float = 1.0, n_classes: int = 1000) -> MobileNetV2:
    """Build MobileNetV2.

    Parameters
    ----------
    width : float, default 1.0
        Factor of the numbers of channels, which are then rounded to multiples of 8.
    n_classes : int, default 1000

    Returns
    -------
    MobileNetV2
        For inputs of shape (n, 3, height, width). The output of a block `features.N` is the sum
        where it has a shortcut.
    """
    check_real(width, "width", above=0)
    check_integer(n_classes, "n_classes", at_least=1)
    return MobileNetV2(width, n_classes)


class MobileNetV2(nn.Module):
    """See `mobilenet_v2`."""

    input_shape = (3, 224, 224)

    def __init__(self, width: float, n_classes: int) -> None:
        super().__init__()
        channels = _multiple_of_8(32 * width)
        last = _multiple_of_8(1280 * max(1.0, width))
        layers: list[nn.Module] = [_convolution(3, channels, 3, 2)]
        for expansion, wanted, n_blocks, first_stride in _STAGES:
            for number in range(n_blocks):
                stride = first_stride if number == 0 else 1
                width_out = _multiple_of_8(wanted * width)
                layers.append(InvertedResidual(channels, width_out, stride, expansion))
                channels = width_out
        self.features = nn.Sequential(*layers, _convolution(channels, last, 1, 1))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(last, n_classes))
        he_normal(self)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images (n, 3, height, width) to class scores (n, n_classes)."""
        maps = self.avgpool(self.features(images))
        scores: torch.Tensor = self.classifier(self.flatten(maps))
        return scores


class InvertedResidual(nn.Module):
    """Widen by 1x1, look around by channel, narrow by 1x1; a shortcut where shapes agree."""

    def __init__(self, width_in: int, width_out: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = width_in * expansion
        wide = [] if expansion == 1 else [_convolution(width_in, inner, 1, 1)]
        self.conv = nn.Sequential(
            *wide,
            _convolution(inner, inner, 3, stride, groups=inner),
            nn.Conv2d(inner, width_out, 1, bias=False),
            nn.BatchNorm2d(width_out),
        )
        self.adds = stride == 1 and width_in == width_out

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Map (n, width_in, h, w) to (n, width_out, h / stride, w / stride)."""
        inner: torch.Tensor = self.conv(maps)
        return maps + inner if self.adds else inner


def _convolution(
    width_in: int, width_out: int, kernel: int, stride: int, groups: int = 1
) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(
            width_in, width_out, kernel, stride, padding=kernel // 2, groups=groups, bias=False
        ),
        nn.BatchNorm2d(width_out),
        nn.ReLU6(),
    )


def _multiple_of_8(channels: float) -> int:
    """Round to a multiple of 8, losing no more than a tenth."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded
