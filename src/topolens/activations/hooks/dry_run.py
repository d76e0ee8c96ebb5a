"""What a capture would keep, without any data."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np

from topolens.activations.hooks.capture import capture
from topolens.activations.hooks.layer_batch import LayerRows
from topolens.activations.hooks.layer_patterns import split_pattern
from topolens.activations.hooks.layers import LayerInfo, layer_table
from topolens.activations.hooks.pool_names import parse_pool
from topolens.activations.needs_torch import nn, torch
from topolens.base.errors import InvalidInputError

__all__ = ["KeptLayer", "dry_run", "example_inputs"]


@dataclass(frozen=True, slots=True)
class KeptLayer:
    """What a capture keeps of one layer."""

    name: str
    """As in the store: `conv1`, `bn1@input`, `relu#0`."""
    module: str
    rows_per_sample: int
    n_features: int
    bytes_per_sample: int


_FEW_TOKENS = 8


def dry_run(
    model: nn.Module,
    input_shape: Sequence[int] | None,
    *,
    layers: Sequence[str],
    exclude: Sequence[str] = (),
    pool: str = "mean",
) -> tuple[list[LayerInfo], list[KeptLayer], InvalidInputError | None]:
    """Run two samples of zeros through a model and see what a capture keeps of each layer.

    Parameters
    ----------
    model : Module
    input_shape : sequence of int, optional
        Shape of one sample; by default the model's own attribute `input_shape`.
    layers, exclude, pool
        As in `record`.

    Returns
    -------
    table : list of LayerInfo
        Every module.
    kept : list of KeptLayer
        The captured layers, in the order in which they ran.
    mistake : InvalidInputError or None
        Why nothing could be captured, where the model itself runs.

    Raises
    ------
    InvalidInputError
        If no input shape is known or the model does not run on it.
    """
    example = example_inputs(model, input_shape)
    table = layer_table(model, example)
    try:
        batches, tried = [(example, np.arange(2))], str(parse_pool(pool).without_masks)
        batch = next(capture(model, batches, layers=layers, exclude=exclude, pool=tried))
    except InvalidInputError as mistake:
        return table, [], mistake
    modules = {info.name for info in table}
    kept = [_kept(name, own, modules) for name, own in batch.layers.items()]
    return table, kept, None


def _kept(name: str, own: LayerRows, modules: Set[str]) -> KeptLayer:
    label = name.rpartition("#")[0] if "#" in name else name
    module = label if label in modules else split_pattern(label)[0]
    n_rows, n_features = own.rows.shape
    return KeptLayer(name, module, n_rows // 2, n_features, own.rows.nbytes // 2)


def example_inputs(
    model: nn.Module, input_shape: Sequence[int] | None = None
) -> torch.Tensor | dict[str, torch.Tensor]:
    """Return two samples as the model takes them: zeros, or token ids of 1 and their mask.

    Raises
    ------
    InvalidInputError
        If no input shape is given, and the model has no attribute `input_shape` and is no model
        of transformers for text.
    """
    # Models of transformers for text say what they are called with.
    named = getattr(model, "main_input_name", "") == "input_ids"
    usual = (_FEW_TOKENS,) if named else None
    shape = input_shape or getattr(model, "input_shape", usual)
    if shape is None:
        raise InvalidInputError(
            f"`input_shape` must be given for a {type(model).__name__}, as in "
            "`--input-shape 3,32,32`"
        )
    if not named and not getattr(model, "takes_tokens", False):
        return torch.zeros(2, *shape)
    # Ones: the code of padding is 0 more often than not.
    ids = torch.ones(2, *shape, dtype=torch.int64)
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
