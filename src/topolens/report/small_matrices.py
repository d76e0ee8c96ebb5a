"""Every distance matrix as a small picture without axes, a pixel per pair of layers."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from PIL import Image

from topolens.report.findings.words import number
from topolens.report.heatmaps import colour_span, says_anything
from topolens.report.operation_words import grouped, metric_words

if TYPE_CHECKING:
    from topolens.base.results import DistanceMatrix
    from topolens.report.operation_words import OperationWords
    from topolens.study.results import StudyReader

__all__ = ["SmallMatrix", "small_matrices"]

_SHADES = 255
_UNDEFINED = 255
_MOST_PIXELS = 160


@dataclass(frozen=True, slots=True)
class SmallMatrix:
    """One metric in one cloud."""

    heading: str
    direction: str
    metric: int
    """Position among the study's metrics."""
    span: str
    """The values at the dark end and at the light end."""
    image: str
    """Address of the picture, which it holds itself."""


def small_matrices(
    study: StudyReader,
) -> list[tuple[str, list[tuple[str, list[SmallMatrix]]]]]:
    """Return, per cloud and kind, every metric that has values."""
    words = grouped(metric_words(study).values())
    by_cloud = []
    for cloud in study.clouds:
        groups = [
            (kind, [one for each in members if (one := _small(study, each, cloud))])
            for kind, members in words
        ]
        if any(members for _, members in groups):
            by_cloud.append((cloud, [group for group in groups if group[1]]))
    return by_cloud


def _small(study: StudyReader, words: OperationWords, cloud: str) -> SmallMatrix | None:
    matrix = study.distances(words.label, cloud)
    if matrix is None or not says_anything(matrix):
        return None
    low, high = colour_span(matrix)
    ends = (high, low) if matrix.is_similarity else (low, high)
    unit = words.unit(study.spec, cloud)
    return SmallMatrix(
        heading=words.heading,
        direction="similarity" if matrix.is_similarity else unit,
        metric=study.metrics.index(words.label),
        span=f"{number(ends[0])} – {number(ends[1])}",
        image=_picture(matrix, low, high),
    )


def _picture(matrix: DistanceMatrix, low: float, high: float) -> str:
    shares = (matrix.values / 2 - low / 2) / (high / 2 - low / 2)
    shares = 1 - shares if matrix.is_similarity else shares
    known = np.isfinite(matrix.values)
    shades = np.full(shares.shape, _UNDEFINED, dtype=np.uint8)
    shades[known] = np.round(np.clip(shares[known], 0, 1) * (_SHADES - 1)).astype(np.uint8)
    step = -(-len(shades) // _MOST_PIXELS)
    picture = Image.fromarray(shades[::step, ::step], mode="P")
    colours = mpl.colormaps["viridis"](np.linspace(0, 1, _SHADES))[:, :3]
    picture.putpalette([*np.round(255 * colours).astype(int).ravel().tolist(), 128, 128, 128])
    stream = io.BytesIO()
    picture.save(stream, format="PNG", transparency=_UNDEFINED, optimize=True)
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"
