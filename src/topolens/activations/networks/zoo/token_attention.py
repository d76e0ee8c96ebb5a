"""Attention over the tokens of sentences of unequal length, every step a module of its own."""

from __future__ import annotations

from topolens.activations.needs_torch import nn, torch

__all__ = ["Rotary", "Sum", "TokenAttention", "visible_tokens"]


class TokenAttention(nn.Module):
    """Attention in several heads; with `rotary_tokens`, rotary positions up to so many tokens.

    Hook `q`, `k`, `v`, `turned_q` and `turned_k` (with positions), `heads` (the heads' outputs
    side by side, before the projection) or `out` (after it).
    """

    def __init__(
        self, width: int, heads: int, *, bias: bool = True, rotary_tokens: int = 0
    ) -> None:
        super().__init__()
        self.n_heads = heads
        self.q = nn.Linear(width, width, bias=bias)
        self.k = nn.Linear(width, width, bias=bias)
        self.v = nn.Linear(width, width, bias=bias)
        self.rotary = rotary_tokens > 0
        if self.rotary:
            self.turned_q = Rotary(width, heads, rotary_tokens)
            self.turned_k = Rotary(width, heads, rotary_tokens)
        self.heads = nn.Identity()
        self.out = nn.Linear(width, width, bias=bias)

    def forward(self, tokens: torch.Tensor, visible: torch.Tensor) -> torch.Tensor:
        """Map tokens (n, n_tokens, width) to the same shape; `visible` as `visible_tokens`."""
        query, key, value = self.q(tokens), self.k(tokens), self.v(tokens)
        if self.rotary:
            query, key = self.turned_q(query), self.turned_k(key)
        mixed = nn.functional.scaled_dot_product_attention(
            self._split(query), self._split(key), self._split(value), attn_mask=visible
        )
        joined: torch.Tensor = self.out(self.heads(mixed.transpose(1, 2).flatten(2)))
        return joined

    def _split(self, tokens: torch.Tensor) -> torch.Tensor:
        n, n_tokens, width = tokens.shape
        return tokens.view(n, n_tokens, self.n_heads, width // self.n_heads).transpose(1, 2)


class Rotary(nn.Module):
    """Rotary positions on interleaved pairs (Su et al., arXiv 2104.09864, section 3.4.2)."""

    cosine: torch.Tensor
    sine: torch.Tensor

    def __init__(self, width: int, heads: int, max_tokens: int, *, base: float = 10_000.0) -> None:
        super().__init__()
        head_width = width // heads
        rates = base ** (-torch.arange(0, head_width, 2, dtype=torch.float64) / head_width)
        angles = torch.arange(max_tokens, dtype=torch.float64)[:, None] * rates.repeat(heads)
        self.register_buffer("cosine", angles.cos().float(), persistent=False)
        self.register_buffer("sine", angles.sin().float(), persistent=False)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Turn every pair of neighbouring features of tokens (n, n_tokens, width) by its angle."""
        cosine, sine = (table[: tokens.shape[1]] for table in (self.cosine, self.sine))
        first, second = tokens[..., 0::2], tokens[..., 1::2]
        turned = (first * cosine - second * sine, first * sine + second * cosine)
        return torch.stack(turned, dim=-1).flatten(-2)


class Sum(nn.Module):
    """What a block adds to the residual stream, added: the stream itself can be hooked here."""

    def forward(self, stream: torch.Tensor, update: torch.Tensor) -> torch.Tensor:
        """Add tensors of one shape."""
        return stream + update


def visible_tokens(
    input_ids: torch.Tensor, attention_mask: torch.Tensor | None, *, causal: bool
) -> torch.Tensor:
    """Tell which tokens each token sees, bool (n or 1, 1, n_tokens, n_tokens).

    Every token sees itself, padding too: a softmax over nothing would be NaN.
    """
    n_tokens = input_ids.shape[1]
    all_pairs = torch.ones(1, 1, n_tokens, n_tokens, dtype=torch.bool, device=input_ids.device)
    seen = all_pairs.tril() if causal else all_pairs
    if attention_mask is None:
        return seen
    itself = torch.eye(n_tokens, dtype=torch.bool, device=input_ids.device)
    return (seen & attention_mask.bool()[:, None, None, :]) | itself
