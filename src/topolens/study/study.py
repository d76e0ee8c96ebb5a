"""A study that has run, read back from its folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import topolens.comparison
import topolens.descriptors  # noqa: F401  both packages fill the registries that the spec checks
from topolens.base.errors import InvalidInputError, nearest_names
from topolens.base.mapper_graph import MapperGraph
from topolens.base.registry import descriptors as descriptor_registry
from topolens.base.registry import metrics as metric_registry
from topolens.base.results import Diagrams, DistanceMatrix
from topolens.study.cache import ResultCache
from topolens.study.index import Entry, Index
from topolens.study.mapped import (
    GRAPH_COLUMNS,
    MAPPED_COLUMNS,
    PURITY_COLUMNS,
    MappedLayer,
    graph_numbers,
    purity_lines,
    read_mapped,
)
from topolens.study.results import LayerSummary, ModelSummary, StepFailure
from topolens.study.steps import read_diagrams

if TYPE_CHECKING:
    import pandas as pd

    from topolens.study.spec import StudySpec

__all__ = ["Study"]

_JACKKNIFE_INTERVAL = 1.96


class Study:
    """Results of a study, read from its folder when asked for.

    Parameters
    ----------
    root : Path or str
        The folder that `run` wrote.

    Raises
    ------
    StoreError
        If no study has run there, or its index is damaged.
    """

    def __init__(self, root: Path | str) -> None:
        self._root = Path(root)
        self._index = Index.read(self._root)
        self._cache = ResultCache(self._root / "results")

    def __repr__(self) -> str:
        layers = sum(len(model.layers) for model in self.models)
        lost = len(self.failures) + sum(model.problem is not None for model in self.models)
        state = "complete" if not lost else "incomplete, see `failures` and `warnings`"
        return f"<Study {self.spec.name!r}: {len(self.models)} models, {layers} layers, {state}>"

    @property
    def root(self) -> Path:
        """Folder of the study."""
        return self._root

    @property
    def spec(self) -> StudySpec:
        """What the study file said."""
        return self._index.spec

    @property
    def models(self) -> tuple[ModelSummary, ...]:
        """Every model with its layers, in the order of the file."""
        return self._index.models

    @property
    def failures(self) -> tuple[StepFailure, ...]:
        """Steps that gave no result."""
        return self._index.failures

    @property
    def warnings(self) -> tuple[str, ...]:
        """Doubts in sentences."""
        return self._index.warnings

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Versions, data and digests; no times."""
        return self._index.provenance

    @property
    def clouds(self) -> tuple[str, ...]:
        """Names of the clouds; the first is the main one."""
        return tuple(cloud.name for cloud in self._index.clouds)

    @property
    def measures(self) -> tuple[str, ...]:
        """Labels of the descriptors, e.g. `lifespan_sum H1`."""
        return tuple(descriptor.label for descriptor in self.spec.descriptors)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Labels of the comparisons that could be made, e.g. `sliced_wasserstein H1`."""
        made = {entry.where["metric"] for entry in self._index.distances}
        return tuple(c.label for c in self.spec.comparisons if c.label in made)

    def unit(self, label: str) -> str:
        """Return what the values of a measure or a comparison count, "" if they are pure numbers.

        "distance" is in units of the cloud, which its normalisation sets.
        """
        known = [
            *((chosen, descriptor_registry) for chosen in self.spec.descriptors),
            *((chosen, metric_registry) for chosen in self.spec.comparisons),
        ]
        units = {
            chosen.label: registry[chosen.name].unit_with(chosen.params)
            for chosen, registry in known
        }
        self._check(label, "label", tuple(units))
        return units[label]

    @property
    def n_resamples(self) -> int:
        """Number of half-samples everything was measured on again."""
        return self.spec.resamples

    def diagrams(
        self, model: str, layer: str, cloud: str, *, resample: int | None = None
    ) -> Diagrams | None:
        """Return the diagrams of a layer's cloud, or of its half-sample; None where missing."""
        self._check(cloud, "cloud", self.clouds)
        self._check_layer(model, layer)
        key = self._diagram_keys.get((model, layer, cloud, resample))
        return None if key is None else read_diagrams(self.root, key)

    def distances(
        self, metric: str, cloud: str, *, resample: int | None = None
    ) -> DistanceMatrix | None:
        """Return all layers of all models under a metric; None where it was not computed.

        Labels are (model, layer); NaN where a block or a pair is missing, with notes.
        """
        self._check(cloud, "cloud", self.clouds)
        self._check(metric, "metric", tuple(c.label for c in self.spec.comparisons))
        labels = [(m.name, layer.name) for m in self.models for layer in m.layers]
        blocks = [
            entry
            for entry in self._index.distances
            if _matches(entry, metric=metric, cloud=cloud, resample=resample)
        ]
        if not blocks:
            return None
        return self._assembled(metric, labels, blocks)

    @property
    def mappers(self) -> tuple[str, ...]:
        """Names of the [[mapper]] tables of the study file."""
        return tuple(one.name for one in self.spec.mapper)

    def mapped(self, mapper: str, model: str, layer: str) -> MappedLayer | None:
        """Return a layer's Mapper graph with its layout, eps and classes; None where missing."""
        self._check(mapper, "mapper", self.mappers)
        self._check_layer(model, layer)
        graph = self._graph_keys.get((mapper, model, layer))
        if graph is None:
            return None
        purity = self._purity_keys.get((mapper, model, layer))
        return read_mapped(
            self._cache.get(graph),
            None if purity is None else self._cache.get(purity),
            self._index.classes.get(model, ()),
        )

    def mapper_graph(self, model: str, layer: str, mapper: str) -> MapperGraph | None:
        """Return the Mapper graph of a layer under the name of its table; None where missing."""
        found = self.mapped(mapper, model, layer)
        return None if found is None else found.graph

    def table(self) -> pd.DataFrame:
        """Return all measures in long form.

        Columns: model, family, seed, epoch, layer, index, depth, cloud, measure, value, low,
        high, n_points. `low` and `high` are 1.96 standard errors from the value, estimated by
        a delete-half jackknife (Shao and Wu 1989): the spread of the half-samples, rescaled to
        the value because many measures grow with the number of points. Without resamples they
        are the interval that the measure itself gives, such as a fit's; NaN where it has none.
        """
        import pandas as pd

        columns = [*_TABLE_COLUMNS]
        return pd.DataFrame(list(self._table_rows()), columns=columns)

    def distance_table(self) -> pd.DataFrame:
        """Return all distances in long form, each pair of layers once.

        Of an asymmetric metric each pair has two rows, one for either direction.

        Columns: metric, cloud, model, layer, other_model, other_layer, value.
        """
        import pandas as pd

        columns = ["metric", "cloud", "model", "layer", "other_model", "other_layer", "value"]
        return pd.DataFrame(list(self._distance_rows()), columns=columns)

    def mapper_table(self) -> pd.DataFrame:
        """Return what every Mapper graph looks like in numbers.

        Columns: mapper, model, family, seed, epoch, layer, index, depth, n_points, eps, nodes,
        edges, components, loops, cover_loops, coverage, noise. Loops beyond `cover_loops`, those
        of the nerve of the cover itself, say something of the points.
        """
        import pandas as pd

        rows = [
            (*where, *graph_numbers(one.graph, one.eps)) for where, one in self._mapped_layers()
        ]
        return pd.DataFrame(rows, columns=[*MAPPED_COLUMNS, *GRAPH_COLUMNS])

    def purity_table(self) -> pd.DataFrame:
        """Return how pure the graphs are, each number beside what shuffled labels give.

        Columns: mapper, model, family, seed, epoch, layer, index, depth, measure, class, value,
        null_mean, null_low, null_high, p_value. `class` is empty but for the single classes of
        `class_wise`; the null is the mean and the central 90 % over the permutations.
        """
        import pandas as pd

        rows = [
            (*where, *line)
            for where, one in self._mapped_layers()
            if one.purity is not None
            for line in purity_lines(one.purity, one.classes)
        ]
        return pd.DataFrame(rows, columns=[*MAPPED_COLUMNS, *PURITY_COLUMNS])

    def outlier_table(self) -> pd.DataFrame:
        """Return how many rows of each layer are local outliers, where a cloud leaves them out.

        Columns: cloud, model, layer, outliers, rows.
        """
        import pandas as pd

        rows = [
            (cloud.name, one.model, one.layer, one.n_outliers, one.n_rows)
            for cloud in self._index.clouds
            for one in cloud.outliers
        ]
        return pd.DataFrame(rows, columns=["cloud", "model", "layer", "outliers", "rows"])

    def resampled_values(self, measure: str, cloud: str) -> Mapping[tuple[str, str], list[float]]:
        """Return a measure on each half-sample by (model, layer); NaN where undefined."""
        halves = [self._values(measure, cloud, r) for r in range(self.n_resamples)]
        layers = [(m.name, layer.name) for m in self.models for layer in m.layers]
        return {layer: [half.get(layer, np.nan) for half in halves] for layer in layers}

    def notes(self, measure: str, cloud: str) -> tuple[tuple[str, str, str], ...]:
        """Return what a measure doubts about its own values: (model, layer, sentence).

        Also why a layer has no value. Half-samples are not asked.
        """
        self._check(measure, "measure", self.measures)
        self._check(cloud, "cloud", self.clouds)
        records = (
            self._cache.get(entry.key).record
            for entry in self._index.measures
            if _matches(entry, measure=measure, cloud=cloud, resample=None)
        )
        return tuple(
            (model, layer, note) for record in records for model, layer, note in record["notes"]
        )

    @cached_property
    def _diagram_keys(self) -> dict[tuple[str, str, str, int | None], str]:
        return {
            (e.where["model"], e.where["layer"], e.where["cloud"], e.where["resample"]): e.key
            for e in self._index.diagrams
        }

    @cached_property
    def _graph_keys(self) -> dict[_MappedPlace, str]:
        return _keys_by_place(self._index.graphs)

    @cached_property
    def _purity_keys(self) -> dict[_MappedPlace, str]:
        return _keys_by_place(self._index.purities)

    def _mapped_layers(self) -> Iterator[tuple[tuple[Any, ...], MappedLayer]]:
        """Yield every graph with the first columns of its tables."""
        for mapper in self.mappers:
            for model, layer in self._layers():
                found = self.mapped(mapper, model.name, layer.name)
                if found is not None:
                    who = (mapper, model.name, model.family, model.seed, model.epoch)
                    yield (*who, layer.name, layer.index, layer.depth), found

    def _assembled(
        self, metric: str, labels: list[tuple[str, str]], blocks: list[Entry]
    ) -> DistanceMatrix:
        position = {label: number for number, label in enumerate(labels)}
        values = np.full((len(labels), len(labels)), np.nan)
        notes: list[str] = []
        name = next(c.name for c in self.spec.comparisons if c.label == metric)
        operation = metric_registry[name]
        for block in blocks:
            result = self._cache.get(block.key)
            rows = [position[tuple(label)] for label in block.where["rows"]]
            columns = [position[tuple(label)] for label in block.where["columns"]]
            values[np.ix_(rows, columns)] = result.arrays["values"]
            if operation.symmetric:
                values[np.ix_(columns, rows)] = result.arrays["values"].T
            notes += result.record["notes"]
        return DistanceMatrix(
            values,
            tuple(labels),
            metric,
            operation.is_similarity,
            tuple(dict.fromkeys(notes)),
            operation.symmetric,
        )

    def _values(
        self, measure: str, cloud: str, resample: int | None
    ) -> dict[tuple[str, str], float]:
        return self._recorded("values", measure, cloud, resample)

    def _recorded(
        self, what: str, measure: str, cloud: str, resample: int | None
    ) -> dict[tuple[str, str], float]:
        found: dict[tuple[str, str], float] = {}
        for entry in self._index.measures:
            if _matches(entry, measure=measure, cloud=cloud, resample=resample):
                record = self._cache.get(entry.key).record
                values = record.get(what, [None] * len(record["values"]))
                layers = [(model, layer) for model, layer in entry.where["layers"]]
                numbers = [np.nan if value is None else value for value in values]
                found.update(zip(layers, numbers, strict=True))
        return found

    def _table_rows(self) -> Iterator[tuple[Any, ...]]:
        for summary in self._index.clouds:
            for measure in self.measures:
                values = self._values(measure, summary.name, None)
                halves = self.resampled_values(measure, summary.name)
                own = [self._recorded(end, measure, summary.name, None) for end in ("low", "high")]
                for model, layer in self._layers():
                    label = (model.name, layer.name)
                    value = values.get(label, np.nan)
                    error = _jackknife_error(value, np.array(halves[label]))
                    low, high = (ends.get(label, np.nan) for ends in own)
                    if self.n_resamples:
                        low, high = value - error, value + error
                    yield (
                        *(model.name, model.family, model.seed, model.epoch),
                        *(layer.name, layer.index, layer.depth, summary.name, measure),
                        *(value, low, high, summary.n_points),
                    )

    def _distance_rows(self) -> Iterator[tuple[Any, ...]]:
        for cloud in self.clouds:
            for metric in self.metrics:
                matrix = self.distances(metric, cloud)
                if matrix is None:
                    continue
                for row, first in enumerate(matrix.labels):
                    for column in range(row + 1 if matrix.symmetric else 0, len(matrix)):
                        if row != column:
                            value = matrix.values[row, column]
                            yield (metric, cloud, *first, *matrix.labels[column], value)

    def _layers(self) -> Iterator[tuple[ModelSummary, LayerSummary]]:
        return ((model, layer) for model in self.models for layer in model.layers)

    def _check_layer(self, model: str, layer: str) -> None:
        self._check(model, "model", tuple(m.name for m in self.models))
        layers = {m.name: tuple(one.name for one in m.layers) for m in self.models}
        self._check(layer, "layer", layers[model])

    def _check(self, name: str, argument: str, known: tuple[str, ...]) -> None:
        if name not in known:
            raise InvalidInputError(
                f"`{argument}` must be one of the study's; got {name!r}, "
                f"{nearest_names(name, known)}"
            )


_TABLE_COLUMNS = (
    *("model", "family", "seed", "epoch", "layer", "index", "depth", "cloud", "measure"),
    *("value", "low", "high", "n_points"),
)


_MappedPlace = tuple[str, str, str]
"""Mapper, model, layer."""


def _keys_by_place(entries: Sequence[Entry]) -> dict[_MappedPlace, str]:
    return {(e.where["mapper"], e.where["model"], e.where["layer"]): e.key for e in entries}


def _jackknife_error(value: float, halves: NDArray[np.float64]) -> float:
    """Half-width of the interval: 1.96 times the relative spread of the half-samples."""
    halves = halves[np.isfinite(halves)]
    if len(halves) < 2 or not np.isfinite(value) or halves.mean() == 0:
        return float("nan")
    spread = float(np.sqrt(np.mean((halves - halves.mean()) ** 2)))
    return _JACKKNIFE_INTERVAL * spread / abs(float(halves.mean())) * abs(value)


def _matches(entry: Entry, **wanted: object) -> bool:
    return all(entry.where[name] == value for name, value in wanted.items())
