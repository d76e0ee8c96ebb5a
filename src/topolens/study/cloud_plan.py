"""From captured layers to the rows of each cloud: without outliers, equally many, well spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from topolens.base.hashing import array_digest, content_key
from topolens.study.cache import Result, ResultCache
from topolens.study.index import CloudSummary, LayerOutliers
from topolens.study.plan import CloudPlan, LayerSource
from topolens.study.selection import LayerName, select_rows
from topolens.study.spec import CloudSpec, StudySpec
from topolens.study.steps import Step
from topolens.study.survey import Surveyed

__all__ = ["farthest_steps", "outlier_steps", "plan_cloud", "with_farthest_rows"]

# Raised whenever the numbers of the operation change.
_OUTLIERS_VERSION = 1
_FARTHEST_VERSION = 1

FarthestSteps = Mapping[tuple[str, str, int | None], Step]
"""Step by (model, layer, resample)."""


def outlier_steps(cloud: CloudSpec, surveyed: Sequence[Surveyed]) -> dict[LayerName, Step]:
    """Return the step that finds the outliers of each layer, where the cloud leaves them out."""
    if cloud.outliers is None:
        return {}
    chosen = cloud.outliers
    settings = {"n_neighbors": chosen.n_neighbors, "contamination": chosen.contamination}
    return {
        (source.model, source.layer): Step(
            "outliers",
            f"outliers of {source.model} {source.layer}",
            {"rows": source.digest, "version": _OUTLIERS_VERSION, **settings},
            {"store": source.store, "layer": source.layer, **settings},
        )
        for model in surveyed
        for source in model.sources()
    }


def plan_cloud(
    root: Path,
    spec: StudySpec,
    cloud: CloudSpec,
    surveyed: Sequence[Surveyed],
    outliers: Mapping[LayerName, str],
) -> CloudPlan:
    """Choose the rows of every layer for one cloud and keep them as results.

    `outliers` holds the key of each layer's outliers, where the cloud leaves them out. Of a
    farthest sample these are the rows to choose from; `with_farthest_rows` has the choice.
    """
    cache = ResultCache(root / "results")
    ids = {
        (model.name, layer["name"]): model.result.arrays[f"ids:{number}"]
        for model in surveyed
        for number, layer in enumerate(model.layers)
        if model.layer_problem(layer) is None
    }
    outside: dict[LayerName, NDArray[np.bool_]] | None = None
    if cloud.outliers is not None:
        outside = {layer: cache.get(key).arrays["is_outlier"] for layer, key in outliers.items()}
        ids = {layer: rows for layer, rows in ids.items() if layer in outside}
    chosen = select_rows(
        ids,
        points=None if cloud.sample == "farthest" else cloud.points,
        seed=spec.seed,
        cloud=cloud.name,
        outliers=outside,
        everywhere=cloud.outliers is None or cloud.outliers.remove == "everywhere",
    )
    keys = {layer: _kept_as_result(cache, rows) for layer, rows in chosen.rows.items()}
    counts = tuple(
        LayerOutliers(*layer, int(np.count_nonzero(rows)), len(rows))
        for layer, rows in (outside or {}).items()
    )
    summary = CloudSummary(
        cloud.name, cloud.normalise, chosen.n_points, chosen.corresponding, counts
    )
    return CloudPlan(cloud, keys, chosen.problems, chosen.warnings, summary)


def farthest_steps(spec: StudySpec, plan: CloudPlan, surveyed: Sequence[Surveyed]) -> FarthestSteps:
    """Return the steps that choose the farthest rows of each layer, whole and of each half.

    A half-sample is half of the rows to choose from: everything is done again on it, the choice
    of half as many farthest points too.
    """
    wanted = plan.spec.points or 0
    if plan.spec.sample != "farthest" or plan.summary.n_points < wanted:
        return {}
    return {
        (source.model, source.layer, resample): _farthest_step(spec, plan, source, resample)
        for model in surveyed
        for source in model.sources()
        if (source.model, source.layer) in plan.selections
        for resample in (None, *range(spec.resamples))
    }


def with_farthest_rows(plan: CloudPlan, steps: FarthestSteps, there: set[str]) -> CloudPlan:
    """Return the plan with the rows that the steps chose, for the layers where all of them did."""
    if plan.spec.sample != "farthest":
        return plan
    wanted = plan.spec.points or 0
    if plan.summary.n_points < wanted:
        reason = f"cloud `{plan.spec.name}` needs {wanted} rows, and it has "
        problems = {layer: f"{reason}{plan.summary.n_points}" for layer in plan.selections}
        return replace(plan, selections={}, problems={**plan.problems, **problems})
    missing = {(m, layer) for (m, layer, _), step in steps.items() if step.key not in there}
    found = {where: step.key for where, step in steps.items() if where[:2] not in missing}
    sentence = (
        f"Cloud `{plan.spec.name}`: every layer has farthest points of its own, so measures that "
        "need the same samples were left out."
    )
    return replace(
        plan,
        selections={(m, layer): key for (m, layer, r), key in found.items() if r is None},
        halves={(m, layer, r): key for (m, layer, r), key in found.items() if r is not None},
        warnings=(*plan.warnings, sentence),
        summary=replace(plan.summary, n_points=wanted, corresponding=False),
    )


def _farthest_step(
    spec: StudySpec, plan: CloudPlan, source: LayerSource, resample: int | None
) -> Step:
    half = "" if resample is None else f", half {resample + 1}"
    wanted = plan.spec.points or 0
    settings = {
        "selection": plan.selections[source.model, source.layer],
        "n_points": wanted if resample is None else wanted // 2,
        "resample": resample,
        # A whole cloud does not depend on the seed of the halves.
        **({} if resample is None else {"seed": spec.seed}),
    }
    return Step(
        "farthest",
        f"farthest points of {source.model} {source.layer} ({plan.spec.name}{half})",
        {"rows": source.digest, "version": _FARTHEST_VERSION, **settings},
        {"store": source.store, "layer": source.layer, **settings},
    )


def _kept_as_result(cache: ResultCache, rows: NDArray[np.int64]) -> str:
    key = content_key({"kind": "selection", "rows": array_digest(rows)})
    if not cache.has(key):
        cache.put(key, Result({"rows": rows}))
    return key
