"""Persistence landscapes and the norm of their differences."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from topolens import _core
from topolens.base.landscapes import PersistenceLandscape

__all__ = ["landscape_distance", "landscape_of"]


def landscape_of(pairs: NDArray[np.float64], n_layers: int | None) -> PersistenceLandscape:
    """Layers that are not flat, at most `n_layers`, of finite bars of shape (n_bars, 2)."""
    bars = np.ascontiguousarray(pairs, dtype=np.float64)
    most = len(bars) if n_layers is None else min(n_layers, len(bars))
    return PersistenceLandscape(*_core.landscape(bars, most))


def landscape_distance(
    first: PersistenceLandscape, second: PersistenceLandscape, power: float
) -> float:
    """L_p norm of the difference over all scales and layers, p = `power`, at most infinite."""
    return _core.landscape_distance(
        *(first.starts, first.scales, first.values),
        *(second.starts, second.scales, second.values),
        power,
    )
