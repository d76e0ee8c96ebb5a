"""Names of the ways to pool, apart from torch so that a study file can be checked without it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from topolens.base.errors import InvalidInputError

__all__ = ["Pooling", "parse_pool"]

Counted = Literal["random", "grid"]
Plain = Literal["mean", "top_norm", "flatten", "all", "cls", "last"]

_COUNTED = re.compile(r"(random|grid):([1-9]\d{0,8})")


@dataclass(frozen=True, slots=True)
class Pooling:
    """A policy, as read by `parse_pool`."""

    kind: Counted | Plain
    count: int = 1
    """Positions per sample for `random`, per axis for `grid`."""

    def __str__(self) -> str:
        return f"{self.kind}:{self.count}" if self.kind in get_args(Counted) else self.kind


def parse_pool(text: str) -> Pooling:
    """Read a policy. Positions are those of a map; tokens are treated like positions on a line.

    ``mean``
        The mean over all positions or tokens.
    ``top_norm``
        The single position or token of each sample with the largest Euclidean norm over
        channels, the first one of equals (Purvine et al., 2023, PH on top l2-norm activations).
    ``random:K``
        K positions or tokens of each sample without replacement, in ascending order, that
        depend on the seed, the sample id and the number of positions only.
    ``grid:K``
        K positions evenly spread along each axis of the map, so K x K of an image: those with
        index floor((2 i + 1) size / (2 K)), i = 0 … K - 1, the middles of K equal pieces.
    ``all``
        Every position or token as a row of its own.
    ``flatten``
        All positions side by side, as one row, in the module's own order of axes.
    ``cls``, ``last``
        The first or the last token; for token sequences only.

    Where a batch has an `attention_mask`, only tokens whose mask is 1 count, for every policy
    but ``flatten``; where a sample has fewer than K of them, ``random:K`` and ``grid:K`` take all.

    Raises
    ------
    InvalidInputError
        If `text` is none of these.
    """
    for kind in get_args(Plain):
        if text == kind:
            return Pooling(kind)
    match = _COUNTED.fullmatch(text)
    if match is None:
        raise InvalidInputError(
            "`pool` must be `mean`, `top_norm`, `random:K` or `grid:K` with K from 1, `all`, "
            f"`flatten`, `cls` or `last`; got {text!r}"
        )
    return Pooling("random" if match[1] == "random" else "grid", int(match[2]))
