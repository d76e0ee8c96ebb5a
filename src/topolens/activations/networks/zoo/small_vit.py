"""A vision transformer (Dosovitskiy et al., ICLR 2021) small enough to train in seconds."""

from __future__ import annotations

from topolens.activations.needs_torch import nn, torch
from topolens.base.checks import check_integer
from topolens.base.errors import InvalidInputError

__all__ = ["SmallViT", "small_vit"]


def small_vit(
    image_size: int = 8,
    patch: int = 2,
    channels: int = 1,
    n_classes: int = 10,
    width: int = 48,
    depth: int = 4,
    heads: int = 4,
) -> SmallViT:
    """Build a vision transformer with a class token, learned positions and pre-norm blocks.

    Parameters
    ----------
    image_size : int, default 8
        Side of the square images, a multiple of `patch`.
    patch : int, default 2
        Side of a patch; there are (image_size / patch)² + 1 tokens, the class token first.
    channels : int, default 1
    n_classes : int, default 10
    width : int, default 48
        Features per token, a multiple of `heads`.
    depth : int, default 4
        Number of blocks.
    heads : int, default 4
        Attention heads per block.
    """
    sizes = {"image_size": image_size, "patch": patch, "channels": channels, "width": width}
    for name, value in {**sizes, "n_classes": n_classes, "depth": depth, "heads": heads}.items():
        check_integer(value, name, at_least=1)
    if image_size % patch:
        raise InvalidInputError(
            f"`image_size` must be a multiple of patch {patch}; got {image_size}"
        )
    if width % heads:
        raise InvalidInputError(f"`width` must be a multiple of heads {heads}; got {width}")
    return SmallViT(image_size, patch, channels, n_classes, width, depth, heads)


class SmallViT(nn.Module):
    """See `small_vit`."""

    def __init__(
        self,
        image_size: int,
        patch: int,
        channels: int,
        n_classes: int,
        width: int,
        depth: int,
        heads: int,
    ) -> None:
        super().__init__()
        n_tokens = (image_size // patch) ** 2 + 1
        self.input_shape = (channels, image_size, image_size)
        self.patches = nn.Conv2d(channels, width, patch, stride=patch)
        self.cls_token = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.positions = nn.Parameter(torch.randn(1, n_tokens, width) * 0.02)
        self.blocks = nn.Sequential(*(TransformerBlock(width, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, n_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images (n, channels, size, size) to class scores (n, n_classes)."""
        patches = self.patches(images).flatten(2).transpose(1, 2)
        first = self.cls_token.expand(len(patches), -1, -1)
        tokens = torch.cat([first, patches], dim=1) + self.positions
        scores: torch.Tensor = self.head(self.norm(self.blocks(tokens))[:, 0])
        return scores


class TransformerBlock(nn.Module):
    """Attention, then two dense layers, each after a layer norm and beside a shortcut."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, 2 * width)
        self.gelu = nn.GELU()
        self.fc2 = nn.Linear(2 * width, width)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Map tokens (n, n_tokens, width) to tokens of the same shape."""
        tokens = tokens + self.attention(self.norm1(tokens))
        mixed: torch.Tensor = tokens + self.fc2(self.gelu(self.fc1(self.norm2(tokens))))
        return mixed


class SelfAttention(nn.Module):
    """Attention of every token to every token, in several heads."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Map tokens (n, n_tokens, width) to tokens of the same shape."""
        n, n_tokens, width = tokens.shape
        qkv = self.qkv(tokens).view(n, n_tokens, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = nn.functional.scaled_dot_product_attention(query, key, value)
        joined: torch.Tensor = self.out(mixed.transpose(1, 2).reshape(n, n_tokens, width))
        return joined
