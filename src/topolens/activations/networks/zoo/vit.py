"""Vision transformers (Dosovitskiy et al., ICLR 2021; sizes of Touvron et al., ICML 2021)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from topolens.activations.needs_torch import nn, torch
from topolens.activations.networks.zoo.published_names import renamed
from topolens.base.checks import check_integer, check_one_of
from topolens.base.errors import InvalidInputError

__all__ = ["ViT", "vit"]

Size = Literal["tiny", "small", "base"]

_WIDTH_AND_HEADS = {"tiny": (192, 3), "small": (384, 6), "base": (768, 12)}
_DEPTH = 12

_OTHER_NAMES = {
    r"class_token": "cls_token",
    r"conv_proj\.(.+)": r"patch_embed.proj.\1",
    r"encoder\.pos_embedding": "pos_embed",
    r"encoder\.layers\.encoder_layer_(\d+)\.ln_(\d)\.(.+)": r"blocks.\1.norm\2.\3",
    r"encoder\.layers\.encoder_layer_(\d+)\.self_attention\.in_proj_(.+)": (
        r"blocks.\1.attn.qkv.\2"
    ),
    r"encoder\.layers\.encoder_layer_(\d+)\.self_attention\.out_proj\.(.+)": (
        r"blocks.\1.attn.proj.\2"
    ),
    r"encoder\.layers\.encoder_layer_(\d+)\.mlp\.(?:0|linear_1)\.(.+)": r"blocks.\1.mlp.fc1.\2",
    r"encoder\.layers\.encoder_layer_(\d+)\.mlp\.(?:3|linear_2)\.(.+)": r"blocks.\1.mlp.fc2.\2",
    r"encoder\.ln\.(.+)": r"norm.\1",
    r"heads\.head\.(.+)": r"head.\1",
}
"""Of torchvision."""


def vit(size: Size = "base", patch: int = 16, image_size: int = 224, n_classes: int = 1000) -> ViT:
    """Build ViT or DeiT, tiny, small or base: 12 blocks, a class token, learned positions.

    Parameters
    ----------
    size : {"tiny", "small", "base"}
        192, 384 or 768 features per token in 3, 6 or 12 heads.
    patch : int, default 16
        Side of a patch; there are (image_size / patch)² + 1 tokens, the class token first.
    image_size : int, default 224
        Side of the square images, a multiple of `patch`.
    n_classes : int, default 1000

    Returns
    -------
    ViT
        For inputs of shape (n, 3, image_size, image_size). States have the names of timm and
        DeiT; weights with torchvision's names are read too. A block's output is the stream
        after its second sum; the stream between is the input of `norm2`; the heads' outputs
        side by side are the input of `attn.proj`.
    """
    for name, value in {"patch": patch, "image_size": image_size, "n_classes": n_classes}.items():
        check_integer(value, name, at_least=1)
    check_one_of(size, "size", ("tiny", "small", "base"))
    if image_size % patch:
        raise InvalidInputError(
            f"`image_size` must be a multiple of patch {patch}; got {image_size}"
        )
    return ViT(*_WIDTH_AND_HEADS[size], patch, image_size, n_classes)


class ViT(nn.Module):
    """See `vit`."""

    def __init__(self, width: int, heads: int, patch: int, image_size: int, n_classes: int) -> None:
        super().__init__()
        self.input_shape = (3, image_size, image_size)
        n_tokens = (image_size // patch) ** 2 + 1
        self.patch_embed = Patches(width, patch)
        self.cls_token = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.pos_embed = nn.Parameter(torch.randn(1, n_tokens, width) * 0.02)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(_DEPTH)))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Linear(width, n_classes)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images (n, 3, size, size) to class scores (n, n_classes)."""
        patches = self.patch_embed(images)
        first = self.cls_token.expand(len(patches), -1, -1)
        tokens = torch.cat([first, patches], dim=1) + self.pos_embed
        scores: torch.Tensor = self.head(self.norm(self.blocks(tokens))[:, 0])
        return scores

    def state_from_published(self, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Rename tensors that are published under other names."""
        return renamed(tensors, self.state_dict(), _OTHER_NAMES)


class Patches(nn.Module):
    """Images cut into patches, each a token."""

    def __init__(self, width: int, patch: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, width, patch, stride=patch)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map (n, 3, size, size) to tokens (n, n_patches, width)."""
        tokens: torch.Tensor = self.proj(images).flatten(2).transpose(1, 2)
        return tokens


class Block(nn.Module):
    """Attention, then two dense layers, each after a layer norm and beside a shortcut."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = DenseLayers(width)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Map tokens (n, n_tokens, width) to tokens of the same shape."""
        tokens = tokens + self.attn(self.norm1(tokens))
        summed: torch.Tensor = tokens + self.mlp(self.norm2(tokens))
        return summed


class Attention(nn.Module):
    """Attention of every token to every token, in several heads."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Map tokens (n, n_tokens, width) to tokens of the same shape."""
        n, n_tokens, width = tokens.shape
        qkv = self.qkv(tokens).view(n, n_tokens, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = nn.functional.scaled_dot_product_attention(query, key, value)
        joined: torch.Tensor = self.proj(mixed.transpose(1, 2).reshape(n, n_tokens, width))
        return joined


class DenseLayers(nn.Module):
    """Two dense layers, four times as wide between."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Map tokens (n, n_tokens, width) to tokens of the same shape."""
        changed: torch.Tensor = self.fc2(self.act(self.fc1(tokens)))
        return changed
