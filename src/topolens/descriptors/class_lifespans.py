"""Lifespan sums of the classes of a cloud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import (
    Points,
    check_integer,
    check_labels,
    check_one_of,
)
from topolens.base.errors import InvalidInputError
from topolens.base.registry import Invariances, descriptors, to_the_power
from topolens.descriptors.filtration import check_cloud, check_degree
from topolens.descriptors.lifespans import lifespan_sum
from topolens.descriptors.persistence import persistence
from topolens.kernels.device import on_host

__all__ = ["ClassLifespans", "lifespan_sum_per_class"]


@dataclass(frozen=True, slots=True, eq=False)
class ClassLifespans:
    """Lifespan sums of every class, and their mean."""

    value: float
    """Mean over the classes, each counting alike."""
    per_class: NDArray[np.float64]
    """Lifespan sum of each class, shape (n_classes,)."""
    classes: NDArray[Any]
    """The classes, ascending, shape (n_classes,)."""
    counts: NDArray[np.int64]
    """How many points of each were used, shape (n_classes,)."""


@descriptors.register(
    "lifespan_sum_per_class",
    version=1,
    takes="labelled_points",
    unit="",
    unit_under=lambda given: (
        to_the_power("distance", given["alpha"]) if given["scaling"] == "none" else ""
    ),
    invariances=Invariances(isotropic_scaling=True, translation=True),
)
def lifespan_sum_per_class(
    points: ArrayLike,
    labels: ArrayLike,
    *,
    dimension: int = 0,
    alpha: float = 1.0,
    factor: float = 1.0,
    scaling: str = "minmax",
    max_per_class: int = 250,
    seed: int = 0,
) -> ClassLifespans:
    """Lifespan sum of each class on its own, and the mean over all classes.

    E_alpha = sum over finite bars of (factor * (death - birth) ** alpha) of the points of one
    class; Magai and Ayzenberg (arXiv 2204.08624) plot the mean over classes of at most 250 points,
    features mapped to [0, 1] over the whole set, alpha = 1, factor = 0.5.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        The cloud, all classes together.
    labels : array_like of shape (n_points,)
        The class of each point, a whole number or a text.
    dimension : {0, 1, 2}, default 0
        Homology degree.
    alpha : float, default 1.0
        Exponent, above 0.
    factor : float, default 1.0
        Multiplies every term.
    scaling : {"minmax", "none"}, default minmax
        "minmax" maps every feature to [0, 1] over all points, before classes are drawn; a
        constant one becomes 0. "none" leaves the values.
    max_per_class : int, default 250
        A larger class is sampled down to this many points, without replacement.
    seed : int, default 0
        Of that draw, which depends on nothing else but the size of the class.

    Returns
    -------
    ClassLifespans
        `value`, the mean over classes, with `per_class`, `classes` and `counts`. A pure number
        under "minmax", else in units of distance ** alpha.

    Raises
    ------
    InvalidInputError
        If `labels` are not one class per point, name fewer than 2 classes or a class of 1 point,
        or another argument breaks a rule above.

    Examples
    --------
    >>> import numpy as np
    >>> line = np.arange(6.0)[:, None]
    >>> found = lifespan_sum_per_class(line, [0, 0, 0, 1, 1, 1], scaling="none")
    >>> found.value, found.per_class
    (2.0, array([2., 2.]))
    """
    cloud = check_cloud(points, None)[0]
    classes, numbers = check_labels(on_host(labels, "labels")[0], len(cloud))
    degree = check_degree(dimension, "dimension")
    check_one_of(scaling, "scaling", ("minmax", "none"))
    check_integer(max_per_class, "max_per_class", at_least=2)
    check_integer(seed, "seed", at_least=0)
    _check_classes(classes, numbers)
    scaled = _minmax(cloud) if scaling == "minmax" else cloud
    drawn = [
        _drawn(np.flatnonzero(numbers == number), max_per_class, seed)
        for number in range(len(classes))
    ]
    sums = np.array(
        [
            lifespan_sum(
                persistence(scaled[rows], max_dim=degree)[degree], alpha=alpha, factor=factor
            )
            for rows in drawn
        ]
    )
    counts = np.array([len(rows) for rows in drawn])
    return ClassLifespans(float(sums.mean()), sums, classes, counts)


def _check_classes(classes: NDArray[Any], numbers: NDArray[np.int64]) -> None:
    if len(classes) < 2:
        raise InvalidInputError(
            "`labels` must name at least 2 classes; got 1; `lifespan_sum` measures a whole cloud"
        )
    counts = np.bincount(numbers)
    if counts.min() < 2:
        alone = classes[int(counts.argmin())].item()
        raise InvalidInputError(
            f"`labels` must give every class at least 2 points; class {alone!r} has 1"
        )


def _minmax(cloud: Points) -> NDArray[np.float64]:
    """Map every feature to [0, 1], a constant one to 0."""
    wide = cloud.astype(np.float64)
    low, high = wide.min(axis=0), wide.max(axis=0)
    scaled: NDArray[np.float64] = (wide - low) / np.where(high > low, high - low, 1.0)
    return scaled


def _drawn(rows: NDArray[np.int64], most: int, seed: int) -> NDArray[np.int64]:
    """Return at most so many of the rows, in order."""
    if len(rows) <= most:
        return rows
    rng = np.random.default_rng([seed, len(rows), most])
    chosen: NDArray[np.int64] = np.sort(rng.choice(rows, most, replace=False))
    return chosen
