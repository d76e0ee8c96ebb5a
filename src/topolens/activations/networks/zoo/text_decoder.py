"""A small text decoder: a token sees those before it, as in GPT-2."""

from __future__ import annotations

from typing import Literal

from topolens.activations.networks.zoo.text_transformer import TextTransformer, checked_sizes

__all__ = ["text_decoder"]


def text_decoder(
    vocabulary: int = 4000,
    max_tokens: int = 128,
    width: int = 64,
    depth: int = 2,
    heads: int = 4,
    n_classes: int = 2,
    pool: Literal["last", "mean"] = "last",
    dropout: float = 0.3,
) -> TextTransformer:
    """Build a decoder that classifies texts; its arguments are those of `text_encoder`.

    Parameters
    ----------
    pool : {"last", "mean"}
        What the head sees: the last token, the only one that has seen the whole text, or the
        mean over the tokens.
    vocabulary, max_tokens, width, depth, heads, n_classes, dropout
        As in `text_encoder`.
    """
    sizes = {"vocabulary": vocabulary, "max_tokens": max_tokens, "width": width}
    sizes |= {"depth": depth, "heads": heads, "n_classes": n_classes}
    checked_sizes(sizes, dropout=dropout, pool=pool, pools=("last", "mean"))
    return TextTransformer(**sizes, pool=pool, dropout=dropout, causal=True)
