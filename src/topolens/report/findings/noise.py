"""How far two half-samples of one and the same layer lie apart: the noise of sampling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from topolens.comparison.diagrams import sliced_wasserstein

if TYPE_CHECKING:
    from topolens.study.results import StudyReader

__all__ = ["layer_noise"]


def layer_noise(study: StudyReader, model: str, layer: str, cloud: str) -> float:
    """Return the mean H1 distance between the two halves of each split; NaN if unknown."""
    halves = [
        study.diagrams(model, layer, cloud, resample=index) for index in range(study.n_resamples)
    ]
    loops = [half[1] for half in halves if half is not None and len(half) > 1]
    if len(loops) < 2:
        return np.nan
    pairs = zip(loops[::2], loops[1::2], strict=False)
    return float(np.mean([sliced_wasserstein(a, b, directions=50) for a, b in pairs]))
