"""Knees of ascending curves that stay low and then rise (Satopää et al., Kneedle, 2011)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["first_knee", "robust_knee"]

_LEAST_PROMINENCE = 0.05
_FENCE = 3.0  # interquartile ranges; Tukey (1977) calls what lies beyond "far out"


def first_knee(ascending: NDArray[np.float64], *, sensitivity: float = 1.0) -> float | None:
    """Knee nearest to the large values, by Kneedle as published; None if there is none.

    D is the height of the curve above its chord, both scaled to [0, 1]. From the large values on,
    a local maximum of D is a knee if D falls by more than `sensitivity` mean steps below it
    before the next local maximum. At a local minimum this bound becomes 0.
    """
    descending = ascending[::-1]
    least, most = ascending[0], ascending[-1]
    if not most > least:
        return None
    # Equal distances are one place of the curve; nearest neighbours of each other have them.
    n_as_far = len(ascending) - np.searchsorted(ascending, descending, side="left")
    scaled = (descending - least) / (most - least)
    shares = np.linspace(0.0, 1.0, len(ascending))[n_as_far - 1]
    above = (1 - (shares - shares[0]) / (1 - shares[0])) - scaled
    before = np.append(above[0], above[:-1])
    after = np.append(above[1:], above[-1])
    is_peak = ((above >= before) & (above >= after)).tolist()
    is_trough = ((above <= before) & (above <= after)).tolist()
    drop = sensitivity * abs(float(np.diff(scaled).mean()))
    peak, bound = -1, -np.inf
    for place, (height, following) in enumerate(
        zip(above[:-1].tolist(), above[1:].tolist(), strict=True)
    ):
        if is_peak[place]:
            peak, bound = place, height - drop
        if is_trough[place] and peak >= 0:
            bound = 0.0
        if following < bound:
            return float(descending[peak])
    return None


def robust_knee(ascending: NDArray[np.float64]) -> float | None:
    """Knee of the logarithms nearest to the large values that stands out; None if none does.

    Values beyond the upper outer fence are left out, those below the lower one are moved onto
    it. D then has a maximum of at least 0.05 with a fall by at least 0.05 behind it, seen from
    the large values. In logarithms a tail of thin regions bends less than the start of noise.
    """
    positive = ascending[ascending > 0]
    if len(positive) == 0:
        return None
    logs = np.log(np.maximum(ascending, positive[0]))
    lower, upper = np.quantile(logs, [0.25, 0.75])
    margin = _FENCE * (upper - lower)
    kept = np.maximum(logs[logs <= upper + margin], lower - margin)
    if not kept[-1] > kept[0]:
        return None
    scaled = (kept - kept[0]) / (kept[-1] - kept[0])
    above = (np.linspace(0.0, 1.0, len(kept)) - scaled)[::-1]
    highest = np.maximum.accumulate(above)
    is_past = (highest >= _LEAST_PROMINENCE) & (highest - above >= _LEAST_PROMINENCE)
    if not is_past.any():
        return None
    peak = int(np.argmax(above[: int(np.argmax(is_past))]))
    return float(ascending[len(kept) - 1 - peak])
