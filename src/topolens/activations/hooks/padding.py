"""Whether a model makes the same of a padded text as of the text alone.

Many models number their tokens by their place in the batch, padding included: BERT, GPT-2 and
others of transformers do unless they are told the positions, and give other activations for texts
padded on the left. Decoders of transformers that classify look for the last token by the id that
they take for padding, whatever the mask says.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from topolens.activations.data.samples import Batch
from topolens.activations.hooks.observing import first_tensor
from topolens.activations.hooks.running import call_model, evaluating, tensors
from topolens.activations.needs_torch import nn, torch
from topolens.base.errors import InvalidInputError

__all__ = ["check_padding"]

_TOLERANCE = 1e-3
_TOLERANCE_OF_HALVES = 5e-2
"""Relative to the largest value; attention over more tokens rounds otherwise."""


def check_padding(model: nn.Module, batch: Batch) -> None:
    """Refuse padding that changes what the model gives for a text.

    Runs the shortest text twice, padded and alone, and compares its last token or its scores.

    Parameters
    ----------
    model : Module
    batch : mapping
        `input_ids` and `attention_mask`, (n, n_tokens), padded on one side. Where no text is
        padded nothing can be told.

    Raises
    ------
    InvalidInputError
        If it does, because of the side or of the id that fills.
    """
    if not isinstance(batch, Mapping):
        return
    mask = batch["attention_mask"]
    row = int(np.argmin(mask.sum(axis=1)))
    counted = np.flatnonzero(mask[row])
    if len(counted) == mask.shape[1]:
        return
    left = counted[0] > 0
    config = getattr(model, "config", None)
    filling = int(batch["input_ids"][row][mask[row] == 0][0])
    known = getattr(config, "pad_token_id", None)
    strange = known is not None and filling != known
    if not (left or strange) or _agree(model, batch, row, counted):
        return
    if strange:
        raise InvalidInputError(
            f"`pad_token_id` of the model must be {filling}, with which the tokenizer fills texts "
            f"up; got {known}, so set it in `args`"
        )
    raise InvalidInputError(
        "`padding` must be `right` for this model, whose positions count the filling before "
        "a text; got 'left'"
    )


def _agree(
    model: nn.Module,
    batch: Mapping[str, NDArray[np.int64]],
    row: int,
    counted: NDArray[np.int64],
) -> bool:
    padded = {name: array[row : row + 1] for name, array in batch.items()}
    alone = {name: np.ascontiguousarray(array[:, counted]) for name, array in padded.items()}
    first = _values(model, padded, int(counted[-1]))
    second = _values(model, alone, len(counted) - 1)
    if first is None or second is None or first.shape != second.shape:
        return True  # The run itself says what is wrong.
    few_bits = first.dtype in (torch.float16, torch.bfloat16)
    allowed = (_TOLERANCE_OF_HALVES if few_bits else _TOLERANCE) * float(second.abs().max())
    return float((first - second).abs().max()) <= allowed


def _values(
    model: nn.Module, inputs: dict[str, NDArray[np.int64]], token: int
) -> torch.Tensor | None:
    """Return the first output for one text: at a token of it, or its scores."""
    home = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    try:
        with evaluating(model):
            output = first_tensor(call_model(model, tensors(inputs, home), "a first text"))
    except InvalidInputError:
        return None
    return output[0, token] if output is not None and output.ndim == 3 else output
