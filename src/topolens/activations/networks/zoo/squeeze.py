"""Squeeze and excitation (Hu et al., CVPR 2018, section 3)."""

from __future__ import annotations

from topolens.activations.needs_torch import nn, torch

__all__ = ["SqueezeExcitation"]


class SqueezeExcitation(nn.Module):
    """Channels weighed by what the mean over all positions says of them; timm's names.

    `gate` gives the weights (n, channels, 1, 1).
    """

    def __init__(self, width: int, reduction: int) -> None:
        super().__init__()
        # timm rounds to multiples of 8, so that its weights fit.
        inner = max(8, int(width / reduction + 4) // 8 * 8)
        self.squeeze = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(width, inner, 1)
        self.relu = nn.ReLU()
        self.fc2 = nn.Conv2d(inner, width, 1)
        self.gate = nn.Sigmoid()

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Map (n, width, h, w) to the same shape."""
        weights = self.gate(self.fc2(self.relu(self.fc1(self.squeeze(maps)))))
        weighed: torch.Tensor = maps * weights
        return weighed
