"""A small text encoder: every token sees every other, as in BERT (arXiv 1810.04805)."""

from __future__ import annotations

from typing import Literal

from topolens.activations.networks.zoo.text_transformer import TextTransformer, checked_sizes

__all__ = ["text_encoder"]


def text_encoder(
    vocabulary: int = 4000,
    max_tokens: int = 128,
    width: int = 64,
    depth: int = 2,
    heads: int = 4,
    n_classes: int = 2,
    pool: Literal["cls", "mean"] = "mean",
    dropout: float = 0.3,
) -> TextTransformer:
    """Build an encoder that classifies texts.

    Parameters
    ----------
    vocabulary : int, default 4000
        Number of token ids, at least the tokenizer's.
    max_tokens : int, default 128
        Longest text.
    width : int, default 64
        Features per token, a multiple of `heads`.
    depth : int, default 2
        Number of blocks.
    heads : int, default 4
    n_classes : int, default 2
    pool : {"cls", "mean"}
        What the head sees: the first token, which tokenizers put before the text, or the mean
        over the tokens, which learns from fewer sentences.
    dropout : float, default 0.3
        Share of words, and of the values that blocks add, that training drops.
    """
    sizes = {"vocabulary": vocabulary, "max_tokens": max_tokens, "width": width}
    sizes |= {"depth": depth, "heads": heads, "n_classes": n_classes}
    checked_sizes(sizes, dropout=dropout, pool=pool, pools=("cls", "mean"))
    return TextTransformer(**sizes, pool=pool, dropout=dropout, causal=False)
