"""`cifar10:FOLDER` and `cifar100:FOLDER`: the binary version of both data sets.

One record is the label (for CIFAR-100 the coarse one and the fine one) and 3 x 32 x 32 bytes,
channel by channel (Krizhevsky 2009 and the description that comes with the files).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from topolens.activations.data.sources.registry import Found, Request, source
from topolens.base.checks import check_one_of
from topolens.base.errors import InvalidInputError

__all__ = ["read_cifar10", "read_cifar100"]

_PIXELS = ("pixels", "u1", (3, 32, 32))
_CIFAR10 = np.dtype([("label", "u1"), _PIXELS])
_CIFAR100 = np.dtype([("coarse", "u1"), ("fine", "u1"), _PIXELS])
_CIFAR10_FILES = {
    "train": [f"data_batch_{number}.bin" for number in range(1, 6)],
    "test": ["test_batch.bin"],
}


@source("cifar10", needs="folder", takes=("split",))
def read_cifar10(request: Request) -> Found:
    """Read split ``test`` or ``train``; the folder may be the one around the files' own."""
    split = check_one_of(request.options.get("split", "test"), "split", ("train", "test"))
    folder = _folder(request.path, "cifar-10", "data_batch_1", "test_batch")
    records = _records(folder, _CIFAR10_FILES[split], _CIFAR10)
    origin = {"source": "cifar10", "split": split}
    labels = _checked(records["label"], 10, folder)
    return Found(records["pixels"], origin, labels, _names(folder / "batches.meta.txt", 10))


@source("cifar100", needs="folder", takes=("split", "labels"))
def read_cifar100(request: Request) -> Found:
    """Read split ``test`` or ``train`` with the 100 ``fine`` labels or the 20 ``coarse`` ones."""
    split = check_one_of(request.options.get("split", "test"), "split", ("train", "test"))
    kind = check_one_of(request.options.get("labels", "fine"), "labels", ("fine", "coarse"))
    n_classes = 100 if kind == "fine" else 20
    folder = _folder(request.path, "cifar-100", "train", "test")
    records = _records(folder, [f"{split}.bin"], _CIFAR100)
    origin = {"source": "cifar100", "split": split, "labels": kind}
    labels = _checked(records[kind], n_classes, folder)
    names = _names(folder / f"{kind}_label_names.txt", n_classes)
    return Found(records["pixels"], origin, labels, names)


def _folder(path: Path, name: str, *pickles: str) -> Path:
    """Return the folder of the files; the Python version is refused with what to get instead."""
    inner = path / f"{name}-binary", path / f"{name}-batches-bin"
    folder = next((place for place in inner if place.is_dir()), path)
    python = [path, path / f"{name}-batches-py", path / f"{name}-python"]
    if not list(folder.glob("*.bin")) and any((p / f).is_file() for p in python for f in pickles):
        raise InvalidInputError(
            f"`source` must hold the binary version of {name.upper()}; `{path.name}` holds the "
            "Python version, pickles, which are not read because reading them can run code: get "
            f"{name}-binary.tar.gz, from the same page, and unpack it"
        )
    return folder


def _records(folder: Path, files: Sequence[str], kind: np.dtype[np.void]) -> NDArray[np.void]:
    parts = [_part(folder / file, kind) for file in files]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _part(path: Path, kind: np.dtype[np.void]) -> NDArray[np.void]:
    """Map one file into memory."""
    if not path.is_file():
        raise InvalidInputError(f"`source` must hold `{path.name}`; `{path.parent}` does not")
    size = path.stat().st_size
    if size == 0 or size % kind.itemsize:
        raise InvalidInputError(
            f"`{path.name}` must be a multiple of {kind.itemsize} bytes, one record per image; "
            f"got {size}, so it is cut or something else"
        )
    return np.memmap(path, dtype=kind, mode="r")


def _checked(labels: NDArray[np.uint8], n_classes: int, folder: Path) -> NDArray[np.int64]:
    if labels.max() >= n_classes:
        raise InvalidInputError(
            f"labels of CIFAR must be below {n_classes}; `{folder.name}` holds {labels.max()}, so "
            "its files are damaged or something else"
        )
    return labels.astype(np.int64)


def _names(path: Path, n_classes: int) -> NDArray[np.str_] | None:
    """Return the names of the classes, where the file is there and says so many."""
    try:
        lines = path.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError):
        return None
    return np.array(lines) if len(lines) == n_classes else None
