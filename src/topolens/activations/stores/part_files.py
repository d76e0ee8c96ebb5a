"""Part files: safetensors written without a second copy and read row by row.

The layout is that of the safetensors format: eight bytes with the length of a JSON header, the
header, then the tensors one after the other. Writing streams every array into the file and the
digest at once; reading maps a file, so that rows that nobody asks for are never loaded.
"""

from __future__ import annotations

import hashlib
import json
import mmap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topolens.activations.hooks.layer_batch import LayerBatch
from topolens.base.errors import InvalidInputError, StoreError
from topolens.base.files import atomic_file

__all__ = ["PartLayout", "damaged", "header_bytes", "part_tensors", "read_layout", "write_part"]

# From the most strictly aligned to the least, as safetensors orders tensors.
_CODES = {"int64": "I64", "float64": "F64", "float32": "F32", "float16": "F16"}
_KINDS: dict[str, np.dtype[Any]] = {
    code: np.dtype(name).newbyteorder("<") for name, code in _CODES.items()
}
_DTYPES = tuple(_KINDS.values())
_RANKS = {code: rank for rank, code in enumerate(_KINDS)}
_BLOCK_BYTES = 1 << 20
_SPARSE = 8
"""Rows are fetched one by one when they are at most one in so many."""


def write_part(path: Path, tensors: Mapping[str, NDArray[Any]]) -> tuple[str, int]:
    """Write arrays as one safetensors file; return the SHA-256 of its bytes and their number.

    The bytes are those of `safetensors.numpy.save`; no array is copied that lies in order.

    Raises
    ------
    StoreError
        If the file cannot be written.
    """
    shapes = {name: (array.dtype.name, array.shape) for name, array in tensors.items()}
    header, names = _header(shapes)
    digest = hashlib.sha256(header)
    n_bytes = len(header)
    with atomic_file(path) as stream:
        stream.write(header)
        for name in names:
            for block in _blocks(tensors[name]):
                digest.update(block)
                stream.write(block)
                n_bytes += len(block)
    return digest.hexdigest(), n_bytes


def part_tensors(batch: LayerBatch) -> dict[str, NDArray[Any]]:
    """Return what the part file of a batch holds, by name."""
    tensors: dict[str, NDArray[Any]] = {"sample_ids": batch.sample_ids}
    if batch.predictions is not None:
        tensors["predictions"] = batch.predictions
    for name, layer in batch.layers.items():
        tensors[f"rows:{name}"] = layer.rows
        if layer.positions is not None:
            tensors[f"positions:{name}"] = layer.positions
        if layer.counts is not None and layer.counts.min() < layer.counts.max():
            tensors[f"counts:{name}"] = layer.counts
    return tensors


def header_bytes(shapes: Mapping[str, tuple[str, tuple[int, ...]]]) -> int:
    """Return the size of the header of a part file that holds tensors of these dtypes, shapes."""
    return len(_header(shapes)[0])


@dataclass(frozen=True, slots=True, eq=False)
class PartLayout:
    """Where each tensor lies in one part file."""

    path: Path
    slots: Mapping[str, int]
    """Number of each tensor; parts with the same tensors share one mapping."""
    codes: NDArray[np.int8]
    """Rank of each tensor's dtype."""
    starts: NDArray[np.int64]
    """Offset of each tensor from the beginning of the file, in bytes."""
    lengths: NDArray[np.int64]
    """Size of each tensor's first axis."""
    widths: NDArray[np.int64]
    """Size of each tensor's second axis, -1 where there is none."""

    def __contains__(self, tensor: str) -> bool:
        return tensor in self.slots

    def length(self, tensor: str) -> int:
        """Return the size of a tensor's first axis."""
        return int(self.lengths[self._slot(tensor)])

    def dtype(self, tensor: str) -> np.dtype[Any]:
        """Return the type of a tensor's values."""
        dtype: np.dtype[Any] = _DTYPES[self.codes[self._slot(tensor)]]
        return dtype

    def width(self, tensor: str) -> int:
        """Return the size of a tensor's second axis, -1 where there is none."""
        return int(self.widths[self._slot(tensor)])

    def mapped(self, tensor: str, *, at_random: bool = False) -> NDArray[Any]:
        """Return a tensor without loading it: a read-only view of the mapped file."""
        slot = self._slot(tensor)
        dtype, start = self.dtype(tensor), int(self.starts[slot])
        length, width = int(self.lengths[slot]), int(self.widths[slot])
        shape = (length,) if width < 0 else (length, width)
        n_bytes = int(np.prod(shape)) * dtype.itemsize
        if n_bytes == 0:
            return np.empty(shape, dtype)
        margin = start % mmap.ALLOCATIONGRANULARITY
        with _damage_named(self.path), self.path.open("rb") as stream:
            pages = mmap.mmap(
                stream.fileno(), n_bytes + margin, access=mmap.ACCESS_READ, offset=start - margin
            )
        if at_random:
            pages.madvise(mmap.MADV_RANDOM)
        flat: NDArray[Any] = np.frombuffer(pages, dtype, int(np.prod(shape)), margin)
        return flat.reshape(shape)

    def read_into(self, tensor: str, rows: slice | NDArray[np.int64], out: NDArray[Any]) -> None:
        """Copy rows of a tensor, consecutive ones or by number, into a contiguous array."""
        if isinstance(rows, slice):
            self._read_range(tensor, rows.start, out)
            return
        is_sparse = len(rows) * _SPARSE <= self.length(tensor)
        np.take(self.mapped(tensor, at_random=is_sparse), rows, axis=0, out=out, mode="clip")

    def _read_range(self, tensor: str, first: int, out: NDArray[Any]) -> None:
        row_bytes = out.nbytes // len(out) if len(out) else 0
        with _damage_named(self.path), self.path.open("rb", buffering=0) as stream:
            stream.seek(int(self.starts[self._slot(tensor)]) + first * row_bytes)
            rest = out.reshape(-1).view(np.uint8).data
            while rest:
                n_read = stream.readinto(rest)
                if not n_read:
                    raise damaged(self.path, "it ends too early")
                rest = rest[n_read:]

    def _slot(self, tensor: str) -> int:
        if tensor not in self.slots:
            raise damaged(self.path, f"it holds no `{tensor}`")
        return self.slots[tensor]


def read_layout(
    path: Path, n_bytes: int, known: Mapping[str, int] = MappingProxyType({})
) -> PartLayout:
    """Read the header of a part file and check that it fits the file.

    Parameters
    ----------
    path : Path
    n_bytes : int
        Size that the file had when it was written.
    known : mapping
        `slots` of another part, shared if this one holds the same tensors.

    Raises
    ------
    StoreError
        If the file is missing, or not what it was as far as the header tells.
    """
    with _damage_named(path), path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        size = stream.seek(0, 2)
        if size != n_bytes or not 2 <= length <= size - 8:
            raise damaged(path, f"it should have {n_bytes} bytes and has {size}")
        stream.seek(8)
        text = stream.read(length)
    try:
        header = json.loads(text)
        header.pop("__metadata__", None)
        rows = [_place(entry, size - 8 - length) for entry in header.values()]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise damaged(path, "its header makes no sense") from None
    columns = np.array(rows, np.int64).reshape(len(rows), 4)
    slots = {name: slot for slot, name in enumerate(header)}
    return PartLayout(
        path,
        known if known == slots else slots,
        columns[:, 0].astype(np.int8),
        columns[:, 1] + (8 + length),
        columns[:, 2].copy(),
        columns[:, 3].copy(),
    )


def damaged(path: Path, reason: object) -> StoreError:
    """Return the error for a part that cannot be used."""
    return StoreError(
        f"`{path}` is missing or damaged ({reason}); capture again into the same folder to "
        "replace it"
    )


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    """Turn what the system says about a file into the sentence for a damaged part."""
    try:
        yield
    except StoreError:
        raise
    except (OSError, ValueError) as error:
        raise damaged(path, getattr(error, "strerror", None) or error) from None


def _header(shapes: Mapping[str, tuple[str, tuple[int, ...]]]) -> tuple[bytes, list[str]]:
    """Return the beginning of the file and the names in the order in which they follow."""
    for name, (dtype, _) in shapes.items():
        if dtype not in _CODES:
            raise InvalidInputError(
                f"`{name}` must be one of {', '.join(_CODES)} to be stored; got {dtype}"
            )
    names = sorted(shapes, key=lambda name: (_RANKS[_CODES[shapes[name][0]]], name))
    header, end = {}, 0
    for name in names:
        dtype, shape = shapes[name]
        start, end = end, end + int(np.prod(shape)) * np.dtype(dtype).itemsize
        header[name] = {
            "dtype": _CODES[dtype],
            "shape": list(shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text, names


def _blocks(array: NDArray[Any]) -> Iterator[memoryview]:
    """Cut an array's bytes into blocks that stay in the processor's cache between two uses."""
    ordered = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    flat = ordered.reshape(-1).view(np.uint8).data
    for start in range(0, len(flat), _BLOCK_BYTES):
        yield flat[start : start + _BLOCK_BYTES]


def _place(entry: Mapping[str, Any], n_bytes: int) -> tuple[int, int, int, int]:
    """Return (rank of dtype, start, length, width) of a header's entry that makes sense."""
    rank, shape, (start, end) = _RANKS[entry["dtype"]], entry["shape"], entry["data_offsets"]
    itemsize = _KINDS[entry["dtype"]].itemsize
    length, width = shape if len(shape) == 2 else (*shape, -1)
    size = length * itemsize * (1 if width < 0 else width)
    if not 0 <= start <= end <= n_bytes or end - start != size or length < 0:
        raise ValueError
    return rank, start, length, width
