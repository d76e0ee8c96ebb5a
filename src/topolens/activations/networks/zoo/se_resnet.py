"""Residual networks with squeeze and excitation (Hu et al., CVPR 2018)."""

from __future__ import annotations

from topolens.activations.networks.zoo.resnet import ResNet, Shortcut, Stem, check_resnet
from topolens.base.checks import check_integer

__all__ = ["se_resnet"]


def se_resnet(
    depth: int = 50,
    stem: Stem = "imagenet",
    shortcut: Shortcut = "convolution",
    n_classes: int = 1000,
    reduction: int = 16,
) -> ResNet:
    """Build a `resnet` whose blocks weigh their channels before they add; timm's names.

    Parameters
    ----------
    depth, stem, shortcut, n_classes
        As in `resnet`.
    reduction : int, default 16
        Channels per feature of the squeezed layer; 8 in Magai (arXiv 2306.03406).
    """
    check_resnet(depth, stem, shortcut, n_classes)
    check_integer(reduction, "reduction", at_least=1)
    return ResNet(depth, stem, shortcut, n_classes, reduction)
