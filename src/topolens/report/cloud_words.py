"""How a cloud was made, in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from topolens.study.cloud_spec import CloudSpec, OutlierSpec

__all__ = ["cloud_sentence", "distance_unit"]

_SCALES = {
    "none": "left at the network's own scale",
    "centred": "centred, at the network's own scale",
    "median": "centred and divided by the median distance between two of its points",
    "mean": "centred and divided by the mean distance between two of its points",
    "minmax": "with every feature stretched to the range 0 to 1",
    "zscore": "with every feature brought to mean 0 and variance 1",
    "unit_norm": "each divided by its length",
}
_UNITS = {
    "none": "distance at the network's scale",
    "centred": "distance at the network's scale",
    "median": "median distances",
    "mean": "mean distances",
    "minmax": "distance, features from 0 to 1",
    "zscore": "distance, features of variance 1",
    "unit_norm": "distance, rows of length 1",
}
_SCALE_FREE = ("cosine", "correlation")


def cloud_sentence(cloud: CloudSpec) -> str:
    """Say what was done to the rows of a layer, in the order in which it was done."""
    words = ["The rows of a layer"]
    if cloud.outliers is not None:
        words.append(_outlier_words(cloud.outliers))
    if cloud.sample == "farthest":
        words.append(f"{cloud.points} of them chosen one by one as the farthest from all before")
    if cloud.project is not None:
        words.append(f"projected at random to {cloud.project} coordinates where there are more")
    if isinstance(cloud.pca, int):
        words.append(f"in their first {cloud.pca} principal components where there are more")
    elif cloud.pca is not None:
        words.append(f"in the principal components that hold {_percent(cloud.pca)} of the variance")
    words.append(_scale_words(cloud.normalise))
    return ", ".join(words) + "."


def distance_unit(cloud: CloudSpec, metric: str = "euclidean") -> str:
    """Say what a distance of 1 between two points of the cloud is."""
    if metric in _SCALE_FREE:
        return f"{metric} distance"
    name, _, share = cloud.normalise.partition(":")
    unit = (
        f"{share} quantiles of the distances"
        if name == "quantile"
        else _UNITS.get(name, "distance")
    )
    return unit if metric == "euclidean" else f"{metric} {unit}"


def _outlier_words(outliers: OutlierSpec) -> str:
    whose = (
        "samples that are local outliers in any layer"
        if outliers.remove == "everywhere"
        else "each layer's local outliers"
    )
    share = outliers.contamination
    rule = "above 1.5" if share == "auto" else f"among the largest {_percent(float(share))}"
    return f"without {whose} (a Local Outlier Factor over {outliers.n_neighbors} neighbours {rule})"


def _percent(share: float) -> str:
    """Write a share as it was given: 0.995 is not 100 %."""
    return f"{100 * share:g}\u00a0%"


def _scale_words(how: str) -> str:
    name, _, share = how.partition(":")
    if name == "quantile":
        return f"centred and divided by the {share} quantile of the distances between its points"
    return _SCALES.get(name, name)
