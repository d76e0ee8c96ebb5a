"""Texts as the inputs of samples, before a tokenizer has seen them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topolens.activations.data.samples import Rows

__all__ = ["Texts"]


class Texts:
    """Texts that are chosen, sliced and digested as other inputs are."""

    def __init__(self, texts: Sequence[str] | NDArray[Any]) -> None:
        self._texts = np.empty(len(texts), dtype=object)
        self._texts[:] = texts

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, rows: Rows) -> NDArray[Any]:
        """Return some texts as an array of objects."""
        chosen: NDArray[Any] = self._texts[rows]
        return chosen

    def take(self, rows: Rows) -> Texts:
        """Return some of these texts in the order of `rows`."""
        return Texts(self._texts[rows])

    def digest(self) -> str:
        """Return the SHA-256 of the texts in their order, each behind its length in bytes."""
        digest = hashlib.sha256()
        for text in self._texts:
            raw = text.encode()
            digest.update(f"{len(raw)}:".encode() + raw)
        return digest.hexdigest()
