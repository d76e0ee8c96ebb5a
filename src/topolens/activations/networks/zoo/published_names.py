"""Names under which the weights of one architecture are published elsewhere."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping

from topolens.activations.needs_torch import torch

__all__ = ["renamed"]


def renamed(
    tensors: Mapping[str, torch.Tensor], known: Container[str], patterns: Mapping[str, str]
) -> dict[str, torch.Tensor]:
    """Give tensors whose names are not known the names that the first fitting pattern makes.

    Patterns are regular expressions for the whole name. A tensor whose new name is another's
    already keeps its old one, so that reading the weights names it as superfluous.
    """
    state: dict[str, torch.Tensor] = {}
    for name, tensor in tensors.items():
        new = name if name in known else _new_name(name, patterns)
        state[name if new in tensors or new in state else new] = tensor
    return state


def _new_name(name: str, patterns: Mapping[str, str]) -> str:
    matches = ((re.fullmatch(pattern, name), made) for pattern, made in patterns.items())
    return next((match.expand(made) for match, made in matches if match), name)
