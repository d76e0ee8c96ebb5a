"""What one step does.

Steps read what they need from disk and return a result; a step is the same computation wherever
it runs, on this machine or another that sees the folder.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import topolens.comparison
import topolens.descriptors  # noqa: F401  both packages fill the registries
from topolens.activations.stores.store import ActivationStore
from topolens.base.blas import one_blas_thread
from topolens.base.checks import Points
from topolens.base.duplicates import count_duplicates
from topolens.base.errors import TopolensError
from topolens.base.hashing import BlockDigest, content_key
from topolens.base.registry import descriptors as descriptor_registry
from topolens.base.registry import metrics as metric_registry
from topolens.base.results import Diagram, Diagrams
from topolens.clouds.farthest import farthest_points
from topolens.clouds.normalise import normalise
from topolens.clouds.outliers import local_outlier_factor
from topolens.clouds.principal import pca
from topolens.clouds.projection import random_projection
from topolens.clouds.sampling import half_samples
from topolens.comparison.pairwise import PreparedItem, cross_prepared, prepare_item
from topolens.descriptors.persistence import persistence
from topolens.study.cache import Result, ResultCache
from topolens.study.mapper_steps import graph_result, purity_result, read_graph
from topolens.study.shared_work import shared_work
from topolens.study.stopping import go_on

__all__ = ["Step", "execute", "read_diagrams"]

# Raised whenever what a kind of step records changes though no operation has.
_STEP_VERSIONS = {"describe": 3, "compare": 2}
_NORMAL_QUANTILE = 1.96


@dataclass(frozen=True, slots=True)
class Step:
    """One unit of work."""

    kind: str
    label: str
    """How a person calls it."""
    identity: Mapping[str, Any]
    """Everything that decides the result; travels with it as what made it."""
    payload: Mapping[str, Any]
    """What the work needs, places included."""

    @property
    def made_by(self) -> dict[str, Any]:
        """Identity of the result, whatever step of whatever study computes it."""
        return {
            "kind": self.kind,
            "step_version": _STEP_VERSIONS.get(self.kind, 1),
            **self.identity,
        }

    @property
    def key(self) -> str:
        """Where the result goes."""
        return content_key(self.made_by)


def execute(root: Path, step: Step) -> None:
    """Run one step and write its result below `root`."""
    with one_blas_thread():
        result = _KINDS[step.kind](root, step.payload)
    record = {**result.record, "made_by": step.made_by}
    ResultCache(root / "results").put(step.key, Result(result.arrays, record))


def read_diagrams(root: Path, key: str) -> Diagrams:
    """Read the diagrams that a step of kind "diagrams" left under `key`."""
    result = ResultCache(root / "results").get(key)
    record = result.record
    bars = tuple(
        Diagram(degree, result.arrays[f"H{degree}"]) for degree in range(record["max_dim"] + 1)
    )
    return Diagrams(
        bars, record["n_points"], record["metric"], record["threshold"], record["version"]
    )


def _survey(root: Path, payload: Mapping[str, Any]) -> Result:
    """Look once at every captured layer: width, rows, digest, values that are no numbers."""
    store = ActivationStore.open(root / payload["store"])
    layers: list[dict[str, Any]] = []
    arrays: dict[str, NDArray[Any]] = {}
    for name in store.layers:
        n_rows, n_features = store.n_rows(name), store.layer(name).n_features
        digest = BlockDigest(np.dtype(store.layer(name).dtype), (n_rows, n_features))
        ids = []
        for rows, sample_ids in store.blocks(name):
            digest.update(rows)
            ids.append(sample_ids)
        arrays[f"ids:{len(layers)}"] = _row_ids(np.concatenate(ids))
        layers.append(
            {
                "name": name,
                "n_rows": n_rows,
                "n_features": n_features,
                "nonfinite": store.nonfinite(name),
                "output_shape": store.layer(name).output_shape,
                "digest": digest.hexdigest(),
            }
        )
    return Result(arrays, {"layers": layers, "summary": store.summary})


def _open_store(path: Path) -> ActivationStore:
    """Open a store, or return it as it was opened before: manifests of many layers are long."""
    state = (path / "manifest.json").stat() if (path / "manifest.json").exists() else None
    return _opened(path, state and (state.st_ino, state.st_mtime_ns, state.st_size))


@functools.lru_cache(maxsize=8)
def _opened(path: Path, _state: object) -> ActivationStore:
    return ActivationStore.open(path)


def _row_ids(sample_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Name each row by its sample and its number within it, shape (n_rows, 2)."""
    order = np.argsort(sample_ids, kind="stable")
    ordered = sample_ids[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    lengths = np.diff(np.r_[starts, len(ordered)])
    within = np.empty(len(sample_ids), dtype=np.int64)
    within[order] = np.arange(len(ordered)) - np.repeat(starts, lengths)
    return np.column_stack([sample_ids, within])


def _outliers(root: Path, payload: Mapping[str, Any]) -> Result:
    """Find the local outliers among all captured rows of a layer."""
    rows, _ = _open_store(root / payload["store"]).read(payload["layer"])
    found = local_outlier_factor(
        rows, n_neighbors=payload["n_neighbors"], contamination=payload["contamination"]
    )
    record = {"threshold": found.threshold, "n_neighbors": found.n_neighbors}
    return Result({"scores": found.scores, "is_outlier": found.is_outlier}, record)


def _farthest(root: Path, payload: Mapping[str, Any]) -> Result:
    """Choose the farthest among the rows of a selection, or of one half of it."""
    candidates, points = _chosen_rows(root, payload)
    found = farthest_points(points, n_points=payload["n_points"])
    order = candidates[found.rows]
    arrays = {"rows": np.sort(order), "order": order, "covering_radii": found.covering_radii}
    return Result(arrays)


def _chosen_rows(root: Path, cloud: Mapping[str, Any]) -> tuple[NDArray[np.int64], Points]:
    """Read the chosen rows of a layer with their numbers."""
    chosen = _chosen_numbers(root, cloud)
    points, _ = _open_store(root / cloud["store"]).read(cloud["layer"], rows=chosen)
    return chosen, points


def _chosen_numbers(root: Path, cloud: Mapping[str, Any]) -> NDArray[np.int64]:
    """Return the numbers of the chosen rows of a layer, perhaps half of them."""
    chosen: NDArray[np.int64]
    chosen = ResultCache(root / "results").get(cloud["selection"]).arrays["rows"]
    if cloud["resample"] is None:
        return chosen
    index, seed = cloud["resample"], cloud["seed"]
    half: NDArray[np.int64] = chosen[half_samples(len(chosen), index + 1, seed=seed)[index]]
    return half


def _cloud(root: Path, cloud: Mapping[str, Any]) -> Points:
    """Return the cloud that a step works on, built once for all steps."""
    return shared_work.get(_work_key(root, cloud=cloud), lambda: _built_cloud(root, cloud))


def _work_key(root: Path, **what: object) -> str:
    return content_key({"root": str(root), **what})


def _built_cloud(root: Path, cloud: Mapping[str, Any]) -> Points:
    """Build a cloud: chosen rows, in fewer coordinates, at scale."""
    _, points = _chosen_rows(root, cloud)
    if "project" in cloud and cloud["project"]["n_components"] < points.shape[1]:
        wanted = cloud["project"]
        points = random_projection(points, n_components=wanted["n_components"], seed=wanted["seed"])
    if "pca" in cloud:
        points = _in_components(points, cloud["pca"]["keep"])
    cloud_points = normalise(points, cloud["normalise"])
    cloud_points.setflags(write=False)  # other steps read it too
    return cloud_points


def _in_components(points: Points, keep: int | float) -> Points:
    """Take principal components, where there are more of them than wanted."""
    if isinstance(keep, float):
        return pca(points, keep=keep).points
    if keep >= points.shape[1]:
        return points
    return pca(points, keep=min(keep, len(points))).points


def _diagrams(root: Path, payload: Mapping[str, Any]) -> Result:
    points = _cloud(root, payload["cloud"])
    found = persistence(
        points, max_dim=payload["max_dim"], metric=payload["metric"], on_progress=go_on
    )
    record = {
        "max_dim": payload["max_dim"],
        "n_points": found.n_points,
        "metric": found.metric,
        "threshold": found.threshold,
        "version": found.version,
        "duplicates": count_duplicates(points),
    }
    return Result({f"H{diagram.dimension}": diagram.pairs for diagram in found}, record)


def _describe(root: Path, payload: Mapping[str, Any]) -> Result:
    """Apply one descriptor to the cloud of every layer given, whole and halved."""
    operation = descriptor_registry[payload["name"]]
    found: list[tuple[float | None, ...]] = []
    notes: list[list[str]] = []
    for item in payload["items"]:
        subject = _subjects(root, item, operation.takes, payload["dimension"])
        try:
            result = operation.run(*subject, **payload["params"])
            found.append(_with_interval(result))
            notes += [[*item["label"], doubt] for doubt in getattr(result, "warnings", ())]
        except TopolensError as error:
            found.append((None, None, None))
            notes.append([*item["label"], str(error)])
    values, low, high = (list(column) for column in zip(*found, strict=True))
    return Result(record={"values": values, "low": low, "high": high, "notes": notes})


def _compare(root: Path, payload: Mapping[str, Any]) -> Result:
    """Compare every layer of one model with every layer of another."""
    rows = [_prepared(root, payload, item) for item in payload["rows"]]
    same = payload["columns"] == payload["rows"]
    columns = rows if same else [_prepared(root, payload, item) for item in payload["columns"]]
    values, notes = cross_prepared(metric_registry[payload["name"]], rows, columns)
    return Result({"values": values}, {"notes": list(notes)})


def _prepared(root: Path, payload: Mapping[str, Any], item: Mapping[str, Any]) -> PreparedItem:
    """Do for one layer what the metric needs once, for all pairs of models."""
    operation, dimension = metric_registry[payload["name"]], payload["dimension"]
    label = tuple(item["label"])
    what = {"item": item, "name": operation.name, "params": payload["params"]}

    def make() -> PreparedItem:
        (subject,) = _subjects(root, item, operation.takes, dimension)
        return prepare_item(operation, label, subject, payload["params"])

    return shared_work.get(_work_key(root, dimension=dimension, **what), make)


def _subjects(
    root: Path, item: Mapping[str, Any], takes: str, dimension: int | None
) -> tuple[Any, ...]:
    """Read what an operation is given of one layer: a cloud, perhaps with labels, or a diagram."""
    if takes == "diagrams":
        return (read_diagrams(root, item["diagrams"])[0 if dimension is None else dimension],)
    points = _cloud(root, item["cloud"])
    if takes == "points":
        return (points,)
    labels = ResultCache(root / "results").get(item["labels"]).arrays["labels"]
    return points, labels[_chosen_numbers(root, item["cloud"])]


def _mapper(root: Path, payload: Mapping[str, Any]) -> Result:
    return graph_result(_cloud(root, payload["cloud"]), payload)


def _purity(root: Path, payload: Mapping[str, Any]) -> Result:
    """Hold a graph against the class of each of its rows."""
    cache = ResultCache(root / "results")
    labels = cache.get(payload["labels"]).arrays["labels"]
    rows = _chosen_numbers(root, payload["cloud"])
    return purity_result(read_graph(cache.get(payload["graph"])), labels[rows], payload)


def _with_interval(result: Any) -> tuple[float | None, float | None, float | None]:  # noqa: ANN401  a descriptor's number or result object
    """Return the value and the ends of its 95 % interval, where the descriptor knows them."""
    value = float(getattr(result, "value", result))
    reach = _NORMAL_QUANTILE * float(getattr(result, "standard_error", np.nan))
    low, high = getattr(result, "low", value - reach), getattr(result, "high", value + reach)
    return _finite(value), _finite(low), _finite(high)


def _finite(value: Any) -> float | None:  # noqa: ANN401  any real number, or None
    number = np.nan if value is None else float(value)
    return number if np.isfinite(number) else None


_KINDS: dict[str, Callable[[Path, Mapping[str, Any]], Result]] = {
    "survey": _survey,
    "outliers": _outliers,
    "farthest": _farthest,
    "diagrams": _diagrams,
    "describe": _describe,
    "compare": _compare,
    "mapper": _mapper,
    "purity": _purity,
}
