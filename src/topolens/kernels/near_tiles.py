"""Near pairs with the matrix product on a device of torch.

The product lets through every pair that may be near; distances in double precision on the host
decide. So the device changes the time and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from topolens import _core
from topolens.base.checks import Points
from topolens.kernels.batches import Progress
from topolens.kernels.mapper import NearPairs, within_memory

__all__ = ["device_near_pairs"]

_WIDTH = 48  # points of a panel
_PANELS = 32  # on one side of a product
_OTHERS = 1024  # panels on the other: a product takes 300 MB


def device_near_pairs(
    points: Points,
    eps: float,
    lens: NDArray[np.float64],
    window: NDArray[np.float64],
    *,
    device: str,
    progress: Progress | None = None,
) -> NearPairs:
    """`near_pairs` with the same pairs, candidates found by torch on `device`."""
    import torch

    kind = _core.NearTilesFloat if points.dtype == np.float32 else _core.NearTilesDouble
    with within_memory() as most_bytes, _full_precision():
        tiles = kind(points, eps, lens, window, most_bytes)
        packed, floors, starts = (
            torch.from_numpy(numbers.reshape(tiles.n_panels, -1, _WIDTH)).to(device)
            for numbers in (tiles.packed(), tiles.floors(), tiles.starts())
        )
        for begin in range(0, tiles.n_panels, _PANELS):
            end = min(begin + _PANELS, tiles.n_panels)
            x = packed[begin:end].transpose(1, 2).reshape((end - begin) * _WIDTH, -1)
            floor = floors[begin:end].reshape(-1, 1)
            rows, positions = [], []
            others = tiles.near_panels(begin, end)
            for first in range(0, len(others), _OTHERS):
                some = torch.from_numpy(others[first : first + _OTHERS]).to(device)
                y = packed[some].transpose(0, 1).reshape(x.shape[1], -1)
                sums = (x @ y).add_(starts[some].reshape(-1))
                row, column = torch.nonzero(sums >= floor, as_tuple=True)
                rows.append(row.cpu().numpy())
                position = some[column // _WIDTH] * _WIDTH + column % _WIDTH
                positions.append(position.cpu().numpy())
            _add(tiles, begin, end, np.concatenate(rows), np.concatenate(positions))
            if progress is not None:
                progress(end / tiles.n_panels)
        return tiles.finish()


def _add(
    tiles: _core.NearTilesFloat | _core.NearTilesDouble,
    begin: int,
    end: int,
    rows: NDArray[np.int64],
    positions: NDArray[np.int64],
) -> None:
    """Give the candidates of each panel to the host, which decides."""
    order = np.argsort(rows // _WIDTH, kind="stable")
    rows, positions = rows[order], positions[order]
    bounds = np.searchsorted(rows, _WIDTH * np.arange(end - begin + 1))
    for panel, (low, high) in enumerate(pairwise(bounds.tolist())):
        tiles.add(begin + panel, rows[low:high] - panel * _WIDTH, positions[low:high])


@contextmanager
def _full_precision() -> Iterator[None]:
    """The bound on rounding holds for single precision, not for less (TF32, bfloat16)."""
    import torch

    chosen = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(chosen)
