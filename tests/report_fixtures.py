"""Studies made up in memory, realistic and extreme, for what reads studies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import topolens as tl
from topolens.base.results import Diagram, Diagrams, DistanceMatrix
from topolens.study.mapped import (
    GRAPH_COLUMNS,
    MAPPED_COLUMNS,
    PURITY_COLUMNS,
    MappedLayer,
    graph_numbers,
    purity_lines,
)
from topolens.study.results import LayerSummary, ModelSummary, StepFailure
from topolens.study.spec import CloudSpec, MapperSpec, ModelSpec, OperationSpec, StudySpec

SW1, SW0, CKA = "sliced_wasserstein H1", "sliced_wasserstein H0", "linear_cka"
MEASURES = ("lifespan_sum H0", "lifespan_sum H1", "bar_count H0", "bar_count H1")
NASTY = "<script>alert(1)</script>\"&'"
COLUMNS = ("model", "family", "seed", "epoch", "layer", "index", "depth", "cloud", "measure")
COLUMNS = (*COLUMNS, "value", "low", "high", "n_points")


@dataclass
class FakeStudy:
    """A study whose every number is given; resample None is the full sample."""

    models: tuple[ModelSummary, ...]
    spec: StudySpec
    clouds: tuple[str, ...] = ("scaled",)
    measures: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    n_resamples: int = 0
    failures: tuple[StepFailure, ...] = ()
    warnings: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    root: Path = Path("study")
    values: dict[tuple[str, str], dict[tuple[str, str], list[float]]] = field(default_factory=dict)
    """(measure, cloud) -> (model, layer) -> value, then the values on the half-samples."""
    matrices: dict[tuple[str, str, int | None], DistanceMatrix] = field(default_factory=dict)
    bars: dict[tuple[str, str, str, int | None], Diagrams] = field(default_factory=dict)
    doubts: dict[tuple[str, str], tuple[tuple[str, str, str], ...]] = field(default_factory=dict)
    """(measure, cloud) -> (model, layer, sentence) of what the measure doubts."""
    graphs: dict[tuple[str, str, str], MappedLayer] = field(default_factory=dict)
    """(mapper, model, layer) -> graph with what is known of it."""

    @property
    def mappers(self):
        return tuple(one.name for one in self.spec.mapper)

    def mapped(self, mapper, model, layer):
        return self.graphs.get((mapper, model, layer))

    def mapper_table(self):
        rows = [
            (*where, *graph_numbers(one.graph, one.eps)) for where, one in self._mapped_layers()
        ]
        return pd.DataFrame(rows, columns=[*MAPPED_COLUMNS, *GRAPH_COLUMNS])

    def purity_table(self):
        rows = [
            (*where, *line)
            for where, one in self._mapped_layers()
            if one.purity is not None
            for line in purity_lines(one.purity, one.classes)
        ]
        return pd.DataFrame(rows, columns=[*MAPPED_COLUMNS, *PURITY_COLUMNS])

    def _mapped_layers(self):
        for mapper in self.mappers:
            for model in self.models:
                for layer in model.layers:
                    found = self.mapped(mapper, model.name, layer.name)
                    if found is not None:
                        who = (mapper, model.name, model.family, model.seed, model.epoch)
                        yield (*who, layer.name, layer.index, layer.depth), found

    def unit(self, label):
        return "distance" if label.startswith(("lifespan", "sliced")) else ""

    def diagrams(self, model, layer, cloud, *, resample=None):
        return self.bars.get((model, layer, cloud, resample))

    def distances(self, metric, cloud, *, resample=None):
        return self.matrices.get((metric, cloud, resample))

    def resampled_values(self, measure, cloud):
        return {key: list(v[1:]) for key, v in self.values.get((measure, cloud), {}).items()}

    def notes(self, measure, cloud):
        return self.doubts.get((measure, cloud), ())

    def table(self):
        places = {(m.name, one.name): (m, one) for m in self.models for one in m.layers}
        rows = []
        for (measure, cloud), entries in self.values.items():
            for label, series in entries.items():
                model, layer = places[label]
                spread = 1.96 * np.std(series[1:]) if len(series) > 1 else np.nan
                who = (model.name, model.family, model.seed, model.epoch)
                where = (layer.name, layer.index, layer.depth, cloud, measure)
                band = (series[0], series[0] - spread, series[0] + spread)
                rows.append((*who, *where, *band, layer.n_points))
        return pd.DataFrame(rows, columns=COLUMNS)


def make_model(name, layers, *, family="net", seed=0, accuracy=0.9, n_points=500, problem=None):
    """A model whose layers are names."""
    steps = max(1, len(layers) - 1)
    summaries = tuple(
        LayerSummary(layer, i, i / steps, n_points, 16 * (i + 1), n_points, 0, 0)
        for i, layer in enumerate(layers)
    )
    return ModelSummary(
        name, f"zoo:{family}", family, seed, None, accuracy, n_points, 12345, summaries, problem
    )


def make_spec(models, clouds=("scaled",), name="a study"):
    """A spec that fits made-up models; the cloud `raw` keeps its scale."""
    return StudySpec(
        name=name,
        description="Made up.",
        models=[ModelSpec(name=model.name[:80], activations="x.npz") for model in models],
        clouds=[
            CloudSpec(name=cloud, normalise="none" if cloud == "raw" else "median")
            for cloud in clouds
        ],
    )


def make_study(models, *, clouds=("scaled",), n_resamples=0, name="a study", **fields):
    """A study with models and nothing measured yet."""
    return FakeStudy(
        tuple(models),
        make_spec(models, clouds, name),
        tuple(clouds),
        n_resamples=n_resamples,
        **fields,
    )


def matrix_of(models, distances, metric=SW1, *, is_similarity=False):
    """A distance matrix over all layers of all models in order."""
    labels = tuple((m.name, layer.name) for m in models for layer in m.layers)
    values = np.asarray(distances, float)
    symmetric = np.array_equal(values, values.T, equal_nan=True)
    return DistanceMatrix(values, labels, metric, is_similarity, symmetric=symmetric)


def on_a_line(models, positions, metric=SW1):
    """A distance matrix of layers that sit at given positions on a line."""
    where = np.asarray(positions, float)
    return matrix_of(models, np.abs(where[:, None] - where[None, :]), metric)


def bars_at(births, deaths, n_points=500, h0=None):
    """Diagrams with given loops."""
    h0 = np.linspace(0.1, 0.5, 20) if h0 is None else np.asarray(h0)
    pieces = np.stack([np.zeros(len(h0) + 1), np.append(h0, np.inf)], axis=1)
    loops = np.stack([np.asarray(births, float), np.asarray(deaths, float)], axis=1)
    return Diagrams((Diagram(0, pieces), Diagram(1, loops)), n_points, "euclidean", 2.0, "0.1.0")


def realistic_study(
    sizes=(9, 9, 9),
    *,
    families=None,
    clouds=("scaled", "raw"),
    n_resamples=4,
    n_points=300,
    n_loops=60,
    seed=0,
    name="Digits, three seeds",
    layer_name="block{0}.conv",
    model_name="net-{0}",
):
    """Models that make loops early and lose them late, with everything measured."""
    rng = np.random.default_rng(seed)
    families = families or ["resnet"] * len(sizes)
    models = [
        make_model(
            model_name.format(i),
            [layer_name.format(k) for k in range(size)],
            family=family,
            seed=i,
            accuracy=0.9 + 0.01 * i,
            n_points=n_points,
        )
        for i, (size, family) in enumerate(zip(sizes, families, strict=True))
    ]
    study = make_study(models, clouds=clouds, n_resamples=n_resamples, name=name)
    study.measures, study.metrics = MEASURES, (SW1, SW0, CKA)
    study.provenance = {
        "topolens": "0.1.0",
        "python": "3.11",
        "data": {"source": "digits", "digest": "ab" * 8, "samples": n_points},
    }
    kinds = sorted(set(families))
    for cloud in clouds:
        for model in models:
            _fill_layers(study, model, cloud, kinds.index(model.family), n_loops, rng)
        _fill_matrices(study, cloud, kinds, rng)
    return study


def _fill_layers(study, model, cloud, kind, n_loops, rng):
    for layer in model.layers:
        hump = np.exp(-(((layer.depth - 0.3 - 0.2 * kind) / 0.25) ** 2)) + 0.03
        scale = np.exp(rng.normal(0, 0.7)) * 5 if cloud == "raw" else 1.0
        for resample in (None, *range(study.n_resamples)):
            share = 1.0 if resample is None else 0.5
            count = max(1, int(n_loops * share * (0.3 + hump)))
            births = scale * (0.4 + 0.3 * rng.random(count))
            deaths = births + scale * hump * 0.2 * rng.exponential(1, count)
            h0 = scale * np.sort(0.2 + (0.7 - 0.4 * layer.depth) * rng.random(layer.n_points - 1))
            diagrams = bars_at(births, deaths, layer.n_points, h0)
            study.bars[model.name, layer.name, cloud, resample] = diagrams
            for measure in MEASURES:
                degree = int(measure[-1])
                lifetimes = diagrams[degree].lifetimes
                value = lifetimes.sum() if "sum" in measure else len(lifetimes)
                entry = study.values.setdefault((measure, cloud), {})
                entry.setdefault((model.name, layer.name), []).append(float(value))


def _fill_matrices(study, cloud, kinds, rng):
    depth = np.array([one.depth for m in study.models for one in m.layers])
    kind = np.array([kinds.index(m.family) for m in study.models for _ in m.layers])
    seeds = np.array([i for i, m in enumerate(study.models) for _ in m.layers])
    own = rng.normal(0, 0.05, (len(study.models), 3))[seeds]
    base = np.stack([3 * depth, np.sin(3 * depth), 0.7 * kind], axis=1) + own
    for resample in (None, *range(study.n_resamples)):
        place = base + rng.normal(0, 0.04, base.shape)
        if cloud == "raw":
            totals = study.values["lifespan_sum H1", cloud]
            place[:, 0] += [totals[label][0] for label in totals]
        gaps = np.linalg.norm(place[:, None] - place[None, :], axis=2)
        for metric in (SW1, SW0):
            study.matrices[metric, cloud, resample] = matrix_of(study.models, gaps, metric)
        alike = np.exp(-gaps)
        study.matrices[CKA, cloud, resample] = matrix_of(
            study.models, alike, CKA, is_similarity=True
        )


def damaged_study():
    """One model failed as a whole, one layer was not finite; names try to break out."""
    study = realistic_study((5, 5, 4), families=["cnn", "cnn", "vit"], layer_name="blk{0}")
    whole, nasty, vit = study.models
    broken = replace(whole.layers[2], nonfinite=17, problem="17 values are NaN or infinite")
    layers = (*whole.layers[:2], broken, *whole.layers[3:])
    study.models = (
        replace(whole, layers=layers),
        nasty,
        vit,
        replace(make_model("lost", []), problem="the weights do not fit the network"),
    )
    label = (whole.name, broken.name)
    for entries in study.values.values():
        entries.pop(label)
    for matrix in study.matrices.values():
        index = matrix.labels.index(label)
        matrix.values[index, :] = np.nan
        matrix.values[:, index] = np.nan
    study.bars = {key: bars for key, bars in study.bars.items() if key[:2] != label}
    study.failures = (StepFailure("diagrams/net-0/blk2/scaled", "the cloud is not finite"),)
    study.warnings = ("Layer blk1 of net-1 holds 12 duplicated rows.",)
    return study


def nasty_study():
    """Every name that a person may choose tries to break out of its place."""
    return realistic_study(
        (3, 3),
        families=["f" + NASTY, "g" + NASTY],
        name="study " + NASTY,
        layer_name=NASTY + "{0}",
        model_name="$m_{{1}}$" + NASTY + "{0}",
        clouds=("c" + NASTY, "raw"),
    )


def many_operations_study(sizes=(19,) * 5, *, n_measures=20, n_metrics=20, **kwargs):
    """A study with many measures and metrics, among them the worst that may be registered.

    Metrics in turn: distances, similarities, not symmetric, with undefined entries, over fifty
    orders of magnitude, with infinite entries, negative similarities, undefined throughout.
    """
    study = realistic_study(sizes, **kwargs)
    rng = np.random.default_rng(1)
    measures = [
        OperationSpec(name="lifespan_sum", dimension=k % 3, params={"alpha": 1.0 + k})
        for k in range(n_measures - len(MEASURES))
    ]
    metrics = [
        OperationSpec(name="sliced_wasserstein", dimension=k % 3, params={"directions": 10 + k})
        for k in range((n_metrics - 3) // 2)
    ]
    study.spec = study.spec.model_copy(
        update={
            "descriptors": (*study.spec.descriptors, *measures),
            "comparisons": (*study.spec.comparisons, *metrics),
        }
    )
    foreign = [f"foreign_{k}" for k in range(n_metrics - 3 - len(metrics))]
    study.measures = (*study.measures, *(one.label for one in measures))
    study.metrics = (*study.metrics, *(one.label for one in metrics), *foreign)
    for cloud in study.clouds:
        for place, measure in enumerate(measures):
            _fill_odd_measure(study, measure.label, cloud, place, rng)
        for place, metric in enumerate(study.metrics[3:]):
            for resample in (None, *range(study.n_resamples)):
                base = study.matrices[SW1, cloud, resample].values
                study.matrices[metric, cloud, resample] = _odd_matrix(
                    study, base, metric, place, rng
                )
    return study


def _fill_odd_measure(study, measure, cloud, place, rng):
    labels = [(m.name, one.name) for m in study.models for one in m.layers]
    scale = 10.0 ** rng.uniform(-25, 25, len(labels)) if place % 5 == 1 else np.ones(len(labels))
    offset = -3.0 if place % 5 == 2 else 1e9 if place % 5 == 3 else 0.0
    entries = {
        label: list(offset + size * (1 + rng.random(1 + study.n_resamples)))
        for label, size in zip(labels, scale, strict=True)
    }
    if place % 5 == 4:
        for label in labels[::3]:
            entries[label] = [np.nan] * (1 + study.n_resamples)
    study.values[measure, cloud] = entries


def _odd_matrix(study, base, metric, place, rng):
    noise = rng.normal(0, 0.2, base.shape)
    values = base + np.abs(noise + noise.T) * (1 - np.eye(len(base)))
    kind = place % 8
    if kind == 2:
        values = values + np.abs(noise)
    elif kind == 3:
        values[1, 4] = values[7, :] = values[:, 7] = np.nan
    elif kind == 4:
        values = 10.0 ** (25 * (values / values.max() - 0.5)) * 1e12
    elif kind == 5:
        values[2, 5] = values[5, 2] = np.inf
    elif kind == 6:
        values = 0.5 - values
    elif kind == 7:
        values = np.full_like(values, np.nan)
    similar = kind in (1, 6)
    values = np.exp(-values) if kind == 1 else values
    return matrix_of(study.models, values, metric, is_similarity=similar)


def mapped_layer(apart, *, n_classes=3, n_points=240, seed=0, names=None, labelled=True):
    """A Mapper graph of clusters, one per class, `apart` times their width apart."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n_points) % n_classes
    centres = rng.normal(size=(n_classes, 4)) * apart
    points = centres[labels] + rng.normal(size=(n_points, 4))
    curve = tl.eps_curve(points)
    graph = tl.mapper_graph(
        points,
        tl.lens_values("l2_norm", points),
        cover=tl.UniformCover(8, 0.4),
        cluster=tl.DBSCAN(curve.eps, 3),
    )
    return MappedLayer(
        graph.placed(tl.mapper_layout(graph)),
        curve.eps,
        curve,
        tl.purity(graph, labels, permutations=20) if labelled else None,
        tuple(names or (f"class {k}" for k in range(n_classes))) if labelled else (),
    )


def mapped_study(*, mappers=("norm",), n_layers=3, nasty=False, **layer):
    """Two models whose classes come apart with depth, in graphs under each name."""
    end = NASTY if nasty else ""
    names = [f"layer{k}{end}" for k in range(n_layers)]
    models = [make_model(f"net-{k}{end}", names, family=f"f{k}") for k in range(2)]
    study = make_study(models)
    tables = tuple(MapperSpec(name=f"{name}{end}") for name in mappers)
    study.spec = study.spec.model_copy(update={"mapper": tables})
    if nasty:
        layer = {"names": [f"c{k}{end}" for k in range(3)], **layer}
    study.graphs = {
        (table.name, model.name, name): mapped_layer(1 + 3 * k, seed=m, **layer)
        for table in tables
        for m, model in enumerate(models)
        for k, name in enumerate(names)
    }
    return study
