"""The ResNet-8 of MLPerf Tiny for CIFAR-10 (Banbury et al., NeurIPS 2021 datasets track)."""

from __future__ import annotations

from topolens.activations.needs_torch import nn, torch
from topolens.activations.networks.zoo.cifar_resnet import StridedConv
from topolens.base.checks import check_integer

__all__ = ["ResNet8", "resnet8"]

_EPSILON = 1e-3


def resnet8(n_classes: int = 10) -> ResNet8:
    """Build it with TensorFlow's conventions; inputs are pixels from 0 to 255 (`scale` 1).

    Every convolution has a bias; those of stride 2 are padded at the bottom and right only.

    Parameters
    ----------
    n_classes : int, default 10

    Returns
    -------
    ResNet8
        For inputs of shape (n, 3, height, width), sides divisible by 4. Blocks do not exist as
        modules: `relu2`, `relu4` and `relu6` give the sums.
    """
    check_integer(n_classes, "n_classes", at_least=1)
    return ResNet8(n_classes)


class ResNet8(nn.Module):
    """See `resnet8`."""

    input_shape = (3, 32, 32)

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.conv0, self.bn0, self.relu0 = nn.Conv2d(3, 16, 3, padding=1), _norm(16), nn.ReLU()
        self.conv1, self.bn1, self.relu1 = nn.Conv2d(16, 16, 3, padding=1), _norm(16), nn.ReLU()
        self.conv2, self.bn2, self.relu2 = nn.Conv2d(16, 16, 3, padding=1), _norm(16), nn.ReLU()
        self.conv3, self.bn3, self.relu3 = StridedConv(16, 32, 3, stride=2), _norm(32), nn.ReLU()
        self.conv4, self.bn4 = nn.Conv2d(32, 32, 3, padding=1), _norm(32)
        self.conv5, self.relu4 = nn.Conv2d(16, 32, 1, stride=2), nn.ReLU()
        self.conv6, self.bn5, self.relu5 = StridedConv(32, 64, 3, stride=2), _norm(64), nn.ReLU()
        self.conv7, self.bn6 = nn.Conv2d(64, 64, 3, padding=1), _norm(64)
        self.conv8, self.relu6 = nn.Conv2d(32, 64, 1, stride=2), nn.ReLU()
        self.avgpool, self.flatten = nn.AdaptiveAvgPool2d(1), nn.Flatten()
        self.linear = nn.Linear(64, n_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images (n, 3, height, width) to class scores (n, n_classes)."""
        maps = self.relu0(self.bn0(self.conv0(images)))
        inner = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(maps)))))
        maps = self.relu2(inner + maps)
        inner = self.bn4(self.conv4(self.relu3(self.bn3(self.conv3(maps)))))
        maps = self.relu4(inner + self.conv5(maps))
        inner = self.bn6(self.conv7(self.relu5(self.bn5(self.conv6(maps)))))
        maps = self.relu6(inner + self.conv8(maps))
        scores: torch.Tensor = self.linear(self.flatten(self.avgpool(maps)))
        return scores


def _norm(width: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(width, eps=_EPSILON)
