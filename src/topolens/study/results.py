"""A finished (or half-finished) study as one object to read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd

    from topolens.base.results import Diagrams, DistanceMatrix
    from topolens.study.mapped import MappedLayer
    from topolens.study.spec import StudySpec

__all__ = ["LayerSummary", "ModelSummary", "StepFailure", "StudyReader"]


@dataclass(frozen=True, slots=True)
class LayerSummary:
    """One layer of one model as it was captured."""

    name: str
    index: int
    """Position in the model, from 0."""
    depth: float
    """Relative depth: 0 for the first captured layer, 1 for the last."""
    n_rows: int
    """Rows captured."""
    n_features: int
    n_points: int
    """Rows used in every cloud of this layer (equal across the study)."""
    duplicates: int
    """Rows among those used that equal an earlier one."""
    nonfinite: int
    """NaN or infinite values captured; such a layer is marked and left out."""
    problem: str | None = None
    """Why there are no results for this layer, in a sentence."""
    output_shape: tuple[int, ...] = ()
    """Shape of the layer's output for one sample before pooling; empty where it is not known."""

    @property
    def is_pooled(self) -> bool:
        """Whether the output has several positions, of which pooling made a point."""
        return len(self.output_shape) > 1


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """One model of the study."""

    name: str
    source: str
    family: str
    """Networks of one family differ only by seed or author."""
    seed: int | None
    epoch: int | None
    accuracy: float | None
    """Share of the samples the model names correctly, 0..1, where labels are known."""
    n_samples: int
    n_parameters: int | None
    layers: tuple[LayerSummary, ...]
    problem: str | None = None
    """Why there are no results for this model, in a sentence."""
    token_loss: float | None = None
    """Mean loss per token in nats, where the model predicts the next token."""

    @property
    def quality(self) -> str:
        """How well the model does what it was made for, in a table's cell."""
        if self.accuracy is not None:
            return f"{100 * self.accuracy:.1f} %"
        return "–" if self.token_loss is None else f"{self.token_loss:.2f} nats/token"


@dataclass(frozen=True, slots=True)
class StepFailure:
    """A step that gave no result."""

    step: str
    reason: str


class StudyReader(Protocol):
    """What the report needs of a study; `Study` reads it from disk."""

    @property
    def root(self) -> Path:
        """Folder of the study."""

    @property
    def spec(self) -> StudySpec:
        """What the study file said."""

    @property
    def models(self) -> tuple[ModelSummary, ...]:
        """Every model with its layers, in the order of the file."""

    @property
    def failures(self) -> tuple[StepFailure, ...]:
        """Steps that gave no result."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Doubts in sentences: few points, duplicates, equalised counts."""

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Versions, platform, data description and digests; no times."""

    @property
    def clouds(self) -> tuple[str, ...]:
        """Names of the clouds; the first is the main one."""

    @property
    def measures(self) -> tuple[str, ...]:
        """Labels of the descriptors, e.g. `lifespan_sum H1`."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """Labels of the comparisons, e.g. `sliced_wasserstein H1`, `linear_cka`."""

    def unit(self, label: str) -> str:
        """What the values of a measure or a comparison count; "" if they are pure numbers."""

    @property
    def n_resamples(self) -> int:
        """Number of half-samples everything was measured on again."""

    def diagrams(
        self, model: str, layer: str, cloud: str, *, resample: int | None = None
    ) -> Diagrams | None:
        """Diagrams of a layer's cloud (of its half-sample `resample`); None where missing."""

    def distances(
        self, metric: str, cloud: str, *, resample: int | None = None
    ) -> DistanceMatrix | None:
        """All layers of all models under `metric`; labels are (model, layer); None if missing."""

    @property
    def mappers(self) -> tuple[str, ...]:
        """Names of the tables of Mapper graphs."""

    def mapped(self, mapper: str, model: str, layer: str) -> MappedLayer | None:
        """Mapper graph of a layer with its layout, eps and classes; None where missing."""

    def mapper_table(self) -> pd.DataFrame:
        """Every Mapper graph in numbers.

        Columns: mapper, model, family, seed, epoch, layer, index, depth, n_points, eps, nodes,
        edges, components, loops, cover_loops, coverage, noise.
        """

    def purity_table(self) -> pd.DataFrame:
        """Purity of the graphs beside that of shuffled labels.

        Columns: mapper, model, family, seed, epoch, layer, index, depth, measure, class, value,
        null_mean, null_low, null_high, p_value.
        """

    def table(self) -> pd.DataFrame:
        """Long-form measures.

        Columns: model, family, seed, epoch, layer, index, depth, cloud, measure, value, low,
        high, n_points. `low` and `high` bound the value by 1.96 standard errors of a
        delete-half jackknife; NaN without resamples.
        """

    def resampled_values(self, measure: str, cloud: str) -> Mapping[tuple[str, str], list[float]]:
        """Values of a measure on each half-sample, by (model, layer)."""

    def notes(self, measure: str, cloud: str) -> tuple[tuple[str, str, str], ...]:
        """What a measure doubts about its own values: (model, layer, sentence)."""
