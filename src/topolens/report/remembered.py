"""A study that is read from disk once, however many charts and findings ask."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from topolens.base.results import Diagrams, DistanceMatrix
    from topolens.study.mapped import MappedLayer
    from topolens.study.results import ModelSummary, StepFailure, StudyReader
    from topolens.study.spec import StudySpec

__all__ = ["RememberedStudy"]


class RememberedStudy:
    """A reader that keeps the tables and matrices it has given, but not the diagrams.

    Parameters
    ----------
    study : StudyReader
        The study behind it; it must not change meanwhile.
    """

    def __init__(self, study: StudyReader) -> None:
        self._study = study
        self._matrices: dict[tuple[str, str, int | None], DistanceMatrix | None] = {}
        self._repeats: dict[tuple[str, str], Mapping[tuple[str, str], list[float]]] = {}
        self._mapped: dict[tuple[str, str, str], MappedLayer | None] = {}
        self.root: Path = study.root
        self.spec: StudySpec = study.spec
        self.models: tuple[ModelSummary, ...] = study.models
        self.failures: tuple[StepFailure, ...] = study.failures
        self.warnings: tuple[str, ...] = study.warnings
        self.provenance: Mapping[str, Any] = study.provenance

    @cached_property
    def clouds(self) -> tuple[str, ...]:
        """Names of the clouds; the first is the main one."""
        return self._study.clouds

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """Labels of the descriptors."""
        return self._study.measures

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """Labels of the comparisons."""
        return self._study.metrics

    @cached_property
    def n_resamples(self) -> int:
        """Number of half-samples."""
        return self._study.n_resamples

    def unit(self, label: str) -> str:
        """What the values of a measure or a comparison count."""
        return self._study.unit(label)

    def diagrams(
        self, model: str, layer: str, cloud: str, *, resample: int | None = None
    ) -> Diagrams | None:
        """Return what the study gives: too large to be kept."""
        return self._study.diagrams(model, layer, cloud, resample=resample)

    def distances(
        self, metric: str, cloud: str, *, resample: int | None = None
    ) -> DistanceMatrix | None:
        """Return what the study gave the first time."""
        key = (metric, cloud, resample)
        if key not in self._matrices:
            self._matrices[key] = self._study.distances(metric, cloud, resample=resample)
        return self._matrices[key]

    @property
    def mappers(self) -> tuple[str, ...]:
        """Names of the tables of Mapper graphs."""
        return self._study.mappers

    def mapped(self, mapper: str, model: str, layer: str) -> MappedLayer | None:
        """Return what the study gave the first time."""
        key = (mapper, model, layer)
        if key not in self._mapped:
            self._mapped[key] = self._study.mapped(*key)
        return self._mapped[key]

    def mapper_table(self) -> pd.DataFrame:
        """Return what the study gives."""
        return self._study.mapper_table()

    def purity_table(self) -> pd.DataFrame:
        """Return what the study gave the first time."""
        return self._purity_table

    def table(self) -> pd.DataFrame:
        """Return what the study gave the first time."""
        return self._table

    def resampled_values(self, measure: str, cloud: str) -> Mapping[tuple[str, str], list[float]]:
        """Return what the study gave the first time."""
        key = (measure, cloud)
        if key not in self._repeats:
            self._repeats[key] = self._study.resampled_values(measure, cloud)
        return self._repeats[key]

    def notes(self, measure: str, cloud: str) -> tuple[tuple[str, str, str], ...]:
        """What a measure doubts about its own values."""
        return self._study.notes(measure, cloud)

    @cached_property
    def _purity_table(self) -> pd.DataFrame:
        return self._study.purity_table()

    @cached_property
    def _table(self) -> pd.DataFrame:
        return self._study.table()
