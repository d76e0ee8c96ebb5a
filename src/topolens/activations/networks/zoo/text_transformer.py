"""Small transformers that classify sentences: what `text_encoder` and `text_decoder` share."""

from __future__ import annotations

from typing import Literal

from topolens.activations.needs_torch import nn, torch
from topolens.activations.networks.zoo.token_attention import Sum, TokenAttention, visible_tokens
from topolens.base.checks import check_integer, check_one_of, check_real
from topolens.base.errors import InvalidInputError

__all__ = ["HeadPool", "TextTransformer", "checked_sizes"]

HeadPool = Literal["cls", "mean", "last"]


def checked_sizes(
    sizes: dict[str, int], *, dropout: float, pool: str, pools: tuple[str, ...]
) -> None:
    """Refuse sizes below 1, a width that the heads do not divide, and an unknown pool."""
    for name, value in sizes.items():
        check_integer(value, name, at_least=1)
    if sizes["width"] % sizes["heads"]:
        raise InvalidInputError(
            f"`width` must be a multiple of heads {sizes['heads']}; got {sizes['width']}"
        )
    if not 0 <= check_real(dropout, "dropout") < 1:
        raise InvalidInputError(f"`dropout` must be from 0 and below 1; got {dropout}")
    check_one_of(pool, "pool", pools)


class TextTransformer(nn.Module):
    """Embeddings and learned positions, pre-norm blocks, a norm, one vector per text, a head.

    The output of `blocks.N` is the residual stream; `pooled` is the vector that is classified.
    """

    takes_tokens = True

    def __init__(
        self,
        *,
        vocabulary: int,
        max_tokens: int,
        width: int,
        depth: int,
        heads: int,
        n_classes: int,
        dropout: float,
        pool: HeadPool,
        causal: bool,
    ) -> None:
        super().__init__()
        self.input_shape = (max_tokens,)
        self.max_tokens = max_tokens
        self.causal = causal
        self.embedding = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(max_tokens, width)
        for table in (self.embedding, self.positions):
            nn.init.normal_(table.weight, std=0.02)
        # Whole words are dropped: sentences are few, and this is what keeps them from being learnt
        # by heart.
        self.embedded = nn.Dropout1d(dropout)
        self.blocks = nn.ModuleList(TextBlock(width, heads, dropout) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.pooled = TokenPool(pool)
        self.head = nn.Linear(width, n_classes)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Map ids (n, n_tokens) and a mask, 1 for tokens, to class scores (n, n_classes)."""
        if input_ids.shape[1] > self.max_tokens:
            raise InvalidInputError(
                f"`input_ids` must have at most {self.max_tokens} tokens; got {input_ids.shape[1]}"
            )
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        # Counted over real tokens, so that padding on the left moves nothing.
        places = (mask.cumsum(dim=1) - 1).clamp(min=0)
        stream = self.embedded(self.embedding(input_ids) + self.positions(places))
        visible = visible_tokens(input_ids, mask, causal=self.causal)
        for block in self.blocks:
            stream = block(stream, visible)
        scores: torch.Tensor = self.head(self.pooled(self.norm(stream), mask))
        return scores

    def get_input_embeddings(self) -> nn.Embedding:
        """Return the table of token embeddings."""
        return self.embedding


class TextBlock(nn.Module):
    """Attention, then two dense layers, each after a layer norm and beside a shortcut."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = TokenAttention(width, heads)
        self.after_attention = Sum()
        self.feed_forward_norm = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, 2 * width)
        self.gelu = nn.GELU()
        self.fc2 = nn.Linear(2 * width, width)
        self.dropout = dropout

    def forward(self, stream: torch.Tensor, visible: torch.Tensor) -> torch.Tensor:
        """Map tokens (n, n_tokens, width) to tokens of the same shape."""
        attended = self._dropped(self.attention(self.attention_norm(stream), visible))
        stream = self.after_attention(stream, attended)
        update = self.fc2(self.gelu(self.fc1(self.feed_forward_norm(stream))))
        return stream + self._dropped(update)

    def _dropped(self, update: torch.Tensor) -> torch.Tensor:
        return nn.functional.dropout(update, self.dropout, self.training)


class TokenPool(nn.Module):
    """One vector per text: its first token, its last, or the mean of its tokens."""

    def __init__(self, kind: HeadPool) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Map tokens (n, n_tokens, width) and their mask to (n, width)."""
        if self.kind == "mean":
            weights = mask[:, :, None].to(tokens.dtype)
            return (tokens * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)
        every, last = torch.arange(len(tokens), device=tokens.device), mask.shape[1] - 1
        ends = last - mask.flip(1).argmax(dim=1) if self.kind == "last" else mask.argmax(dim=1)
        return tokens[every, ends]
