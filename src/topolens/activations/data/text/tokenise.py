"""Samples of texts as samples of token ids, and whether a model can take them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from topolens.activations.data.samples import Samples
from topolens.activations.data.text.texts import Texts
from topolens.activations.data.text.tokenizers import Tokenizer
from topolens.base.checks import check_integer, check_one_of
from topolens.base.errors import InvalidInputError

if TYPE_CHECKING:
    from torch import nn

__all__ = ["check_tokens_fit", "has_texts", "texts_of", "tokenise"]

Padding = Literal["right", "left"]


def tokenise(
    samples: Samples, tokenizer: Tokenizer, *, max_tokens: int = 128, padding: Padding = "right"
) -> Samples:
    """Return the samples with token ids instead of texts.

    Parameters
    ----------
    samples : Samples
        Of texts.
    tokenizer : Tokenizer
    max_tokens : int, default 128
        Longer texts are cut; how many were is `truncated` of ``description["tokenizer"]``.
    padding : {"right", "left"}
        Where shorter texts are filled up to the longest.

    Returns
    -------
    Samples
        Inputs are ``input_ids`` and ``attention_mask``, int64 (n_samples, n_tokens); the mask is
        1 where there is a token and 0 where there is filling.

    Raises
    ------
    InvalidInputError
        If the samples are no texts, or a text has no token.
    """
    check_integer(max_tokens, "max_tokens", at_least=1)
    check_one_of(padding, "padding", ("right", "left"))
    encoded, truncated = [], 0
    for text, number in zip(texts_of(samples), samples.ids, strict=True):
        ids = tokenizer.encode(text)
        if len(ids) > max_tokens:
            ids, truncated = tokenizer.encode(text, at_most=max_tokens), truncated + 1
        if not ids:
            raise InvalidInputError(f"`inputs` must have a token each; the text {number} has none")
        encoded.append(ids)
    shape = (len(encoded), max(map(len, encoded)))
    tokens = np.full(shape, tokenizer.padding_id, dtype=np.int64)
    mask = np.zeros(shape, dtype=np.int64)
    for row, ids in enumerate(encoded):
        place = slice(len(ids)) if padding == "right" else slice(-len(ids), None)
        tokens[row, place], mask[row, place] = ids, 1
    made = {**tokenizer.description, "max_tokens": max_tokens, "padding": padding}
    description = {**samples.description, "tokenizer": {**made, "truncated": truncated}}
    inputs = {"input_ids": tokens, "attention_mask": mask}
    return replace(samples, inputs=inputs, description=description)


def texts_of(samples: Samples) -> list[str]:
    """Return the texts of samples.

    Raises
    ------
    InvalidInputError
        If they are something else.
    """
    if not isinstance(samples.inputs, Texts):
        raise InvalidInputError("`inputs` must be texts for a `tokenizer`; got numbers")
    texts: list[str] = samples.inputs[slice(None)].tolist()
    return texts


def has_texts(samples: Samples) -> bool:
    """Tell whether the inputs of samples are texts."""
    return isinstance(samples.inputs, Texts)


def check_tokens_fit(model: nn.Module, samples: Samples) -> None:
    """Refuse ids beyond a model's embedding, texts beyond its positions, padding it cannot take.

    Says nothing about samples that were not tokenised, or a model that does not tell.

    Raises
    ------
    InvalidInputError
        Naming both numbers.
    """
    tokenizer: Mapping[str, Any] | None = samples.description.get("tokenizer")
    if tokenizer is None or not isinstance(samples.inputs, Mapping):
        return
    n_ids, n_tokens = _known_ids(model), _longest(model)
    if n_ids is not None and tokenizer["vocabulary"] > n_ids:
        raise InvalidInputError(
            f"`tokenizer` must have at most {n_ids} ids, as many as the model embeds; "
            f"got {tokenizer['vocabulary']}"
        )
    given = samples.inputs["input_ids"].shape[1]
    if n_tokens is not None and given > n_tokens:
        raise InvalidInputError(
            f"`max_tokens` must be at most {n_tokens}, the longest text of the model; "
            f"got texts of {given} tokens"
        )
    from topolens.activations.hooks.padding import check_padding

    shortest = int(np.argmin(np.asarray(samples.inputs["attention_mask"]).sum(axis=1)))
    check_padding(model, samples.batch(np.array([shortest])))


def _known_ids(model: nn.Module) -> int | None:
    find = getattr(model, "get_input_embeddings", None)
    try:
        table = None if find is None else find()
    except NotImplementedError:  # how models of transformers without one say so
        return None
    return getattr(table, "num_embeddings", None)


def _longest(model: nn.Module) -> int | None:
    for name, module in model.named_modules():
        padding = getattr(module, "padding_idx", None)
        # RoBERTa and its kin begin to count behind the row of the padding.
        if name.endswith("position_embeddings") and padding is not None:
            return int(module.num_embeddings) - int(padding) - 1
    own = getattr(model, "max_tokens", None)
    config = getattr(model, "config", None)
    found = own or getattr(config, "max_position_embeddings", None)
    return found if isinstance(found, int) else None
