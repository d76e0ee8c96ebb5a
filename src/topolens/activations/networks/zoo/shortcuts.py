"""What stands beside the convolutions of a residual block."""

from __future__ import annotations

from topolens.activations.needs_torch import nn, torch

__all__ = ["ZeroChannels", "convolution_shortcut"]


class ZeroChannels(nn.Module):
    """A shortcut without weights: every second position, and channels of zeros.

    Option A of He et al. (CVPR 2016), section 4.2; with `stride` 1 every position is kept.
    """

    def __init__(self, before: int, after: int, stride: int = 2) -> None:
        super().__init__()
        self.before, self.after, self.stride = before, after, stride

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Map (n, channels, h, w) to (n, before + channels + after, h / stride, w / stride)."""
        kept = maps[:, :, :: self.stride, :: self.stride]
        return nn.functional.pad(kept, (0, 0, 0, 0, self.before, self.after))


def convolution_shortcut(width_in: int, width_out: int, stride: int) -> nn.Sequential:
    """Build a strided 1x1 convolution with batch norm: option B of the same paper."""
    return nn.Sequential(
        nn.Conv2d(width_in, width_out, 1, stride=stride, bias=False), nn.BatchNorm2d(width_out)
    )
