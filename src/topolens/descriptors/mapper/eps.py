"""How near neighbours are, and the eps of DBSCAN read off that curve."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import Points, check_integer, check_one_of, check_points, check_real
from topolens.base.errors import InvalidInputError, TopolensWarning
from topolens.base.formats import check_format
from topolens.descriptors.mapper.covers import Cover, check_lens, pulled_back
from topolens.descriptors.mapper.knees import first_knee, robust_knee
from topolens.descriptors.mapper.lenses import sampled_rows
from topolens.kernels.mapper import SetsOfPoints, clusters_of_cover, dbscan_rule
from topolens.kernels.neighbours import check_neighbor_count, nearest_distances

__all__ = ["EpsCurve", "LocalDBSCAN", "eps_curve", "eps_curves_of_cover", "eps_of_layers"]

_FORMAT = 1
_RULES = ("knee", "purvine", "quantile")
_DEFAULT_K = 5
_MOST_ROWS = 10_000
_ONLY_COPIES = 1e-30  # an eps that joins nothing else


@dataclass(frozen=True, slots=True, eq=False)
class EpsCurve:
    """Distances to the k-th nearest neighbours in ascending order, and the eps read off them."""

    distances: NDArray[np.float64]
    """Distance of each sampled point to its k-th nearest other point, ascending."""
    eps: float
    """The eps that the rule chose."""
    rule: str
    """"knee", "purvine" or "quantile"."""
    has_knee: bool
    """Whether the rule found a knee; without one it took a quantile (or the median)."""
    k: int
    """Which neighbour, the point itself not counted."""
    n_points: int
    """Points of the cloud in which neighbours were looked for."""

    @property
    def share_within(self) -> float:
        """Share of the points whose k-th neighbour lies within eps.

        With `min_samples` at most k + 1 so many are core points of DBSCAN on the whole cloud.
        """
        return float(np.searchsorted(self.distances, self.eps, side="right") / len(self.distances))

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and numbers, fit for JSON."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        return {"format_version": _FORMAT, **plain, "distances": self.distances.tolist()}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> EpsCurve:
        """Rebuild what `to_dict` gave."""
        check_format(record, _FORMAT, "EpsCurve")
        plain = {name: record[name] for name in _PLAIN}
        return cls(distances=np.array(record["distances"], dtype=np.float64), **plain)


_PLAIN = ("eps", "rule", "has_knee", "k", "n_points")


def eps_curve(
    points: ArrayLike,
    *,
    rule: str = "knee",
    k: int | None = None,
    quantile: float = 0.9,
    sample: int | None = 10_000,
    seed: int = 0,
    threads: int = 1,
) -> EpsCurve:
    """Choose eps where the distances to the k-th nearest neighbours begin to grow.

    Points within a cluster have near neighbours, the others have not: in ascending order the
    distances stay low and then rise. Three rules read eps off this curve.

    - "knee": of the logarithms of the distances those above Q3 + 3 (Q3 - Q1) are left out, the
      rest is scaled to [0, 1] and compared with its chord: the knee of Satopää et al. [1]_, the
      first from the end of the large distances that stands out by at least 0.05. So neither
      single outliers nor small waves of the curve decide, and up to a quarter of the points may
      be noise. If no knee stands out, the `quantile`: most points stay core.
    - "purvine": the rule of Purvine et al. [2]_: the nearest neighbour (k = 1), Kneedle with
      sensitivity 1, where the first knee from the end of the large distances counts however
      small it is, rounded to three decimals; without a knee the median, which leaves half of
      the points without a neighbour within eps. They took all points: `sample=None`.
    - "quantile": the distance that the share `quantile` of the points does not exceed.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        The cloud.
    rule : {"knee", "purvine", "quantile"}, default "knee"
        How eps is read off.
    k : int, optional
        Which nearest other point; take the `min_samples` of the clustering. Default: 5, under
        "purvine" 1.
    quantile : float, default 0.9
        Share of the points, above 0 and at most 1, for "quantile" and where "knee" finds none.
    sample : int or None, default 10000
        Rows whose neighbours are looked for, among all rows; None for every row.
    seed : int, default 0
        Seed of the choice of rows.
    threads : int, default 1
        Threads to use; the result does not depend on them.

    Returns
    -------
    EpsCurve
        The curve, for drawing, with the eps.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above, or eps would be 0 because points coincide.

    Notes
    -----
    Neighbours are nearer in a larger cloud: eps of two layers compare only at the same number
    of points (`eps_of_layers` warns).

    References
    ----------
    .. [1] V. Satopää, J. Albrecht, D. Irwin, B. Raghavan, "Finding a 'Kneedle' in a Haystack:
       Detecting Knee Points in System Behavior", ICDCS Workshops 2011.
    .. [2] E. Purvine et al., "Experimental Observations of the Topology of Convolutional Neural
       Network Activations", AAAI 2023.

    Examples
    --------
    >>> import numpy as np
    >>> import topolens as tl
    >>> rng = np.random.default_rng(0)
    >>> blobs = rng.normal(size=(400, 2)) + np.repeat([[0, 0], [20, 0]], 200, axis=0)
    >>> curve = tl.eps_curve(blobs)
    >>> 0.8 < curve.share_within < 1
    True
    """
    check_one_of(rule, "rule", _RULES)
    check_real(quantile, "quantile", above=0, at_most=1)
    check_integer(seed, "seed", at_least=0)
    check_integer(threads, "threads", at_least=1)
    cloud = check_points(points)
    k = _check_k(k, rule, len(cloud))
    rows = sampled_rows(len(cloud), sample, seed)
    curve = _curve(cloud, rows, rule, k, quantile, threads)
    _refuse_zero(curve)
    return curve


def eps_curves_of_cover(
    points: ArrayLike,
    lens: ArrayLike,
    *,
    cover: Cover,
    rule: str = "knee",
    k: int | None = None,
    quantile: float = 0.9,
    sample: int | None = 10_000,
    seed: int = 0,
    threads: int = 1,
) -> dict[int, EpsCurve]:
    """`eps_curve` of the points over each element of a cover.

    `LocalDBSCAN` clusters every element with an eps of its own.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        The cloud.
    lens : array_like of shape (n_points,) or (n_points, n_lenses)
        As for `mapper_graph`.
    cover : Cover
        As for `mapper_graph`.
    rule : {"knee", "purvine", "quantile"}, default "knee"
        As for `eps_curve`, like the following.
    k : int, optional
        Default: 5, under "purvine" 1.
    quantile : float, default 0.9
        Share of the points of an element.
    sample : int or None, default 10000
        Rows of each element whose neighbours are looked for.
    seed : int, default 0
        Seed of the choice of rows.
    threads : int, default 1
        Threads to use; the result does not depend on them.

    Returns
    -------
    dict of int to EpsCurve
        By the number of the element; those of at most k points, or of mostly copies, are left
        out.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above.
    """
    check_one_of(rule, "rule", _RULES)
    check_real(quantile, "quantile", above=0, at_most=1)
    cloud = check_points(points)
    count = check_integer(_default_k(k, rule), "k", at_least=1)
    curves: dict[int, EpsCurve] = {}
    for number, rows in enumerate(pulled_back(cover, check_lens(lens, len(cloud)))):
        if len(rows) <= count:
            continue
        sampled = sampled_rows(len(rows), sample, seed)
        curve = _curve(cloud[rows], sampled, rule, count, quantile, threads)
        if curve.eps > 0:
            curves[number] = curve
    return curves


def eps_of_layers(curves: Mapping[str, EpsCurve]) -> dict[str, float]:
    """Eps of each layer, with a warning if their clouds are not equally large.

    Parameters
    ----------
    curves : mapping of str to EpsCurve
        By the name of the layer.

    Returns
    -------
    dict of str to float
        In the same order.

    Warns
    -----
    TopolensWarning
        If the curves come from different numbers of points, or are of different neighbours:
        eps falls as points are added, so a difference need not be one between the layers.

    Examples
    --------
    >>> import numpy as np
    >>> import topolens as tl
    >>> cloud = np.random.default_rng(0).normal(size=(300, 4))
    >>> curves = {"early": tl.eps_curve(cloud), "late": tl.eps_curve(3 * cloud)}
    >>> eps = tl.eps_of_layers(curves)
    >>> round(eps["late"] / eps["early"], 6)
    3.0
    """
    for field, word in (("n_points", "points"), ("k", "k")):
        found = {name: getattr(curve, field) for name, curve in curves.items()}
        if len(set(found.values())) > 1:
            listed = ", ".join(f"{name} {value}" for name, value in found.items())
            warnings.warn(
                f"eps values of layers compare only at equal {word}; got {listed}",
                TopolensWarning,
                stacklevel=2,
            )
    return {name: curve.eps for name, curve in curves.items()}


@dataclass(frozen=True, slots=True)
class LocalDBSCAN:
    """DBSCAN with an eps for each element of the cover, read off its own curve.

    Takes the place of `DBSCAN` in `mapper_graph` where the density changes along the lens.
    """

    min_samples: int = 5
    """Points within eps that make a point core, itself counted; also the k of the curve."""
    rule: str = "knee"
    """As for `eps_curve`."""
    quantile: float = 0.9
    """As for `eps_curve`."""

    def __post_init__(self) -> None:
        check_integer(self.min_samples, "min_samples", at_least=1)
        check_one_of(self.rule, "rule", _RULES)
        check_real(self.quantile, "quantile", above=0, at_most=1)

    def fit_predict(self, points: ArrayLike) -> NDArray[np.int64]:
        """Cluster number of each point, -1 for noise; elements of at most k points are noise."""
        cloud = check_points(points, at_least=1)
        labels = np.full(len(cloud), -1, dtype=np.int64)
        k = 1 if self.rule == "purvine" else self.min_samples
        if len(cloud) <= k:
            return labels
        rows = sampled_rows(len(cloud), _MOST_ROWS, 0)
        curve = _curve(cloud, rows, self.rule, k, self.quantile, threads=1)
        eps = max(curve.eps, _ONLY_COPIES)
        element = SetsOfPoints(np.array([0, len(cloud)]), np.arange(len(cloud), dtype=np.int32))
        clusters, _ = clusters_of_cover(
            cloud, element, dbscan_rule(eps, self.min_samples), threads=1
        )
        labels[clusters.members] = np.repeat(np.arange(len(clusters)), np.diff(clusters.offsets))
        return labels


def _default_k(k: int | None, rule: str) -> int:
    if k is not None:
        return k
    return 1 if rule == "purvine" else _DEFAULT_K


def _check_k(k: int | None, rule: str, n_points: int) -> int:
    count = check_neighbor_count(_default_k(k, rule), n_points, "k")
    if rule == "purvine" and count != 1:
        raise InvalidInputError(f"`k` must be 1 under the rule `purvine`; got {count}")
    return count


def _curve(
    cloud: Points,
    rows: NDArray[np.int64],
    rule: str,
    k: int,
    quantile: float,
    threads: int,
) -> EpsCurve:
    """Curve of some rows; eps may be 0 where points coincide."""
    distances = nearest_distances(cloud, k, rows=rows, threads=threads)[:, -1]
    ascending = np.sort(distances.astype(np.float64))
    if rule == "purvine":
        knee = first_knee(ascending)
        eps = round(_knee_or_median(ascending, knee), 3)
    else:
        knee = robust_knee(ascending) if rule == "knee" else None
        # An observed distance: so many points are within it, not one less.
        by_quantile = float(np.quantile(ascending, quantile, method="inverted_cdf"))
        eps = by_quantile if knee is None else knee
    return EpsCurve(ascending, eps, rule, knee is not None, k, len(cloud))


def _knee_or_median(ascending: NDArray[np.float64], knee: float | None) -> float:
    return float(np.median(ascending)) if knee is None else knee


def _refuse_zero(curve: EpsCurve) -> None:
    if curve.eps > 0:
        return
    if curve.rule == "purvine":
        exact = _knee_or_median(curve.distances, first_knee(curve.distances))
        if exact > 0:
            raise InvalidInputError(
                "`points` must have a larger scale for the rule `purvine`, which rounds eps to "
                f"three decimals; it found {exact:.3g}; multiply the points, or take another rule"
            )
    n_copies = int(np.count_nonzero(curve.distances == 0))
    raise InvalidInputError(
        f"`points` must lie apart for the rule `{curve.rule}`; eps would be 0: {n_copies} of "
        f"{len(curve.distances)} points have at least {curve.k} copies; drop copies, take a "
        "larger scale or `quantile`, or choose eps yourself"
    )
