"""A decoder in the layout of Llama 2 (Touvron et al., arXiv 2307.09288), small by default."""

from __future__ import annotations

from collections.abc import Mapping

from topolens.activations.needs_torch import nn, torch
from topolens.activations.networks.zoo.token_attention import Sum, TokenAttention, visible_tokens
from topolens.base.checks import check_integer
from topolens.base.errors import InvalidInputError

__all__ = ["TinyLlama", "tiny_llama"]

_NORM_EPSILON = 1e-5
_STACKED = {
    "attention_norm": "attention_norm",
    "ffn_norm": "feed_forward_norm",
    "wq": "attention.q",
    "wk": "attention.k",
    "wv": "attention.v",
    "wo": "attention.out",
    "w1": "feed_forward.gate",
    "w2": "feed_forward.down",
    "w3": "feed_forward.up",
}
"""Published tensors that hold all blocks along their first axis, and where each slice goes."""
_SINGLE = {"tok_embeddings": "embedding", "final_norm": "norm"}


def tiny_llama(
    vocabulary: int = 512,
    width: int = 64,
    depth: int = 4,
    heads: int = 4,
    hidden: int = 172,
    max_tokens: int = 128,
) -> TinyLlama:
    """Build a decoder: RMS norm, rotary positions, SwiGLU, and embeddings that are the head too.

    The output of `blocks.N` is the residual stream; `blocks.N.after_attention` is the stream
    between attention and feed-forward. Weights may be in the state's own layout, or stacked over
    the blocks as small Llama 2 checkpoints are published (`wq`, `w1`, ...).

    Parameters
    ----------
    vocabulary : int, default 512
        Number of token ids.
    width : int, default 64
        Features per token, an even multiple of `heads`.
    depth : int, default 4
        Number of blocks.
    heads : int, default 4
    hidden : int, default 172
        Features inside the feed-forward networks.
    max_tokens : int, default 128
        Longest sequence.
    """
    sizes = {"vocabulary": vocabulary, "width": width, "depth": depth, "heads": heads}
    for name, value in {**sizes, "hidden": hidden, "max_tokens": max_tokens}.items():
        check_integer(value, name, at_least=1)
    if width % (2 * heads):
        raise InvalidInputError(
            f"`width` must be an even multiple of heads {heads}, for rotary pairs; got {width}"
        )
    return TinyLlama(vocabulary, width, depth, heads, hidden, max_tokens)


class TinyLlama(nn.Module):
    """See `tiny_llama`."""

    takes_tokens = True
    predicts_next_token = True

    def __init__(
        self, vocabulary: int, width: int, depth: int, heads: int, hidden: int, max_tokens: int
    ) -> None:
        super().__init__()
        self.max_tokens = max_tokens
        self.input_shape = (max_tokens,)
        self.embedding = nn.Embedding(vocabulary, width)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)
        self.blocks = nn.ModuleList(
            LlamaBlock(width, heads, hidden, max_tokens) for _ in range(depth)
        )
        self.norm = nn.RMSNorm(width, eps=_NORM_EPSILON)
        self.head = TiedHead()

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Map ids (n, n_tokens) to scores of the next token (n, n_tokens, vocabulary).

        A mask, (n, n_tokens), is 1 for tokens and 0 for padding on either side.
        """
        if input_ids.shape[1] > self.max_tokens:
            raise InvalidInputError(
                f"`input_ids` must have at most {self.max_tokens} tokens; got {input_ids.shape[1]}"
            )
        visible = visible_tokens(input_ids, attention_mask, causal=True)
        stream = self.embedding(input_ids)
        for block in self.blocks:
            stream = block(stream, visible)
        scores: torch.Tensor = self.head(self.norm(stream), self.embedding.weight)
        return scores

    def get_input_embeddings(self) -> nn.Embedding:
        """Return the table of token embeddings."""
        return self.embedding

    def state_from_published(self, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Rename tensors stacked over blocks to those of the state; others pass as they are."""
        state: dict[str, torch.Tensor] = {}
        for name, tensor in tensors.items():
            if name in _SINGLE:
                state[f"{_SINGLE[name]}.weight"] = tensor
            elif name in _STACKED:
                slices = {f"blocks.{n}.{_STACKED[name]}.weight": t for n, t in enumerate(tensor)}
                state |= slices
            else:
                state[name] = tensor
        return state


class LlamaBlock(nn.Module):
    """Attention, then a gated feed-forward network, each after a norm and beside a shortcut."""

    def __init__(self, width: int, heads: int, hidden: int, max_tokens: int) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(width, eps=_NORM_EPSILON)
        self.attention = TokenAttention(width, heads, bias=False, rotary_tokens=max_tokens)
        self.after_attention = Sum()
        self.feed_forward_norm = nn.RMSNorm(width, eps=_NORM_EPSILON)
        self.feed_forward = GatedFeedForward(width, hidden)

    def forward(self, stream: torch.Tensor, visible: torch.Tensor) -> torch.Tensor:
        stream = self.after_attention(stream, self.attention(self.attention_norm(stream), visible))
        output: torch.Tensor = stream + self.feed_forward(self.feed_forward_norm(stream))
        return output


class GatedFeedForward(nn.Module):
    """SwiGLU (Shazeer, arXiv 2002.05202): down(silu(gate x) * up x)."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.gate = nn.Linear(width, hidden, bias=False)
        self.silu = nn.SiLU()
        self.up = nn.Linear(width, hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, stream: torch.Tensor) -> torch.Tensor:
        update: torch.Tensor = self.down(self.silu(self.gate(stream)) * self.up(stream))
        return update


class TiedHead(nn.Module):
    """Scores of tokens by the embeddings themselves; has no weights of its own."""

    def forward(self, stream: torch.Tensor, embeddings: torch.Tensor) -> torch.Tensor:
        return nn.functional.linear(stream, embeddings)
