"""The page of a store that says what its parts are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from topolens.activations.hooks.layer_batch import LayerBatch, LayerRows
from topolens.base.errors import InvalidInputError, StoreError

__all__ = [
    "DamagedManifest",
    "LayerRecord",
    "Manifest",
    "PartRecord",
    "as_json",
    "first_difference",
]

_FORMAT = 2


class DamagedManifest(StoreError):
    """The file cannot be read as what it was, so that none of its parts can be trusted."""


@dataclass(frozen=True, slots=True)
class LayerRecord:
    """What every part holds of one layer."""

    n_features: int
    dtype: str
    rows_per_sample: int | None
    """None where samples have unequal numbers of rows."""
    output_shape: tuple[int, ...]
    """Shape of the layer's output for one sample before pooling."""
    has_positions: bool
    """True if each row was taken from one position, which is stored."""
    module_type: str
    """Class name of the module, empty if the rows come from elsewhere."""
    site: str
    """The side of the module that the rows were taken from, `input` or `output`."""

    @classmethod
    def of(cls, rows: LayerRows, batch: LayerBatch) -> LayerRecord:
        """Describe one layer of one batch."""
        is_even = rows.counts is None or rows.counts.min() == rows.counts.max()
        return cls(
            rows.rows.shape[1],
            rows.rows.dtype.name,
            len(rows.rows) // len(batch.sample_ids) if is_even else None,
            tuple(rows.output_shape),
            rows.positions is not None,
            rows.module_type,
            rows.site,
        )

    def merged(self, other: LayerRecord) -> LayerRecord | None:
        """Describe the parts of two descriptions together, or None if they do not go together."""
        if self.rows_per_sample != other.rows_per_sample:
            self, other = replace(self, rows_per_sample=None), replace(other, rows_per_sample=None)
        return self if self == other else None


@dataclass(frozen=True, slots=True)
class PartRecord:
    """What is known of one part file."""

    sha256: str
    n_bytes: int
    n_samples: int
    nonfinite: dict[str, int]
    """Number of NaN or infinite values per layer that has any."""
    made_from: str | None = None
    """Digest of the inputs and the sample ids that the model was shown, where it is known."""
    sums: dict[str, float] = field(default_factory=dict)
    """What the model's output adds up to over the part, by name."""


@dataclass(slots=True)
class Manifest:
    """Everything about a store but the numbers."""

    spec: dict[str, Any]
    settings: dict[str, Any] | None = None
    layers: dict[str, LayerRecord] = field(default_factory=dict)
    parts: dict[int, PartRecord] = field(default_factory=dict)
    has_predictions: bool = False
    complete: bool = False
    summary: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> Manifest:
        """Begin the manifest of an empty store."""
        return cls(as_json(spec, "spec"))

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Read a manifest; a missing, damaged or unknown one is a StoreError."""
        try:
            record = json.loads(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            raise StoreError(f"`{path.parent}` is no activation store: no {path.name}") from None
        except (OSError, ValueError, RecursionError) as error:
            raise DamagedManifest(f"`{path}` is damaged ({error})") from None
        _check_format(record, path)
        try:
            if record.pop("sha256") != _digest(record):
                raise DamagedManifest(f"`{path}` is damaged (it is not what was written)")
            return cls._from_dict(record)
        except (KeyError, TypeError, AttributeError) as error:
            raise DamagedManifest(f"`{path}` is damaged ({error!r})") from None

    @classmethod
    def _from_dict(cls, record: Mapping[str, Any]) -> Manifest:
        layers = {
            layer.pop("name"): LayerRecord(
                **{**layer, "output_shape": tuple(layer["output_shape"])}
            )
            for layer in record["layers"]
        }
        parts = {part.pop("index"): PartRecord(**part) for part in record["parts"]}
        names = ("spec", "settings", "has_predictions", "complete", "summary")
        return cls(**{name: record[name] for name in names}, layers=layers, parts=parts)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Mark the store complete."""
        self.summary = as_json(summary, "summary")
        self.complete = True

    def to_bytes(self) -> bytes:
        """Return the text of the file, the same for equal manifests: a line per layer and part."""
        record = {
            "format_version": _FORMAT,
            "spec": self.spec,
            "settings": self.settings,
            "layers": [{"name": name, **asdict(layer)} for name, layer in self.layers.items()],
            "parts": [{"index": i, **asdict(part)} for i, part in sorted(self.parts.items())],
            "has_predictions": self.has_predictions,
            "complete": self.complete,
            "summary": self.summary,
        }
        record["sha256"] = _digest(record)
        lines = [f"{json.dumps(key)}: {_value(value)}" for key, value in record.items()]
        return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def as_json(record: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return `record` as it will read back from JSON, so that a comparison later is fair."""
    try:
        copied = json.loads(json.dumps(dict(record), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"`{name}` must be made of JSON values; {error}") from None
    if not isinstance(copied, dict):
        raise InvalidInputError(f"`{name}` must be a mapping; got {copied!r}")
    return copied


def first_difference(
    there: Mapping[str, Any], wanted: Mapping[str, Any]
) -> tuple[str, Any, Any] | None:
    """Return the first place where two records differ, `outer.inner`, with both values."""
    for key in sorted(there.keys() | wanted.keys()):
        old, new = there.get(key), wanted.get(key)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            inner = first_difference(old, new)
            if inner is not None:
                return f"{key}.{inner[0]}", *inner[1:]
        return key, old, new
    return None


def _check_format(record: object, path: Path) -> None:
    version = record.get("format_version") if isinstance(record, dict) else None
    if version == _FORMAT:
        return
    if isinstance(version, int) and not isinstance(version, bool) and version > 0:
        age = "an older" if version < _FORMAT else "a newer"
        raise StoreError(
            f"`{path.parent}` is a store of format {version}, written by {age} TopoLens; this one "
            f"reads format {_FORMAT}: remove the folder and capture again, or use that version"
        )
    raise StoreError(f"`{path}` is not the manifest of a store of format {_FORMAT}")


def _digest(record: Mapping[str, Any]) -> str:
    text = json.dumps(record, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _value(value: object) -> str:
    if isinstance(value, list) and value:
        return "[\n " + ",\n ".join(json.dumps(item, sort_keys=True) for item in value) + "\n]"
    return json.dumps(value, sort_keys=True)
