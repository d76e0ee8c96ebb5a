"""The page of a store that says what its parts are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from topolens.activations.layer_batch import LayerBatch, LayerRows
from topolens.base.errors import InvalidInputError, StoreError

__all__ = ["DamagedManifest", "LayerRecord", "Manifest", "PartRecord", "as_json"]

_FORMAT = 1


class DamagedManifest(StoreError):
    """The file cannot be read as what it was, so that none of its parts can be trusted."""


@dataclass(frozen=True, slots=True)
class LayerRecord:
    """What every part holds of one layer."""

    n_features: int
    dtype: str
    rows_per_sample: int
    output_shape: tuple[int, ...]
    """Shape of the layer's output for one sample before pooling."""
    has_positions: bool
    """True if each row was taken from one position, which is stored."""

    @classmethod
    def of(cls, rows: LayerRows, batch: LayerBatch) -> LayerRecord:
        """Describe one layer of one batch."""
        return cls(
            rows.rows.shape[1],
            rows.rows.dtype.name,
            len(rows.rows) // len(batch.sample_ids),
            tuple(rows.output_shape),
            rows.positions is not None,
        )


@dataclass(frozen=True, slots=True)
class PartRecord:
    """What is known of one part file."""

    sha256: str
    n_samples: int
    nonfinite: dict[str, int]
    """Number of NaN or infinite values per layer that has any."""


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
        except FileNotFoundError:
            raise StoreError(f"`{path.parent}` is no activation store: no {path.name}") from None
        except (OSError, ValueError) as error:
            raise DamagedManifest(f"`{path}` is damaged ({error})") from None
        if not isinstance(record, dict) or record.get("format_version") != _FORMAT:
            raise StoreError(f"`{path}` is not the manifest of a store of format {_FORMAT}")
        try:
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
        """Return the text of the file, the same for equal manifests."""
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
        return (json.dumps(record, sort_keys=True, indent=1) + "\n").encode()


def as_json(record: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return `record` as it will read back from JSON, so that a comparison later is fair."""
    try:
        copied = json.loads(json.dumps(dict(record), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"`{name}` must be made of JSON values; {error}") from None
    if not isinstance(copied, dict):
        raise InvalidInputError(f"`{name}` must be a mapping; got {copied!r}")
    return copied
