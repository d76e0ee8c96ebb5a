"""Which result belongs where: the page that turns a folder of keys into a study."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from topolens.base.errors import StoreError
from topolens.base.files import write_atomically
from topolens.study.results import LayerSummary, ModelSummary, StepFailure
from topolens.study.spec import StudySpec

__all__ = ["CloudSummary", "Entry", "Index", "LayerOutliers"]

_FORMAT = 1
_FILE = "study.json"


@dataclass(frozen=True, slots=True)
class LayerOutliers:
    """How many rows of a layer are local outliers."""

    model: str
    layer: str
    n_outliers: int
    n_rows: int
    """All rows that were captured."""


@dataclass(frozen=True, slots=True)
class CloudSummary:
    """One way the layers became clouds."""

    name: str
    normalise: str
    n_points: int
    corresponding: bool
    """True if row i is the same sample in every layer."""
    outliers: tuple[LayerOutliers, ...] = ()
    """Of every layer, where the cloud leaves outliers out."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A result and the coordinates it is looked up by."""

    key: str
    where: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Index:
    """Everything about a study but the numbers; holds no times and no machine paths."""

    spec: StudySpec
    models: tuple[ModelSummary, ...] = ()
    clouds: tuple[CloudSummary, ...] = ()
    diagrams: tuple[Entry, ...] = ()
    measures: tuple[Entry, ...] = ()
    distances: tuple[Entry, ...] = ()
    graphs: tuple[Entry, ...] = ()
    purities: tuple[Entry, ...] = ()
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of the classes by model, where there are any; a label is a place in them."""
    failures: tuple[StepFailure, ...] = ()
    warnings: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def write(self, root: Path) -> None:
        """Write the index of the study in `root`."""
        record = {
            "format_version": _FORMAT,
            "spec": self.spec.model_dump(mode="json"),
            "models": [asdict(model) for model in self.models],
            "clouds": [asdict(cloud) for cloud in self.clouds],
            "diagrams": [asdict(entry) for entry in self.diagrams],
            "measures": [asdict(entry) for entry in self.measures],
            "distances": [asdict(entry) for entry in self.distances],
            "graphs": [asdict(entry) for entry in self.graphs],
            "purities": [asdict(entry) for entry in self.purities],
            "classes": {model: list(names) for model, names in self.classes.items()},
            "failures": [asdict(failure) for failure in self.failures],
            "warnings": list(self.warnings),
            "provenance": dict(self.provenance),
        }
        text = json.dumps(record, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
        write_atomically(root / _FILE, text.encode())

    @classmethod
    def read(cls, root: Path) -> Index:
        """Read the index of the study in `root`; StoreError if there is none or it is damaged."""
        path = root / _FILE
        try:
            record = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise StoreError(
                f"`{root}` holds no study that has run; start one with "
                f"`topolens run STUDY --out {root}`"
            ) from None
        except (OSError, ValueError) as error:
            raise StoreError(f"`{path}` is damaged ({error})") from None
        if not isinstance(record, dict) or record.get("format_version") != _FORMAT:
            raise StoreError(f"`{path}` is not a study of format {_FORMAT}; run it again")
        try:
            return cls._from_record(record)
        except (KeyError, TypeError, AttributeError, ValueError):
            raise StoreError(f"`{path}` does not hold a whole study; run it again") from None

    @classmethod
    def _from_record(cls, record: Mapping[str, Any]) -> Index:
        return cls(
            spec=_spec(record["spec"]),
            models=tuple(_model(model) for model in record["models"]),
            clouds=tuple(_cloud(cloud) for cloud in record["clouds"]),
            diagrams=_entries(record["diagrams"]),
            measures=_entries(record["measures"]),
            distances=_entries(record["distances"]),
            graphs=_entries(record.get("graphs", ())),
            purities=_entries(record.get("purities", ())),
            classes={model: tuple(names) for model, names in record.get("classes", {}).items()},
            failures=tuple(StepFailure(**failure) for failure in record["failures"]),
            warnings=tuple(record["warnings"]),
            provenance=record["provenance"],
        )


def _entries(records: Sequence[Mapping[str, Any]]) -> tuple[Entry, ...]:
    return tuple(Entry(**record) for record in records)


def _cloud(record: Mapping[str, Any]) -> CloudSummary:
    outliers = tuple(LayerOutliers(**layer) for layer in record.get("outliers", ()))
    return CloudSummary(**{**record, "outliers": outliers})


def _model(record: Mapping[str, Any]) -> ModelSummary:
    layers = tuple(
        LayerSummary(**{**layer, "output_shape": tuple(layer.get("output_shape", ()))})
        for layer in record["layers"]
    )
    return ModelSummary(**{**record, "layers": layers})


def _spec(record: Mapping[str, Any]) -> StudySpec:
    """Undo `model_dump`, which writes an operation's parameters as a table of their own."""
    flat = dict(record)
    for kind in ("descriptors", "comparisons"):
        flat[kind] = [_operation(item) for item in record[kind]]
    return StudySpec.model_validate(flat)


def _operation(item: Mapping[str, Any]) -> dict[str, Any]:
    given = {"name": item["name"], **item["params"]}
    return given if item["dimension"] is None else {**given, "dimension": item["dimension"]}
