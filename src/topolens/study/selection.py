"""Which rows of each layer become points: equally many, and the same samples where they can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from topolens.clouds.sampling import sample_rows

__all__ = ["FEWEST_POINTS", "Selection", "select_rows"]

FEWEST_POINTS = 16
"""A cloud of fewer points says nothing."""

RowIds = NDArray[np.int64]
LayerName = tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """The rows drawn from each layer."""

    rows: Mapping[LayerName, NDArray[np.int64]]
    """Row numbers by (model, layer), all of one length."""
    n_points: int
    corresponding: bool
    """True if row i is the same sample in every layer."""
    problems: Mapping[LayerName, str]
    """Layers that are too small, with the reason."""
    warnings: tuple[str, ...]


def select_rows(
    ids: Mapping[LayerName, RowIds],
    *,
    points: int | None,
    seed: int,
    cloud: str,
    outliers: Mapping[LayerName, NDArray[np.bool_]] | None = None,
    everywhere: bool = True,
) -> Selection:
    """Draw equally many rows of every layer.

    Outliers are replaced, not only left out: the draw is the one without removal, with further
    rows in the place of outliers, so that clouds with and without them hold the same points
    otherwise.

    Parameters
    ----------
    ids : mapping of (model, layer) to array of shape (n_rows, 2)
        Sample id of each row, and the row's number within its sample.
    points : int or None
        Rows to draw; None for as many as the smallest layer (or the common samples) allow.
    seed : int
        Seed of the draw.
    cloud : str
        Name of the cloud, for the sentences.
    outliers : mapping of (model, layer) to boolean array of shape (n_rows,), optional
        Rows not to draw.
    everywhere : bool, default True
        Leave the samples of outliers out of every layer, so that rows correspond; False: only
        out of the layer whose outliers they are. Where too few samples are in order in all
        layers, they are left out per layer, with a sentence.
    """
    if outliers is not None:
        return _without_outliers(ids, outliers, points, seed, cloud, everywhere=everywhere)
    needed = points or FEWEST_POINTS
    problems = {
        layer: f"cloud `{cloud}` needs {needed} rows, and it has {len(rows)}"
        for layer, rows in ids.items()
        if len(rows) < needed
    }
    codes = _row_codes({layer: rows for layer, rows in ids.items() if layer not in problems})
    if not codes:
        return Selection({}, 0, False, problems, ())
    smallest = min(len(code) for code in codes.values())
    if len({int(ids[layer][:, 1].max()) for layer in codes}) > 1:
        # Row 5 of a sample is another place in a map of 32 x 32 than in one of 8 x 8.
        reason = "have unequal numbers of rows of a sample"
        return _without_correspondence(codes, points or smallest, seed, cloud, problems, reason)
    common = reduce(np.intersect1d, _distinct(list(codes.values())))
    if len(common) < needed:
        reason = "do not share enough samples"
        return _without_correspondence(codes, points or smallest, seed, cloud, problems, reason)
    n_points = points or len(common)
    chosen = common[sample_rows(len(common), n_points, seed=seed)]
    rows = {layer: _positions(code, chosen) for layer, code in codes.items()}
    warnings = _unequal_warning(codes, n_points, cloud) if points is None else ()
    return Selection(rows, n_points, True, problems, warnings)


def _without_outliers(
    ids: Mapping[LayerName, RowIds],
    outliers: Mapping[LayerName, NDArray[np.bool_]],
    points: int | None,
    seed: int,
    cloud: str,
    *,
    everywhere: bool,
) -> Selection:
    needed = points or FEWEST_POINTS
    problems = {
        layer: f"cloud `{cloud}` needs {needed} rows, and it has {np.count_nonzero(~outside)} "
        "without its outliers"
        for layer, outside in outliers.items()
        if np.count_nonzero(~outside) < needed
    }
    codes = _row_codes({layer: rows for layer, rows in ids.items() if layer not in problems})
    if not codes:
        return Selection({}, 0, False, problems, ())
    kept = {layer: code[~outliers[layer]] for layer, code in codes.items()}
    inside = reduce(np.intersect1d, _distinct(list(kept.values())))
    warnings = [_outlier_sentence(codes, outliers, len(inside), cloud, everywhere=everywhere)]
    if everywhere and len(inside) < needed:
        everywhere = False
        warnings.append(
            f"Cloud `{cloud}`: only {len(inside)} samples are in order in every layer, so outliers "
            "were left out per layer and measures that need the same samples were left out."
        )
    pools = dict.fromkeys(codes, inside) if everywhere else kept
    n_points = points or min(len(pool) for pool in pools.values())
    preferred = _plain_draw(codes, n_points, seed)
    chosen = {layer: _preferred(pool, preferred, n_points) for layer, pool in pools.items()}
    rows = {layer: _positions(codes[layer], chosen[layer]) for layer in codes}
    return Selection(rows, n_points, everywhere, problems, tuple(warnings))


def _plain_draw(
    codes: Mapping[LayerName, NDArray[np.int64]], n_points: int, seed: int
) -> NDArray[np.int64]:
    """Order all rows of all layers: those of the draw without removal first, others at random."""
    common = reduce(np.intersect1d, _distinct(list(codes.values())))
    others = reduce(np.union1d, _distinct(list(codes.values())))
    if len(common) >= n_points:
        first = common[sample_rows(len(common), n_points, seed=seed)]
        others = np.setdiff1d(others, first)
    else:
        first = common[:0]
    rest: NDArray[np.int64] = np.random.default_rng([seed, len(others)]).permutation(others)
    return np.concatenate([first, rest])


def _preferred(
    pool: NDArray[np.int64], preferred: NDArray[np.int64], n_points: int
) -> NDArray[np.int64]:
    """Return the first `n_points` of an order that are in the pool, ascending."""
    return np.sort(preferred[np.isin(preferred, pool)][:n_points])


def _outlier_sentence(
    codes: Mapping[LayerName, NDArray[np.int64]],
    outliers: Mapping[LayerName, NDArray[np.bool_]],
    n_inside: int,
    cloud: str,
    *,
    everywhere: bool,
) -> str:
    counts = {layer: int(np.count_nonzero(outliers[layer])) for layer in codes}
    most, fewest = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    span = (
        f"{counts[most]} of {len(codes[most])} rows of {' '.join(most)} (the most) and "
        f"{counts[fewest]} of {' '.join(fewest)} (the fewest) are local outliers"
    )
    if not everywhere:
        return f"Cloud `{cloud}`: {span}; each layer was measured without its own."
    return (
        f"Cloud `{cloud}`: {span}; the {n_inside} samples that are outliers in no layer were left "
        "to choose from."
    )


def _without_correspondence(
    codes: Mapping[LayerName, NDArray[np.int64]],
    n_points: int,
    seed: int,
    cloud: str,
    problems: Mapping[LayerName, str],
    reason: str,
) -> Selection:
    rows = {layer: sample_rows(len(code), n_points, seed=seed) for layer, code in codes.items()}
    warning = (
        f"Cloud `{cloud}`: the layers {reason}, so {n_points} rows of each "
        "were drawn independently and measures that need the same samples were left out."
    )
    return Selection(rows, n_points, False, problems, (warning,))


def _unequal_warning(
    codes: Mapping[LayerName, NDArray[np.int64]], n_points: int, cloud: str
) -> tuple[str, ...]:
    largest = max(len(code) for code in codes.values())
    if largest == n_points:
        return ()
    return (
        f"Cloud `{cloud}`: the layers hold unequal numbers of rows (up to {largest}); all were "
        f"cut to the {n_points} they share, because diagrams compare only at equal numbers.",
    )


def _row_codes(ids: Mapping[LayerName, RowIds]) -> dict[LayerName, NDArray[np.int64]]:
    """Write (sample, number within sample) as one integer per row."""
    if not ids:
        return {}
    base = 1 + max(int(rows[:, 1].max()) for rows in ids.values())
    return {layer: rows[:, 0] * base + rows[:, 1] for layer, rows in ids.items()}


def _distinct(codes: Sequence[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    """Keep one of each set of equal arrays: most layers hold the same samples."""
    return list({code.tobytes(): code for code in codes}.values())


def _positions(code: NDArray[np.int64], chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    order = np.argsort(code, kind="stable")
    return order[np.searchsorted(code[order], chosen)]
