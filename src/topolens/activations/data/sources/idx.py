"""`idx:FOLDER`: images and labels of MNIST, Fashion-MNIST and their kin, as they are published.

The format is described on the page of MNIST: two zero bytes, the type, the number of dimensions,
their lengths as big-endian 32-bit integers, and the values.
"""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from topolens.activations.data.sources.registry import Found, Request, source
from topolens.base.checks import check_one_of
from topolens.base.errors import InvalidInputError

__all__ = ["read_idx"]

_UNSIGNED_BYTE = 8
_MAX_BYTES = 1 << 32
_PREFIX = {"train": "train", "test": "(?:t10k|test)"}


@source("idx", needs="folder", takes=("split",))
def read_idx(request: Request) -> Found:
    """Read split ``test`` or ``train``, from files that may be packed with gzip."""
    split = check_one_of(request.options.get("split", "test"), "split", ("train", "test"))
    images = _read(_only(request.path, split, "images", 3), 3)
    labels = _read(_only(request.path, split, "labels", 1), 1)
    if len(images) != len(labels):
        raise InvalidInputError(
            f"`source` must hold a label per image; `{request.path.name}` has {len(images)} images "
            f"and {len(labels)} labels"
        )
    origin = {"source": f"idx:{request.path.resolve().name}", "split": split}
    return Found(images, origin, labels)


def _only(folder: Path, split: str, kind: str, n_dims: int) -> Path:
    """Find the one file of a kind, by the names in use."""
    pattern = re.compile(rf"(?:.*-)?{_PREFIX[split]}-{kind}[-.]idx{n_dims}-ubyte(?:\.gz)?")
    found = sorted(path for path in folder.iterdir() if pattern.fullmatch(path.name))
    plain = [path for path in found if path.suffix != ".gz"]
    chosen = plain or found
    if len(chosen) != 1:
        usual = f"{'train' if split == 'train' else 't10k'}-{kind}-idx{n_dims}-ubyte"
        got = ", ".join(f"`{path.name}`" for path in chosen) or "none"
        raise InvalidInputError(
            f"`source` must hold one file like `{usual}` or `{usual}.gz`; got {got}"
        )
    return chosen[0]


def _read(path: Path, n_dims: int) -> NDArray[np.uint8]:
    head = 4 + 4 * n_dims
    content = _content(path, head)
    if len(content) < head or content[:4] != bytes([0, 0, _UNSIGNED_BYTE, n_dims]):
        raise InvalidInputError(
            f"`{path.name}` must be an IDX file of bytes in {n_dims} dimensions; it begins with "
            f"{content[:4].hex(' ') or 'nothing'}"
        )
    shape = tuple(np.frombuffer(content, ">u4", n_dims, 4).tolist())
    size = int(np.prod(shape, dtype=object))
    if size > _MAX_BYTES:
        raise InvalidInputError(
            f"`{path.name}` must declare at most {_MAX_BYTES:,} values; got {size:,}"
        )
    values = _content(path, head + size + 1)[head:]
    if len(values) != size:
        there = "more" if len(values) > size else f"{len(values):,}"
        raise InvalidInputError(
            f"`{path.name}` must hold the {size:,} values that it declares; it holds {there}"
        )
    return np.frombuffer(values, np.uint8).reshape(shape)


def _content(path: Path, n_bytes: int) -> bytes:
    """Read the beginning of a file; of a packed one no more is unpacked."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            return stream.read(n_bytes)
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidInputError(
            f"`{path.name}` must be a whole file; it is damaged ({error})"
        ) from None
