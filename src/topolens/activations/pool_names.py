"""Names of the ways to pool, apart from torch so that a study file can be checked without it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from topolens.base.errors import InvalidInputError

__all__ = ["Pooling", "parse_pool"]

Kind = Literal["mean", "top_norm", "random", "flatten", "cls"]

_RANDOM = re.compile(r"random:([1-9]\d{0,8})")


@dataclass(frozen=True, slots=True)
class Pooling:
    """A policy, as read by `parse_pool`."""

    kind: Kind
    count: int = 1
    """Positions per sample, for `random`."""

    def __str__(self) -> str:
        return f"random:{self.count}" if self.kind == "random" else self.kind


def parse_pool(text: str) -> Pooling:
    """Read a policy.

    ``mean``
        The mean over all positions or tokens.
    ``top_norm``
        The single position or token of each sample with the largest Euclidean norm over
        channels, the first one of equals.
    ``random:K``
        K positions or tokens of each sample without replacement, in ascending order, that
        depend on the seed, the sample id and the number of positions only.
    ``flatten``
        All positions side by side, as one row.
    ``cls``
        The first token; for token sequences only.

    Raises
    ------
    InvalidInputError
        If `text` is none of these.
    """
    for kind in ("mean", "top_norm", "flatten", "cls"):
        if text == kind:
            return Pooling(kind)
    match = _RANDOM.fullmatch(text)
    if match is None:
        raise InvalidInputError(
            "`pool` must be `mean`, `top_norm`, `random:K` with K from 1, `flatten` or `cls`; "
            f"got {text!r}"
        )
    return Pooling("random", int(match.group(1)))
