"""Names of the ways to pool, apart from torch so that a study file can be checked without it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from topolens.base.errors import InvalidInputError

__all__ = ["Pooling", "parse_pool"]

Counted = Literal["random", "inner", "grid", "top_norm", "foreground", "background"]
Plain = Literal["mean", "flatten", "all", "cls", "last"]

_COUNTED = re.compile(rf"({'|'.join(get_args(Counted))}):([1-9]\d{{0,8}})")


@dataclass(frozen=True, slots=True)
class Pooling:
    """A policy, as read by `parse_pool`."""

    kind: Counted | Plain
    count: int = 1
    """Positions per sample, for `grid` per axis."""

    def __str__(self) -> str:
        is_short = self.kind in get_args(Plain) or (self.kind, self.count) == ("top_norm", 1)
        return self.kind if is_short else f"{self.kind}:{self.count}"

    @property
    def without_masks(self) -> Pooling:
        """A policy that takes as many rows and can be tried without any mask."""
        return Pooling("random", self.count) if self.needs_masks else self

    @property
    def needs_masks(self) -> bool:
        """Tell whether it asks where the foreground of each image is."""
        return self.kind in ("foreground", "background")


def parse_pool(text: str) -> Pooling:
    """Read a policy. Positions are those of a map; tokens are treated like positions on a line.

    ``mean``
        The mean over all positions or tokens.
    ``top_norm``, ``top_norm:K``
        The position or token of each sample with the largest Euclidean norm over channels, or
        the K of them in ascending order; the first ones of equals (Purvine et al., AAAI 2023,
        PH on top l2-norm activations).
    ``random:K``
        K positions or tokens of each sample without replacement, in ascending order, that
        depend on the seed, the sample id and the number of positions only.
    ``inner:K``
        As ``random:K``, of the positions of a map that are neither first nor last along any
        axis (Purvine et al. avoid the border so, though only on two of its sides).
    ``foreground:K``, ``background:K``
        The K positions of a map that are influenced most by the foreground of their image, or
        by the rest of it, in ascending order; equals are drawn at random like ``random:K``
        (Purvine et al.). `pixel_influences` says what influence is. Where an image has no
        such pixel all positions are equal.
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
    but ``flatten``; where a sample has fewer than K of them, ``random:K``, ``top_norm:K`` and
    ``grid:K`` take all.

    Raises
    ------
    InvalidInputError
        If `text` is none of these.
    """
    if text == "top_norm":
        return Pooling("top_norm")
    for plain in get_args(Plain):
        if text == plain:
            return Pooling(plain)
    match = _COUNTED.fullmatch(text)
    for counted in get_args(Counted):
        if match is not None and match[1] == counted:
            return Pooling(counted, int(match[2]))
    raise InvalidInputError(
        "`pool` must be `mean`, `top_norm`, `top_norm:K`, `random:K`, `inner:K`, `foreground:K`, "
        "`background:K` or `grid:K` with K from 1, `all`, `flatten`, `cls` or `last`; "
        f"got {text!r}"
    )
