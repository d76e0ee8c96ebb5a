"""Further estimators of dimension, by scikit-dimension where it is installed."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from topolens.base.checks import check_integer
from topolens.base.errors import InvalidInputError, MissingDependencyError, nearest_names
from topolens.descriptors.intrinsic import (
    IntrinsicDimension,
    repeats_doubt,
    told,
    without_repeats,
)

__all__ = ["scikit_dimension"]


def scikit_dimension(
    points: ArrayLike,
    *,
    estimator: str = "ESS",
    parameters: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> IntrinsicDimension:
    """Dimension by an estimator of scikit-dimension, with the result type of our own.

    Parameters
    ----------
    points : array_like or torch.Tensor of shape (n_points, n_features)
        The cloud. Rows that repeat an earlier one are left out.
    estimator : str, default "ESS"
        Name of a class of `skdim.id`, e.g. "CorrInt", "DANCo", "ESS", "FisherS", "KNN", "MADA",
        "MiND_ML", "MOM", "TLE", "lPCA".
    parameters : mapping, default None
        Its settings, under scikit-dimension's names.
    seed : int, default 0
        Given to estimators that draw at random.

    Returns
    -------
    IntrinsicDimension
        Without a standard error; `conventions` names the version of the library. What the library
        warns of and repeated rows are each a TopolensWarning.

    Raises
    ------
    MissingDependencyError
        If scikit-dimension is not installed.
    InvalidInputError
        If it has no such estimator or setting, or the estimator fails or finds no finite value.
    """
    seed = check_integer(seed, "seed", at_least=0)
    cloud, n_duplicates, _ = without_repeats(points)
    chosen = _estimator(estimator)
    settings = dict(parameters or {})
    known = inspect.signature(chosen).parameters
    for name in settings:
        if name not in known:
            raise InvalidInputError(
                f"`{estimator}` of scikit-dimension has no parameter `{name}`; "
                f"{nearest_names(name, known)}"
            )
    if "random_state" in known:
        settings.setdefault("random_state", seed)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value = float(chosen(**settings).fit(cloud.astype(np.float64)).dimension_)
        except (ArithmeticError, IndexError, TypeError, ValueError) as error:
            raise InvalidInputError(
                f"`{estimator}` of scikit-dimension failed on {len(cloud)} points: {error}"
            ) from error
    if not np.isfinite(value):
        raise InvalidInputError(
            f"`{estimator}` of scikit-dimension found {value}, which is no dimension"
        )
    said = dict.fromkeys(f"scikit-dimension: {warning.message}" for warning in caught)
    return IntrinsicDimension(
        value=value,
        standard_error=None,
        n_points=len(cloud) + n_duplicates,
        n_used=len(cloud),
        n_duplicates=n_duplicates,
        conventions={
            "estimator": estimator,
            "library": f"scikit-dimension {version('scikit-dimension')}",
            **settings,
        },
        warnings=told([*repeats_doubt(n_duplicates), *said]),
    )


def _estimator(name: str) -> Any:  # noqa: ANN401  a class of a library without types
    try:
        from skdim import id as estimators
    except ImportError:
        raise MissingDependencyError(
            "scikit-dimension", "dimension", f"the estimator `{name}`"
        ) from None
    found = {key for key, thing in vars(estimators).items() if inspect.isclass(thing)}
    if name not in found:
        raise InvalidInputError(
            f"scikit-dimension has no estimator `{name}`; {nearest_names(name, found)}"
        )
    return getattr(estimators, name)
