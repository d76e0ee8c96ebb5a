"""Initial weights of networks that are studied or trained from scratch."""

from __future__ import annotations

from topolens.activations.needs_torch import nn

__all__ = ["he_normal"]


def he_normal(model: nn.Module) -> None:
    """Draw the weights of all convolutions after He et al. (ICCV 2015), eq. 14; biases are 0."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
