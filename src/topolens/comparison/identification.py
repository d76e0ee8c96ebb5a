"""Whether the nearest layer of another network is the one of the same place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from topolens.base.errors import InvalidInputError
from topolens.base.results import DistanceMatrix

__all__ = ["LayerIdentification", "PairIdentification", "same_layer_identification"]

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class PairIdentification:
    """The layers of one model looked up among those of another."""

    model: str
    other: str
    layers: tuple[str, ...]
    """Layers of `model` that have a finite distance to a layer of `other`."""
    nearest: tuple[str, ...]
    """The nearest layer of `other` to each; of several equally near, the first."""
    hits: NDArray[np.float64]
    """Shape (n_layers,): 1 where the nearest layer is the one of the same place, else 0; of
    several equally near, the share that is."""
    chances: NDArray[np.float64]
    """Shape (n_layers,): the share of the other model's layers that would count as a hit."""

    @property
    def accuracy(self) -> float:
        """Share of the layers that were found; NaN if none could be looked up."""
        return float(self.hits.mean()) if len(self.hits) else float("nan")

    @property
    def chance(self) -> float:
        """What picking a layer at random would give."""
        return float(self.chances.mean()) if len(self.chances) else float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class LayerIdentification:
    """How often the nearest layer of another model is the one of the same place."""

    accuracy: float
    """Share of all layers looked up that were found, from 0 to 1."""
    chance: float
    """What picking a layer at random would give."""
    n_layers: int
    """Layers looked up, over all ordered pairs."""
    pairs: tuple[PairIdentification, ...]
    """Every ordered pair of models that have a layer with a finite value."""


def same_layer_identification(matrix: DistanceMatrix) -> LayerIdentification:
    """Look up every layer of every model among the layers of every other model.

    A hit is a layer whose nearest layer has the same position, where the two models have equally
    many layers, or else the nearest relative depth (of two equally near, either). Two networks
    that differ only by their seed should be recognised layer by layer (Kornblith et al., ICML
    2019, section 6.1; Ding et al., NeurIPS 2021, specificity); a measure that cannot do that is
    no measure of what layers have in common.

    Parameters
    ----------
    matrix : DistanceMatrix
        Labels are (model, layer), the layers of each model in order of depth. Of an asymmetric
        metric, distances are taken from the layer that is looked up. Layers without a single
        finite value keep their place and are not looked up.

    Returns
    -------
    LayerIdentification

    Raises
    ------
    InvalidInputError
        If labels are no (model, layer), or no two models have a finite distance between them.

    Examples
    --------
    >>> from topolens import pairwise
    >>> layers = {"conv1": [[0, 0], [1, 0], [0, 5]], "conv2": [[0, 0], [1, 0], [1, 1]]}
    >>> items = {(net, name): rows for net in ("a", "b") for name, rows in layers.items()}
    >>> found = same_layer_identification(pairwise(items, "linear_cka"))
    >>> found.accuracy, found.chance, found.n_layers
    (1.0, 0.5, 4)
    """
    places = _places(matrix)
    distances = np.where(np.isfinite(matrix.distances), matrix.distances, np.inf)
    alive = _alive(distances)
    pairs = tuple(
        _looked_up(matrix, distances, alive, (model, places[model]), (other, places[other]))
        for model, other in permutations([m for m in places if alive[places[m]].any()], 2)
    )
    hits = np.concatenate([pair.hits for pair in pairs]) if pairs else np.empty(0)
    if not len(hits):
        raise InvalidInputError(
            "`matrix` must hold a finite value between layers of two models; "
            f"got {len(matrix)} layers, models: {', '.join(places) or 'none'}"
        )
    chances = np.concatenate([pair.chances for pair in pairs])
    return LayerIdentification(float(hits.mean()), float(chances.mean()), len(hits), pairs)


def _places(matrix: DistanceMatrix) -> Mapping[str, NDArray[np.int64]]:
    """Return the rows of each model's layers, in order of depth."""
    odd = next((label for label in matrix.labels if len(label) != 2), None)
    if odd is not None:
        raise InvalidInputError(f"`matrix` must have labels (model, layer); got {odd!r}")
    rows: dict[str, list[int]] = {}
    for number, (model, _) in enumerate(matrix.labels):
        rows.setdefault(model, []).append(number)
    return {model: np.array(numbers) for model, numbers in rows.items()}


def _alive(distances: NDArray[np.float64]) -> NDArray[np.bool_]:
    known = np.isfinite(distances)
    np.fill_diagonal(known, val=False)
    alive: NDArray[np.bool_] = np.asarray((known | known.T).any(axis=1))
    return alive


def _looked_up(
    matrix: DistanceMatrix,
    distances: NDArray[np.float64],
    alive: NDArray[np.bool_],
    model: tuple[str, NDArray[np.int64]],
    other: tuple[str, NDArray[np.int64]],
) -> PairIdentification:
    (name, rows), (other_name, columns) = model, other
    there = np.flatnonzero(alive[columns])
    block = distances[np.ix_(rows, columns[there])]
    known = np.flatnonzero(np.isfinite(block).any(axis=1))
    same = _same_place(len(rows), len(columns), there)[known]
    tied = block[known] == block[known].min(axis=1, keepdims=True)
    return PairIdentification(
        name,
        other_name,
        tuple(matrix.labels[row][1] for row in rows[known]),
        tuple(matrix.labels[columns[there[one]]][1] for one in tied.argmax(axis=1)),
        (tied & same).sum(axis=1) / tied.sum(axis=1),
        same.mean(axis=1),
    )


def _same_place(n_rows: int, n_columns: int, there: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which of the layers `there` count as the place of each of `n_rows` layers."""
    if n_rows == n_columns:
        same: NDArray[np.bool_] = np.arange(n_rows)[:, None] == there[None, :]
        return same
    depths = np.arange(n_rows) / max(n_rows - 1, 1)
    gaps = np.abs(depths[:, None] - there[None, :] / max(n_columns - 1, 1))
    nearest: NDArray[np.bool_] = gaps <= gaps.min(axis=1, keepdims=True) + _ROUNDING
    return nearest
