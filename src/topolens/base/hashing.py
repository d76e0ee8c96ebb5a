"""Content keys: the same computation on the same input always has the same name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["array_digest", "content_key", "file_digest"]

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
    digest = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
