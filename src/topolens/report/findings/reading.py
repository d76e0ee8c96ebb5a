"""What every finding needs of a study: its main cloud, its usable layers, its repeats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from topolens.report.findings.words import readable

if TYPE_CHECKING:
    from topolens.base.results import DistanceMatrix
    from topolens.study.results import LayerSummary, ModelSummary, StudyReader

__all__ = [
    "Block",
    "Profile",
    "any_measured",
    "blocks",
    "corresponding",
    "distance_name",
    "distances_between",
    "is_topological",
    "label_of",
    "main_cloud",
    "main_metric",
    "profiles",
    "raw_cloud",
    "repeated_matrices",
]

_ROUNDING = 1e-9
_KEEP_SCALE = ("none", "centred")


@dataclass(frozen=True, slots=True)
class Block:
    """The layers of one model that a distance matrix knows, in depth order."""

    model: ModelSummary
    layers: tuple[LayerSummary, ...]

    @property
    def labels(self) -> list[tuple[str, str]]:
        """Labels of the layers as a matrix has them."""
        return [(self.model.name, layer.name) for layer in self.layers]

    @property
    def depths(self) -> NDArray[np.float64]:
        """Relative depths, shape (n_layers,)."""
        return np.array([layer.depth for layer in self.layers], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Profile:
    """One measure over the layers of one model, with its values on the half-samples."""

    model: ModelSummary
    layers: tuple[LayerSummary, ...]
    values: NDArray[np.float64]
    """Shape (n_layers,), finite."""
    repeats: NDArray[np.float64]
    """Shape (n_resamples, n_layers); only half-samples that know every layer."""

    @property
    def depths(self) -> NDArray[np.float64]:
        """Relative depths, shape (n_layers,)."""
        return np.array([layer.depth for layer in self.layers], dtype=np.float64)


def any_measured(study: StudyReader) -> bool:
    """Return whether a single layer of a single model could be measured."""
    return any(
        not model.problem and not layer.problem for model in study.models for layer in model.layers
    )


def main_cloud(study: StudyReader) -> str:
    """Return the name of the cloud that findings speak about."""
    return study.clouds[0]


def main_metric(study: StudyReader) -> str | None:
    """Return the metric that findings, maps and pair views speak about first.

    The sliced Wasserstein distance of loops, or else the study's first metric.
    """
    loops = label_of(study.metrics, "sliced_wasserstein", 1)
    return loops or next(iter(study.metrics), None)


def is_topological(study: StudyReader, metric: str) -> bool:
    """Return whether a metric of the study compares diagrams."""
    return any(one.label == metric and one.dimension is not None for one in study.spec.comparisons)


def distance_name(matrix: DistanceMatrix) -> str:
    """Return what `distances_between` gives of a matrix, in words."""
    name = readable(matrix.metric)
    return f"{name}, 1 minus the similarity" if matrix.is_similarity else name


def raw_cloud(study: StudyReader) -> str | None:
    """Return the cloud of the same points at the network's own scale; not the main one."""
    main = study.spec.clouds[0]
    same = [
        cloud
        for cloud in study.spec.clouds[1:]
        if cloud.model_copy(update={"name": main.name, "normalise": main.normalise}) == main
    ]
    plain = [cloud.name for cloud in same if cloud.normalise in _KEEP_SCALE]
    known = [name for name in plain if name in study.clouds and name != main_cloud(study)]
    return known[0] if known else None


def label_of(labels: tuple[str, ...], name: str, dimension: int | None = None) -> str | None:
    """Return the label that an operation carries in this study; its defaults come first."""
    suffix = "" if dimension is None else f" H{dimension}"
    if f"{name}{suffix}" in labels:
        return f"{name}{suffix}"
    given = (label for label in labels if label.startswith(f"{name}(") and label.endswith(suffix))
    return next(given, None)


def blocks(study: StudyReader, matrix: DistanceMatrix) -> list[Block]:
    """Return one block per model; layers without a single finite distance are left out."""
    values = matrix.values.copy()
    np.fill_diagonal(values, np.nan)
    alive = np.flatnonzero(np.isfinite(values).any(axis=1) | (len(matrix) == 1))
    known = {matrix.labels[index] for index in alive}
    found = (
        Block(model, tuple(layer for layer in model.layers if (model.name, layer.name) in known))
        for model in study.models
    )
    return [block for block in found if block.layers]


def distances_between(matrix: DistanceMatrix, first: Block, second: Block) -> NDArray[np.float64]:
    """Return the dissimilarities of two blocks; NaN where the matrix does not know a layer."""
    position = {label: index for index, label in enumerate(matrix.labels)}
    rows, columns = (
        np.array([position.get(label, -1) for label in block.labels]) for block in (first, second)
    )
    values: NDArray[np.float64] = matrix.values[np.ix_(rows, columns)]
    values[(rows < 0)[:, None] | (columns < 0)[None, :]] = np.nan
    return 1.0 - values if matrix.is_similarity else values


def repeated_matrices(study: StudyReader, metric: str, cloud: str) -> list[DistanceMatrix]:
    """Return the matrix of each half-sample that has one."""
    found = (study.distances(metric, cloud, resample=r) for r in range(study.n_resamples))
    return [matrix for matrix in found if matrix is not None]


def corresponding(first: Block, second: Block) -> NDArray[np.bool_]:
    """Return which layers of `second` count as the same place as each layer of `first`.

    The same position where both models have equally many layers, else the nearest relative
    depth; of two equally near, both.
    """
    if len(first.model.layers) == len(second.model.layers):
        one = np.array([layer.index for layer in first.layers])
        other = np.array([layer.index for layer in second.layers])
        same: NDArray[np.bool_] = one[:, None] == other[None, :]
        return same
    gaps = np.abs(first.depths[:, None] - second.depths[None, :])
    nearest: NDArray[np.bool_] = gaps <= gaps.min(axis=1, keepdims=True) + _ROUNDING
    return nearest


def profiles(study: StudyReader, measure: str, cloud: str) -> list[Profile]:
    """Return a measure's profile for every model that has finite values."""
    table = study.table()
    rows = table[(table["measure"] == measure) & (table["cloud"] == cloud)]
    keys = zip(rows["model"], rows["layer"], strict=True)
    values = dict(zip(keys, rows["value"].astype(float), strict=True))
    repeats = study.resampled_values(measure, cloud) if study.n_resamples else {}
    found = (_profile(model, values, repeats) for model in study.models)
    return [profile for profile in found if profile.layers]


def _profile(
    model: ModelSummary,
    values: Mapping[tuple[str, str], float],
    repeats: Mapping[tuple[str, str], list[float]],
) -> Profile:
    layers = tuple(
        layer for layer in model.layers if np.isfinite(values.get((model.name, layer.name), np.nan))
    )
    labels = [(model.name, layer.name) for layer in layers]
    series = [repeats.get(label, []) for label in labels]
    shortest = min(map(len, series), default=0)
    again = np.array([one[:shortest] for one in series], dtype=np.float64)
    again = again.reshape(len(series), shortest).T
    again = again[np.isfinite(again).all(axis=1)]
    return Profile(model, layers, np.array([values[label] for label in labels], float), again)
