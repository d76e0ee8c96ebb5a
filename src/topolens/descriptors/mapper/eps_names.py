"""Rules for eps by name, for studies and the command line."""

from __future__ import annotations

import math

from numpy.typing import ArrayLike

from topolens.base.checks import check_real
from topolens.base.errors import InvalidInputError
from topolens.descriptors.mapper.eps import EpsCurve, eps_curve

__all__ = ["EPS_RULES", "check_eps_name", "eps_by_name"]

EPS_RULES = ("knee", "purvine", "quantile", "quantile:Q")
_QUANTILE = 0.9


def check_eps_name(name: str) -> tuple[str, float]:
    """Return the rule of a name such as "quantile:0.8", and its quantile.

    Raises
    ------
    InvalidInputError
        If no rule has the name, or the quantile is none.
    """
    rule, colon, number = name.partition(":")
    if name not in EPS_RULES[:-1] and not (rule == "quantile" and colon):
        raise InvalidInputError(
            f"`eps` must be {', '.join(EPS_RULES[:-1])} or {EPS_RULES[-1]}, or a positive "
            f"number; got {name!r}"
        )
    try:
        quantile = float(number) if colon else _QUANTILE
    except ValueError:
        quantile = math.nan
    if not 0 < quantile <= 1:
        raise InvalidInputError(f"`eps` must have a quantile above 0 and at most 1; got {name!r}")
    return rule, quantile


def eps_by_name(
    points: ArrayLike, eps: str | float, *, k: int, seed: int = 0, threads: int = 1
) -> tuple[float, EpsCurve | None]:
    """Return the eps that a rule reads off the points, with its curve; a number has no curve.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        The cloud.
    eps : str or float
        A name of `EPS_RULES`, or the eps itself.
    k : int
        Neighbour that the rules look at, but for "purvine", which looks at the nearest.
    seed : int, default 0
        Seed of the choice of rows whose neighbours are looked for.
    threads : int, default 1
        Threads to use; the result does not depend on them.

    Raises
    ------
    InvalidInputError
        If `eps` is neither a rule nor positive, or there are too few points for their neighbours.
    """
    if not isinstance(eps, str):
        return check_real(eps, "eps", above=0), None
    rule, quantile = check_eps_name(eps)
    curve = eps_curve(
        points,
        rule=rule,
        k=1 if rule == "purvine" else k,
        quantile=quantile,
        seed=seed,
        threads=threads,
    )
    return curve.eps, curve
