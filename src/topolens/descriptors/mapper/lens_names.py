"""Lenses by name, for studies and the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_points
from topolens.base.errors import InvalidInputError, nearest_names
from topolens.descriptors.mapper.covers import check_lens
from topolens.descriptors.mapper.lenses import (
    column,
    density,
    eccentricity,
    knn_distance,
    l2_norm,
    principal_coordinates,
)
from topolens.descriptors.mapper.output_lenses import entropy, loss, margin

__all__ = ["LENSES", "Lens", "check_lens_name", "lens_values"]


@dataclass(frozen=True, slots=True)
class Lens:
    """A lens that a study may name."""

    run: Callable[..., NDArray[np.float64]]
    needs: Literal["points", "logits", "logits and labels"]
    argument: str = ""
    """Parameter of `run` that a number after a colon sets, e.g. the 2 of `pca:2`."""
    is_real: bool = False
    """Whether that number may be a fraction."""

    @property
    def summary(self) -> str:
        """First line of the documentation."""
        return (self.run.__doc__ or "").strip().splitlines()[0]


LENSES: dict[str, Lens] = {
    "column": Lens(column, "points", "number"),
    "density": Lens(density, "points", "k"),
    "eccentricity": Lens(eccentricity, "points", "power", is_real=True),
    "entropy": Lens(entropy, "logits"),
    "knn_distance": Lens(knn_distance, "points", "k"),
    "l2_norm": Lens(l2_norm, "points"),
    "loss": Lens(loss, "logits and labels"),
    "margin": Lens(margin, "logits and labels"),
    "pca": Lens(principal_coordinates, "points", "n_components"),
}


def lens_values(
    lens: str | tuple[str, ...] | Callable[[Any], ArrayLike] | ArrayLike,
    points: ArrayLike,
    *,
    logits: ArrayLike | None = None,
    labels: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Values of a lens, by name, by a function of the points, or given.

    Parameters
    ----------
    lens : str, tuple of str, callable or array_like
        A name of `topolens list lenses`, perhaps with a number: "l2_norm", "pca:2", "column:3";
        two names for a lens of two columns; a function of the points; or the values themselves.
    points : array_like of shape (n_points, n_features)
        The cloud.
    logits : array_like of shape (n_points, n_classes), optional
        Output of the network for each point, for "margin", "entropy" and "loss".
    labels : array_like of int of shape (n_points,), optional
        Column of the logits that is the true class, for "margin" and "loss".

    Returns
    -------
    ndarray of shape (n_points, n_lenses)
        One column or two.

    Raises
    ------
    InvalidInputError
        If no lens has the name, what it needs is missing, or a value is NaN or infinite.

    Examples
    --------
    >>> import topolens as tl
    >>> cloud = [[3.0, 4.0], [0.0, 1.0], [6.0, 8.0]]
    >>> tl.lens_values("l2_norm", cloud).ravel().tolist()
    [5.0, 1.0, 10.0]
    >>> tl.lens_values(("column:0", "column:1"), cloud).tolist() == cloud
    True
    """
    cloud = check_points(points)
    if isinstance(lens, str):
        lens = (lens,)
    if isinstance(lens, tuple) and lens and all(isinstance(name, str) for name in lens):
        columns = [_of_name(name, cloud, logits, labels) for name in lens]
        return check_lens(np.column_stack(columns), len(cloud))
    return check_lens(lens(cloud) if callable(lens) else lens, len(cloud))


def check_lens_name(name: str) -> tuple[Lens, dict[str, float]]:
    """Return the lens of a name such as "pca:2", and the argument after the colon.

    Raises
    ------
    InvalidInputError
        If no lens has the name, or the number is missing, not wanted or none.
    """
    start, colon, number = name.partition(":")
    if start not in LENSES:
        raise InvalidInputError(f"no lens is called `{start}`; {nearest_names(start, LENSES)}")
    lens = LENSES[start]
    if not colon:
        return lens, {}
    if not lens.argument:
        raise InvalidInputError(f"lens `{start}` must stand without a number; got `{name}`")
    try:
        return lens, {lens.argument: float(number) if lens.is_real else int(number)}
    except ValueError:
        kind = "a number" if lens.is_real else "a whole number"
        raise InvalidInputError(
            f"lens `{start}` must have {kind} after the colon, its `{lens.argument}`; got `{name}`"
        ) from None


def _of_name(
    name: str, points: ArrayLike, logits: ArrayLike | None, labels: ArrayLike | None
) -> NDArray[np.float64]:
    lens, argument = check_lens_name(name)
    if lens.needs == "points":
        return lens.run(points, **argument)
    for word, given in (("logits", logits), ("labels", labels)):
        if word in lens.needs and given is None:
            raise InvalidInputError(f"lens `{name}` must have `{word}`; got None")
    return lens.run(logits) if lens.needs == "logits" else lens.run(logits, labels)
