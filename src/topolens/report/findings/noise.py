"""How far two half-samples of one and the same layer lie apart: the noise of sampling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from topolens.report.findings.reading import main_metric
from topolens.report.operation_words import metric_words

if TYPE_CHECKING:
    from topolens.base.registry import Operation
    from topolens.study.results import StudyReader

__all__ = ["DiagramMetric", "diagram_metric", "layer_noise"]

_NOUNS = ("pieces", "loops", "voids")


@dataclass(frozen=True, slots=True)
class DiagramMetric:
    """A metric of diagrams of one degree, as a study uses it."""

    label: str
    degree: int
    operation: Operation
    params: Mapping[str, Any]

    @property
    def noun(self) -> str:
        """What the diagrams hold."""
        return _NOUNS[self.degree]


def diagram_metric(study: StudyReader, degree: int | None = None) -> DiagramMetric | None:
    """Return the metric of diagrams that findings speak about, if the study has one.

    The study's main metric where it compares diagrams (of this degree), else the first that does:
    only of diagrams is the distance of two different half-samples defined, and so the noise.
    """
    words, main = metric_words(study), main_metric(study)
    degrees = {one.label: one.dimension for one in study.spec.comparisons}
    for label in sorted(study.metrics, key=lambda label: label != main):
        operation, found = words[label].operation, degrees.get(label)
        if operation is None or operation.takes != "diagrams" or found is None:
            continue
        if degree in (None, found):
            return DiagramMetric(label, found, operation, words[label].params)
    return None


def layer_noise(
    study: StudyReader, model: str, layer: str, cloud: str, metric: DiagramMetric
) -> float:
    """Return the mean distance between the two halves of each split; NaN if unknown."""
    halves = [
        study.diagrams(model, layer, cloud, resample=index) for index in range(study.n_resamples)
    ]
    known = [
        half[metric.degree] for half in halves if half is not None and len(half) > metric.degree
    ]
    if len(known) < 2:
        return np.nan
    pairs = zip(known[::2], known[1::2], strict=False)
    return float(np.mean([metric.operation.run(a, b, **metric.params) for a, b in pairs]))
