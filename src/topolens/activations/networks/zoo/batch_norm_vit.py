"""A small vision transformer with batch norm, as in the benchmark of verifiers VNN-COMP 2023."""

from __future__ import annotations

from topolens.activations.needs_torch import nn, torch
from topolens.base.checks import check_integer
from topolens.base.errors import InvalidInputError

__all__ = ["BatchNormViT", "batch_norm_vit"]


def batch_norm_vit(
    image_size: int = 32,
    patch: int = 16,
    n_classes: int = 10,
    width: int = 48,
    depth: int = 2,
    heads: int = 3,
) -> BatchNormViT:
    """Build it; the defaults are its network `pgd_2_3_16` for CIFAR-10.

    Parameters
    ----------
    image_size : int, default 32
        Side of the square colour images, a multiple of `patch`.
    patch : int, default 16
        Side of a patch; there are (image_size / patch)² + 1 tokens, the class token first.
    n_classes : int, default 10
    width : int, default 48
        Features per token, a multiple of `heads`.
    depth : int, default 2
        Number of blocks.
    heads : int, default 3
        Attention heads per block.

    Returns
    -------
    BatchNormViT
        For inputs of shape (n, 3, image_size, image_size). A block's output is the stream after
        its second sum.
    """
    sizes = {"image_size": image_size, "patch": patch, "n_classes": n_classes, "width": width}
    for name, value in {**sizes, "depth": depth, "heads": heads}.items():
        check_integer(value, name, at_least=1)
    if image_size % patch:
        raise InvalidInputError(
            f"`image_size` must be a multiple of patch {patch}; got {image_size}"
        )
    if width % heads:
        raise InvalidInputError(f"`width` must be a multiple of heads {heads}; got {width}")
    return BatchNormViT(image_size, patch, n_classes, width, depth, heads)


class BatchNormViT(nn.Module):
    """See `batch_norm_vit`."""

    def __init__(
        self, image_size: int, patch: int, n_classes: int, width: int, depth: int, heads: int
    ) -> None:
        super().__init__()
        self.input_shape = (3, image_size, image_size)
        n_tokens = (image_size // patch) ** 2 + 1
        self.patch = nn.Conv2d(3, width, patch, stride=patch)
        self.cls_token = nn.Parameter(torch.randn(width) * 0.02)
        self.positions = nn.Parameter(torch.randn(n_tokens, width) * 0.02)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(depth)))
        self.head = Head(width, n_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images (n, 3, size, size) to class scores (n, n_classes)."""
        patches = self.patch(images).flatten(2).transpose(1, 2)
        first = self.cls_token.expand(len(patches), 1, -1)
        tokens = torch.cat([first, patches], dim=1) + self.positions
        scores: torch.Tensor = self.head(self.blocks(tokens))
        return scores


class TokenBatchNorm(nn.BatchNorm1d):
    """Batch norm over the features of tokens (n, n_tokens, width)."""

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Map tokens to tokens of the same shape."""
        return super().forward(tokens.transpose(1, 2)).transpose(1, 2)


class Block(nn.Module):
    """Attention, then two dense layers, each after a batch norm and beside a shortcut.

    The heads' outputs side by side are the input of `out`.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.bn1 = TokenBatchNorm(width)
        self.q, self.k, self.v = (nn.Linear(width, width) for _ in range(3))
        self.out = nn.Linear(width, width)
        self.bn2 = TokenBatchNorm(width)
        self.fc1 = nn.Linear(width, 2 * width)
        self.relu = nn.ReLU()
        self.fc2 = nn.Linear(2 * width, width)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Map tokens (n, n_tokens, width) to tokens of the same shape."""
        tokens = tokens + self._attention(self.bn1(tokens))
        summed: torch.Tensor = tokens + self.fc2(self.relu(self.fc1(self.bn2(tokens))))
        return summed

    def _attention(self, tokens: torch.Tensor) -> torch.Tensor:
        n, n_tokens, width = tokens.shape
        shape = (n, n_tokens, self.heads, width // self.heads)
        query, key, value = (
            layer(tokens).view(shape).transpose(1, 2) for layer in (self.q, self.k, self.v)
        )
        mixed = nn.functional.scaled_dot_product_attention(query, key, value)
        joined: torch.Tensor = self.out(mixed.transpose(1, 2).reshape(n, n_tokens, width))
        return joined


class Head(nn.Module):
    """The mean over tokens, batch norm and a dense layer."""

    def __init__(self, width: int, n_classes: int) -> None:
        super().__init__()
        self.bn = nn.BatchNorm1d(width)
        self.linear = nn.Linear(width, n_classes)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Map tokens (n, n_tokens, width) to class scores (n, n_classes)."""
        scores: torch.Tensor = self.linear(self.bn(tokens.mean(dim=1)))
        return scores
