"""Results as values that JSON holds."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

__all__ = ["plain"]


def plain(result: object) -> Any:  # noqa: ANN401  JSON of any kind
    """Turn a result into what JSON holds; what is not finite becomes text."""
    if dataclasses.is_dataclass(result) and not isinstance(result, type):
        return {f.name: plain(getattr(result, f.name)) for f in dataclasses.fields(result)}
    if isinstance(result, np.ndarray):
        return [plain(entry) for entry in result.tolist()]
    if isinstance(result, dict):
        return {str(key): plain(value) for key, value in result.items()}
    if isinstance(result, list | tuple):
        return [plain(entry) for entry in result]
    if isinstance(result, np.generic):
        result = result.item()
    if isinstance(result, float) and not np.isfinite(result):
        return str(result)
    return result
