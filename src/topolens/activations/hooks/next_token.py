"""How well a model that predicts the next token predicts it: what a language model is judged by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from topolens.activations.hooks.observing import first_tensor
from topolens.activations.needs_torch import nn, torch

__all__ = ["next_token_sums", "token_loss"]

_CLASSES = ("ForCausalLM", "LMHeadModel")
"""How the classes of transformers that predict the next token end."""


def next_token_sums(model: nn.Module, inputs: object, output: object) -> dict[str, float]:
    """Sum over a batch what the next token cost; empty unless the model predicts it.

    Parameters
    ----------
    model : Module
        One that predicts the next token has a true attribute `predicts_next_token`, or is a
        class of transformers for causal language modelling.
    inputs : object
        As the model was given them; with `input_ids`, (n_samples, n_tokens), and perhaps an
        `attention_mask` of that shape.
    output : object
        Its first tensor holds the scores, (n_samples, n_tokens, vocabulary).

    Returns
    -------
    dict
        ``token_loss``, the sum of -log p of each token given those before it, in nats; ``tokens``,
        how many were predicted: those with a token of the text before them.
    """
    if not _predicts_next_token(model) or not isinstance(inputs, Mapping):
        return {}
    scores, ids = first_tensor(output), inputs.get("input_ids")
    if scores is None or not isinstance(ids, torch.Tensor) or scores.shape[:2] != ids.shape:
        return {}
    given = inputs.get("attention_mask")
    mask = torch.ones_like(ids) if given is None else given
    told = (mask[:, 1:] * mask[:, :-1]).bool()
    # One text at a time: the logarithms of a batch would need as much memory as its scores.
    losses = [
        nn.functional.cross_entropy(text[:-1][kept].float(), own[1:][kept], reduction="sum")
        for text, own, kept in zip(scores, ids, told, strict=True)
    ]
    total = torch.stack(losses).double().sum()
    return {"token_loss": float(total), "tokens": float(told.sum())}


def token_loss(sums: Iterable[Mapping[str, float]]) -> float | None:
    """Return the mean loss per predicted token in nats, or None where none was predicted."""
    known = [each for each in sums if each.get("tokens")]
    n_tokens = sum(each["tokens"] for each in known)
    return sum(each["token_loss"] for each in known) / n_tokens if n_tokens else None


def _predicts_next_token(model: nn.Module) -> bool:
    name = type(model).__name__
    return bool(getattr(model, "predicts_next_token", False)) or name.endswith(_CLASSES)
