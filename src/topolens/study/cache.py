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
                record = json.loads((file.metadata() or {})[_RECORD])
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise StoreError(f"`{path}` is missing or damaged ({error})") from None
        return Result(arrays, record)

    def put(self, key: str, result: Result) -> None:
        """Write a result; equal results give equal bytes."""
        make_folder(self.folder)
        arrays = {name: np.ascontiguousarray(array) for name, array in result.arrays.items()}
        text = json.dumps(dict(result.record), sort_keys=True, separators=(",", ":"))
        write_atomically(self._path(key), save(arrays, {_RECORD: text}))

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.safetensors"
