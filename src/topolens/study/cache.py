"""Results on disk: one file per step under its content key, whole or not there at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from topolens.base.errors import StoreError
from topolens.base.files import make_folder, write_atomically
from topolens.base.hashing import array_digest, content_key

__all__ = ["Result", "ResultCache", "is_whole"]

# One metadata key only: the order of several is not the same from run to run.
_RECORD = "topolens"


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What a step leaves behind: named arrays and a JSON record."""

    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)


def is_whole(path: Path) -> bool:
    """Tell whether a safetensors file is there and as long as its header says."""
    try:
        with safe_open(path, framework="numpy"):
            return True
    except (OSError, SafetensorError):
        return False


@dataclass(frozen=True, slots=True)
class ResultCache:
    """A folder of results, safe for many writers because no two write the same name."""

    folder: Path

    def has(self, key: str) -> bool:
        """Tell whether a readable result lies under `key`."""
        try:
            self.get(key)
        except StoreError:
            return False
        return True

    def get(self, key: str) -> Result:
        """Read the result under `key`; StoreError if it is missing or damaged."""
        path = self._path(key)
        try:
            with safe_open(path, framework="numpy") as file:
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
                page = json.loads((file.metadata() or {})[_RECORD])
            record, digest = page["record"], page["digest"]
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise StoreError(f"`{path}` is missing or damaged ({error})") from None
        if _digest(arrays, record) != digest:
            raise StoreError(f"`{path}` is damaged: its values are not those that were written")
        return Result(arrays, record)

    def put(self, key: str, result: Result) -> None:
        """Write a result; equal results give equal bytes."""
        make_folder(self.folder)
        arrays = {name: np.ascontiguousarray(array) for name, array in result.arrays.items()}
        record = dict(result.record)
        page = {"record": record, "digest": _digest(arrays, record)}
        text = json.dumps(page, sort_keys=True, separators=(",", ":"))
        write_atomically(self._path(key), save(arrays, {_RECORD: text}))

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.safetensors"


def _digest(arrays: Mapping[str, NDArray[Any]], record: Mapping[str, Any]) -> str:
    """Name the contents, so that a bit that flipped on the disk is seen and computed again."""
    digests = {name: array_digest(array) for name, array in arrays.items()}
    return content_key({"arrays": digests, "record": record})
