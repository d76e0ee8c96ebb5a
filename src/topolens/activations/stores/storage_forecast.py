"""How much a capture will write, from the rows of a few samples, and whether it fits."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from topolens.activations.hooks.layer_batch import LayerBatch
from topolens.activations.stores.part_files import header_bytes, part_tensors
from topolens.base.errors import StoreError
from topolens.base.sizes import size_text

__all__ = ["batch_sizes", "check_room", "forecast_bytes"]

_SHARE_KEPT_FREE = 0.01
_BYTES_KEPT_FREE = 1 << 20


def batch_sizes(n_samples: int, batch_size: int) -> list[int]:
    """Return the number of samples of every part of a capture."""
    return [min(batch_size, n_samples - start) for start in range(0, n_samples, batch_size)]


def forecast_bytes(example: LayerBatch, sizes: Sequence[int]) -> int:
    """Return the size of the part files of a capture.

    Exact where all samples have equally many rows; elsewhere the samples of `example` stand for
    all. The manifest, some 300 bytes per layer and 250 per part, is not counted.

    Parameters
    ----------
    example : LayerBatch
        What some samples leave behind, at least one.
    sizes : sequence of int
        Samples of each part.
    """
    each = {size: _part_bytes(example, size) for size in set(sizes)}
    return sum(each[size] * count for size, count in Counter(sizes).items())


def check_room(folder: Path, n_bytes: int) -> None:
    """Refuse what does not fit on the disk of a folder, with a little left for the manifest.

    Raises
    ------
    StoreError
        If it does not fit; the message says what is needed and what there is.
    """
    free = shutil.disk_usage(folder).free
    if n_bytes * (1 + _SHARE_KEPT_FREE) + _BYTES_KEPT_FREE > free:
        raise StoreError(
            f"`{folder}` must have room for {size_text(n_bytes)} of activations; "
            f"{size_text(free)} are free: free some space, choose another folder, or keep less "
            '(`pool` = "mean", fewer layers or fewer samples)'
        )


def _part_bytes(example: LayerBatch, n_samples: int) -> int:
    """Size a part as if its samples had as many rows as those of the example have on average."""
    share = n_samples / len(example.sample_ids)
    shapes: dict[str, tuple[str, tuple[int, ...]]] = {}
    n_bytes = 0
    for name, array in part_tensors(example).items():
        shape = (round(len(array) * share), *array.shape[1:])
        shapes[name] = (array.dtype.name, shape)
        n_bytes += array.nbytes // len(array) * shape[0]
    return header_bytes(shapes) + n_bytes
