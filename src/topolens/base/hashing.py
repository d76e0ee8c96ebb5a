"""Content keys: the same computation on the same input always has the same name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["BlockDigest", "array_digest", "content_key", "file_digest"]

_KEY_LENGTH = 20
_BLOCK_BYTES = 1 << 20


def content_key(record: Mapping[str, Any]) -> str:
    """Return a short hexadecimal key of a JSON-like record; key order does not matter."""
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_KEY_LENGTH]


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def array_digest(array: NDArray[Any]) -> str:
    """Return the SHA-256 of an array's dtype, shape and values, in hexadecimal."""
    digest = BlockDigest(array.dtype, array.shape)
    digest.update(array)
    return digest.hexdigest()


class BlockDigest:
    """The `array_digest` of an array that comes in blocks along its first axis."""

    def __init__(self, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
        self._digest = hashlib.sha256(f"{dtype.str}{shape}".encode())

    def update(self, block: NDArray[Any]) -> None:
        """Take the next block; only one that does not lie in order is copied."""
        self._digest.update(np.ascontiguousarray(block).reshape(-1).view(np.uint8).data)

    def hexdigest(self) -> str:
        """Return the digest of the array so far."""
        return self._digest.hexdigest()
