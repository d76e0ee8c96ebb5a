"""Procrustes distance between two representations of the same samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_one_of, check_same_length
from topolens.base.registry import Invariances, metrics
from topolens.comparison.centring import centred
from topolens.comparison.rotation import chord_after_rotation, chord_to_angle, unit_coordinates

__all__ = ["procrustes"]

_FORMS: dict[str, Callable[[float], float]] = {
    "chord": lambda chord: chord,
    "squared": lambda chord: chord**2,
    "angular": chord_to_angle,
}


@dataclass(frozen=True, slots=True, eq=False)
class _UnitCloud:
    coordinates: NDArray[np.float64]
    """Centred, of Frobenius norm 1."""
    n_points: int
    form: str

    def __len__(self) -> int:
        return self.n_points


def _prepare(points: ArrayLike, *, form: str = "chord", name: str = "points") -> _UnitCloud:
    check_one_of(form, "form", tuple(_FORMS))
    cloud = centred(points, name=name, measure="the Procrustes distance")
    return _UnitCloud(unit_coordinates(cloud), len(cloud), form)


def _compare(first: _UnitCloud, second: _UnitCloud) -> float:
    check_same_length(first, second, ("first", "second"))
    chord = chord_after_rotation(first.coordinates, second.coordinates)
    return _FORMS[first.form](chord)


@metrics.register(
    "procrustes",
    version=1,
    takes="points",
    unit="",
    invariances=Invariances(orthogonal=True, isotropic_scaling=True, translation=True),
    paired_rows=True,
    is_metric=True,
    prepare=_prepare,
    compare=_compare,
)
def procrustes(first: ArrayLike, second: ArrayLike, *, form: str = "chord") -> float:
    """Orthogonal Procrustes distance of two clouds whose rows are the same samples.

    Both clouds are centred and scaled to Frobenius norm 1; the distance is what remains after
    the best rotation or reflection Q of one onto the other: the minimum of ||X Q - Y||_F, which
    is sqrt(2 - 2 ||Y^T X||_*) with the nuclear norm (Schönemann 1966; Ding, Denain, Steinhardt,
    NeurIPS 2021). Clouds of unequal width are compared as if the narrower had
    features of zeros.

    Parameters
    ----------
    first, second : array_like of shape (n_points, n_features)
        The number of features may differ.
    form : {"chord", "squared", "angular"}, default chord
        "chord" is that minimum, from 0 to sqrt(2). "squared" is its square, from 0 to 2, the
        number of Ding et al.; the triangle inequality does not hold for it. "angular" is the
        angle arccos ||Y^T X||_*, from 0 to pi/2 radians, as in Williams et al., NeurIPS 2021,
        and `shape_distance`.

    Returns
    -------
    float
        0 when one cloud is a rotated, scaled, shifted copy of the other.

    Raises
    ------
    InvalidInputError
        If the numbers of rows differ, or all rows of a cloud coincide.

    Examples
    --------
    >>> round(procrustes([[0.0], [3.0], [3.0]], [[4.0], [5.0], [6.0]], form="squared"), 4)
    0.2679
    """
    return _compare(
        _prepare(first, form=form, name="first"), _prepare(second, form=form, name="second")
    )
